// Package etcd fills a cluster's etcd behind the API server's back: in seconds with what the API server takes minutes for.
package etcd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// Batch is how many objects go into one transaction; etcd takes up to 128.
const Batch = 100

// Store speaks to a cluster's etcd over its JSON gateway, in which keys and values are base64, as Go encodes bytes.
type Store struct{ URL string }

// Put is an object and where it goes.
type Put struct {
	Key   []byte `json:"key"`
	Value []byte `json:"value"`
}

func (s Store) ask(ctx context.Context, path string, question, answer any) error {
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+path, bytes.NewReader(body))
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

// Get reads one object.
func (s Store) Get(ctx context.Context, key string) ([]byte, error) {
	var answer struct{ Kvs []Put }
	if err := s.ask(ctx, "/v3/kv/range", map[string]any{"key": []byte(key)}, &answer); err != nil {
		return nil, err
	}
	if len(answer.Kvs) != 1 {
		return nil, fmt.Errorf("etcd has no %s", key)
	}
	return answer.Kvs[0].Value, nil
}

// All reads everything, in the order of the keys.
func (s Store) All(ctx context.Context) ([]Put, error) {
	var answer struct{ Kvs []Put }
	everything := []byte{0} // as the first key and as the end, a zero byte is from the first key to the last
	err := s.ask(ctx, "/v3/kv/range", map[string]any{"key": everything, "range_end": everything}, &answer)
	return answer.Kvs, err
}

// Put writes up to a Batch of objects.
func (s Store) Put(ctx context.Context, puts []Put) error {
	type operation struct {
		Put Put `json:"requestPut"`
	}
	operations := make([]operation, len(puts))
	for i := range puts {
		operations[i].Put = puts[i]
	}
	var answer struct{ Succeeded bool }
	err := s.ask(ctx, "/v3/kv/txn", map[string]any{"success": operations}, &answer)
	if err == nil && !answer.Succeeded {
		err = errors.New("etcd did not store a batch of objects")
	}
	return err
}
