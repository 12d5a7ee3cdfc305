package vendor

import (
	"fmt"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/status"
	"github.com/roster-dev/roster/internal/vendor"
)

func (s *scope) conclude(out *accessv1.VendorStatus) {
	conditions := status.NewConditions(s.vendor.Status.Conditions, s.vendor.Generation, s.now)
	s.concludeReady(conditions)
	out.ObservedGeneration = s.vendor.Generation
	out.Conditions = conditions.Result()
	if s.wanted.Restriction == nil {
		return // unknown is not empty: what was said of the children stays
	}
	out.Groups, out.Restriction = s.groups.Kept, ""
	if len(s.restriction.Kept) > 0 {
		out.Restriction = s.wanted.Restriction.Name
	}
}

func (s *scope) concludeReady(conditions *status.Conditions) {
	if reason, message := s.tenancy.Problem(s.vendor.Namespace); reason != "" && reason != accessv1.ReasonTenantSuspended {
		conditions.Waiting(reason, status.Sentence(message))
		return
	}
	if reason, message := s.outcome().Problem("vendor"); reason != "" {
		conditions.Stalled(reason, message)
		return
	}
	s.concludeOptions(conditions)
}

func (s *scope) concludeOptions(conditions *status.Conditions) {
	unknown := vendor.UnknownOptions(s.vendor, s.tenancy.Catalog)
	if len(unknown) > 0 {
		conditions.Waiting(accessv1.ReasonOptionUnknown, fmt.Sprintf(
			"No vendor role of ResourceCatalog %s has these options: %s", s.tenancy.Catalog.Name, status.Names(unknown)))
		return
	}
	conditions.Ready(accessv1.ReasonSucceeded, "The restriction and the groups are there")
}
