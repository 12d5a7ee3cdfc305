package fault_test

import (
	"context"
	"fmt"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

var _ = Describe("The API server and etcd", func() {
	It("can be killed while mails go out, and none is lost", func(ctx context.Context) {
		rounds, users, outages := 1, 12, [][]string{{env.APIServer, env.Etcd}}
		if everything() {
			rounds, users, outages = 5, 100, append(outages, []string{env.APIServer}, []string{env.Etcd})
		}
		l := live(managerOptions())
		for range rounds {
			for _, programs := range outages {
				By(fmt.Sprintf("killing %v", programs))
				interrupted(ctx, l, users, programs)
			}
		}
	})
})

// interrupted invites users, and kills programs when the first of them have got their mails.
func interrupted(ctx context.Context, l *life, users int, programs []string) {
	s := newStage(l)
	s.found(ctx)
	l.signal(syscall.SIGSTOP)
	var all []string
	for i := range users {
		all = append(all, fmt.Sprintf("user%03d", i))
		s.invite(ctx, all[i])
	}
	l.signal(syscall.SIGCONT)
	Eventually(func() int { return len(post.to(s.domain())) }, patience, interval/10).WithContext(ctx).Should(BeNumerically(">=", users/4), s.tail)
	for _, program := range programs {
		Expect(cluster.Kill(program)).To(Succeed())
	}
	for i := range programs { // what the other needs comes first
		Expect(cluster.Resume(programs[len(programs)-1-i])).To(Succeed())
	}
	Eventually(func() error { return s.list(ctx, &accessv1.UserList{}) }, patience, interval).WithContext(ctx).Should(Succeed())
	for _, user := range all {
		s.invitation(ctx, user, accessv1.InvitationSent)
	}
	s.expectMails(all, len(programs))
	s.clear(ctx)
}
