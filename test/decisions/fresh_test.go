package decisions_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/manager"
)

func applyShop(ctx context.Context, tenant string) {
	cluster.ExpectApplied(ctx, &accessv1.ResourceCatalog{ObjectMeta: metav1.ObjectMeta{Name: "shop"}, Spec: accessv1.ResourceCatalogSpec{
		Services: []accessv1.CatalogService{{Name: "shop", Resources: []accessv1.CatalogResource{
			{Name: "orders", RestrictedBy: []string{"site"}}, {Name: "tax", Actions: []string{"publish"}}, {Name: "sites", RestrictedBy: []string{"site"}, IdentifiedBy: "site"},
		}}},
	}})
	t := tenantOf(tenant, "shop", accessv1.TenantDimension{Name: "site", Values: []string{"DE", "FR"}, Restrictions: accessv1.RestrictionsSynced})
	cluster.ExpectApplied(ctx, t)
	settled(ctx, t)
	cluster.ExpectApplied(ctx,
		groupIn(tenant, "readers", []accessv1.Rule{{Resources: []string{"*"}, Level: accessv1.LevelRead}}),
		groupIn(tenant, "keepers", []accessv1.Rule{{Resources: []string{"*"}, Level: accessv1.LevelManage}}, "site.de"),
		userIn(tenant, "ana", "readers", "keepers"), userIn(tenant, "ben", "readers"))
	decisions.eventually(ctx, question(tenant, "ana", "update", "tax", "1"), "allow")
	decisions.eventually(ctx, question(tenant, "ben", "read", "tax", "1"), "allow")
}

// since is a question that wants an answer no older than a version.
func since(version, body string) string {
	return body[:len(body)-1] + fmt.Sprintf(`,"context":{"atLeast":%q}}`, version)
}

var _ = Describe("freshness", Ordered, func() {
	var ana, ben *accessv1.User
	BeforeAll(func(ctx context.Context) {
		applyShop(ctx, "fresh")
		ana, ben = userIn("fresh", "ana"), userIn("fresh", "ben")
	})

	It("takes access away before the status follows: Inactive, suspended, deleted", func(ctx context.Context) {
		patch(ctx, ben, `{"spec":{"state":"Inactive"}}`)
		decisions.eventually(ctx, question("fresh", "ben", "read", "tax", "1"), "deny NotActive")
		patch(ctx, ben, `{"spec":{"state":"Active"}}`)
		decisions.eventually(ctx, question("fresh", "ben", "read", "tax", "1"), "allow")
		tenant := &accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: "fresh"}}
		patch(ctx, tenant, `{"spec":{"state":"Suspended"}}`)
		decisions.eventually(ctx, question("fresh", "ben", "read", "tax", "1"), "deny TenantSuspended")
		patch(ctx, tenant, `{"spec":{"state":"Active"}}`)
		decisions.eventually(ctx, question("fresh", "ben", "read", "tax", "1"), "allow")
		gone := userIn("fresh", "gone", "readers")
		cluster.ExpectApplied(ctx, gone)
		decisions.eventually(ctx, question("fresh", "gone", "read", "tax", "1"), "allow")
		Expect(cluster.Client.Delete(ctx, gone)).To(Succeed())
		decisions.eventually(ctx, question("fresh", "gone", "read", "tax", "1"), "deny UnknownUser")
	})

	It("finds people by address, in any spelling, and by what their sign-in calls them", func(ctx context.Context) {
		Expect(cluster.Client.Get(ctx, client.ObjectKeyFromObject(ana), ana)).To(Succeed())
		for _, id := range []string{"ana@fresh.example", "Ana@Fresh.EXAMPLE", "ana", dexSub(string(ana.UID))} {
			Expect(decisions.ask(ctx, evaluation, question("fresh", id, "read", "tax", "1")).decision()).To(Equal("allow"), id)
		}
		for _, id := range []string{"anna@fresh.example", string(ana.UID), dexSub("nobody"), "CiQ", "", "@", "A"} {
			Expect(decisions.ask(ctx, evaluation, question("fresh", id, "read", "tax", "1")).decision()).To(Equal("deny UnknownUser"), id)
		}
	})

	It("lets an acting group have what it gives by itself", func(ctx context.Context) {
		in := func(group, action, resource, about string) string {
			body := question("fresh", "ana", action, resource, "1", `"properties":{`+about+`}`)
			return decisions.ask(ctx, evaluation, body[:len(body)-1]+fmt.Sprintf(`,"context":{"group":%q}}`, group)).decision()
		}
		Expect(in("keepers", "update", "tax", "")).To(Equal("allow"))
		Expect(in("readers", "update", "tax", "")).To(Equal("deny NoGrant"), "it is united with what the keepers have")
		Expect(in("readers", "read", "orders", `"site":"FR"`)).To(Equal("allow"))
		Expect(in("keepers", "read", "orders", `"site":"DE"`)).To(Equal("allow"))
		Expect(in("keepers", "read", "orders", `"site":"FR"`)).To(Equal("deny OutsideRestriction site"))
		Expect(in("others", "read", "tax", "")).To(Equal("deny NoGrant"))
	})

	It("says via what, when asked, and where it would be, when there are no ids", func(ctx context.Context) {
		body := question("fresh", "ana", "update", "orders", "1", `"properties":{"site":["FR","DE"]}`)
		got := decisions.ask(ctx, evaluation, body[:len(body)-1]+`,"context":{"explain":true}}`)
		Expect(got.decision()).To(Equal("allow"))
		Expect(got.Body["context"]).To(HaveKeyWithValue("via", []any{map[string]any{"group": "keepers"}}))
		found := decisions.ask(ctx, byResource, `{"subject":{"type":"user","id":"ana@fresh.example"},"action":{"name":"update"},"resource":{"type":"orders"},"context":{"tenant":"fresh"}}`)
		Expect(found.results()).To(BeEmpty())
		Expect(found.Body["context"]).To(HaveKeyWithValue("scopes", []any{map[string]any{
			"restrictedTo": []any{map[string]any{"dimension": "site", "values": []any{"DE"}}},
		}}))
		Expect(decisions.found(ctx, byResource, `{"subject":{"type":"user","id":"ana@fresh.example"},"action":{"name":"update"},"resource":{"type":"sites"},"context":{"tenant":"fresh"}}`)).To(Equal([]string{"sites DE"}))
	})

	It("takes a credential and its user away at once, before any status follows", func(ctx context.Context) {
		cluster.ExpectApplied(ctx, userIn("fresh", "cleo", "readers"))
		id := applyCredential(ctx, "fresh", "cleo", nil)
		body := strings.Replace(question("fresh", id, "read", "tax", "1"), `"user"`, `"application"`, 1)
		decisions.eventually(ctx, body, "allow")
		cleo, credential := userIn("fresh", "cleo"), &accessv1.ApplicationCredential{ObjectMeta: metav1.ObjectMeta{Namespace: "fresh", Name: "app-of-cleo"}}
		patch(ctx, cleo, `{"spec":{"state":"Inactive"}}`)
		decisions.eventually(ctx, body, "deny NotActive")
		patch(ctx, cleo, `{"spec":{"state":"Active"}}`)
		decisions.eventually(ctx, body, "allow")
		patch(ctx, credential, `{"spec":{"expiresAt":"2020-01-01T00:00:00Z"}}`)
		decisions.eventually(ctx, body, "deny Expired")
		patch(ctx, credential, `{"spec":{"expiresAt":null}}`)
		decisions.eventually(ctx, body, "allow")
		Expect(cluster.Client.Delete(ctx, credential)).To(Succeed())
		decisions.eventually(ctx, body, "deny UnknownUser")
	})

	It("waits no longer than it may for a version that does not come", func(ctx context.Context) {
		replica := serve(cluster.Config, func(o *manager.DecisionOptions) { o.MaxWait = 100 * time.Millisecond })
		got := replica.ask(ctx, evaluation, since("9999999999", question("fresh", "ben", "read", "tax", "1")))
		Expect(got.Code).To(Equal(http.StatusServiceUnavailable))
		Expect(got.Header.Get("Retry-After")).To(Equal("1"))
		Expect(replica.ask(ctx, evaluation, since("soon", question("fresh", "ben", "read", "tax", "1"))).Code).To(Equal(http.StatusBadRequest))
	})
})
