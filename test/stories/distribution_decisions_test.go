package stories_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// distributionDecisions are what the companion asks before it shows a module, a customer or a button.
func distributionDecisions() {
	var north, south application
	BeforeAll(func(ctx context.Context) {
		north, south = applicationIn(ctx, "northwind"), applicationIn(ctx, "southwind")
	})

	It("lets administrators alone manage users, and a revoked one no longer", func(ctx context.Context) {
		gerd := newcomer("northwind", "gerd", "admins")
		cluster.ExpectApplied(ctx, gerd)
		north.hears(ctx, "? create users: alma gerd", "gerd@northwind.example update users: allow",
			"rita@northwind.example read users: deny NoGrant", "sam@northwind.example ? users: none")
		gerd = setState(ctx, gerd, accessv1.AccountInactive)
		north.since(gerd.ResourceVersion).hears(ctx, "gerd@northwind.example update users: deny NotActive", "? create users: alma")
	})

	It("shows nothing to those who are invited, nor to those whose invitation is revoked", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, invitee("northwind", "iris", "admins"))
		north.hears(ctx, "iris@northwind.example read users: deny NotActive", "iris@northwind.example read sales-reporting: deny NotActive")
		Expect(cluster.Client.Delete(ctx, userNamed("northwind", "iris"))).To(Succeed())
		north.hears(ctx, "iris@northwind.example read users: deny UnknownUser")
	})

	It("filters customers by data: all for an admin, several representatives' for a manager, his own for a representative", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, newcomer("northwind", "maud", "managers-north"))
		north.hears(ctx,
			"alma@northwind.example read customers where=?: everywhere",
			"maud@northwind.example read customers where=?: sales-rep=1042,1043",
			"sam@northwind.example read customers where=?: sales-rep=1042",
			"maud@northwind.example update orders sales-rep=1043: allow",
			"maud@northwind.example update orders sales-rep=1077: deny OutsideRestriction sales-rep",
			"sam@northwind.example ? orders sales-rep=1042: create read",
			"sam@northwind.example read orders sales-rep=1043: deny OutsideRestriction sales-rep",
			"sam@northwind.example update orders sales-rep=1042: deny NoGrant",
			"sam@northwind.example read customers: deny OutsideRestriction sales-rep")
	})

	It("shows a representative without an id no customers, and those of his id with the answer after he gets it", func(ctx context.Context) {
		nils := newcomer("northwind", "nils", "sales-reps")
		cluster.ExpectApplied(ctx, nils)
		north.hears(ctx, "nils@northwind.example read items: allow", "nils@northwind.example read customers where=?: nowhere",
			"nils@northwind.example read customers sales-rep=1042: deny NoGrant")
		nils = change(ctx, nils, func(u *accessv1.User) {
			u.Spec.Attributes = []accessv1.UserAttribute{{Name: "sales-rep", Values: []string{"1042"}}}
		})
		north.since(nils.ResourceVersion).hears(ctx, "nils@northwind.example read customers sales-rep=1042: allow",
			"nils@northwind.example read customers where=?: sales-rep=1042")
	})

	It("takes a representative's customers from the manager with the answer after he is taken off the list", func(ctx context.Context) {
		list := func(ids ...string) application {
			return north.since(change(ctx, restrictionNamed("northwind", "north"), func(r *accessv1.Restriction) { r.Spec.Values = &ids }).ResourceVersion)
		}
		list("1042").hears(ctx, "rita@northwind.example update orders sales-rep=1043: deny OutsideRestriction sales-rep")
		list("1042", "1043").hears(ctx, "rita@northwind.example update orders sales-rep=1043: allow")
	})

	It("lets the user of several roles act in one at a time", func(ctx context.Context) {
		north.hears(ctx,
			"rita@northwind.example as managers-north update orders sales-rep=1042: allow",
			"rita@northwind.example as managers-north read orders sales-rep=1077: deny OutsideRestriction sales-rep",
			"rita@northwind.example as managers-north read customers where=?: sales-rep=1042,1043",
			"rita@northwind.example as sales-reps create orders sales-rep=1077: allow",
			"rita@northwind.example as sales-reps update orders sales-rep=1077: deny NoGrant",
			"rita@northwind.example as sales-reps read orders sales-rep=1042: deny OutsideRestriction sales-rep",
			"rita@northwind.example as sales-reps ? orders sales-rep=1077: create read",
			"rita@northwind.example as admins read orders sales-rep=1042: deny NoGrant",
			"rita@northwind.example as managers-north update orders sales-rep=1042 via=?: managers-north/manager",
			"rita@northwind.example update orders sales-rep=1042: allow", "rita@northwind.example create orders sales-rep=1077: allow")
	})

	It("shows the connection to the ERP to the platform's technical contacts, where a tenant is entitled to them", func(ctx context.Context) {
		north.hears(ctx, "? read integration-details: theo", "theo@northwind.example ? integration-details: create delete read update",
			"alma@northwind.example read integration-details: deny NoGrant")
		cluster.ExpectApplied(ctx, groupWith("southwind", "contacts", "technical-contact"), newcomer("southwind", "tilda", "contacts"))
		entitle := func(roles ...string) application {
			return south.since(change(ctx, tenantNamed("southwind"), func(t *accessv1.Tenant) { t.Spec.EntitledRoles = roles }).ResourceVersion)
		}
		south.hears(ctx, "tilda@southwind.example read integration-details: deny NoGrant", "? read integration-details: none")
		entitle("technical-contact")
		south.hears(ctx, "tilda@southwind.example read integration-details: allow")
		entitle().hears(ctx, "tilda@southwind.example read integration-details: deny NoGrant")
	})

	It("shows of each module what a single permission is for, and nothing beside it", func(ctx context.Context) {
		permissions := map[string][]string{
			"planning-administrator": {"update planning-settings: allow", "update demand-planning-settings: allow", "create users: allow", "read prices: deny NoGrant"},
			"demand-planner":         {"update demand-planning-settings: allow", "read planning-settings: deny NoGrant"},
			"gross-margin-viewer":    {"read gross-margin: allow", "update gross-margin: deny NoGrant", "read default-order-location: deny NoGrant"},
			"order-location-viewer":  {"read default-order-location: allow", "read gross-margin: deny NoGrant"},
			"price-editor":           {"update prices: allow", "read items: deny NoGrant"},
			"sales-reporter":         {"read sales-reporting: allow", "read mission-control: allow", "read orders: deny NoGrant"},
			"item-creator":           {"create items: allow", "update items: deny NoGrant", "create orders: deny NoGrant"},
			"order-creator":          {"create orders: allow", "delete orders: deny NoGrant", "create items: deny NoGrant"},
			"payment-viewer":         {"read payments: allow", "refund payments: deny NoGrant"},
			"refund-clerk":           {"refund payments: allow", "delete payments: deny NoGrant"},
		}
		var sentences []string
		for role, rest := range permissions {
			name := "only-" + role
			cluster.ExpectApplied(ctx, groupWith("southwind", name, role), newcomer("southwind", name, name))
			for _, sentence := range rest {
				sentences = append(sentences, name+"@southwind.example "+sentence)
			}
		}
		south.hears(ctx, sentences...)
	})

	It("filters planning data by company, and offers refunds to those who process them", func(ctx context.Context) {
		north.hears(ctx,
			"pete@northwind.example update planning-data where=?: company=east",
			"pete@northwind.example update planning-data company=east: allow",
			"pete@northwind.example read planning-data company=west: deny OutsideRestriction company",
			"pete@northwind.example update demand-planning-settings: allow",
			"pete@northwind.example ? payments: read refund", "? refund payments: alma pete")
	})

	It("offers to everyone what is on in the tenant, until it is off", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, newcomer("northwind", "yoko"), newcomer("southwind", "yoko"))
		margin, reporting := "yoko@northwind.example read gross-margin: ", "yoko@northwind.example read sales-reporting via=?: northwind"
		north.hears(ctx, margin+"allow", reporting, "yoko@northwind.example create orders: deny NoGrant")
		south.hears(ctx, "yoko@southwind.example read gross-margin: deny NoGrant", "yoko@southwind.example read sales-reporting: deny NoGrant")

		tenant := tenantNamed("northwind")
		Expect(cluster.Client.Get(ctx, client.ObjectKeyFromObject(tenant), tenant)).To(Succeed())
		everyone := func(rules ...accessv1.Rule) application {
			return north.since(change(ctx, tenantNamed("northwind"), func(t *accessv1.Tenant) { t.Spec.DefaultAccess = rules }).ResourceVersion)
		}
		everyone(accessv1.Rule{Resources: []string{"sales-reporting"}, Level: accessv1.LevelRead}).hears(ctx, margin+"deny NoGrant", reporting)
		everyone(tenant.Spec.DefaultAccess...).hears(ctx, margin+"allow")
	})
}
