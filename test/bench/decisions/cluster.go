package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/decision"
	"github.com/roster-dev/roster/test/bench/etcd"
	"github.com/roster-dev/roster/test/bench/report"
	"github.com/roster-dev/roster/test/env"
)

// inhabited starts an API server that has the world in it. It is put there behind its back, which takes seconds.
func inhabited(ctx context.Context, w *world) (*env.Cluster, error) {
	c, err := env.Start()
	if err != nil {
		return nil, err
	}
	if err := fill(ctx, c, w); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

func fill(ctx context.Context, c *env.Cluster, w *world) error {
	objects := []client.Object{w.catalog}
	for _, t := range w.tenants {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: t.Name}}
		if err := c.Client.Create(ctx, namespace); err != nil {
			return err
		}
		objects = append(objects, t)
	}
	for _, u := range w.users {
		objects = append(objects, u)
	}
	puts := make([]etcd.Put, len(objects))
	for i, object := range objects {
		var err error
		if puts[i], err = stored(object); err != nil {
			return err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for batch := range slices.Chunk(puts, etcd.Batch) {
		group.Go(func() error { return etcd.Store{URL: c.EtcdURL()}.Put(ctx, batch) })
	}
	return group.Wait()
}

// stored is an object as the API server keeps it.
func stored(object client.Object) (etcd.Put, error) {
	of, resource := map[string]string{}, ""
	switch object.(type) {
	case *accessv1.User:
		of["kind"], resource = "User", "users/"+object.GetNamespace()
	case *accessv1.Tenant:
		of["kind"], resource = "Tenant", "tenants"
	default:
		of["kind"], resource = "ResourceCatalog", "resourcecatalogs"
	}
	kept, ok := object.DeepCopyObject().(client.Object)
	if !ok {
		return etcd.Put{}, fmt.Errorf("%T is no object", object)
	}
	kept.SetResourceVersion("")
	kept.SetCreationTimestamp(metav1.NewTime(time.Unix(0, 0)))
	kept.GetObjectKind().SetGroupVersionKind(accessv1.SchemeGroupVersion.WithKind(of["kind"]))
	value, err := json.Marshal(kept)
	return etcd.Put{Key: []byte("/registry/access.roster.dev/" + resource + "/" + object.GetName()), Value: value}, err
}

// start measures how long a service takes until it can answer, beside a bare list of the same objects, in turn.
func (b *bench) start(ctx context.Context) error {
	w := newWorld(10, b.pick(10_000, 1_000))
	cluster, err := inhabited(ctx, w)
	if err != nil {
		return err
	}
	defer stop(cluster)
	reviews := apiServer(w)
	defer reviews.CloseClientConnections()
	var started, listed []float64
	for range b.pick(9, 3) {
		began := time.Now()
		if err := list(ctx, cluster, len(w.users)); err != nil {
			return err
		}
		listed = append(listed, time.Since(began).Seconds())
		began = time.Now()
		s, err := serve(ctx, cluster.Config, reviews.URL)
		if err != nil {
			return err
		}
		started = append(started, time.Since(began).Seconds())
		s.close()
	}
	mine, bare := median(started), median(listed)
	b.report.Limit(report.Row{
		Name: "start", What: fmt.Sprintf("until ready, of a bare list of the same %d users", len(w.users)), Target: "<= 2",
		Reached: fmt.Sprintf("%.2f: %.2f s, bare %.2f s", mine/bare, mine, bare),
		Values:  map[string]float64{"ratio": mine / bare, "seconds": mine, "bare": bare},
	}, mine <= 2*bare)
	return nil
}

func stop(c *env.Cluster) {
	if err := c.Stop(); err != nil {
		fmt.Println("bench:", err)
	}
}

// list reads once what a decision service reads, with a client of its own.
func list(ctx context.Context, cluster *env.Cluster, count int) error {
	c, err := newClient(cluster.Config)
	if err != nil {
		return err
	}
	users := &accessv1.UserList{}
	lists := []client.ObjectList{users, &accessv1.TenantList{}, &accessv1.ResourceCatalogList{}, &accessv1.RestrictionList{}}
	for _, l := range lists {
		if err := c.List(ctx, l); err != nil {
			return err
		}
	}
	if len(users.Items) != count {
		return fmt.Errorf("the API server lists %d users, not %d", len(users.Items), count)
	}
	return nil
}

// revocation deactivates users one after the other, and measures until the first denial over HTTP.
func (b *bench) revocation(ctx context.Context) error {
	w := newWorld(10, b.pick(1_000, 100))
	cluster, err := inhabited(ctx, w)
	if err != nil {
		return err
	}
	defer stop(cluster)
	reviews := apiServer(w)
	defer reviews.CloseClientConnections()
	s, err := serve(ctx, cluster.Config, reviews.URL)
	if err != nil {
		return err
	}
	defer s.close()
	took := make([]float64, 0, len(w.users))
	asked := 0
	for _, u := range w.users {
		r := &revoked{cluster, s, u, 0}
		began := time.Now()
		if err := r.revoke(ctx); err != nil {
			return err
		}
		took = append(took, float64(time.Since(began).Microseconds())/1000)
		asked += r.asked
	}
	slices.Sort(took)
	p99 := took[len(took)*99/100]
	b.report.Limit(report.Row{
		Name: "revocation", What: fmt.Sprintf("p99 of %d, from the patch to the first denial over HTTP", len(took)), Target: "<= 100 ms idle",
		Reached: fmt.Sprintf("%.0f ms, median %.0f ms", p99, median(took)),
		Values:  map[string]float64{"p99": p99, "median": median(took), "max": took[len(took)-1], "asked": float64(asked)},
	}, p99 <= 100)
	return nil
}

// revoked is a user who is allowed something and is about to lose it.
type revoked struct {
	cluster *env.Cluster
	service *served
	user    *accessv1.User
	asked   int
}

func (r *revoked) revoke(ctx context.Context) error {
	if denied, err := r.denied(ctx); err != nil || denied {
		return fmt.Errorf("%s in %s is denied from the beginning: %w", r.user.Name, r.user.Namespace, err)
	}
	patch := client.RawPatch(client.Merge.Type(), []byte(`{"spec":{"state":"Inactive"}}`))
	if err := r.cluster.Client.Patch(ctx, &accessv1.User{ObjectMeta: metav1.ObjectMeta{
		Namespace: r.user.Namespace, Name: r.user.Name,
	}}, patch); err != nil {
		return err
	}
	for {
		if denied, err := r.denied(ctx); denied || err != nil {
			return err
		}
	}
}

// denied asks for something that the user's first entry of access gives, at a place inside its restriction.
func (r *revoked) denied(ctx context.Context) (bool, error) {
	r.asked++
	entry := &r.user.Status.EffectiveAccess[0]
	site := ""
	for _, d := range entry.RestrictedTo {
		site = d.Values[0]
	}
	body := fmt.Appendf(nil,
		`{"subject":{"type":"user","id":%q,"properties":{"tenant":%q}},"action":{"name":"read"},"resource":{"type":%q,"id":"1","properties":{"site":%q}}}`,
		r.user.Spec.Email, r.user.Namespace, entry.Resources[0], site)
	answer, err := post(ctx, r.service.Client(), r.service.URL+decision.PathEvaluation, body)
	return bytes.Contains(answer, []byte(`"decision":false`)), err
}
