package children

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/status"
)

// RefusedPause is how long a refused object waits for another try.
const RefusedPause = time.Minute

// Set is what one owner's children of one kind should be.
type Set[T client.Object] struct {
	Owner client.Object
	// Namespace holds the children.
	Namespace string
	// List is an empty list of the kind.
	List client.ObjectList
	// Wanted are the children with the labels that Roster owns, without ownership. They share no memory with anything
	// else: what the API server answers is read into them.
	Wanted []T
	// Bring puts everything that Roster owns in a child, but its labels, into a copy of the stored one.
	Bring func(to, wanted T)
	// Spare tells which stored children are left alone though nobody wants them; nil: none.
	Spare func(T) bool
}

// Outcome is what came of keeping children.
type Outcome struct {
	// Kept are the names of the wanted children that are there as wanted.
	Kept []string
	// Conflicts are the names that somebody else's object has.
	Conflicts []string
	// Refused are the API server's sentences about what it would not take.
	Refused []string
}

// And is both outcomes in one.
func (o Outcome) And(other Outcome) Outcome {
	return Outcome{
		Kept:      slices.Concat(o.Kept, other.Kept),
		Conflicts: slices.Concat(o.Conflicts, other.Conflicts),
		Refused:   slices.Concat(o.Refused, other.Refused),
	}
}

// Problem says what keeps the children of an owner of this kind ("tenant") from being there: a reason and a sentence, both
// empty when nothing does.
func (o Outcome) Problem(kind string) (reason, message string) {
	switch {
	case len(o.Conflicts) > 0:
		return accessv1.ReasonNameConflict, fmt.Sprintf(
			"These objects were not made by Roster for this %s, and are left alone: %s; rename or delete them", kind, status.Names(o.Conflicts))
	case len(o.Refused) > 0:
		return accessv1.ReasonRefused, "The API server refused: " + strings.Join(o.Refused, "; ")
	default:
		return "", ""
	}
}

// Next says when to look again: nobody tells when a quota or a policy that refused something is lifted.
func (o Outcome) Next() ctrl.Result {
	if len(o.Refused) == 0 {
		return ctrl.Result{}
	}
	return ctrl.Result{RequeueAfter: RefusedPause}
}

// Sync makes the children what they should be.
func Sync[T client.Object](ctx context.Context, c client.Client, set Set[T]) (Outcome, error) {
	for _, child := range set.Wanted {
		if err := claim(set.Owner, child, c.Scheme()); err != nil {
			return Outcome{}, fmt.Errorf("could not claim %s: %w", child.GetName(), err)
		}
	}
	if err := c.List(ctx, set.List, client.InNamespace(set.Namespace)); err != nil {
		return Outcome{}, fmt.Errorf("could not list the children of %s: %w", set.Owner.GetName(), err)
	}
	var stored []T
	err := apimeta.EachListItem(set.List, func(item runtime.Object) error {
		if child, ok := item.(T); ok {
			stored = append(stored, child)
		}
		return nil
	})
	if err != nil {
		return Outcome{}, fmt.Errorf("could not walk the children of %s: %w", set.Owner.GetName(), err)
	}
	p := planFor(set.Owner, set.Wanted, stored, set.Bring)
	if set.Spare != nil {
		p.remove = slices.DeleteFunc(p.remove, set.Spare)
	}
	return carryOut(ctx, c, p)
}

// claim marks a new object as the owner's child.
func claim(owner, child client.Object, scheme *runtime.Scheme) error {
	labels := map[string]string{accessv1.LabelManagedBy: accessv1.ManagedByRoster}
	maps.Copy(labels, child.GetLabels())
	child.SetLabels(labels)
	return controllerutil.SetControllerReference(owner, child, scheme)
}

// carryOut carries the plan out: first it creates, then it changes, then it deletes. What fails does not keep the rest from
// happening. What the API server refuses for good goes into the outcome; any other failure is an error, and worth
// another try.
func carryOut[T client.Object](ctx context.Context, c client.Client, p plan[T]) (Outcome, error) {
	out := Outcome{Kept: slices.Clone(p.keep), Conflicts: p.conflicts}
	var errs []error
	note := func(child T, err error, kept bool) {
		switch {
		case err == nil && kept:
			out.Kept = append(out.Kept, child.GetName())
		case Refused(err):
			out.Refused = append(out.Refused, err.Error())
		case err != nil:
			errs = append(errs, fmt.Errorf("could not write %s: %w", child.GetName(), err))
		}
	}
	for _, child := range p.create {
		note(child, c.Create(ctx, child, client.FieldOwner(accessv1.FieldOwner)), true)
	}
	for _, change := range p.change {
		patch := client.MergeFromWithOptions(change.from, client.MergeFromWithOptimisticLock{})
		note(change.to, c.Patch(ctx, change.to, patch, client.FieldOwner(accessv1.FieldOwner)), true)
	}
	for _, child := range p.remove {
		uid := child.GetUID()
		note(child, client.IgnoreNotFound(c.Delete(ctx, child, client.Preconditions{UID: &uid})), false)
	}
	slices.Sort(out.Kept)
	return out, errors.Join(errs...)
}

// Refused tells whether trying again is of no use before somebody changes something: the object breaks a rule, or a quota
// or policy keeps it out. A namespace on its way out refuses everything, and says so by itself.
func Refused(err error) bool {
	return apierrors.IsInvalid(err) ||
		apierrors.IsForbidden(err) && !apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause)
}
