package stories_test

import (
	"context"
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

// analyticsDecisions are what the dashboards ask: each client's own, the agency's, and the platform that serves them all.
func analyticsDecisions() {
	var platform, agency, bakery, florist application
	BeforeAll(func(ctx context.Context) {
		platform, agency = applicationIn(ctx, "default"), applicationIn(ctx, "agency")
		bakery, florist = applicationIn(ctx, "bakery"), applicationIn(ctx, "florist")
	})

	It("shows a client's user the dashboards that are activated for this client, and no others", func(ctx context.Context) {
		bakery.hears(ctx,
			"bruno@bakery.example read dashboards id=?: search social",
			"bruno@bakery.example read dashboards id=search: allow",
			"bruno@bakery.example read dashboards id=email: deny OutsideRestriction dashboard",
			"bruno@bakery.example ? dashboards id=search: read",
			"bruno@bakery.example update dashboards id=search: deny NoGrant",
			"bruno@bakery.example read users-and-groups: deny NoGrant")
	})

	It("shows the user of two clients to each what is that client's, and asks whoever names none which is meant", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, consultant("bakery"), consultant("florist"))
		bakery.hears(ctx, "cleo@consultant.example read dashboards id=?: search social", "cleo@consultant.example read dashboards id=search: allow")
		florist.hears(ctx, "cleo@consultant.example read dashboards id=?: social",
			"cleo@consultant.example read dashboards id=search: deny OutsideRestriction dashboard", "bruno@bakery.example read dashboards id=social: deny UnknownUser")
		platform.about("").hears(ctx, "cleo@consultant.example read dashboards id=social: deny AmbiguousTenant", "bruno@bakery.example read dashboards id=social: allow")
		platform.about("florist").hears(ctx, "cleo@consultant.example read dashboards id=?: social")
	})

	It("tells a client nothing about another", func(ctx context.Context) {
		bakery.about("florist").refused(ctx, http.StatusForbidden,
			"cleo@consultant.example read dashboards id=social", "? read dashboards id=social", "cleo@consultant.example read dashboards id=?")
	})

	It("shows nothing before the invitation is accepted, and nothing to an address that the client does not allow", func(ctx context.Context) {
		stray := invitee("florist", "stray", "dashboards")
		stray.Spec.Email = "stray@bakery.example"
		cluster.ExpectApplied(ctx, invitee("florist", "ella", "dashboards"), stray)
		eventually(ctx, stray, env.HaveCondition(accessv1.ConditionEmailAllowed, no, accessv1.ReasonEmailNotAllowed))
		florist.hears(ctx, "ella@florist.example read dashboards id=social: deny NotActive", "ella@florist.example read dashboards id=?: none",
			"stray@bakery.example read dashboards id=social: deny NotActive")
		cluster.Accept(ctx, userNamed("florist", "ella"))
		florist.hears(ctx, "ella@florist.example read dashboards id=social: allow", "stray@bakery.example read dashboards id=social: deny NotActive")
	})

	It("takes a client away with the next answer, and leaves the other", func(ctx context.Context) {
		cleo := change(ctx, consultant("florist"), func(u *accessv1.User) { u.Spec.State = accessv1.AccountInactive })
		florist.since(cleo.ResourceVersion).hears(ctx, "cleo@consultant.example read dashboards id=social: deny NotActive", "cleo@consultant.example read dashboards id=?: none")
		Expect(cluster.Client.Delete(ctx, cleo)).To(Succeed())
		florist.hears(ctx, "cleo@consultant.example read dashboards id=social: deny UnknownUser")
		platform.about("").hears(ctx, "cleo@consultant.example read dashboards id=search: allow")
	})

	It("hides a dashboard with the next answer when it is no longer activated", func(ctx context.Context) {
		activated := func(restrictions ...string) string {
			return change(ctx, groupNamed("bakery", "dashboards"), func(g *accessv1.UserGroup) { g.Spec.Restrictions = references(restrictions...) }).ResourceVersion
		}
		bakery.since(activated("dashboard.search")).hears(ctx, "bruno@bakery.example read dashboards id=social: deny OutsideRestriction dashboard",
			"bruno@bakery.example read dashboards id=?: search")
		bakery.since(activated("dashboard.search", "dashboard.social")).hears(ctx, "bruno@bakery.example read dashboards id=?: search social")
	})

	// Which clients are the partner's stands in each client's managedBy and is for admission to enforce: a decision is about
	// one tenant, and in a client a partner is nobody.
	It("lets a partner manage users, and neither dashboards nor clients", func(ctx context.Context) {
		agency.hears(ctx,
			"? update users-and-groups: paula",
			"paula@bright.example ? users-and-groups: create delete read update",
			"paula@bright.example ? dashboards: read",
			"paula@bright.example create dashboards: deny NoGrant",
			"paula@bright.example create tenants: deny UnknownResource")
		for _, client := range []application{bakery, florist} {
			client.hears(ctx, "? update users-and-groups: none", "paula@bright.example update users-and-groups: deny UnknownUser")
		}
	})
}

// consultant is a user who works for several clients, and is one of each.
func consultant(tenant string) *accessv1.User {
	user := newcomer(tenant, "cleo", "dashboards")
	user.Spec.Email = "cleo@consultant.example"
	return user
}
