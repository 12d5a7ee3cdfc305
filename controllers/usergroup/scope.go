package usergroup

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/graph"
)

// scope is everything that one reconcile of a group looks at, read once.
type scope struct {
	group    *accessv1.UserGroup
	tenancy  *graph.Tenancy
	compiled *access.CompiledGroup
	// members is the number of existing users who are members now.
	members int32
	// change is when the next membership ends; zero: none does.
	change time.Time
	now    time.Time
}

func (r *Reconciler) load(ctx context.Context, group *accessv1.UserGroup) (*scope, error) {
	s := &scope{group: group, now: r.Clock.Now()}
	var err error
	if s.tenancy, err = r.Graph.Tenancy(ctx, group.Namespace); err != nil {
		return nil, err
	}
	if s.compiled, err = r.Graph.Group(ctx, s.tenancy, group); err != nil {
		return nil, err
	}
	return s, r.loadMembers(ctx, s)
}

// loadMembers counts each user once, on whichever side he is written down.
func (r *Reconciler) loadMembers(ctx context.Context, s *scope) error {
	counted := map[string]bool{}
	for i := range s.group.Spec.Members {
		m := &s.group.Spec.Members[i]
		if !s.inForce(m.Until) {
			continue
		}
		user, err := r.Graph.User(ctx, s.group.Namespace, m.Name)
		if err != nil {
			return err
		}
		if user != nil {
			counted[m.Name] = true
		}
	}
	listing, err := r.Graph.UsersListing(ctx, s.group.Namespace, s.group.Name)
	if err != nil {
		return err
	}
	for i := range listing {
		for _, m := range listing[i].Spec.Groups {
			if m.Name == s.group.Name && s.inForce(m.Until) && listing[i].DeletionTimestamp.IsZero() {
				counted[listing[i].Name] = true
			}
		}
	}
	s.members = int32(min(len(counted), 1<<30)) //nolint:gosec // bounded in this line
	return nil
}

// inForce tells whether a membership counts now, and remembers when it will end.
func (s *scope) inForce(until *metav1.Time) bool {
	if until == nil {
		return true
	}
	if !until.After(s.now) {
		return false
	}
	if s.change.IsZero() || until.Time.Before(s.change) {
		s.change = until.Time
	}
	return true
}

// next wakes the group up when a membership ends, without any other event.
func (s *scope) next() ctrl.Result {
	if s.change.IsZero() {
		return ctrl.Result{}
	}
	return ctrl.Result{RequeueAfter: max(s.change.Sub(s.now), 1)}
}
