package decision

import (
	"net/http"
	"strings"
	"testing"
)

// Of two values under one key, a gateway before the service may have taken the other one.
func TestAKeyThatIsThereTwiceIsRefused(t *testing.T) {
	const (
		user    = `"subject":{"type":"user","id":"ana","properties":{"tenant":"acme"}}`
		read    = `"action":{"name":"read"}`
		tax     = `"resource":{"type":"tax","id":"1"}`
		context = `"context":{"explain":true}`
	)
	for _, c := range []struct{ key, body string }{
		{"subject", user + `,` + user + `,` + read + `,` + tax},
		{"subject", `"subject":{"id":"ben"},` + user + `,` + read + `,` + tax},
		{"subject", user + `,"\u0073ubject":{"type":"user","id":"ben"},` + read + `,` + tax},
		{"action", user + `,` + read + `,"action":{"name":"update"},` + tax},
		{"resource", user + `,` + read + `,` + tax + `,` + tax},
		{"context", user + `,` + read + `,` + tax + `,` + context + `,` + context},
		{"id", `"subject":{"type":"user","id":"ben","id":"ana"},` + read + `,` + tax},
		{"type", `"subject":{"type":"user","type":"user","id":"ana"},` + read + `,` + tax},
		{"properties", `"subject":{"type":"user","id":"ana","properties":{},"properties":{"tenant":"acme"}},` + read + `,` + tax},
		{"tenant", `"subject":{"type":"user","id":"ana","properties":{"tenant":"globex","tenant":"acme"}},` + read + `,` + tax},
		{"name", user + `,"action":{"name":"update","name":"read"},` + tax},
		{"site", user + `,` + read + `,"resource":{"type":"orders","id":"1","properties":{"site":"FR","other":[],"site":"DE"}}`},
		{"explain", user + `,` + read + `,` + tax + `,"context":{"explain":false,"explain":true}`},
		{"group", user + `,` + read + `,` + tax + `,"context":{"group":"ash","group":"birch"}`},
	} {
		body := `{` + c.body + `}`
		d := newDesk(t)
		names := func(message string) bool {
			return strings.Contains(message, c.key) && strings.HasSuffix(message, " is there twice")
		}
		for _, path := range []string{PathEvaluation, pathEvaluations, pathSearchSubject, pathSearchResource, pathSearchAction} {
			if got := d.asks(platform, path, body); got.Code != http.StatusBadRequest || !names(field(got.Body, "message")) {
				t.Errorf("%s %s: %s", path, body, got.Text)
			}
		}
		batch := d.asks(platform, pathEvaluations, `{"evaluations":[{},`+body+`]}`)
		if message := field(batch.Body, "message"); batch.Code != http.StatusBadRequest || !names(message) || !strings.HasPrefix(message, "evaluations.1.") {
			t.Errorf("%s: %s", body, batch.Text)
		}
	}
}

func TestWhatABatchOrASearchHasTwiceIsRefused(t *testing.T) {
	const asked = `"subject":{"type":"user","id":"ana","properties":{"tenant":"acme"}},"action":{"name":"read"},"resource":{"type":"tax","id":"1"}`
	for body, path := range map[string]string{
		`{` + asked + `,"evaluations":[{}],"evaluations":[]}`:                                                                      pathEvaluations,
		`{` + asked + `,"evaluations":[{}],"options":{"evaluations_semantic":"execute_all","evaluations_semantic":"execute_all"}}`: pathEvaluations,
		`{` + asked + `,"page":{},"page":{"limit":1}}`:                                                                             pathSearchSubject,
		`{` + asked + `,"page":{"limit":2,"limit":1}}`:                                                                             pathSearchSubject,
	} {
		if got := newDesk(t).asks(platform, path, body); got.Code != http.StatusBadRequest || !strings.HasSuffix(field(got.Body, "message"), " is there twice") {
			t.Errorf("%s: %s", body, got.Text)
		}
	}
}
