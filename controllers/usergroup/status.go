package usergroup

import (
	"cmp"
	"fmt"

	"k8s.io/utils/ptr"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/status"
)

// problem is a reason and a sentence; both empty when nothing is wrong.
type problem struct{ reason, message string }

// conclude fills in the status. Refused is what the API server had against an earlier attempt: then the status is one
// that can be stored for certain.
func (s *scope) conclude(out *accessv1.UserGroupStatus, refused string) {
	conditions := status.NewConditions(s.group.Status.Conditions, s.group.Generation, s.now)
	grants := s.grants()
	entries := graph.Entries(grants)
	tooLarge := cmp.Or(refused, status.TooLarge(entries))
	if tooLarge != "" {
		entries = nil
	}
	roles, restrictions := s.rolesProblem(), s.restrictionsProblem()
	s.put(conditions, accessv1.ConditionRolesResolved, roles, "Every role is there, and every name is known")
	s.put(conditions, accessv1.ConditionRestrictionsResolved, restrictions, "Every restriction is there")
	s.put(conditions, accessv1.ConditionDependenciesMet, s.dependencies(grants), "Members also have what the catalog says they need")
	if tooLarge != "" {
		conditions.Stalled(accessv1.ReasonAccessTooLarge, tooLarge+"; what the group gives is not shown, and its members may get nothing")
	} else {
		s.concludeReady(conditions, roles, restrictions)
	}
	out.ObservedGeneration = s.group.Generation
	out.Conditions = conditions.Result()
	out.Members = ptr.To(s.members)
	out.Access = entries
}

func (s *scope) grants() []access.Grant {
	if s.tenancy.Vocabulary == nil {
		return nil
	}
	return s.compiled.Grants()
}

// put is for what only the catalog can tell: without one it is unknown.
func (s *scope) put(conditions *status.Conditions, kind string, p problem, fine string) {
	switch {
	case s.tenancy.Vocabulary == nil:
		unknown := s.tenancyProblem()
		conditions.Unknown(kind, unknown.reason, unknown.message)
	case p.reason == "":
		conditions.Is(kind, true, accessv1.ReasonSucceeded, fine)
	default:
		conditions.Is(kind, false, p.reason, p.message)
	}
}

func (s *scope) rolesProblem() problem {
	switch c := s.compiled; {
	case len(c.MissingRoles) > 0:
		return problem{accessv1.ReasonRoleNotFound, "These roles do not exist and give nothing: " + status.Names(c.MissingRoles)}
	case len(c.RuleProblems) > 0:
		return problem{accessv1.ReasonUnknownNames, "Rules that give nothing: " + sentences(c.RuleProblems)}
	default:
		return problem{}
	}
}

func sentences(problems []access.SourceProblem) string {
	texts := make([]string, len(problems))
	for i, p := range problems {
		texts[i] = p.String()
	}
	return status.Names(texts)
}

func (s *scope) restrictionsProblem() problem {
	if len(s.compiled.UnresolvedRestrictions) == 0 {
		return problem{}
	}
	return problem{accessv1.ReasonRestrictionNotFound, fmt.Sprintf(
		"These restrictions do not exist, or their dimension is unknown: %s; the group gives nothing on resources that can be restricted",
		status.Names(s.compiled.UnresolvedRestrictions))}
}

func (s *scope) dependencies(grants []access.Grant) problem {
	if s.tenancy.Vocabulary == nil {
		return problem{}
	}
	missing := access.Missing(s.tenancy.Vocabulary, grants)
	if len(missing) == 0 {
		return problem{}
	}
	texts := make([]string, len(missing))
	for i, m := range missing {
		texts[i] = m.String()
	}
	return problem{accessv1.ReasonReadsMissing, "Members would also need: " + status.Names(texts)}
}

func (s *scope) tenancyProblem() problem {
	reason, message := s.tenancy.Problem(s.group.Namespace)
	return problem{reason, status.Sentence(message)}
}

// concludeReady: a role, restriction or tenant may still appear; a vendor group without its vendor is on its way out.
func (s *scope) concludeReady(conditions *status.Conditions, problems ...problem) {
	if s.tenancy.Vocabulary == nil {
		p := s.tenancyProblem()
		conditions.Waiting(p.reason, p.message)
		return
	}
	if s.compiled.MissingVendor {
		conditions.Waiting(accessv1.ReasonVendorNotFound, fmt.Sprintf("Vendor %s does not exist, or did not make this group; it gives nothing", s.group.Spec.VendorRef.Name))
		return
	}
	for _, p := range problems {
		if p.reason != "" {
			conditions.Waiting(p.reason, p.message)
			return
		}
	}
	conditions.Ready(accessv1.ReasonSucceeded, "The group gives what it says")
}
