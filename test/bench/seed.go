package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/roster-dev/roster/test/env"
)

// seedBatch is how many objects go into one transaction; etcd takes up to 128.
const seedBatch = 100

// etcd speaks to a cluster's etcd over its JSON gateway, in which keys and values are base64, as Go encodes bytes.
type etcd struct{ url string }

type put struct {
	Key   []byte `json:"key"`
	Value []byte `json:"value"`
}

func (e etcd) ask(ctx context.Context, path string, question, answer any) error {
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("etcd answered %s", response.Status)
	}
	return json.NewDecoder(response.Body).Decode(answer)
}

func (e etcd) get(ctx context.Context, key string) ([]byte, error) {
	var answer struct{ Kvs []put }
	if err := e.ask(ctx, "/v3/kv/range", map[string]any{"key": []byte(key)}, &answer); err != nil {
		return nil, err
	}
	if len(answer.Kvs) != 1 {
		return nil, fmt.Errorf("etcd has no %s", key)
	}
	return answer.Kvs[0].Value, nil
}

func (e etcd) store(ctx context.Context, puts []put) error {
	type operation struct {
		Put put `json:"requestPut"`
	}
	operations := make([]operation, len(puts))
	for i := range puts {
		operations[i].Put = puts[i]
	}
	var answer struct{ Succeeded bool }
	err := e.ask(ctx, "/v3/kv/txn", map[string]any{"success": operations}, &answer)
	if err == nil && !answer.Succeeded {
		err = errors.New("etcd did not store a batch of users")
	}
	return err
}

// seed makes users out of the first one, which has its status already: the API server would take minutes for what etcd
// takes in seconds. Names are of equal width, so that even sorted lists in the copies are right; a manager that finds a
// copy wrong writes to it, and writes are counted.
func (w *world) seed(ctx context.Context, c *env.Cluster, uid string) error {
	store := etcd{c.EtcdURL()}
	prefix := "/registry/access.roster.dev/users/" + tenantName + "/"
	original, err := store.get(ctx, prefix+userName(0))
	if err != nil {
		return err
	}
	all := make([]put, 0, w.users-1)
	for i := 1; i < w.users; i++ {
		value := original
		for _, change := range [][2]string{
			{userName(0), userName(i)}, {crowdName(0), crowdName(i)}, {teamName(0), teamName(i)},
			{uid, fmt.Sprintf("%08d-0000-4000-8000-000000000000", i)},
		} {
			value = bytes.ReplaceAll(value, []byte(change[0]), []byte(change[1]))
		}
		all = append(all, put{[]byte(prefix + userName(i)), value})
	}
	last := len(all) - 1
	batches := slices.Collect(slices.Chunk(all[:last], seedBatch))
	err = each(ctx, len(batches), func(ctx context.Context, i int) error { return store.store(ctx, batches[i]) })
	if err != nil {
		return err
	}
	return errors.Join(store.store(ctx, all[last:]), w.seen(ctx, w.user(w.users-1)))
}

// seen waits until the API server has heard of an object that it did not store itself, and so of everything before it.
func (w *world) seen(ctx context.Context, object client.Object) error {
	fromItsMemory := &client.GetOptions{Raw: &metav1.GetOptions{ResourceVersion: "0"}}
	return until(ctx, 100*time.Millisecond, func() (bool, error) {
		err := w.client.Get(ctx, client.ObjectKeyFromObject(object), object, fromItsMemory)
		return err == nil, client.IgnoreNotFound(err)
	})
}
