package graph

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
)

// Catalog is a catalog's vocabulary. A resource name that stands in two services is ambiguous and left out: what names
// it grants nothing.
func Catalog(catalog *accessv1.ResourceCatalog) access.Catalog {
	ambiguous := Duplicates(catalog)
	out := access.Catalog{Name: catalog.Name}
	for _, service := range catalog.Spec.Services {
		for _, r := range service.Resources {
			if slices.Contains(ambiguous, r.Name) {
				continue
			}
			out.Resources = append(out.Resources, modelResource(service.Name, r))
		}
	}
	return out
}

// Duplicates are the resource names that stand in more than one service, sorted.
func Duplicates(catalog *accessv1.ResourceCatalog) []string {
	seen := map[string]int{}
	var out []string
	for _, service := range catalog.Spec.Services {
		for _, r := range service.Resources {
			if seen[r.Name]++; seen[r.Name] == 2 {
				out = append(out, r.Name)
			}
		}
	}
	slices.Sort(out)
	return out
}

func modelResource(service string, r accessv1.CatalogResource) access.Resource {
	out := access.Resource{
		Name: r.Name, Service: service, RestrictedBy: r.RestrictedBy, Actions: r.Actions, IdentifiedBy: r.IdentifiedBy,
	}
	for _, need := range r.Requires {
		out.Requires = append(out.Requires, access.Requirement{Level: access.Level(need.Level), Read: need.Read, Manage: need.Manage})
	}
	return out
}

func modelTenant(tenant *accessv1.Tenant) access.Tenant {
	return access.Tenant{
		Name:          tenant.Name,
		Active:        InBusiness(tenant),
		Dimensions:    dimensionNames(tenant),
		DefaultAccess: modelRules(tenant.Spec.DefaultAccess),
	}
}

func dimensionNames(tenant *accessv1.Tenant) []string {
	if tenant == nil {
		return nil
	}
	out := make([]string, len(tenant.Spec.Dimensions))
	for i := range tenant.Spec.Dimensions {
		out[i] = tenant.Spec.Dimensions[i].Name
	}
	return out
}

// modelRules are a catalog's, role's, group's or tenant's rules in the model's terms.
func modelRules(rules []accessv1.Rule) []access.Rule {
	out := make([]access.Rule, len(rules))
	for i, r := range rules {
		out[i] = access.Rule{Services: r.Services, Resources: r.Resources, Level: access.Level(r.Level), Actions: r.Actions}
	}
	return out
}

// CheckRules names what in the rules the vocabulary does not know.
func CheckRules(vocabulary *access.Vocabulary, rules []accessv1.Rule) []access.RuleProblem {
	return vocabulary.Check(modelRules(rules))
}

// Cut is what of the grants the rules name as well; all of them where no rules are written.
func Cut(vocabulary *access.Vocabulary, grants []access.Grant, rules []accessv1.Rule) []access.Grant {
	if len(rules) == 0 {
		return grants
	}
	return access.Cut(vocabulary, grants, modelRules(rules))
}

func modelRole(role *accessv1.Role, options []accessv1.CatalogRoleOption) *access.Role {
	out := &access.Role{Name: role.Name, Rules: modelRules(role.Spec.Rules)}
	for _, t := range role.Spec.UserTypes {
		out.UserTypes = append(out.UserTypes, string(t))
	}
	for _, o := range options {
		out.Options = append(out.Options, access.Option{Name: o.Name, Rules: modelRules(o.Rules)})
	}
	return out
}

func modelRestriction(restriction *accessv1.Restriction) *access.Restriction {
	out := &access.Restriction{Name: restriction.Name, Dimension: restriction.Spec.Dimension}
	if restriction.Spec.Values != nil {
		out.Values = *restriction.Spec.Values
	}
	if restriction.Spec.ValuesFrom != nil {
		out.UserAttribute = restriction.Spec.ValuesFrom.UserAttribute
	}
	return out
}

// ModelUser is a user in the model's terms. Whether he is active is the state machine's to say, not his spec's.
func ModelUser(user *accessv1.User, active bool) access.User {
	out := access.User{Name: user.Name, Type: string(user.Spec.Type), Active: active}
	out.Attributes = make(map[string][]string, len(user.Spec.Attributes)+3)
	for _, a := range user.Spec.Attributes {
		out.Attributes[a.Name] = a.Values
	}
	// Written last, so that no attribute in the list can stand in for them.
	builtIn := map[string]string{
		access.AttributeEmail: user.Spec.Email, access.AttributeName: user.Name, access.AttributeDepartment: user.Spec.Department,
	}
	for name, value := range builtIn {
		delete(out.Attributes, name)
		if value != "" {
			out.Attributes[name] = []string{value}
		}
	}
	return out
}

// Entries are grants as a status shows them.
func Entries(grants []access.Grant) []accessv1.AccessEntry {
	if len(grants) == 0 {
		return nil
	}
	out := make([]accessv1.AccessEntry, len(grants))
	for i, g := range grants {
		out[i] = accessv1.AccessEntry{
			Resources: g.Resources, Level: accessv1.Level(g.Level), Actions: g.Actions, Until: Time(g.Until),
		}
		for _, d := range g.Scope {
			out[i].RestrictedTo = append(out[i].RestrictedTo, accessv1.DimensionValues{
				Dimension: d.Name, Values: d.Values, UserAttributes: d.Attributes,
			})
		}
		for _, v := range g.Via {
			out[i].Via = append(out[i].Via, accessv1.AccessSource{Tenant: v.Tenant, Group: v.Group, Role: v.Role})
		}
	}
	return out
}

// Grants are what a status shows, in the model's terms.
func Grants(entries []accessv1.AccessEntry) []access.Grant {
	if len(entries) == 0 {
		return nil
	}
	out := make([]access.Grant, len(entries))
	for i, e := range entries {
		out[i] = access.Grant{
			Resources: e.Resources, Level: access.Level(e.Level), Actions: e.Actions, Until: timeOf(e.Until),
		}
		for _, d := range e.RestrictedTo {
			out[i].Scope = append(out[i].Scope, access.Dimension{Name: d.Dimension, Values: d.Values, Attributes: d.UserAttributes})
		}
		for _, v := range e.Via {
			out[i].Via = append(out[i].Via, access.Via{Tenant: v.Tenant, Group: v.Group, Role: v.Role})
		}
	}
	return out
}

func timeOf(t *metav1.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.Time
}

// Time is a status's form of a time; nil for the zero time, which means never.
func Time(t time.Time) *metav1.Time {
	if t.IsZero() {
		return nil
	}
	return &metav1.Time{Time: t}
}
