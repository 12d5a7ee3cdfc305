package applicationcredential

import (
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/index"
	"github.com/roster-dev/roster/internal/status"
	"github.com/roster-dev/roster/internal/watch"
)

// Setup registers the controller with the manager.
func (r *Reconciler) Setup(mgr ctrl.Manager, options controller.Options) error {
	credentials := watch.Mapper{Reader: r.Client, NewList: func() client.ObjectList { return &accessv1.ApplicationCredentialList{} }}
	return ctrl.NewControllerManagedBy(mgr).
		Named("applicationcredential").
		WithOptions(options).
		// Status changes too: a status that somebody else wrote is put right.
		For(&accessv1.ApplicationCredential{}).
		// What the user may do, and whether he may do anything, is in his status.
		Watches(&accessv1.User{}, watch.Wide(credentials.By(index.CredentialByUser))).
		// Tenant and catalog decide whether anybody may do anything, and what the rules that cut are about.
		Watches(&accessv1.Tenant{}, watch.Wide(credentials.Tenant), watch.SpecChanged()).
		Watches(&accessv1.ResourceCatalog{}, watch.Wide(credentials.Catalog), watch.SpecChanged()).
		Complete(status.Quiet(r))
}
