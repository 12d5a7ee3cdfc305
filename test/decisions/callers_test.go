package decisions_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/roster-dev/roster/internal/manager"
)

// dexSub is the sub of a user of Dex's own password store.
func dexSub(user string) string {
	message := append([]byte{0x0a, byte(len(user))}, user...)
	return base64.RawURLEncoding.EncodeToString(append(message, "\x12\x05local"...))
}

var _ = Describe("callers", Ordered, func() {
	var body string
	BeforeAll(func(ctx context.Context) {
		applyShop(ctx, "mine")
		applyShop(ctx, "theirs")
		body = question("mine", "ana", "read", "tax", "1")
	})

	It("have to say who they are", func(ctx context.Context) {
		for _, header := range []string{"", "Basic YTpi", "Bearer", "Bearer ", "Bearer nonsense"} {
			got := decisions.ask(ctx, evaluation, body, "Authorization", header)
			Expect(got.Code).To(Equal(http.StatusUnauthorized), header)
			Expect(got.Header.Get("WWW-Authenticate")).To(HavePrefix("Bearer"))
		}
	})

	It("have to be allowed to ask", func(ctx context.Context) {
		stranger := cluster.ExpectToken(ctx, "default", "stranger")
		Expect(decisions.ask(ctx, evaluation, body, "Authorization", "Bearer "+stranger).Code).To(Equal(http.StatusForbidden))
	})

	It("that belong to a tenant may ask about no other", func(ctx context.Context) {
		own := newToken(ctx, "mine", "frontend")
		bearer := []string{"Authorization", "Bearer " + own}
		Expect(decisions.ask(ctx, evaluation, body, bearer...).decision()).To(Equal("allow"))
		Expect(decisions.ask(ctx, evaluation, question("theirs", "ana", "read", "tax", "1"), bearer...).Code).To(Equal(http.StatusForbidden))
		By("taking their own tenant where none is named")
		unnamed := `{"subject":{"type":"user","id":"ana"},"action":{"name":"read"},"resource":{"type":"tax","id":"1"}}`
		Expect(decisions.ask(ctx, evaluation, unnamed, bearer...).decision()).To(Equal("allow"))
		Expect(decisions.ask(ctx, evaluation, unnamed).decision()).To(Equal("deny AmbiguousTenant"))
		stranger := `{"subject":{"type":"user","id":"ana@theirs.example"},"action":{"name":"read"},"resource":{"type":"tax","id":"1"}}`
		Expect(decisions.ask(ctx, evaluation, stranger, bearer...).decision()).To(Equal("deny UnknownUser"))
		Expect(decisions.ask(ctx, byUser, `{"subject":{"type":"user"},"action":{"name":"read"},"resource":{"type":"tax","id":"1","properties":{"tenant":"theirs"}}}`, bearer...).Code).
			To(Equal(http.StatusForbidden))
		batch := decisions.ask(ctx, evaluations, `{"evaluations":[`+body+`,`+question("theirs", "ana", "read", "tax", "1")+`]}`, bearer...)
		list, _ := batch.Body["evaluations"].([]any)
		Expect(list).To(HaveLen(2))
		second, _ := list[1].(map[string]any)
		Expect(second).To(And(HaveKeyWithValue("decision", false), HaveKeyWithValue("context", HaveKeyWithValue("error", HaveKeyWithValue("status", 403.0)))))
	})

	It("that belong to no tenant may ask about all of them, or not at all", func(ctx context.Context) {
		Expect(decisions.ask(ctx, evaluation, body).decision()).To(Equal("allow"))
		homeless := cluster.ExpectToken(ctx, "default", "homeless")
		cluster.ExpectApplied(ctx, &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: "homeless"},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "roster-decisions-caller"},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: "default", Name: "homeless"}},
		})
		Eventually(func() string { return decisions.as(homeless).ask(ctx, evaluation, body).decision() }, 30*time.Second, 100*time.Millisecond).
			WithContext(ctx).Should(Equal("403 system:serviceaccount:default:homeless belongs to no tenant, and may not ask about all of them"))
	})

	It("have to have a token for the service, where it asks for one", func(ctx context.Context) {
		own := serve(cluster.Config, func(o *manager.DecisionOptions) { o.TokenAudience = "roster-decisions" })
		general := newToken(ctx, "mine", "clerk")
		meant := cluster.ExpectToken(ctx, "mine", "clerk", "roster-decisions", "another")
		other := cluster.ExpectToken(ctx, "mine", "clerk", "another")
		Eventually(func() string { return own.as(meant).ask(ctx, evaluation, body).decision() }, 30*time.Second, 100*time.Millisecond).
			WithContext(ctx).Should(Equal("allow"))
		for _, token := range []string{general, other} {
			Expect(own.as(token).ask(ctx, evaluation, body).Code).To(Equal(http.StatusUnauthorized))
		}
		Expect(decisions.as(meant).ask(ctx, evaluation, body).Code).To(Equal(http.StatusUnauthorized))
	})

	It("are kept to their share", func(ctx context.Context) {
		strict := serve(cluster.Config, func(o *manager.DecisionOptions) { o.Rate = 1 })
		codes := map[int]int{}
		for range 1100 {
			codes[strict.ask(ctx, evaluation, body).Code]++
		}
		Expect(codes[http.StatusTooManyRequests]).To(BeNumerically(">", 50))
	})

	It("hear nothing about a token that is not in force", func(ctx context.Context) {
		form := []string{"Content-Type", "application/x-www-form-urlencoded"}
		got := decisions.ask(ctx, "/oauth2/introspect", "token=whatever", form...)
		Expect(got.Code).To(Equal(http.StatusOK))
		Expect(got.Body).To(Equal(map[string]any{"active": false}))
		Expect(decisions.ask(ctx, "/oauth2/introspect", "tokens=1", form...).Code).To(Equal(http.StatusBadRequest))
		Expect(decisions.ask(ctx, "/oauth2/introspect", "token=1").Code).To(Equal(http.StatusBadRequest))
	})

	It("may send no more than a body may be", func(ctx context.Context) {
		huge := make([]byte, 1<<20)
		for i := range huge {
			huge[i] = ' '
		}
		Expect(decisions.ask(ctx, evaluation, string(huge)+body).Code).To(Equal(http.StatusRequestEntityTooLarge))
	})
})
