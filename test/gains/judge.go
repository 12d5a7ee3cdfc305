package gains

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/guard"
)

// judge asks the guard about one world after the other. It is for one goroutine.
type judge struct {
	guard *guard.Guard
	graph *graph.Graph
	dice  dice
}

func newJudge() *judge {
	return &judge{graph: graph.New(nil, nil), guard: &guard.Guard{
		Clock: clocktesting.NewFakePassiveClock(Now), UsernamePrefix: usernamePrefix, Self: self, Cleaners: []string{cleaner},
	}}
}

// outcome is what became of one world.
type outcome struct {
	allowed bool
	// wrong says what is wrong with that; empty: nothing.
	wrong string
	// late says that the guard ran out of time.
	late bool
}

// draw draws the world of a number in a run.
func (j *judge) draw(seed, number uint64) *world {
	j.dice.Rand = rand.New(rand.NewPCG(seed, number))
	w := j.dice.world()
	j.dice.ask(w)
	j.dice.addClient(w)
	return w
}

// try has the guard judge the write of a world, and compares. On a machine so busy that a judgement runs out of time it asks
// again: that is refused in earnest, and says nothing of the world.
func (j *judge) try(w *world) outcome {
	out := j.tryOnce(w)
	for again := 0; again < 20 && out.late; again++ {
		out = j.tryOnce(w)
	}
	return out
}

func (j *judge) tryOnce(w *world) (out outcome) {
	defer func() {
		if problem := recover(); problem != nil {
			out.wrong = fmt.Sprint("PANIC: ", problem)
		}
	}()
	reader := NewMemory(w.objects())
	j.guard.Reader, j.guard.Graph, j.guard.Reviews = reader, j.graph.Reading(reader), verbs(w.write.verbs)
	request := w.write.request()
	refusal := w.refusal()
	response := j.guard.Handle(context.Background(), request)
	out.allowed = response.Allowed
	switch {
	case response.Allowed && refusal != "":
		out.wrong = "VIOLATION: let through, although " + refusal
	case !response.Allowed && response.Result.Code != http.StatusForbidden:
		out.wrong = "NOT JUDGED: " + response.Result.Message
		out.late = strings.Contains(response.Result.Message, context.DeadlineExceeded.Error())
	case !response.Allowed && refusal == "":
		out.wrong = "OVER-REFUSAL: refused without a reason: " + response.Result.Message
	}
	return out
}

// verbs is the API server's authorization.
type verbs []string

func (v verbs) Create(_ context.Context, object client.Object, _ ...client.CreateOption) error {
	review := object.(*authorizationv1.SubjectAccessReview)
	asked := review.Spec.ResourceAttributes
	review.Status.Allowed = asked.Group == accessv1.SchemeGroupVersion.Group && asked.Resource == "roles" && asked.Namespace == "acme" &&
		(contains(v, asked.Verb) || contains(v, asked.Verb+" "+asked.Name))
	return nil
}

// request is a write as the API server sends it.
func (w write) request() admission.Request {
	object := w.object()
	kind := reflect.TypeOf(object).Elem().Name()
	operation := admissionv1.Update
	switch {
	case w.was == nil:
		operation = admissionv1.Create
	case w.is == nil:
		operation = admissionv1.Delete
	}
	return admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{
		Operation: operation, UserInfo: authenticationv1.UserInfo{Username: w.by},
		Name: object.GetName(), Namespace: object.GetNamespace(), OldObject: encoded(w.was), Object: encoded(w.is),
		Kind:     metav1.GroupVersionKind(accessv1.SchemeGroupVersion.WithKind(kind)),
		Resource: metav1.GroupVersionResource(accessv1.SchemeGroupVersion.WithResource(strings.ToLower(kind) + "s")),
	}}
}

func encoded(object client.Object) runtime.RawExtension {
	if object == nil {
		return runtime.RawExtension{}
	}
	raw, err := json.Marshal(object)
	if err != nil {
		panic(err) // the kinds are our own
	}
	return runtime.RawExtension{Raw: raw}
}
