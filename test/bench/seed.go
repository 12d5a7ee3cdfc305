package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/roster-dev/roster/test/bench/etcd"
	"github.com/roster-dev/roster/test/env"
)

// seed makes users out of the first one, which has its status already: the API server would take minutes for what etcd
// takes in seconds. Names are of equal width, so that even sorted lists in the copies are right; a manager that finds a
// copy wrong writes to it, and writes are counted.
func (w *world) seed(ctx context.Context, c *env.Cluster, uid string) error {
	store := etcd.Store{URL: c.EtcdURL()}
	prefix := "/registry/access.roster.dev/users/" + tenantName + "/"
	original, err := store.Get(ctx, prefix+userName(0))
	if err != nil {
		return err
	}
	all := make([]etcd.Put, 0, w.users-1)
	for i := 1; i < w.users; i++ {
		value := original
		for _, change := range [][2]string{
			{userName(0), userName(i)}, {crowdName(0), crowdName(i)}, {teamName(0), teamName(i)},
			{uid, fmt.Sprintf("%08d-0000-4000-8000-000000000000", i)},
		} {
			value = bytes.ReplaceAll(value, []byte(change[0]), []byte(change[1]))
		}
		all = append(all, etcd.Put{Key: []byte(prefix + userName(i)), Value: value})
	}
	last := len(all) - 1
	batches := slices.Collect(slices.Chunk(all[:last], etcd.Batch))
	err = each(ctx, len(batches), func(ctx context.Context, i int) error { return store.Put(ctx, batches[i]) })
	if err != nil {
		return err
	}
	return errors.Join(store.Put(ctx, all[last:]), w.seen(ctx, w.user(w.users-1)))
}

// seen waits until the API server has heard of an object that it did not store itself, and so of everything before it.
func (w *world) seen(ctx context.Context, object client.Object) error {
	fromItsMemory := &client.GetOptions{Raw: &metav1.GetOptions{ResourceVersion: "0"}}
	return until(ctx, 100*time.Millisecond, func() (bool, error) {
		err := w.client.Get(ctx, client.ObjectKeyFromObject(object), object, fromItsMemory)
		return err == nil, client.IgnoreNotFound(err)
	})
}
