package fault_test

import (
	"context"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

// workload is something that happens, which takes Roster several writes.
type workload struct {
	name string
	// prepare is what has been done before; nil: the tenant is there, and nothing else.
	prepare func(context.Context, *stage)
	act     func(context.Context, *stage)
}

// mailing are those in which mails go out, or links live and die.
var mailing = []workload{
	{name: "a user is invited", act: anaInvited},
	{name: "an invitation is accepted", prepare: anaAsked, act: func(ctx context.Context, s *stage) { s.accept(ctx, "ana") }},
	{name: "somebody is asked again", prepare: anaAsked, act: func(ctx context.Context, s *stage) {
		cluster.ExpectApplied(ctx, &accessv1.Invitation{ObjectMeta: s.meta("again"), Spec: accessv1.InvitationSpec{UserRef: accessv1.Reference{Name: "ana"}}})
	}},
	{name: "an address changes", prepare: anaAsked, act: func(ctx context.Context, s *stage) {
		s.change(ctx, s.user("ana"), `{"spec":{"email":"ana.new@`+s.domain()+`"}}`)
	}},
	{name: "an address changes after acceptance", prepare: anaAccepted, act: func(ctx context.Context, s *stage) {
		s.change(ctx, s.user("ana"), `{"spec":{"email":"ana.new@`+s.domain()+`"}}`)
	}},
	{name: "an invitation is cancelled", prepare: anaAsked, act: func(ctx context.Context, s *stage) {
		s.change(ctx, s.invitation(ctx, "ana", accessv1.InvitationSent), `{"spec":{"cancel":true}}`)
	}},
	{name: "an invitation is deleted", prepare: anaAsked, act: func(ctx context.Context, s *stage) {
		cluster.ExpectDeleted(ctx, s.invitation(ctx, "ana", accessv1.InvitationSent))
	}},
	{name: "an invited user is deactivated", prepare: anaAsked, act: func(ctx context.Context, s *stage) {
		s.change(ctx, s.user("ana"), `{"spec":{"state":"Inactive"}}`)
	}},
	{name: "an invitation expires", prepare: anaAsked, act: func(ctx context.Context, s *stage) {
		env.ExpectForged(ctx, cluster, s.invitation(ctx, "ana", accessv1.InvitationSent), func(i *accessv1.Invitation) {
			i.Status.ExpiresAt = ptr.To(metav1.NewTime(year(2020)))
		})
	}},
	{name: "three users are invited at once", act: func(ctx context.Context, s *stage) {
		cluster.ExpectApplied(ctx, s.user("ana"), s.user("ben"), s.user("cleo"))
	}},
}

// administering are those in which no mail goes out.
var administering = []workload{
	{name: "a tenant is founded", prepare: func(context.Context, *stage) {}, act: func(ctx context.Context, s *stage) { s.found(ctx) }},
	{name: "a tenant is suspended", prepare: anaAccepted, act: func(ctx context.Context, s *stage) {
		s.change(ctx, s.tenant(), `{"spec":{"state":"Suspended"}}`)
	}},
	{name: "a dimension gets values and loses some", prepare: anaAccepted, act: func(ctx context.Context, s *stage) {
		s.change(ctx, s.tenant(), `{"spec":{"dimensions":[{"name":"site","values":["FR","NL"],"restrictions":"Synced"}]}}`)
	}},
	{name: "everybody gets something", prepare: anaAccepted, act: func(ctx context.Context, s *stage) {
		s.change(ctx, s.tenant(), `{"spec":{"defaultAccess":[{"resources":["prices"],"level":"Read"}]}}`)
	}},
	{name: "a tenant is deleted", prepare: anaAccepted, act: func(ctx context.Context, s *stage) { cluster.ExpectDeleted(ctx, s.tenant()) }},
	{name: "a group gives more", prepare: anaAccepted, act: func(ctx context.Context, s *stage) {
		s.change(ctx, &accessv1.UserGroup{ObjectMeta: s.meta("readers")}, `{"spec":{"access":[{"resources":["prices"],"level":"Manage"}]}}`)
	}},
	{name: "a group is deleted", prepare: anaAccepted, act: func(ctx context.Context, s *stage) {
		cluster.ExpectDeleted(ctx, &accessv1.UserGroup{ObjectMeta: s.meta("readers")})
	}},
	{name: "a predefined role is changed by hand", prepare: anaAccepted, act: func(ctx context.Context, s *stage) {
		s.change(ctx, &accessv1.Role{ObjectMeta: s.meta("reader")}, `{"spec":{"rules":[{"resources":["*"],"level":"Manage"}]}}`)
	}},
	{name: "a predefined role is deleted", prepare: anaAccepted, act: func(ctx context.Context, s *stage) {
		cluster.ExpectDeleted(ctx, &accessv1.Role{ObjectMeta: s.meta("reader")})
	}},
	{name: "a vendor comes", act: vendorComes},
	{name: "a vendor goes", prepare: vendorCame, act: func(ctx context.Context, s *stage) {
		cluster.ExpectDeleted(ctx, &accessv1.Vendor{ObjectMeta: s.meta("abc")})
	}},
	{name: "an active user is deactivated", prepare: anaAccepted, act: func(ctx context.Context, s *stage) {
		s.change(ctx, s.user("ana"), `{"spec":{"state":"Inactive"}}`)
	}},
	{name: "a user leaves his groups", prepare: anaAccepted, act: func(ctx context.Context, s *stage) {
		s.change(ctx, s.user("ana"), `{"spec":{"groups":null}}`)
	}},
}

func (s *stage) tenant() *accessv1.Tenant {
	return &accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: s.name}}
}

func anaInvited(ctx context.Context, s *stage) { s.invite(ctx, "ana") }

func anaAsked(ctx context.Context, s *stage) {
	s.found(ctx)
	s.invite(ctx, "ana")
	s.invitation(ctx, "ana", accessv1.InvitationSent)
}

func anaAccepted(ctx context.Context, s *stage) {
	anaAsked(ctx, s)
	s.accept(ctx, "ana")
	env.ExpectEventually(ctx, cluster, s.user("ana"), env.HaveState(accessv1.UserActive))
}

func vendorComes(ctx context.Context, s *stage) {
	cluster.ExpectApplied(ctx, &accessv1.Vendor{ObjectMeta: s.meta("abc"), Spec: accessv1.VendorSpec{DisplayName: "Abc"}})
}

func vendorCame(ctx context.Context, s *stage) {
	s.found(ctx)
	vendorComes(ctx, s)
	Eventually(func() error {
		return cluster.Client.Get(ctx, keyOf(s, "abc.vendor.order.viewer"), &accessv1.UserGroup{})
	}, patience, interval).WithContext(ctx).Should(Succeed())
}
