package guard

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// longer are the members that a group has after a write and not before, or for longer.
func longer(was, is *accessv1.UserGroup) []string {
	before := untils(was)
	var out []string
	for _, m := range is.Spec.Members {
		until, member := before[m.Name]
		if !member || !lasts(until, untilOf(m.Until)) {
			out = append(out, m.Name)
		}
	}
	return out
}

func untils(group *accessv1.UserGroup) map[string]time.Time {
	out := make(map[string]time.Time, len(group.Spec.Members))
	for _, m := range group.Spec.Members {
		out[m.Name] = untilOf(m.Until)
	}
	return out
}

func untilOf(t *metav1.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.Time
}

// lasts tells whether something that ends at one time lasts until another; the zero time is for ever.
func lasts(end, until time.Time) bool {
	return end.IsZero() || !until.IsZero() && !end.Before(until)
}
