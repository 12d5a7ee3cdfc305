package guard_test

import (
	"context"
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// row is one live request and what becomes of it. It is tried as a dry run and in earnest: a refused one leaves its object
// as it was, and what one asks for that goes through is stored.
type row struct {
	sentence, request string
	// says is part of the refusal; empty: the request goes through.
	says string
	// is tells how it is refused.
	is func(error) bool
	// given are objects beside the tenant's usual ones: one that is "going" is being deleted, one that has "accepted" his
	// invitation is a user, and one that comes "with" a spec gets it when Roster has made it.
	given []string
}

func allowed(sentence, request string, given ...string) row {
	return row{sentence: sentence, request: request, given: given}
}

// refused is a row that the guard refuses.
func refused(sentence, request, says string, given ...string) row {
	return row{sentence, request, says, func(err error) bool {
		return apierrors.IsForbidden(err) && strings.Contains(err.Error(), "denied the request")
	}, given}
}

// invalid is a row that the schema refuses, with its rules, or the API server itself.
func invalid(sentence, request, says string, given ...string) row {
	return row{sentence, request, says, func(err error) bool {
		return apierrors.IsInvalid(err) || apierrors.IsNotFound(err) || apierrors.IsBadRequest(err)
	}, given}
}

// tabled are the rows of all tables.
var tabled []row

// table runs rows in a tenant of its own, which is made once.
func table(tenant string, rows ...row) bool {
	tabled = append(tabled, rows...)
	return Describe("Rows on "+tenant, Ordered, ContinueOnFailure, func() {
		BeforeAll(func(ctx context.Context) {
			var given []string
			for i, r := range rows {
				for _, text := range r.given {
					given = append(given, numbered(text, i))
				}
			}
			newWorld(ctx, tenant, given...)
		})
		for i, r := range rows {
			It(r.sentence, func(ctx context.Context) {
				r.try(ctx, readRequest(tenant, numbered(r.request, i)), numbered(r.says, i))
			})
		}
	})
}

// numbered makes names the row's own.
func numbered(text string, row int) string {
	return strings.ReplaceAll(text, "~", fmt.Sprintf("-r%d", row))
}

func (r row) try(ctx context.Context, q request, says string) {
	before := stored(ctx, q.object)
	c := clientOf(q.who, q.namespace)
	answer, err := verbs[q.verb](ctx, client.NewDryRunClient(c), q.object)
	r.expect(err, says)
	Expect(stored(ctx, q.object)).To(Equal(before), "a dry run changes nothing")
	if r.says == "" && before != nil {
		Expect(r.request).To(ContainSubstring("~"), "what a row changes is its own")
	}
	result, err := verbs[q.verb](ctx, c, q.object)
	r.expect(err, says)
	if r.says != "" {
		Expect(stored(ctx, q.object)).To(Equal(before), "what is refused changes nothing")
		return
	}
	if strings.HasSuffix(q.name, "-") {
		q.name = result.GetName()
	}
	q.expectStored(ctx, before, answer)
}

func (r row) expect(err error, says string) {
	if r.says == "" {
		ExpectWithOffset(2, err).NotTo(HaveOccurred())
		return
	}
	ExpectWithOffset(2, err).To(MatchError(ContainSubstring(says)))
	ExpectWithOffset(2, r.is(err)).To(BeTrue(), "it is refused, but otherwise: %v", err)
}

// expectStored compares what is stored with what was asked for, and with what the dry run answered.
func (q request) expectStored(ctx context.Context, before map[string]any, answer *unstructured.Unstructured) {
	after := stored(ctx, q.object)
	wanted := q.wanted()
	if wanted == nil {
		uid, deleted := metadataOf(before)["uid"], metadataOf(after)["deletionTimestamp"]
		Expect(metadataOf(after)["uid"] != uid || deleted != nil).To(BeTrue(), "it is still there")
		return
	}
	Expect(holds(after, wanted)).To(BeTrue(), "%v was asked for, and %v is stored", wanted, after)
	Expect(after["spec"]).To(Equal(answer.Object["spec"]), "the dry run answered otherwise")
}

func metadataOf(content map[string]any) map[string]any {
	metadata, _ := content["metadata"].(map[string]any)
	return metadata
}

// stored is what people write of an object: its spec and most of its metadata; nil where there is none.
func stored(ctx context.Context, o object) map[string]any {
	found := o.bare()
	err := cluster.Client.Get(ctx, client.ObjectKeyFromObject(found), found)
	if o.name == "" || strings.HasSuffix(o.name, "-") || apierrors.IsNotFound(err) {
		return nil
	}
	ExpectWithOffset(1, err).NotTo(HaveOccurred())
	metadata := map[string]any{}
	for _, key := range []string{"name", "uid", "labels", "annotations", "ownerReferences", "finalizers", "deletionTimestamp"} {
		if value, ok, _ := unstructured.NestedFieldNoCopy(found.Object, "metadata", key); ok {
			metadata[key] = value
		}
	}
	return map[string]any{"metadata": metadata, "spec": found.Object["spec"]}
}
