package vendor

import (
	"fmt"
	"slices"
	"strings"

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
	out.Groups, out.Restriction = nil, ""
	for _, group := range s.wanted.Groups {
		if !slices.Contains(s.conflicts, group.Name) {
			out.Groups = append(out.Groups, group.Name)
		}
	}
	slices.Sort(out.Groups)
	if !slices.Contains(s.conflicts, s.wanted.Restriction.Name) {
		out.Restriction = s.wanted.Restriction.Name
	}
}

func (s *scope) concludeReady(conditions *status.Conditions) {
	switch reason, message := s.tenancy.Problem(s.vendor.Namespace); {
	case reason != "" && reason != accessv1.ReasonTenantSuspended:
		conditions.Waiting(reason, message)
	case len(s.conflicts) > 0:
		conditions.Stalled(accessv1.ReasonNameConflict, fmt.Sprintf(
			"These objects were not made by Roster for this vendor, and are left alone: %s; rename or delete them", status.Names(s.conflicts)))
	case len(s.refused) > 0:
		conditions.Stalled(accessv1.ReasonRefused, "The API server refused: "+strings.Join(s.refused, "; "))
	default:
		s.concludeOptions(conditions)
	}
}

func (s *scope) concludeOptions(conditions *status.Conditions) {
	unknown := vendor.UnknownOptions(s.vendor, s.tenancy.Catalog)
	if len(unknown) > 0 {
		conditions.Waiting(accessv1.ReasonOptionUnknown, fmt.Sprintf(
			"No vendor role of ResourceCatalog %s has these options: %s", s.tenancy.Catalog.Name, status.Names(unknown)))
		return
	}
	conditions.Ready(accessv1.ReasonSucceeded, fmt.Sprintf("The restriction and %d groups are there", len(s.wanted.Groups)))
}
