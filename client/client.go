// Package client asks Roster's decision service what a user may do.
//
// An error never means "yes": whoever gets one has no answer, and denies.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 16 << 20

// Client asks one decision service. It is safe for concurrent use.
type Client struct {
	base  string
	http  *http.Client
	token func() (string, error)
}

// New makes a client for the service at a base address such as https://decisions.example. The token is asked for at every
// request; FileToken reads a service account's.
func New(base string, token func() (string, error)) *Client {
	return &Client{strings.TrimSuffix(base, "/"), &http.Client{Timeout: 10 * time.Second}, token}
}

// Using is the client with another way to reach the service: one that trusts its authority, or that proves itself with a
// certificate. A token that is empty is not sent.
func (c *Client) Using(web *http.Client) *Client { return &Client{c.base, web, c.token} }

// FileToken reads the token from a file each time, because Kubernetes renews it there.
func FileToken(path string) func() (string, error) {
	return func() (string, error) {
		content, err := os.ReadFile(path)
		return strings.TrimSpace(string(content)), err
	}
}

// Subject is who wants to do something.
type Subject struct {
	// Type is "user" or "application".
	Type string `json:"type"`
	// ID is a user's address, the name of his User or the sub of his sign-in; or an application's client ID.
	ID string `json:"id,omitempty"`
}

// Action is what is to be done.
type Action struct {
	Name string `json:"name"`
}

// Resource is what it is to be done to.
type Resource struct {
	Type string `json:"type"`
	ID   string `json:"id,omitempty"`
	// Properties are its values by dimension, such as site: a string or a list of strings each.
	Properties map[string]any `json:"properties,omitempty"`
}

// Context is what else there is to say about a question.
type Context struct {
	// Tenant names the subject's tenant. Omitted: the caller's own, or the single one in which the subject exists.
	Tenant string `json:"tenant,omitempty"`
	// Group is the one that the user acts in.
	Group string `json:"group,omitempty"`
	// AtLeast is a resourceVersion that the answer must not be older than.
	AtLeast string `json:"atLeast,omitempty"`
	// Explain asks for the origins of what is allowed.
	Explain bool `json:"explain,omitempty"`
}

// Question is one evaluation.
type Question struct {
	Subject  Subject  `json:"subject"`
	Action   Action   `json:"action"`
	Resource Resource `json:"resource"`
	Context  Context  `json:"context,omitzero"`
}

// Decision is the answer to a question.
type Decision struct {
	Allowed bool `json:"decision"`
	Context struct {
		// Reason says why it is denied, and Dimension where the resource is outside.
		Reason    string `json:"reason"`
		Dimension string `json:"dimension"`
		// Via says where from it is allowed, when that was asked.
		Via []Source `json:"via"`
		// Revision is the version that the answer has seen.
		Revision string `json:"revision"`
		// StaleSeconds is how long the service has not heard from the API server.
		StaleSeconds int `json:"staleSeconds"`
		// Error says why an evaluation of a batch could not be made.
		Error *Error `json:"error"`
	} `json:"context"`
}

// Source is where something is allowed from: a group with its role (empty: the group's own rules), or the tenant.
type Source struct {
	Tenant string `json:"tenant"`
	Group  string `json:"group"`
	Role   string `json:"role"`
}

// Error is an answer that is no decision.
type Error struct {
	Status  int    `json:"status"`
	Message string `json:"message"`
	// RetryAfter is how long to wait before asking again; 0: asking again does not help.
	RetryAfter time.Duration `json:"-"`
}

// Error is the service's sentence.
func (e *Error) Error() string { return fmt.Sprintf("%d: %s", e.Status, e.Message) }

// Evaluate asks one question.
func (c *Client) Evaluate(ctx context.Context, q Question) (Decision, error) {
	var d Decision
	if err := c.post(ctx, "/access/v1/evaluation", q, &d); err != nil {
		return Decision{}, err // what has been read of an answer is none
	}
	return d, nil
}

// EvaluateAll asks up to 1000 questions at once; the answers are in their order.
func (c *Client) EvaluateAll(ctx context.Context, questions []Question) ([]Decision, error) {
	if len(questions) == 0 {
		return nil, nil
	}
	var answer struct {
		Evaluations []Decision `json:"evaluations"`
	}
	if err := c.post(ctx, "/access/v1/evaluations", map[string]any{"evaluations": questions}, &answer); err != nil {
		return nil, err
	}
	if len(answer.Evaluations) != len(questions) {
		return nil, errors.New("there are not as many answers as questions")
	}
	return answer.Evaluations, nil
}

// Subjects are the names of the users who may do it; the subject's ID is of no account.
func (c *Client) Subjects(ctx context.Context, q Question) ([]string, error) {
	q.Subject.ID = ""
	return c.search(ctx, "/access/v1/search/subject", q)
}

// Resources are the ids of the resources to which the subject may do it, of a type whose ids Roster knows.
func (c *Client) Resources(ctx context.Context, q Question) ([]string, error) {
	q.Resource.ID = ""
	return c.search(ctx, "/access/v1/search/resource", q)
}

// Scope is where something may be done: to a resource that has, in each of these dimensions, one of the values. An empty
// scope is everywhere.
type Scope map[string][]string

// Scopes are where the subject may do it, of a type whose ids Roster does not know: a filter over one's own data, which
// lets pass what is in any of them. Without scopes, nothing passes.
func (c *Client) Scopes(ctx context.Context, q Question) ([]Scope, error) {
	q.Resource.ID = ""
	var answer struct {
		Context struct {
			Scopes []struct {
				RestrictedTo []struct {
					Dimension string   `json:"dimension"`
					Values    []string `json:"values"`
				} `json:"restrictedTo"`
			} `json:"scopes"`
		} `json:"context"`
	}
	if err := c.post(ctx, "/access/v1/search/resource", q, &answer); err != nil {
		return nil, err
	}
	var scopes []Scope
	for _, s := range answer.Context.Scopes {
		scope := Scope{}
		for _, d := range s.RestrictedTo {
			scope[d.Dimension] = d.Values
		}
		scopes = append(scopes, scope)
	}
	return scopes, nil
}

// Actions are those that the subject may do to the resource; the question's own is of no account.
func (c *Client) Actions(ctx context.Context, q Question) ([]string, error) {
	return c.search(ctx, "/access/v1/search/action", q)
}

// search turns all pages.
func (c *Client) search(ctx context.Context, path string, q Question) ([]string, error) {
	type page struct {
		Token string `json:"token,omitempty"`
	}
	var found []string
	request := struct {
		Question
		Page page `json:"page"`
	}{Question: q}
	for {
		var answer struct {
			Page struct {
				Next string `json:"next_token"`
			} `json:"page"`
			Results []struct {
				ID   string `json:"id"`
				Name string `json:"name"`
			} `json:"results"`
		}
		if err := c.post(ctx, path, request, &answer); err != nil {
			return nil, err
		}
		for _, r := range answer.Results {
			found = append(found, r.ID+r.Name)
		}
		if answer.Page.Next == "" {
			return found, nil
		}
		request.Page.Token = answer.Page.Next
	}
}

func (c *Client) post(ctx context.Context, path string, body, into any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, bytes.NewReader(encoded))
	if err != nil {
		return err
	}
	token, err := c.token()
	if err != nil {
		return fmt.Errorf("there is no token to ask with: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return err
	}
	if response.StatusCode == http.StatusOK {
		return json.Unmarshal(content, into)
	}
	failed := &Error{Status: response.StatusCode, Message: http.StatusText(response.StatusCode)}
	if json.Unmarshal(content, failed) != nil {
		failed.Status = response.StatusCode
	}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
		failed.RetryAfter = time.Duration(seconds) * time.Second
	}
	return failed
}
