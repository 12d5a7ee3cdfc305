package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// userStatus is how a user's status is written.
const userStatus = "apply users/status"

// counter counts the requests that change something, by verb, resource and subresource. Leases and events do not count:
// they say nothing about what the manager thinks of the world.
type counter struct {
	lock   sync.Mutex
	counts map[string]int
	// ended is when the last answer of a kind arrived.
	ended map[string]time.Time
	// touched is when the last request began or ended.
	touched time.Time
}

func newCounter() *counter {
	return &counter{counts: map[string]int{}, ended: map[string]time.Time{}, touched: time.Now()}
}

// tally is the number of requests by what they do.
type tally map[string]int

func (c *counter) tally() tally {
	c.lock.Lock()
	defer c.lock.Unlock()
	return maps.Clone(c.counts)
}

func (c *counter) count(what string) int {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.counts[what]
}

// stillFor is how long nothing has been written.
func (c *counter) stillFor() time.Duration {
	c.lock.Lock()
	defer c.lock.Unlock()
	return time.Since(c.touched)
}

func (c *counter) lastAnswer(what string) time.Time {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.ended[what]
}

// since is what came after an earlier tally.
func (t tally) since(before tally) tally {
	out := tally{}
	for what, n := range t {
		if n > before[what] {
			out[what] = n - before[what]
		}
	}
	return out
}

// others says what else was written than user statuses, for people.
func (t tally) others() string {
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(t)) {
		if what != userStatus {
			parts = append(parts, fmt.Sprintf("%d %s", t[what], what))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return ", and " + strings.Join(parts, ", ")
}

// through is a transport that counts on the way to the next one.
func (c *counter) through(next http.RoundTripper) http.RoundTripper { return counting{c, next} }

type counting struct {
	*counter
	next http.RoundTripper
}

// RoundTrip counts a request once, by its outcome: a refused one is another thing than one that changed something.
func (c counting) RoundTrip(request *http.Request) (*http.Response, error) {
	what := describe(request)
	if what == "" {
		return c.next.RoundTrip(request)
	}
	c.begin()
	response, err := c.next.RoundTrip(request)
	switch {
	case err != nil:
		what += " (no answer)"
	case response.StatusCode >= http.StatusBadRequest:
		what += fmt.Sprintf(" (%d)", response.StatusCode)
	}
	c.end(what)
	return response, err
}

func (c *counter) begin() {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.touched = time.Now()
}

func (c *counter) end(what string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.touched = time.Now()
	c.ended[what] = c.touched
	c.counts[what]++
}

var verbs = map[string]string{
	http.MethodPost: "create", http.MethodPut: "update", http.MethodPatch: "patch", http.MethodDelete: "delete",
}

// describe names what a request changes, such as "apply users/status"; empty when it changes nothing that counts.
func describe(request *http.Request) string {
	verb := verbs[request.Method]
	if strings.HasPrefix(request.Header.Get("Content-Type"), "application/apply-patch") {
		verb = "apply"
	}
	resource := resourceOf(request.URL.Path)
	if verb == "" || resource == "" || resource == "leases" || resource == "events" {
		return ""
	}
	return verb + " " + resource
}

// resourceOf is the resource, with its subresource, that a path names: /api/v1/… or /apis/group/version/…
func resourceOf(path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	skip := map[string]int{"api": 2, "apis": 3}[parts[0]]
	if skip == 0 || len(parts) <= skip {
		return ""
	}
	parts = parts[skip:]
	if parts[0] == "namespaces" && len(parts) > 2 {
		parts = parts[2:]
	}
	if len(parts) > 2 {
		return parts[0] + "/" + parts[2]
	}
	return parts[0]
}
