package decision

import (
	"encoding/json"
	"testing"
)

// whatever is sent, reading it ends in an answer that can be given: no panic, and no question that was not asked.
func FuzzEvaluation(f *testing.F) {
	f.Add(`{"subject":{"type":"user","id":"ana","properties":{"tenant":"acme"}},"action":{"name":"read"},"resource":{"type":"orders","id":"1","properties":{"site":["DE",7,null],"x":{}}},"context":{"atLeast":"7"}}`)
	f.Add(`{"subject":null,"action":{},"resource":[]}`)
	f.Fuzz(func(t *testing.T, body string) {
		a := &asked{}
		if decode([]byte(body), a) != nil || a.check(wholeEvaluation) != nil {
			return
		}
		if !json.Valid([]byte(body)) || a.Subject.ID == nil || a.Action.Name == nil || a.Resource.Type == nil {
			t.Errorf("%q was taken for a question", body)
		}
		l := &look{Index: NewIndex()}
		got, err := l.evaluate(a)
		if err != nil || got.Decision {
			t.Errorf("%q: %+v, %v out of nothing", body, got, err)
		}
		_, _ = a.atLeast()
	})
}

func FuzzEvaluations(f *testing.F) {
	f.Add(`{"subject":{"type":"user","id":"ana"},"evaluations":[{},{"subject":7},null],"options":{"evaluations_semantic":"execute_all"}}`)
	f.Fuzz(func(_ *testing.T, body string) {
		b := &batch{}
		if decode([]byte(body), b) != nil {
			return
		}
		_, _ = b.semantic()
		for _, raw := range b.Evaluations {
			_, _ = b.item(raw)
		}
	})
}

func FuzzSearch(f *testing.F) {
	f.Add(`{"subject":{"type":"user"},"action":{"name":"read"},"resource":{"type":"orders","id":"1"},"page":{"limit":1,"token":"e30"}}`)
	f.Fuzz(func(_ *testing.T, body string) {
		s := &searched{}
		if decode([]byte(body), s) != nil {
			return
		}
		answer := (&look{Index: NewIndex()}).answer()
		_ = answer.cut(s)
	})
}

func FuzzSub(f *testing.F) {
	f.Add("CgRhbmFhEgVsb2NhbA")
	f.Fuzz(func(_ *testing.T, sub string) { userOf(sub) })
}
