package guard_test

import (
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// Who administers agency administers acme, which it looks after: holding that is not enough to give it.
func TestPartners(t *testing.T) {
	manage := func(resource string) func(*accessv1.UserGroup) { return rules(rule(accessv1.LevelManage, resource)) }
	partner := func(name string, change ...func(*accessv1.UserGroup)) *accessv1.UserGroup {
		return groupIn("agency", name, change...)
	}
	written := func(is client.Object, refused string, was ...client.Object) row {
		r := row{by: paul, is: is, refused: refused}.beside(was...)
		if len(was) > 0 {
			r.was = was[0]
		}
		return r
	}
	someRole := func(rules ...accessv1.Rule) *accessv1.Role {
		r := role("some", rules...)
		r.Namespace = "agency"
		return r
	}
	off := userIn("agency", "off", of("owners"), func(u *accessv1.User) { u.Spec.State = accessv1.AccountInactive })
	renamed := userIn("agency", "paul", of("owners"), func(u *accessv1.User) { u.Spec.Email = "zed@agency.example" })
	mine := &accessv1.ApplicationCredential{ObjectMeta: meta("agency", "mine"), Spec: accessv1.ApplicationCredentialSpec{UserRef: accessv1.Reference{Name: "paul"}}}
	umbrella := []client.Object{
		tenant("agency", func(t *accessv1.Tenant) { t.Spec.ManagedBy = &accessv1.Reference{Name: "umbrella"} }),
		tenant("umbrella"), copied(tenant("umbrella"), "owner"), groupIn("umbrella", "owners", roles("owner")), userIn("umbrella", "uma", of("owners")),
	}
	uma, alone := "oidc:uma@umbrella.example", tenant("acme")

	run(t, map[string]row{
		"a group": written(partner("new", manage("users-and-groups")),
			"group new would gain create, delete, update on users-and-groups, which oidc:paul@agency.example holds but may not give: who administers Tenant agency administers acme, which it looks after; that takes the verb escalate"),
		"a part of it":                       written(partner("new", rules(accessv1.Rule{Resources: []string{"users-and-groups"}, Actions: []string{"create"}})), "holds but may not give"),
		"what he does not hold, beside it":   written(partner("new", manage("users-and-groups"), rules(accessv1.Rule{Resources: []string{"products"}, Actions: []string{"publish"}})), "does not hold publish on products"),
		"a group that gives something else":  written(partner("new", manage("tax")), ""),
		"a group that looks on":              written(partner("new", rules(rule(accessv1.LevelRead, "users-and-groups"))), ""),
		"a member":                           written(partner("owners", roles("owner"), members("pia")), "user pia would gain", partner("owners", roles("owner"))),
		"a user":                             written(userIn("agency", "zed", of("owners")), "user zed would gain"),
		"a user who joins":                   written(userIn("agency", "pia", of("owners")), "user pia would gain", userIn("agency", "pia")),
		"a user who is nothing":              written(userIn("agency", "zed"), ""),
		"a user switched on again":           written(userIn("agency", "off", of("owners")), "user off would gain", off),
		"his own place under another's name": written(renamed, "user paul would gain", userIn("agency", "paul", of("owners"))),
		"a role":                             written(someRole(rule(accessv1.LevelManage, "users-and-groups")), "any group with role some would gain", someRole()),
		"a role that gives something else":   written(someRole(rule(accessv1.LevelManage, "tax")), "", someRole()),
		"his own credential, which lets nobody write here": written(mine, ""),

		"the partner's partner makes a group":                row{by: uma, is: partner("new", manage("users-and-groups")), refused: "administers acme, which it looks after"}.beside(umbrella...),
		"the partner's partner makes a user":                 row{by: uma, is: userIn("agency", "uma", of("owners")), refused: "user uma would gain"}.beside(umbrella...),
		"the partner's partner gives something else":         row{by: uma, is: partner("new", manage("tax"))}.beside(umbrella...),
		"the partner's partner, where it looks after nobody": row{by: uma, is: partner("new", manage("users-and-groups"))}.beside(append(umbrella, alone)...),
		"an administrator of who looks after nobody":         written(partner("new", manage("users-and-groups")), "").beside(alone),
		"an administrator of a tenant that is looked after":  created(dee, group("new", manage("users-and-groups")), ""),
	})
}
