package guard

import (
	"context"
	"slices"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/index"
)

// clients are the tenants that a world's tenant looks after, by name: who administers it administers them.
func (w *world) clients(ctx context.Context) ([]string, error) {
	if w.tenancy.Tenant == nil {
		return nil, nil
	}
	tenants, err := w.graph.TenantsBy(ctx, index.TenantByPartner, w.tenancy.Tenant.Name)
	names := make([]string, len(tenants))
	for i := range tenants {
		names[i] = tenants[i].Name
	}
	slices.Sort(names)
	return names, err
}

// givable is what the requester holds and may give. In a tenant that looks after others it is not what makes an
// administrator, nor a part of that: he would give others' tenants with it, and who administers his own partner would give
// himself those in which he is nobody. A credential gives no part in administering other tenants: it is no username.
func (j *judgement) givable() []access.Grant {
	_, isCredential := j.write.object().(*accessv1.ApplicationCredential)
	if isCredential || len(j.clients) == 0 {
		return j.by.held
	}
	administering := []access.Grant{{Resources: []string{j.before.tenancy.Catalog.Spec.AdministrationResource}, Actions: changing}}
	return access.Gained(administering, j.by.held)
}
