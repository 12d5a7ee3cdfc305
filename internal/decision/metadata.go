package decision

import "net/http"

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
