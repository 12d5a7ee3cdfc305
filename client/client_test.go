package client_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roster-dev/roster/client"
)

// An error never means yes, whatever came before it.
func TestWhatCannotBeReadAllowsNothing(t *testing.T) {
	for what, body := range map[string]string{
		"a yes with a broken context":    `{"decision":true,"context":{"revision":7}}`,
		"a yes that breaks off":          `{"decision":true,"context":`,
		"a yes and something else":       `{"decision":true}{}`,
		"a yes among answers of a batch": `{"decision":true,"evaluations":[{"decision":true},{"decision":"no"}]}`,
	} {
		service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
		t.Cleanup(service.Close)
		c := client.New(service.URL, func() (string, error) { return "", nil })
		if all, err := c.EvaluateAll(t.Context(), make([]client.Question, 2)); err == nil || all != nil {
			t.Errorf("%s, in a batch: %v, %v", what, all, err)
		}
		d, err := c.Evaluate(t.Context(), client.Question{})
		if what != "a yes among answers of a batch" && (err == nil || !cmp.Equal(d, client.Decision{})) {
			t.Errorf("%s: %v, %v", what, d, err)
		}
	}
}

func TestAClientReachesTheServiceAsItIsTold(t *testing.T) {
	service := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, sent := r.Header["Authorization"]; sent {
			t.Error("a token was sent that there is not")
		}
		_, _ = io.WriteString(w, `{"decision":true}`)
	}))
	t.Cleanup(service.Close)
	c := client.New(service.URL, func() (string, error) { return "", nil })
	if _, err := c.Evaluate(t.Context(), client.Question{}); err == nil {
		t.Error("an authority is trusted that nobody said is to be")
	}
	if d, err := c.Using(service.Client()).Evaluate(t.Context(), client.Question{}); err != nil || !d.Allowed {
		t.Errorf("%v, %v", d, err)
	}
}
