package applicationcredential

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/credential"
	"github.com/roster-dev/roster/internal/graph"
)

func TestWhenACredentialIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
	ending := func(in time.Duration) *accessv1.ApplicationCredential {
		return &accessv1.ApplicationCredential{Spec: accessv1.ApplicationCredentialSpec{ExpiresAt: ptr.To(metav1.NewTime(noon.Add(in)))}}
	}
	owned := &graph.Tenancy{Tenant: &accessv1.Tenant{}}
	for sentence, c := range map[string]struct {
		scope scope
		want  time.Duration
	}{
		"nothing is the matter":                      {scope{after: ending(time.Hour), tenancy: owned}, 5 * time.Minute},
		"it ends before":                             {scope{after: ending(time.Second), tenancy: owned}, time.Second},
		"its Secret was refused":                     {scope{after: ending(time.Hour), tenancy: owned, refused: "no"}, time.Minute},
		"its Secret was refused, and it ends before": {scope{after: ending(time.Second), tenancy: owned, refused: "no"}, time.Second},
		"an earlier one's Secret is there":           {scope{after: ending(time.Hour), tenancy: owned, secret: credential.Secret{Leaving: true}}, 2 * time.Second},
		"no tenant owns its namespace":               {scope{after: ending(time.Hour), tenancy: &graph.Tenancy{}}, 0},
	} {
		c.scope.now = noon
		if got := c.scope.next().RequeueAfter; got != c.want {
			t.Errorf("%s: after %v, not %v", sentence, got, c.want)
		}
	}
}
