package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	accessv1ac "github.com/roster-dev/roster/api/v1alpha1/applyconfiguration/api/v1alpha1"

	"github.com/roster-dev/roster/test/bench/report"
)

// bareWriters is how many statuses the bare client writes at a time: as many as the manager has workers for users.
const bareWriters = 6

// rounds is what one kind of writer needed, a round each.
type rounds struct{ manager, bare, encoded []time.Duration }

// convergence compares the manager after a role change with clients that only write: the same statuses, of the same
// users, in the same number, in turn. In each round the manager brings k statuses from one state to the other, then it is
// stopped, and the two bare clients write them back and forth.
func (b *bench) convergence(ctx context.Context) error {
	w, err := b.inhabited(ctx)
	if err != nil {
		return err
	}
	var r rounds
	err = b.profile("convergence", func() error {
		for i := range b.options.pick(5, 9) {
			if err := b.round(ctx, w, &r, i%2 == 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	b.reportConvergence(w, r)
	return nil
}

func (b *bench) reportConvergence(w *world, r rounds) {
	m, bare, encoded := median(r.manager), median(r.bare), median(r.encoded)
	k := float64(w.affected)
	rate := func(d time.Duration) float64 { return k / d.Seconds() }
	b.report.Limit(report.Row{
		Name: "convergence", What: fmt.Sprintf("%d of %d users after a role change, against a bare client; median of %d rounds", w.affected, w.users, len(r.manager)),
		Reached: fmt.Sprintf("%.2f: %.2f s (%.0f/s), bare %.2f s (%.0f/s)", bare.Seconds()/m.Seconds(), m.Seconds(), rate(m), bare.Seconds(), rate(bare)),
		Target:  "≥ 0.9",
		Values:  map[string]float64{"managerSeconds": m.Seconds(), "bareSeconds": bare.Seconds(), "ratio": bare.Seconds() / m.Seconds()},
	}, bare.Seconds() >= 0.9*m.Seconds())
	b.report.Note(report.Row{
		Name: "convergence, bytes", What: "the same against bytes encoded beforehand, their answers thrown away",
		Reached: fmt.Sprintf("%.2f: bytes %.2f s (%.0f/s)", encoded.Seconds()/m.Seconds(), encoded.Seconds(), rate(encoded)), Target: "-",
		Values: map[string]float64{"encodedSeconds": encoded.Seconds(), "ratio": encoded.Seconds() / m.Seconds()},
	})
}

func median(of []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(of))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func (b *bench) round(ctx context.Context, w *world, r *rounds, bareFirst bool) error {
	before, err := w.affectedUsers(ctx)
	if err != nil {
		return err
	}
	took, err := b.convergeOnce(ctx, w)
	if err != nil {
		return err
	}
	r.manager = append(r.manager, took)
	after, err := w.affectedUsers(ctx)
	if err != nil {
		return err
	}
	// Two writers, two ways to go: the second brings back what the manager left.
	if bareFirst {
		return errors.Join(b.writeBare(ctx, before, &r.bare), b.writeEncoded(ctx, after, &r.encoded))
	}
	return errors.Join(b.writeEncoded(ctx, before, &r.encoded), b.writeBare(ctx, after, &r.bare))
}

// convergeOnce is how long the manager takes, from before the role is changed until the answer to its last write.
func (b *bench) convergeOnce(ctx context.Context, w *world) (time.Duration, error) {
	m, err := startDirect(b.cluster)
	if err != nil {
		return 0, err
	}
	defer m.stop()
	if err := m.rest(ctx, w.users); err != nil {
		return 0, err
	}
	start, looked := time.Now(), m.users()
	if err := w.toggleSome(ctx); err != nil {
		return 0, err
	}
	if err := m.rest(ctx, looked+w.affected); err != nil {
		return 0, err
	}
	if n := m.count(userStatus); n != w.affected {
		return 0, fmt.Errorf("the manager wrote %d statuses, not %d", n, w.affected)
	}
	return m.lastAnswer(userStatus).Sub(start), w.check(ctx, w.users)
}

func (w *world) affectedUsers(ctx context.Context) ([]accessv1.User, error) {
	users, err := w.list(ctx)
	return slices.DeleteFunc(users, func(u accessv1.User) bool { return u.Name >= userName(w.affected) }), err
}

// writeBare applies statuses as a controller does that has them as Go values: it encodes, sends, and decodes the answer.
func (b *bench) writeBare(ctx context.Context, users []accessv1.User, took *[]time.Duration) error {
	configurations := make([]*accessv1ac.UserApplyConfiguration, len(users))
	for i := range users {
		configurations[i] = &accessv1ac.UserApplyConfiguration{}
		if err := json.Unmarshal(statusOf(&users[i]), configurations[i]); err != nil {
			return err
		}
	}
	c, err := client.New(b.cluster.Config, client.Options{Scheme: b.cluster.Scheme})
	if err != nil {
		return err
	}
	return timeWrites(ctx, len(users), took, func(ctx context.Context, i int) error {
		return c.Status().Apply(ctx, configurations[i], client.ForceOwnership, client.FieldOwner(accessv1.FieldOwner))
	})
}

// writeEncoded sends bytes, and does not look at the answers: no client can be faster.
func (b *bench) writeEncoded(ctx context.Context, users []accessv1.User, took *[]time.Duration) error {
	bodies := make([][]byte, len(users))
	for i := range users {
		bodies[i] = statusOf(&users[i])
	}
	http, err := rest.HTTPClientFor(b.cluster.Config)
	if err != nil {
		return err
	}
	raw, err := apiutil.RESTClientForGVK(accessv1.SchemeGroupVersion.WithKind("User"), false, false, b.cluster.Config, serializer.NewCodecFactory(b.cluster.Scheme), http)
	if err != nil {
		return err
	}
	return timeWrites(ctx, len(users), took, func(ctx context.Context, i int) error {
		_, err := raw.Patch(types.ApplyPatchType).Namespace(users[i].Namespace).Resource("users").Name(users[i].Name).
			SubResource("status").Param("force", "true").Param("fieldManager", accessv1.FieldOwner).Body(bodies[i]).DoRaw(ctx)
		return err
	})
}

func timeWrites(ctx context.Context, n int, took *[]time.Duration, write func(context.Context, int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(bareWriters)
	start := time.Now()
	for i := range n {
		group.Go(func() error { return write(ctx, i) })
	}
	err := group.Wait()
	*took = append(*took, time.Since(start))
	return err
}

// statusOf is what a controller sends: the object's identity, and its status as it was read.
func statusOf(user *accessv1.User) []byte {
	encoded, err := json.Marshal(map[string]any{
		"apiVersion": accessv1.SchemeGroupVersion.String(), "kind": "User",
		"metadata": map[string]any{"name": user.Name, "namespace": user.Namespace, "uid": user.UID},
		"status":   user.Status,
	})
	if err != nil {
		panic(fmt.Errorf("%s: %w", user.Name, err)) // strings, numbers and times always encode
	}
	return encoded
}
