package decision

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
)

// searchBody is the answer to a search. A result is an entity or an action.
type searchBody struct {
	Page    *pageBody     `json:"page,omitempty"`
	Context searchContext `json:"context"`
	Results []any         `json:"results"`
}

type pageBody struct {
	NextToken string `json:"next_token"`
	Count     int    `json:"count"`
	Total     int    `json:"total"`
}

// searchContext says, where Roster knows no entities, in which scopes the subject may do what was asked.
type searchContext struct {
	Reason access.Reason `json:"reason,omitempty"`
	Scopes []scopeBody   `json:"scopes,omitempty"`
	freshness
}

type scopeBody struct {
	// RestrictedTo is empty where there is no restriction.
	RestrictedTo []accessv1.DimensionValues `json:"restrictedTo"`
}

type entityResult struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

type actionResult struct {
	Name string `json:"name"`
}

func (l *look) answer() *searchBody {
	return &searchBody{Context: searchContext{freshness: l.freshness}, Results: []any{}}
}

// subjects are the users of a tenant who may do it, by the names of their Users, sorted.
func (l *look) subjects(a *asked) (*searchBody, error) {
	body := l.answer()
	name, _ := a.tenant()
	s := Subject{Tenant: name}
	if err := l.restrain(&s); err != nil || *a.Subject.Type != typeUser {
		return body, err
	}
	query := a.query()
	t, everybody, reason := l.everybody(s.Tenant)
	if t == nil {
		body.Context.Reason = reason
		return body, nil
	}
	v := t.vocabulary
	at, bit, reason := v.find(query.Resource, query.Action)
	if reason == "" && !t.active {
		reason = access.TenantSuspended
	}
	if body.Context.Reason = reason; reason != "" {
		return body, nil
	}
	q := question{&query, bit, v.details[at].IdentifiedBy, l.now}
	for _, name := range q.allowed(everybody) {
		body.Results = append(body.Results, entityResult{typeUser, name})
	}
	return body, nil
}

// everybody are the users of a tenant as they are at one moment. Judging them takes long, and no lock.
func (i *Index) everybody(name string) (*tenant, []*record, access.Reason) {
	i.lock.RLock()
	defer i.lock.RUnlock()
	t, reason := i.tenantOf(name)
	if t == nil {
		return nil, nil, reason
	}
	users := make([]*record, len(t.space.members))
	for at, n := range t.space.members {
		users[at] = i.record(n)
	}
	return t, users, ""
}

// allowed are the names of the users to whom it is allowed, sorted. Users with equal access are judged once.
func (q *question) allowed(users []*record) []string {
	judged := map[*entitlement]bool{}
	var names []string
	for _, r := range users {
		if !r.isActive() {
			continue
		}
		allowed, ok := judged[r.entitlement]
		if !ok {
			allowed = r.entitlement.decide(q).Allowed
			judged[r.entitlement] = allowed
		}
		if allowed {
			names = append(names, string(r.id(byName)))
		}
	}
	slices.Sort(names)
	return names
}

// tenantOf is the tenant of that name, or the only one that there is.
func (i *Index) tenantOf(name string) (*tenant, access.Reason) {
	if name == "" && len(i.tenants) != 1 {
		return nil, ambiguousTenant
	}
	for _, t := range i.tenants {
		if (name == "" || t.name == name) && t.space.owner.Load() == t {
			return t, ""
		}
	}
	return nil, ""
}

// resources are the ids that the tenant knows of a type with ids of its own, and to which the subject may do it. Of other
// types Roster knows no entities: then the scopes say where he may.
func (l *look) resources(a *asked) (*searchBody, error) {
	body := l.answer()
	s, application, known := l.who(a)
	if err := l.restrain(&s); err != nil || !known {
		return body, err
	}
	query := a.query()
	query.Entity.ID = "" // if one is there, it does not count
	l.lock.RLock()
	defer l.lock.RUnlock()
	who := l.stand(s)
	if body.Context.Reason = who.denied; who.denied != "" {
		return body, nil
	}
	v, held := who.tenant.vocabulary, who.record.entitlement
	at, bit, reason := v.find(query.Resource, query.Action)
	if body.Context.Reason = reason; reason != "" {
		return body, nil
	}
	if application != nil && !application.allows(&query, l.now) {
		return body, nil
	}
	q := question{&query, bit, v.details[at].IdentifiedBy, l.now}
	if q.identifiedBy == "" {
		body.Context.Scopes = scopesOf(held.reaching(&q))
		return body, nil
	}
	for _, id := range who.record.space.known(q.identifiedBy) {
		query.Entity.ID = id
		if held.decide(&q).Allowed {
			body.Results = append(body.Results, entityResult{query.Resource, id})
		}
	}
	return body, nil
}

func scopesOf(entries []*entry) []scopeBody {
	var out []scopeBody
	for _, e := range spell(entries) {
		out = append(out, scopeBody{append([]accessv1.DimensionValues{}, e.RestrictedTo...)})
	}
	return out
}

// actions are those of the resource that the subject may do.
func (l *look) actions(a *asked) (*searchBody, error) {
	body := l.answer()
	s, application, known := l.who(a)
	if err := l.restrain(&s); err != nil || !known {
		return body, err
	}
	query := a.query()
	l.lock.RLock()
	defer l.lock.RUnlock()
	who := l.stand(s)
	if body.Context.Reason = who.denied; who.denied != "" {
		return body, nil
	}
	for _, name := range who.tenant.vocabulary.actionsOf(query.Resource) {
		query.Action = name
		d := who.record.entitlement.answer(&query, l.now)
		if d.Allowed && (application == nil || application.allows(&query, l.now)) {
			body.Results = append(body.Results, actionResult{name})
		}
	}
	return body, nil
}

// pageToken is where the next page begins. It is of use with the same request only.
type pageToken struct {
	After   string `json:"a"`
	Request []byte `json:"r"`
}

// cut leaves the page that was asked for.
func (b *searchBody) cut(s *searched) error {
	if s.Page == nil {
		s.Page = &pageAsked{}
	}
	limit := maxPage
	if s.Page.Limit != nil {
		if limit = min(*s.Page.Limit, maxPage); limit < 0 {
			return malformed("page.limit must not be negative")
		}
	}
	total, request, after := len(b.Results), s.identity(), ""
	if s.Page.Token != "" {
		var err error
		if after, err = readToken(s.Page.Token, request); err != nil {
			return err
		}
		b.Results = slices.DeleteFunc(b.Results, func(result any) bool { return keyOf(result) <= after })
	}
	next := ""
	if len(b.Results) > limit {
		if b.Results = b.Results[:limit]; limit > 0 {
			after = keyOf(b.Results[limit-1])
		}
		next = writeToken(after, request)
	}
	b.Page = &pageBody{NextToken: next, Count: len(b.Results), Total: total}
	return nil
}

func keyOf(result any) string {
	switch r := result.(type) {
	case entityResult:
		return r.ID
	case actionResult:
		return r.Name
	default:
		return ""
	}
}

// identity tells one search from another, whatever page of it is asked for.
func (s *searched) identity() []byte {
	encoded, err := json.Marshal(s.asked)
	if err != nil {
		return nil
	}
	sum := sha256.Sum256(encoded)
	return sum[:12]
}

func writeToken(after string, request []byte) string {
	encoded, err := json.Marshal(pageToken{after, request})
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(encoded)
}

func readToken(text string, request []byte) (string, error) {
	var token pageToken
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(decoded, &token) != nil || string(token.Request) != string(request) {
		return "", malformed("page.token is not of this search")
	}
	return token.After, nil
}
