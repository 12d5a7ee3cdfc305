package stories_test

import (
	"context"
	"fmt"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/test/env"
)

// commerceDecisions are what the dashboards of two shops ask before they show a menu, a list or a button.
func commerceDecisions() {
	var acme, globex application
	BeforeAll(func(ctx context.Context) { acme, globex = applicationIn(ctx, "acme"), applicationIn(ctx, "globex") })

	It("shows nothing to those who were added and have not registered, or have left, and everything theirs once they are in", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, invitee("acme", "rosa", "viewers"))
		acme.hears(ctx, "rosa@acme.example read orders: deny NotActive", "rosa@acme.example ? orders: none",
			"kim@acme.example read orders: deny NotActive", "nobody@acme.example read orders: deny UnknownUser")
		cluster.Accept(ctx, userNamed("acme", "rosa"))
		acme.hears(ctx, "rosa@acme.example read orders: allow", "Rosa@ACME.example ? orders: read")
	})

	It("shows for each predefined role the menu of the matrix, in one batch", func(ctx context.Context) {
		matrix := readTable(GinkgoTB(), "role-matrix.csv")
		for _, role := range []string{"viewer", "manager", "administrator", "catalog-manager", "pricing-manager", "order-fulfillment-manager"} {
			cluster.ExpectApplied(ctx, groupWith("acme", "all-"+role, role), newcomer("acme", "only-"+role, "all-"+role))
			var menu []string
			for _, row := range matrix {
				for _, action := range []string{access.ActionRead, access.ActionCreate, access.ActionUpdate, access.ActionDelete} {
					answer := "deny NoGrant"
					if level := access.Level(row[role]); level == access.Manage || level == access.Read && action == access.ActionRead {
						answer = "allow"
					}
					menu = append(menu, fmt.Sprintf("only-%s@acme.example %s %s: %s", role, action, row["resource"], answer))
				}
			}
			Expect(menu).To(HaveLen(31 * 4))
			acme.hears(ctx, menu...)
		}
	})

	It("adds up the groups of a user, where manage overrides read, and says which group it comes from", func(ctx context.Context) {
		acme.hears(ctx,
			"ana@acme.example ? orders site=DE: create delete read update", "ana@acme.example ? orders site=FR: read",
			"ana@acme.example update orders site=FR: deny OutsideRestriction site",
			"ana@acme.example as viewers update orders site=DE: deny NoGrant",
			"ana@acme.example as de-order-fulfillment read orders site=FR: deny OutsideRestriction site",
			"ana@acme.example update orders site=DE via=?: de-order-fulfillment/order-fulfillment-manager",
			"ana@acme.example read tax via=?: viewers/viewer",
			"dora@acme.example ? orders site=US: create delete read update", "dora@acme.example ? orders site=DE: read")
	})

	It("shows rights that were set by hand, and what else one reads besides what one manages", func(ctx context.Context) {
		globex.hears(ctx, "mia@globex.example ? quotes site=West-EU: create delete read update", "mia@globex.example ? returns: none",
			"? update orders site=West-EU: mia")
		acme.hears(ctx, "carl@acme.example update products: allow", "carl@acme.example publish products: allow")
		for _, row := range readTable(GinkgoTB(), "required-reads.csv") {
			if slices.Contains([]string{"products", "categories", "catalogs"}, row["resource"]) {
				for _, needed := range namesBut(row["resource"], row["read"]) {
					acme.hears(ctx, "carl@acme.example read "+needed+": allow")
				}
			}
		}
	})

	It("shows German and American order fulfillment different orders by equal rights, and neither those of no site", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, newcomer("acme", "ulf", "us-order-fulfillment"))
		for user, sites := range map[string][2]string{"ben": {"DE", "US"}, "ulf": {"US", "DE"}} {
			asked := user + "@acme.example "
			acme.hears(ctx,
				asked+"? orders site="+sites[0]+": create delete read update",
				asked+"read orders site="+sites[1]+": deny OutsideRestriction site", asked+"read orders site=FR: deny OutsideRestriction site",
				asked+"read orders: deny OutsideRestriction site", asked+"read orders where=?: site="+sites[0],
				asked+"update sepa: allow", asked+"read tax: deny NoGrant")
		}
		acme.hears(ctx, "? as de-order-fulfillment update orders site=DE: ana ben", "? as de-order-fulfillment update orders site=US: none",
			"ana@acme.example read orders where=?: everywhere or site=DE", "ana@acme.example read orders: allow")
	})

	It("narrows companies, customers, carts, orders and quotes by site, and what vendors have by vendor", func(ctx context.Context) {
		aware := map[string][]string{
			"site":   {"carts", "companies", "customers", "orders", "quotes"},
			"vendor": {"availability", "media", "orders", "prices", "products", "returns"},
		}
		for dimension, restriction := range map[string]string{"site": "site.de", "vendor": "abc.vendor"} {
			name := "narrowed-by-" + dimension
			group := groupWith("acme", name, "administrator")
			group.Spec.Restrictions = references(restriction)
			cluster.ExpectApplied(ctx, group, newcomer("acme", name, name))
			var sentences []string
			for _, resource := range vocabularies["acme"].Resources() {
				answer := "allow"
				if slices.Contains(aware[dimension], resource) {
					answer = "deny OutsideRestriction " + dimension
				}
				sentences = append(sentences, name+"@acme.example update "+resource+" site=FR vendor=xyz: "+answer)
			}
			acme.hears(ctx, sentences...)
		}
	})

	It("knows the sites that there are, as they come and go", func(ctx context.Context) {
		setSites := func(sites ...string) {
			change(ctx, tenantNamed("acme"), func(t *accessv1.Tenant) { t.Spec.Dimensions[0].Values = sites })
		}
		acme.hears(ctx, "ben@acme.example read sites id=?: DE FR US", "ben@acme.example update sites id=?: none", "jo@acme.example update sites id=?: DE FR US")
		setSites("DE", "FR", "NL", "US")
		acme.hears(ctx, "ben@acme.example read sites id=?: DE FR NL US")
		setSites("DE", "FR", "US")
		acme.hears(ctx, "ben@acme.example read sites id=?: DE FR US")
	})

	It("narrows by values of one's own, and hides what a group is narrowed from with the next answer", func(ctx context.Context) {
		apac := restrictionNamed("globex", "apac")
		apac.Spec = accessv1.RestrictionSpec{Dimension: "site", Values: &[]string{"APAC"}}
		cluster.ExpectApplied(ctx, apac)
		narrow := func(restrictions ...string) application {
			return globex.since(change(ctx, groupNamed("globex", "west-eu-orders"), func(g *accessv1.UserGroup) {
				g.Spec.Restrictions = references(restrictions...)
			}).ResourceVersion)
		}
		narrow("west-eu", "apac").hears(ctx, "mia@globex.example update orders site=APAC: allow", "mia@globex.example update orders where=?: site=APAC,West-EU")
		narrow("west-eu").hears(ctx, "mia@globex.example update orders site=APAC: deny OutsideRestriction site",
			"mia@globex.example update orders site=West-EU: allow", "mia@globex.example update orders: deny OutsideRestriction site")
	})

	It("shows vendors their own orders and products alone", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, newcomer("acme", "olga", "abc.vendor.order.manager"))
		acme.hears(ctx,
			"olga@acme.example ? orders vendor=abc: create delete read update", "olga@acme.example read orders vendor=xyz: deny OutsideRestriction vendor",
			"olga@acme.example update orders where=?: vendor=abc", "olga@acme.example read products vendor=abc: deny NoGrant",
			"cem@abc.example ? orders vendor=abc: read", "cem@abc.example read orders: deny OutsideRestriction vendor",
			"vera@abc.example ? products vendor=abc: read", "vera@abc.example read prices vendor=abc: allow", "vera@abc.example read media vendor=abc: allow",
			"vera@abc.example read availability vendor=abc: allow", "vera@abc.example update prices vendor=abc: deny NoGrant")
	})

	It("offers publishing to product managers while their vendor has it, and never to product viewers", func(ctx context.Context) {
		publishing := func(options ...string) {
			change(ctx, vendorNamed("acme", "abc"), func(v *accessv1.Vendor) { v.Spec.Options = options })
		}
		never := "vera@abc.example publish products vendor=abc: deny NoGrant"
		acme.hears(ctx, never, "cem@abc.example publish products vendor=abc: allow", "cem@abc.example unpublish products vendor=abc: allow",
			"cem@abc.example publish products vendor=xyz: deny OutsideRestriction vendor",
			"? as abc.vendor.product.manager publish products vendor=abc: cem", "? as abc.vendor.product.viewer publish products vendor=abc: none")
		publishing()
		acme.hears(ctx, never, "cem@abc.example publish products vendor=abc: deny NoGrant", "cem@abc.example ? products vendor=abc: create delete read update")
		publishing("publishing")
		acme.hears(ctx, never, "cem@abc.example publish products vendor=abc: allow")
	})

	It("gives the user of two vendors nothing of either", func(ctx context.Context) {
		second := vendorNamed("acme", "lmn")
		second.Spec.DisplayName = "LMN Inc"
		cluster.ExpectApplied(ctx, second, newcomer("acme", "tove", "abc.vendor.order.viewer"))
		eventually(ctx, second, env.BeReady())
		acme.hears(ctx, "tove@acme.example read orders vendor=abc: allow")
		tove := change(ctx, userNamed("acme", "tove"), func(u *accessv1.User) {
			u.Spec.Groups = append(u.Spec.Groups, accessv1.GroupMembership{Name: "lmn.vendor.order.viewer"})
		})
		acme.since(tove.ResourceVersion).hears(ctx, "tove@acme.example read orders vendor=abc: deny NoGrant", "tove@acme.example read orders vendor=lmn: deny NoGrant")
	})

	It("takes away with the next answer what is taken back from a user or a group", func(ctx context.Context) {
		wanda := newcomer("acme", "wanda", "viewers", "de-order-fulfillment")
		cluster.ExpectApplied(ctx, wanda)
		acme.hears(ctx, "wanda@acme.example update orders site=DE: allow")
		wanda = change(ctx, wanda, func(u *accessv1.User) { u.Spec.Groups = u.Spec.Groups[:1] })
		acme.since(wanda.ResourceVersion).hears(ctx, "wanda@acme.example update orders site=DE: deny NoGrant", "wanda@acme.example read orders site=DE: allow")
		wanda = setState(ctx, wanda, accessv1.AccountInactive)
		acme.since(wanda.ResourceVersion).hears(ctx, "wanda@acme.example read orders site=DE: deny NotActive", "wanda@acme.example ? orders: none")
	})
}
