package tenant_test

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// gate keeps the manager from writing the statuses of users in the namespaces for which it is closed, and what it gets another
// answer to.
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

// Patch fails while the gate is closed.
func (w gateWriter) Patch(ctx context.Context, object client.Object, patch client.Patch, options ...client.SubResourcePatchOption) error {
	if _, ok := object.(*accessv1.User); ok {
		if _, shut := w.closed.Load(object.GetNamespace()); shut {
			return errors.New("the gate is closed")
		}
	}
	return w.SubResourceWriter.Patch(ctx, object, patch, options...)
}

// answers are what the suite's manager gets to its writes, by what it writes, in place of their being made.
var answers sync.Map

// written spells an object as a key of answers.
func written(object client.Object) string { return fmt.Sprintf("%T %s", object, keyOf(object)) }

func answerTo(object client.Object) error {
	err, _ := answers.Load(written(object))
	answer, _ := err.(error)
	return answer
}

// Create gives the answer that there is, or makes the object.
func (g gate) Create(ctx context.Context, object client.Object, options ...client.CreateOption) error {
	if err := answerTo(object); err != nil {
		return err
	}
	return g.Client.Create(ctx, object, options...)
}

// Patch gives the answer that there is, or changes the object.
func (g gate) Patch(ctx context.Context, object client.Object, patch client.Patch, options ...client.PatchOption) error {
	if err := answerTo(object); err != nil {
		return err
	}
	return g.Client.Patch(ctx, object, patch, options...)
}

// Delete gives the answer that there is, or deletes the object.
func (g gate) Delete(ctx context.Context, object client.Object, options ...client.DeleteOption) error {
	if err := answerTo(object); err != nil {
		return err
	}
	return g.Client.Delete(ctx, object, options...)
}
