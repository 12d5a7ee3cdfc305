package stories_test

import (
	"context"
	"fmt"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	"k8s.io/utils/ptr"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// paymentsDecisions are what the platform for recovering payments asks about its users.
func paymentsDecisions() {
	var platform application
	BeforeAll(func(ctx context.Context) { platform = applicationIn(ctx, "streamly") })

	It("finds everything for an owner, all content for an admin, and for the others what their roles are about", func(ctx context.Context) {
		recovery, insight := []string{"payments", "subscriptions", "customer-support"}, []string{"analytics", "reports"}
		technical := []string{"gateways", "api-access", "webhooks"}
		everything := vocabularies["streamly"].Resources()
		roles := map[string]struct{ manage, read []string }{
			"olga": {manage: everything},
			"adam": {manage: slices.DeleteFunc(slices.Clone(everything), func(name string) bool { return name == "billing" })},
			"ines": {manage: technical, read: insight},
			"paul": {manage: recovery},
		}
		for user, role := range roles {
			var sentences []string
			for _, resource := range everything {
				level, retry := "none", "deny NoGrant"
				switch {
				case slices.Contains(role.manage, resource) && resource == "payments":
					level, retry = "create delete read retry update", "allow"
				case slices.Contains(role.manage, resource):
					level = "create delete read update"
				case slices.Contains(role.read, resource):
					level = "read"
				}
				sentences = append(sentences, fmt.Sprintf("%s@streamly.example ? %s: %s", user, resource, level))
				if resource == "payments" {
					sentences = append(sentences, fmt.Sprintf("%s@streamly.example retry payments: %s", user, retry))
				}
			}
			platform.hears(ctx, sentences...)
		}
	})

	It("says by which of two roles somebody may", func(ctx context.Context) {
		platform.hears(ctx, "ines update gateways via=?: system-integrators/system-integrator", "ines read reports via=?: reporting/reporting",
			"ines as reporting update gateways: deny NoGrant", "ines as system-integrators update gateways: allow")
	})

	It("offers to invite to owners and admins, and to nobody else", func(ctx context.Context) {
		platform.hears(ctx, "? create users-and-groups: adam olga", "? read billing: olga",
			"ines create users-and-groups: deny NoGrant", "paul create users-and-groups: deny NoGrant")
	})

	It("is told no as long as an invitation is pending, and when it is cancelled", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, invitee("streamly", "ulla", "payment-managers"), invitee("streamly", "tara", "payment-managers"))
		tara := eventually(ctx, userNamed("streamly", "tara"), haveInvitation(accessv1.InvitationSent))
		platform.hears(ctx, "ulla@streamly.example update payments: deny NotActive", "tara@streamly.example update payments: deny NotActive",
			"ulla@streamly.example ? payments: none")
		change(ctx, invitationNamed("streamly", tara.Status.Invitation.Name), func(i *accessv1.Invitation) { i.Spec.Cancel = ptr.To(true) })
		cluster.Accept(ctx, userNamed("streamly", "ulla"))
		platform.hears(ctx, "ulla@streamly.example update payments: allow", "tara@streamly.example update payments: deny NotActive")
	})

	It("is told no with the next answer when somebody is deactivated, and yes when he is reactivated", func(ctx context.Context) {
		set := func(state accessv1.AccountState) application {
			return platform.since(setState(ctx, userNamed("streamly", "paul"), state).ResourceVersion)
		}
		platform.hears(ctx, "paul@streamly.example retry payments: allow", "rae@streamly.example read reports: deny NotActive")
		set(accessv1.AccountInactive).hears(ctx, "paul@streamly.example retry payments: deny NotActive", "paul@streamly.example ? payments: none")
		set(accessv1.AccountActive).hears(ctx, "paul@streamly.example retry payments: allow")
	})

	It("is told no with the next answer when a role is taken away, and keeps what the other gives", func(ctx context.Context) {
		ines := userNamed("streamly", "ines")
		groups := func(groups ...string) application {
			change(ctx, ines, func(u *accessv1.User) {
				u.Spec.Groups = nil
				for _, group := range groups {
					u.Spec.Groups = append(u.Spec.Groups, accessv1.GroupMembership{Name: group})
				}
			})
			return platform.since(ines.ResourceVersion)
		}
		groups("reporting").hears(ctx, "ines update gateways: deny NoGrant", "ines read reports: allow")
		groups("system-integrators", "reporting").hears(ctx, "ines update gateways: allow", "ines read reports: allow")
	})
}
