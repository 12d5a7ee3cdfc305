package decision

import (
	"context"
	"net/http"
	"net/url"
)

// metadata is the discovery document.
type metadata struct {
	Point          string `json:"policy_decision_point"`
	Evaluation     string `json:"access_evaluation_endpoint"`
	Evaluations    string `json:"access_evaluations_endpoint"`
	SearchSubject  string `json:"search_subject_endpoint"`
	SearchResource string `json:"search_resource_endpoint"`
	SearchAction   string `json:"search_action_endpoint"`
}

// discovery says where the endpoints are. It tells nothing that a caller would have to be known for.
func (s *Service) discovery(w http.ResponseWriter, r *http.Request) {
	echo(w, r)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, &failure{Status: http.StatusMethodNotAllowed, Message: "Use GET"})
		return
	}
	base := s.options.PublicURL
	if base == "" {
		scheme := "http"
		if r.TLS != nil {
			scheme = "https"
		}
		base = scheme + "://" + r.Host
	}
	write(w, http.StatusOK, metadata{
		Point: base, Evaluation: base + PathEvaluation, Evaluations: base + pathEvaluations,
		SearchSubject: base + pathSearchSubject, SearchResource: base + pathSearchResource, SearchAction: base + pathSearchAction,
	})
}

// introspection is an answer of RFC 7662.
type introspection struct {
	Active   bool   `json:"active"`
	ClientID string `json:"client_id,omitempty"`
	Username string `json:"username,omitempty"`
	Type     string `json:"token_type,omitempty"`
	Expires  int64  `json:"exp,omitempty"`
	Tenant   string `json:"tenant,omitempty"`
}

// introspect says what a token of an application credential stands for. Of one that is not in force, or of another
// tenant than the caller's, it says nothing but that.
func (c *call) introspect(context.Context) (any, error) {
	out, err := c.introspected()
	if err != nil {
		return nil, err
	}
	c.log.Info("Introspection", "active", out.Active, "clientID", out.ClientID, "caller", c.caller.name)
	return out, nil
}

func (c *call) introspected() (introspection, error) {
	form, err := url.ParseQuery(string(c.body))
	if err != nil || len(form["token"]) != 1 || form.Get("token") == "" {
		return introspection{}, malformed("Send one token, as the form field token")
	}
	if c.options.Applications == nil {
		return introspection{}, nil
	}
	application, ok := c.options.Applications.Introspect(form.Get("token"))
	if !ok || c.bound != "" && c.bound != application.Tenant || application.ended(c.now()) || !c.index.stands(&application) {
		return introspection{}, nil
	}
	out := introspection{
		Active: true, ClientID: application.ClientID, Username: application.User, Type: "Bearer", Tenant: application.Tenant,
	}
	if !application.Expires.IsZero() {
		out.Expires = application.Expires.Unix()
	}
	return out, nil
}

// stands tells whether the user that an application acts as has anything at all.
func (i *Index) stands(a *Application) bool {
	i.lock.RLock()
	defer i.lock.RUnlock()
	return i.stand(Subject{Tenant: a.Tenant, ID: a.User}).denied == ""
}
