package status

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var now = time.Date(2026, 5, 4, 12, 0, 0, 123456789, time.UTC)

// lines writes conditions one a line, with the hour of their last transition.
func lines(conditions []metav1.Condition) []string {
	out := make([]string, len(conditions))
	for i, c := range conditions {
		out[i] = fmt.Sprintf("%s=%s %s %q of %d at %s", c.Type, c.Status, c.Reason, c.Message, c.ObservedGeneration,
			c.LastTransitionTime.UTC().Format(time.RFC3339Nano))
	}
	return out
}

func TestConditionsAreBuiltAnew(t *testing.T) {
	t.Parallel()
	stored := NewConditions(nil, 1, now.Add(-time.Hour))
	stored.Is("Kept", true, "Before", "before")
	stored.Is("Turned", true, "Before", "before")
	stored.Is("Dropped", true, "Before", "before")
	stored.Waiting("Before", "before")
	c := NewConditions(stored.Result(), 2, now)
	c.Unknown("New", "Fresh", "fresh")
	c.Is("Turned", false, "After", "after")
	c.Is("Kept", false, "Overwritten", "overwritten")
	c.Is("Kept", true, "After", "after")
	c.Ready("Done", "done")
	want := []string{
		`Kept=True After "after" of 2 at 2026-05-04T11:00:00Z`,
		`New=Unknown Fresh "fresh" of 2 at 2026-05-04T12:00:00Z`,
		`Ready=True Done "done" of 2 at 2026-05-04T12:00:00Z`,
		`Turned=False After "after" of 2 at 2026-05-04T12:00:00Z`,
	}
	if diff := cmp.Diff(want, lines(c.Result())); diff != "" {
		t.Errorf("sorted, carried over, without what was not set (-want +got):\n%s", diff)
	}
}

func TestBuildingTheSameConditionsAgainChangesNothing(t *testing.T) {
	t.Parallel()
	build := func(before []metav1.Condition, at time.Time) []metav1.Condition {
		c := NewConditions(before, 3, at)
		c.Is("A", true, "R", "m")
		c.Unknown("B", "R", "m")
		c.Stalled("R", strings.Repeat("long ", 1000))
		return c.Result()
	}
	first := build(nil, now)
	if diff := cmp.Diff(first, build(first, now.Add(time.Hour))); diff != "" {
		t.Errorf("an hour later (-want +got):\n%s", diff)
	}
}

func TestReadyWaitingAndStalledExcludeEachOther(t *testing.T) {
	t.Parallel()
	for want, set := range map[string]func(*Conditions){
		"Ready=True":                   func(c *Conditions) { c.Ready("R", "m") },
		"Ready=False Reconciling=True": func(c *Conditions) { c.Waiting("R", "m") },
		"Ready=False Stalled=True":     func(c *Conditions) { c.Stalled("R", "m") },
	} {
		c := NewConditions(nil, 1, now)
		set(c)
		var got []string
		for _, condition := range c.Result() {
			got = append(got, condition.Type+"="+string(condition.Status))
		}
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Error(diff)
		}
		if err := Check(c.Result(), 1, 1); err != nil {
			t.Errorf("%s is not sound: %v", want, err)
		}
	}
}

func TestLongMessagesAreCutWithinACharacter(t *testing.T) {
	t.Parallel()
	for _, message := range []string{strings.Repeat("x", maxMessage), strings.Repeat("x", maxMessage+1), strings.Repeat("ü", maxMessage), "x" + strings.Repeat("€", maxMessage)} {
		c := NewConditions(nil, 1, now)
		c.Ready("R", message)
		got := c.Result()[0].Message
		if len(got) > maxMessage+len("…") || !utf8.ValidString(got) {
			t.Errorf("%d bytes, valid %v", len(got), utf8.ValidString(got))
		}
		if (len(message) > maxMessage) != strings.HasSuffix(got, "…") {
			t.Errorf("a message of %d bytes ends in %q", len(message), got[len(got)-3:])
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		names []string
		want  string
	}{
		{nil, ""},
		{[]string{"b", "a", "b"}, "a, b"},
		{strings.Split("j i h g f e d c b a", " "), "a, b, c, d, e, f, g, h, i, j"},
		{strings.Split("l k j i h g f e d c b a", " "), "a, b, c, d, e, f, g, h, i, j and 2 more"},
	} {
		before := strings.Join(c.names, " ")
		if got := Names(c.names); got != c.want {
			t.Errorf("Names(%v) = %q, want %q", c.names, got, c.want)
		}
		if strings.Join(c.names, " ") != before {
			t.Error("the list was changed")
		}
	}
}

func TestSentence(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "", "no tenant": "No tenant", "übel": "Übel", "Tenant a": "Tenant a"} {
		if got := Sentence(text); got != want {
			t.Errorf("Sentence(%q) = %q", text, got)
		}
	}
}

func TestCheckNamesWhatIsNotSound(t *testing.T) {
	t.Parallel()
	condition := func(kind, state string) metav1.Condition {
		return metav1.Condition{Type: kind, Status: metav1.ConditionStatus(state), Reason: "R", Message: "m", ObservedGeneration: 2}
	}
	ready := condition("Ready", "True")
	change := func(f func(*metav1.Condition)) metav1.Condition {
		c := ready
		f(&c)
		return c
	}
	for _, c := range []struct {
		sentence   string
		conditions []metav1.Condition
		observed   int64
		want       string
	}{
		{"ready", []metav1.Condition{ready}, 2, ""},
		{"waiting", []metav1.Condition{condition("Ready", "False"), condition("Reconciling", "True")}, 2, ""},
		{"an old generation", []metav1.Condition{ready}, 1, "the status is of generation 1, the object of 2"},
		{"never looked at", nil, -1, "the status is of generation -1, the object of 2\ncondition Ready is missing"},
		{"a condition of an old generation", []metav1.Condition{change(func(c *metav1.Condition) { c.ObservedGeneration = 1 })}, 2, "Ready is of generation 1, the object of 2"},
		{"no reason", []metav1.Condition{change(func(c *metav1.Condition) { c.Reason = "" })}, 2, "Ready lacks a reason or a message"},
		{"an empty message", []metav1.Condition{change(func(c *metav1.Condition) { c.Message = " " })}, 2, "Ready lacks a reason or a message"},
		{"twice", []metav1.Condition{ready, ready}, 2, "Ready is listed twice"},
		{"both", []metav1.Condition{condition("Ready", "False"), condition("Reconciling", "True"), condition("Stalled", "True")}, 2, "conditions Reconciling and Stalled exclude each other"},
		{"ready and stalled", []metav1.Condition{ready, condition("Stalled", "True")}, 2, "condition Ready is True beside Reconciling or Stalled"},
		{"a false Stalled", []metav1.Condition{condition("Ready", "False"), condition("Stalled", "False")}, 2, "Stalled is there and not True"},
	} {
		got := ""
		if err := Check(c.conditions, c.observed, 2); err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.sentence, diff)
		}
	}
}
