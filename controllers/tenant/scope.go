package tenant

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/binding"
	"github.com/roster-dev/roster/internal/children"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/index"
)

// scope is what one reconcile of a tenant looks at and finds.
type scope struct {
	tenant *accessv1.Tenant
	// owner is the tenant that keeps the namespace: this one, or an older one that asks for the same; never nil.
	owner *accessv1.Tenant
	// tenancy holds the tenant and its catalog, whether it keeps the namespace or not.
	tenancy *graph.Tenancy
	// namespace is the tenant's, once it is there; nil while it is missing.
	namespace *corev1.Namespace

	// place, roles, restrictions and bindings are what came of keeping the namespace and what is in it.
	place, roles, restrictions, bindings children.Outcome
	// missingSources are Synced dimensions whose values could not be found; what was made of them earlier stays.
	missingSources []string
	// badValues are values of which no restriction can be made.
	badValues []string

	// members are the users in the tenant's namespace, and people those among them, and its partner's, who are bound.
	members []accessv1.User
	people  binding.People
	// unbound says which of them are not, and why; without a reason, all are.
	unbound finding

	users  accessv1.TenantUsers
	groups int32
	// vendors is the number of vendors in the namespace.
	vendors int32
	// withAccess is the number of users whose status still grants something.
	withAccess int
	// released is true once the finalizer is gone: there is nothing left to report on.
	released bool
	now      time.Time
}

// load returns nil when the tenant is gone by now.
func (r *Reconciler) load(ctx context.Context, tenant *accessv1.Tenant) (*scope, error) {
	s := &scope{tenant: tenant, now: r.Clock.Now()}
	candidates, err := r.Graph.TenantsBy(ctx, index.TenantByNamespace, tenant.TargetNamespace())
	if err != nil {
		return nil, err
	}
	if s.owner = graph.Owner(candidates); s.owner == nil {
		return nil, nil
	}
	if s.tenancy, err = r.Graph.TenancyOf(ctx, tenant); err != nil {
		return nil, err
	}
	namespace := &corev1.Namespace{}
	err = r.Client.Get(ctx, client.ObjectKey{Name: tenant.TargetNamespace()}, namespace)
	if client.IgnoreNotFound(err) != nil {
		return nil, err
	}
	if err == nil {
		s.namespace = namespace
	}
	return s, nil
}

func (s *scope) deleting() bool { return !s.tenant.DeletionTimestamp.IsZero() }

// owns tells whether this tenant keeps the namespace that it asks for.
func (s *scope) owns() bool { return s.owner.UID == s.tenant.UID }

// usable tells whether children can be kept: the namespace is there, is this tenant's, and stays.
func (s *scope) usable() bool {
	return s.owns() && s.namespace != nil && s.namespace.DeletionTimestamp.IsZero()
}
