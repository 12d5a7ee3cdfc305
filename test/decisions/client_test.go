package decisions_test

import (
	"context"
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/roster-dev/roster/client"
)

var _ = Describe("the Go client", Ordered, func() {
	BeforeAll(func(ctx context.Context) { applyShop(ctx, "golang") })

	It("asks, searches and reports what it could not ask", func(ctx context.Context) {
		c := client.New(decisions.URL+"/", func() (string, error) { return token, nil })
		ana := client.Question{
			Subject: client.Subject{Type: "user", ID: "ana@golang.example"}, Action: client.Action{Name: "update"},
			Resource: client.Resource{Type: "orders", ID: "1", Properties: map[string]any{"site": "DE"}},
			Context:  client.Context{Tenant: "golang", Explain: true},
		}
		d, err := c.Evaluate(ctx, ana)
		Expect(err).NotTo(HaveOccurred())
		Expect(d.Allowed).To(BeTrue())
		Expect(d.Context.Via).To(Equal([]client.Source{{Group: "keepers"}}))
		Expect(c.Subjects(ctx, ana)).To(Equal([]string{"ana"}))
		Expect(c.Actions(ctx, ana)).To(Equal([]string{"create", "delete", "read", "update"}))
		sites := ana
		sites.Resource = client.Resource{Type: "sites"}
		Expect(c.Resources(ctx, sites)).To(Equal([]string{"DE"}))

		ana.Resource.Properties["site"] = []string{"FR"}
		all, err := c.EvaluateAll(ctx, []client.Question{ana, sites})
		Expect(err).NotTo(HaveOccurred())
		Expect(all[0].Context.Dimension).To(Equal("site"))
		Expect(all[1].Context.Error.Status).To(Equal(http.StatusBadRequest))

		stranger := client.New(decisions.URL, func() (string, error) { return "nonsense", nil })
		_, err = stranger.Evaluate(ctx, ana)
		Expect(err).To(MatchError(ContainSubstring("401")))
	})
})
