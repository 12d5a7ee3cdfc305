package status

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// maxMessage bounds a condition's message well below what the API server takes.
const maxMessage = 2048

// Conditions builds the conditions of one object anew: what is not set in this round is gone. A condition whose status
// stays keeps its LastTransitionTime, so that building the same conditions again changes nothing.
type Conditions struct {
	before     []metav1.Condition
	generation int64
	now        metav1.Time
	after      []metav1.Condition
}

// NewConditions starts from the stored conditions of an object of the given generation.
func NewConditions(before []metav1.Condition, generation int64, now time.Time) *Conditions {
	return &Conditions{before: before, generation: generation, now: metav1.NewTime(now.Truncate(time.Second))}
}

// Is sets a condition to True or False.
func (c *Conditions) Is(kind string, holds bool, reason, message string) {
	if holds {
		c.set(kind, metav1.ConditionTrue, reason, message)
		return
	}
	c.set(kind, metav1.ConditionFalse, reason, message)
}

// Unknown sets a condition to Unknown: what it speaks of could not be looked at.
func (c *Conditions) Unknown(kind, reason, message string) {
	c.set(kind, metav1.ConditionUnknown, reason, message)
}

// Ready says that all is done that can be done.
func (c *Conditions) Ready(reason, message string) {
	c.Is(accessv1.ConditionReady, true, reason, message)
}

// Waiting says that something is missing which is expected to come by itself or by another object's appearance.
func (c *Conditions) Waiting(reason, message string) {
	c.Is(accessv1.ConditionReady, false, reason, message)
	c.Is(accessv1.ConditionReconciling, true, reason, message)
}

// Stalled says that nothing will happen until somebody changes something.
func (c *Conditions) Stalled(reason, message string) {
	c.Is(accessv1.ConditionReady, false, reason, message)
	c.Is(accessv1.ConditionStalled, true, reason, message)
}

// Result is the list of all that was set, sorted by type.
func (c *Conditions) Result() []metav1.Condition {
	slices.SortFunc(c.after, func(a, b metav1.Condition) int { return strings.Compare(a.Type, b.Type) })
	return c.after
}

func (c *Conditions) set(kind string, state metav1.ConditionStatus, reason, message string) {
	next := metav1.Condition{
		Type: kind, Status: state, Reason: reason, Message: shorten(message),
		ObservedGeneration: c.generation, LastTransitionTime: c.now,
	}
	same := func(o metav1.Condition) bool { return o.Type == kind }
	if i := slices.IndexFunc(c.before, same); i >= 0 && c.before[i].Status == state {
		next.LastTransitionTime = c.before[i].LastTransitionTime
	}
	if i := slices.IndexFunc(c.after, same); i >= 0 {
		c.after[i] = next
		return
	}
	c.after = append(c.after, next)
}

func shorten(message string) string {
	if len(message) <= maxMessage {
		return message
	}
	return strings.ToValidUTF8(message[:maxMessage], "") + "…"
}

// Names lists names in a sentence: sorted, at most ten, and how many more there are.
func Names(names []string) string {
	const shown = 10
	sorted := slices.Compact(slices.Sorted(slices.Values(names)))
	if len(sorted) <= shown {
		return strings.Join(sorted, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(sorted[:shown], ", "), len(sorted)-shown)
}

// Sentence begins a text, such as the one of an error, with a capital letter.
func Sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return text
	}
	return string(unicode.ToUpper(first)) + text[size:]
}
