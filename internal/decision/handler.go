package decision

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Paths of the endpoints. Callers need the verb post on the non-resource URL.
const (
	PathEvaluation     = "/access/v1/evaluation"
	pathEvaluations    = "/access/v1/evaluations"
	pathSearchSubject  = "/access/v1/search/subject"
	pathSearchResource = "/access/v1/search/resource"
	pathSearchAction   = "/access/v1/search/action"
	pathIntrospect     = "/oauth2/introspect"
	pathDiscovery      = "/.well-known/authzen-configuration"
)

const (
	typeJSON  = "application/json"
	typeForm  = "application/x-www-form-urlencoded"
	requestID = "X-Request-Id"
)

// call is one request with what has been found out about it.
type call struct {
	*Service
	caller caller
	// bound is the only tenant that the caller may ask about; empty: he may ask about any.
	bound string
	body  []byte
	// states are the tenants that have been read for it, which is once for all evaluations of a batch.
	states map[string]*State
	// began is for the time that it takes, and for nothing else.
	began time.Time
}

// endpoint answers a call with something to be encoded.
type endpoint struct {
	kind   string // of the body
	answer func(*call, context.Context) (any, error)
}

// Handler serves all endpoints.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	for path, e := range map[string]endpoint{
		PathEvaluation:     {typeJSON, (*call).evaluation},
		pathEvaluations:    {typeJSON, (*call).evaluations},
		pathSearchSubject:  {typeJSON, search(pathSearchSubject, subjectSearch, (*look).subjects)},
		pathSearchResource: {typeJSON, search(pathSearchResource, resourceSearch, (*look).resources)},
		pathSearchAction:   {typeJSON, search(pathSearchAction, actionSearch, (*look).actions)},
		pathIntrospect:     {typeForm, (*call).introspect},
	} {
		mux.Handle(path, s.serve(e))
	}
	mux.HandleFunc(pathDiscovery, s.discovery)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		echo(w, r)
		refuse(w, &failure{Status: http.StatusNotFound, Message: "There is nothing here: see " + pathDiscovery})
	})
	return mux
}

// echo gives the caller its request's id back.
func echo(w http.ResponseWriter, r *http.Request) {
	if id := r.Header.Get(requestID); id != "" {
		w.Header().Set(requestID, id)
	}
}

func (s *Service) serve(e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		echo(w, r)
		answer, err := s.answer(w, r, e)
		if err != nil {
			refuse(w, err)
			return
		}
		write(w, http.StatusOK, answer)
	})
}

func (s *Service) answer(w http.ResponseWriter, r *http.Request, e endpoint) (answer any, err error) {
	who := ""
	defer func() {
		if err != nil {
			s.refused(r.URL.Path, who, err)
		}
	}()
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, &failure{Status: http.StatusMethodNotAllowed, Message: "Use POST"}
	}
	c, err := s.admit(r)
	if err != nil {
		return nil, err
	}
	who = c.caller.name
	if c.body, err = read(w, r, e.kind); err != nil {
		return nil, err
	}
	return e.answer(c, r.Context())
}

// admit lets in whoever may ask at the request's path, has not had his share, and can be answered.
func (s *Service) admit(r *http.Request) (*call, error) {
	// Whose tenant a caller is of is answered from memory, too.
	if err := s.answerable(); err != nil {
		return nil, err
	}
	c := &call{Service: s, began: s.now()}
	var err error
	if c.caller, c.bound, err = s.callers.admit(r, s.index.tenantIn); err != nil {
		return nil, err
	}
	return c, s.limits.take(c.caller.name, 1)
}

// answerable tells whether what is in memory may be answered from.
func (s *Service) answerable() error {
	if !s.Synced() {
		return unavailable("Not everything has been read yet")
	}
	if s.link.stale() > s.options.MaxStale {
		return unavailable("The API server has been out of reach for too long")
	}
	return nil
}

func unavailable(sentence string) *failure {
	return &failure{Status: http.StatusServiceUnavailable, Message: sentence, retryAfter: 1}
}

func forbidden(format string, arguments ...any) *failure {
	return &failure{Status: http.StatusForbidden, Message: fmt.Sprintf(format, arguments...)}
}

// failureOf is what a caller is told of an error.
func failureOf(err error) *failure {
	f := &failure{Status: http.StatusInternalServerError, Message: "The question could not be answered"}
	errors.As(err, &f)
	return f
}

func refuse(w http.ResponseWriter, err error) {
	f := failureOf(err)
	if f.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.retryAfter))
	}
	if f.challenge {
		w.Header().Set("WWW-Authenticate", `Bearer realm="roster"`)
	}
	write(w, f.Status, f)
}

// Values of every answer's header, which are only read.
var ofJSON, unstored = []string{typeJSON}, []string{"no-store"}

func write(w http.ResponseWriter, status int, body any) {
	encoded, err := json.Marshal(body)
	if err != nil {
		status, encoded = http.StatusInternalServerError, []byte(`{"status":500,"message":"The answer could not be written"}`)
	}
	header := w.Header()
	header["Content-Type"], header["Cache-Control"] = ofJSON, unstored
	w.WriteHeader(status)
	_, _ = w.Write(encoded) //nolint:errcheck // a caller that has gone does not read its answer
}

// look is a reading of what is in memory, or of what the API server has where the caller asks for a version.
func (c *call) look(ctx context.Context, a *asked) (*look, error) {
	version, err := a.atLeast()
	if err != nil {
		return nil, err
	}
	l := c.at(c.index)
	if version == 0 {
		return l, nil
	}
	if err := c.refresh(ctx, l, a, version); err != nil {
		return nil, err
	}
	return c.at(l.Index), nil // now, not before: what ended in the meantime has ended
}

// at is a look at an index, now.
func (c *call) at(i *Index) *look {
	l := &look{Index: i, now: c.now(), bound: c.bound}
	l.freshness.Revision = l.revision()
	if stale := c.link.stale(); stale > 0 {
		l.freshness.StaleSeconds = int(stale/time.Second) + 1
	}
	return l
}

func (c *call) evaluation(ctx context.Context) (any, error) {
	a := &asked{}
	if err := decode(c.body, a); err != nil {
		return nil, err
	}
	return c.one(ctx, a)
}

func (c *call) one(ctx context.Context, a *asked) (*decisionBody, error) {
	if err := a.check(wholeEvaluation); err != nil {
		return nil, err
	}
	if _, agreed := a.tenant(); !agreed {
		return c.deny(a, ambiguousTenant), nil
	}
	l, err := c.look(ctx, a)
	if err != nil {
		return nil, err
	}
	body, err := l.evaluate(a)
	if err == nil {
		c.record(a, body)
	}
	return body, err
}

func (c *call) evaluations(ctx context.Context) (any, error) {
	b := &batch{}
	if err := decode(c.body, b); err != nil {
		return nil, err
	}
	semantic, err := b.semantic()
	if err != nil {
		return nil, err
	}
	if len(b.Evaluations) == 0 {
		return c.one(ctx, &b.asked)
	}
	if len(b.Evaluations) > maxBatch {
		return nil, malformed("evaluations has %d items; at most %d are allowed", len(b.Evaluations), maxBatch)
	}
	if err := c.limits.take(c.caller.name, len(b.Evaluations)-1); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.options.MaxWait) // for all of them together
	defer cancel()
	out := make([]any, 0, len(b.Evaluations))
	for _, raw := range b.Evaluations {
		c.began = c.now()
		body, decision := c.item(ctx, b, raw)
		if out = append(out, body); ends(semantic, decision) {
			break
		}
	}
	return map[string]any{"evaluations": out}, nil
}

// item answers one evaluation of a batch. One that cannot be asked is a denial that says why.
func (c *call) item(ctx context.Context, b *batch, raw []byte) (any, bool) {
	a, err := b.item(raw)
	if err == nil {
		var body *decisionBody
		if body, err = c.one(ctx, a); err == nil {
			return body, body.Decision
		}
	}
	c.refused(pathEvaluations, c.caller.name, err)
	failed := &failedItem{}
	if !errors.As(err, &failed.Context.Error) {
		failed.Context.Error = &failure{Status: http.StatusInternalServerError, Message: "The question could not be answered"}
	}
	return failed, false
}

// searchCost is what a search counts for beside evaluations.
const searchCost = 10

// search makes an endpoint of a search.
func search(path string, p parts, find func(*look, *asked) (*searchBody, error)) func(*call, context.Context) (any, error) {
	return func(c *call, ctx context.Context) (any, error) {
		s := &searched{}
		if err := decode(c.body, s); err != nil {
			return nil, err
		}
		if err := s.check(p); err != nil {
			return nil, err
		}
		if !p.subjectID {
			s.Subject.ID = nil // if one is there, it does not count
		}
		if err := c.limits.take(c.caller.name, searchCost-1); err != nil {
			return nil, err
		}
		body, err := c.found(ctx, &s.asked, find)
		if err != nil {
			return nil, err
		}
		c.recordSearch(path, &s.asked, body)
		return body, body.cut(s)
	}
}

// found is everything that a search finds.
func (c *call) found(ctx context.Context, a *asked, find func(*look, *asked) (*searchBody, error)) (*searchBody, error) {
	if _, agreed := a.tenant(); !agreed {
		body := c.at(c.index).answer()
		body.Context.Reason = ambiguousTenant
		return body, nil
	}
	l, err := c.look(ctx, a)
	if err != nil {
		return nil, err
	}
	return find(l, a)
}
