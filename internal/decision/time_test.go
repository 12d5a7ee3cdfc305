package decision

import (
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// passing is a body that takes its time to arrive.
type passing struct {
	io.Reader
	arrive func()
}

func (p *passing) Read(into []byte) (int, error) {
	p.arrive()
	return p.Reader.Read(into)
}

// Ana may read tax for a minute. Whatever a request waits for, what has ended when it is answered has ended.
func TestAnEndCountsWhenTheAnswerIsGiven(t *testing.T) {
	question := evaluationOf("acme", "ana", "")
	late := evaluationOf("acme", "ana", `,"context":{"atLeast":"8"}`)
	for name, c := range map[string]struct {
		path, body, want string
		slow             func(*desk)
	}{
		"nothing is waited for": {PathEvaluation, question, "allow", func(*desk) {}},
		"the caller's review": {PathEvaluation, question, "deny Expired", func(d *desk) {
			d.reviewing = func() error { d.pass(time.Minute); return nil }
		}},
		"the body": {PathEvaluation, question, "deny Expired", nil},
		"a version": {PathEvaluation, late, "deny Expired", func(d *desk) {
			d.read = func(string) (*State, error) { d.pass(time.Minute); return d.state(8), nil }
		}},
		"a version, in a batch": {pathEvaluations, `{"evaluations":[` + question + `,` + late + `,` + question + `]}`, "allow, deny Expired, deny Expired", func(d *desk) {
			d.read = func(string) (*State, error) { d.pass(time.Minute); return d.state(8), nil }
		}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			body := &passing{strings.NewReader(c.body), func() {
				if c.slow == nil {
					d.pass(time.Minute)
				}
			}}
			if c.slow != nil {
				c.slow(d)
			}
			r := httptest.NewRequest("POST", c.path, body)
			r.Header.Set("Content-Type", typeJSON)
			r.Header.Set("Authorization", "Bearer "+platform)
			heard := d.sends(r)
			got := strings.Join(heard.items(), ", ")
			if c.path == PathEvaluation {
				got = heard.says()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
