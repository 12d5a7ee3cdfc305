package decision

import (
	"strings"
	"testing"
)

// Whoever asks leaves a line, with who he is and the ids that he asked about.
func TestEveryRequestLeavesALine(t *testing.T) {
	for what, c := range map[string]struct {
		caller, path, body string
		lines              []string // what each line has, in their order
	}{
		"an allowed one":      {frontend, PathEvaluation, mayAnaRead, []string{`"Decision" "decision"="allow" "reason"="" "caller"="` + frontend}},
		"a batch":             {platform, pathEvaluations, `{"evaluations":[` + mayAnaRead + `,{}]}`, []string{`"Decision" "decision"="allow"`, `"Refusal" "status"=400 "message"="subject is missing"`}},
		"a search":            {platform, pathSearchSubject, mayAnaRead, []string{`"Search" "path"="/access/v1/search/subject" "found"=1`}},
		"a search of ids":     {platform, pathSearchAction, mayAnaRead, []string{`"subject"="ana" "action"="read" "resourceType"="tax"`}},
		"an introspection":    {platform, pathIntrospect, "token=theirs", []string{`"Introspection" "active"=true "clientID"="theirs" "caller"="platform"`}},
		"of nobody's token":   {platform, pathIntrospect, "token=secret", []string{`"Introspection" "active"=false "clientID"="" "caller"="platform"`}},
		"somebody unknown":    {"nobody", PathEvaluation, mayAnaRead, []string{`"Refusal" "status"=401`}},
		"one who may not ask": {stranger, pathSearchAction, mayAnaRead, []string{`"Refusal" "status"=403 "message"="stranger may not post`}},
		"about another":       {frontend, PathEvaluation, evaluationOf("globex", "ana", ""), []string{`"Refusal" "status"=403 "message"="This caller belongs to tenant acme and may ask about no other" "path"="/access/v1/evaluation" "caller"="` + frontend}},
		"a malformed one":     {platform, PathEvaluation, "[]", []string{`"Refusal" "status"=400`}},
	} {
		d := newDesk(t)
		d.asks(c.caller, c.path, c.body)
		if len(d.logged) != len(c.lines) {
			t.Errorf("%s: %q", what, d.logged)
			continue
		}
		for i, line := range d.logged {
			if !strings.Contains(line, c.lines[i]) || strings.Contains(line, "secret") {
				t.Errorf("%s: %s", what, line)
			}
		}
	}
}

func TestRefusalsDoNotFillTheLog(t *testing.T) {
	d := newDesk(t)
	for range refusalLines + 50 {
		d.asks("nobody", PathEvaluation, mayAnaRead)
	}
	if len(d.logged) != refusalLines {
		t.Errorf("%d lines", len(d.logged))
	}
}
