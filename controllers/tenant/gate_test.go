package tenant_test

import (
	"context"
	"errors"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// gate keeps the manager from writing the statuses of users in the namespaces for which it is closed.
type gate struct {
	client.Client
	closed *sync.Map
}

// closed are the namespaces in which the suite's manager cannot write a user's status.
var closed sync.Map

func withGate(options *ctrl.Options) {
	options.NewClient = func(config *rest.Config, options client.Options) (client.Client, error) {
		inner, err := client.New(config, options)
		return gate{inner, &closed}, err
	}
}

// Status is the inner client's, behind the gate.
func (g gate) Status() client.SubResourceWriter { return gateWriter{g.Client.Status(), g.closed} }

type gateWriter struct {
	client.SubResourceWriter
	closed *sync.Map
}

// namedKind is an apply configuration that says what it is for.
type namedKind interface {
	GetKind() *string
	GetNamespace() *string
}

// Apply fails while the gate is closed.
func (w gateWriter) Apply(ctx context.Context, object runtime.ApplyConfiguration, options ...client.SubResourceApplyOption) error {
	status, ok := object.(namedKind)
	if ok && *status.GetKind() == "User" {
		if _, shut := w.closed.Load(*status.GetNamespace()); shut {
			return errors.New("the gate is closed")
		}
	}
	return w.SubResourceWriter.Apply(ctx, object, options...)
}
