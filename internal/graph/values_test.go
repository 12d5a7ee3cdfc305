package graph_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/graph"
)

func TestValuesOfADimension(t *testing.T) {
	t.Parallel()
	from := func(name, key string) *accessv1.TenantDimension {
		return &accessv1.TenantDimension{Name: "rep", ValuesFrom: &accessv1.DimensionSource{
			ConfigMapKeyRef: accessv1.ConfigMapKeyReference{Name: name, Key: key},
		}}
	}
	configMap := &corev1.ConfigMap{
		ObjectMeta: named("reps"), Data: map[string]string{"ids": " 2 \n\n1\r\n2\n", "none": "\n"},
	}
	w := newWorld(t, configMap)
	for _, c := range []struct {
		sentence  string
		dimension *accessv1.TenantDimension
		want      []string
		found     bool
	}{
		{"a list", &accessv1.TenantDimension{Values: []string{"b", "a"}}, []string{"b", "a"}, true},
		{"no list", &accessv1.TenantDimension{}, nil, true},
		{"lines, once each, without blanks, as written", from("reps", "ids"), []string{"2", "1"}, true},
		{"the same again", from("reps", "ids"), []string{"2", "1"}, true},
		{"a key without any", from("reps", "none"), []string{}, true},
		{"a key that is missing", from("reps", "nothing"), nil, false},
		{"a ConfigMap that is missing", from("nobody", "ids"), nil, false},
	} {
		values, found, err := w.graph.Values(t.Context(), "acme", c.dimension)
		if err != nil || found != c.found {
			t.Errorf("%s: found %v, %v", c.sentence, found, err)
		}
		if diff := cmp.Diff(c.want, values); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.sentence, diff)
		}
	}
	if got := w.liveReads.Load(); got != 3 {
		t.Errorf("%d reads past the cache: one a key of an existing ConfigMap is enough", got)
	}
	change(w, &corev1.ConfigMap{}, "reps", func(c *corev1.ConfigMap) { c.Data["ids"] = "3" })
	if values, _, _ := w.graph.Values(t.Context(), "acme", from("reps", "ids")); !cmp.Equal(values, []string{"3"}) {
		t.Errorf("after a change: %v", values)
	}
}

func TestAConfigMapThatCannotBeReadIsReadAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &corev1.ConfigMap{ObjectMeta: named("reps"), Data: map[string]string{"ids": "1"}})
	fails := true
	live := interceptor.NewClient(nil, interceptor.Funcs{
		Get: func(ctx context.Context, _ client.WithWatch, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
			if fails {
				return fmt.Errorf("not now")
			}
			return w.c.Get(ctx, key, into)
		},
	})
	g := graph.New(w.c, live)
	dimension := &accessv1.TenantDimension{ValuesFrom: &accessv1.DimensionSource{ConfigMapKeyRef: accessv1.ConfigMapKeyReference{Name: "reps", Key: "ids"}}}
	if _, _, err := g.Values(t.Context(), "acme", dimension); err == nil {
		t.Fatal("no error")
	}
	fails = false
	if values, found, err := g.Values(t.Context(), "acme", dimension); err != nil || !found || !cmp.Equal(values, []string{"1"}) {
		t.Errorf("%v, %v, %v", values, found, err)
	}
}
