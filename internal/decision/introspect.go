package decision

import (
	"context"
	"net/url"
	"time"

	"github.com/roster-dev/roster/internal/credential"
)

// introspection is an answer of RFC 7662.
type introspection struct {
	Active bool `json:"active"`
	// ClientID is the id of the application as a subject.
	ClientID string `json:"client_id,omitempty"`
	// Subject and Username are the name of the User for whom it acts.
	Subject  string `json:"sub,omitempty"`
	Username string `json:"username,omitempty"`
	Type     string `json:"token_type,omitempty"`
	// Expires is when the token ends at the latest, in seconds; absent: with its user.
	Expires int64  `json:"exp,omitempty"`
	Tenant  string `json:"tenant,omitempty"`
}

// introspect says what a token of an application credential stands for. Of one that is not in force, or of another
// tenant than the caller's, it says nothing but that.
func (c *call) introspect(context.Context) (any, error) {
	form, err := url.ParseQuery(string(c.body))
	if err != nil || len(form["token"]) != 1 || form.Get("token") == "" {
		return nil, malformed("Send one token, as the form field token")
	}
	out := c.index.introspect(form.Get("token"), c.bound, c.now())
	c.log.Info("Introspection", "active", out.Active, "clientID", out.ClientID, "caller", c.caller.name)
	return out, nil
}

// introspect looks a token up by its hash, so that how long it takes tells nothing about any other.
func (i *Index) introspect(token, bound string, now time.Time) introspection {
	hash := credential.HashOf(token)
	i.lock.RLock()
	defer i.lock.RUnlock()
	a := i.tokens[hash]
	if a == nil {
		return introspection{}
	}
	who := i.stand(party{Subject{Tenant: bound, ID: a.clientID}, true}, now)
	end, held := a.end(hash, now)
	if who.denied != "" || !held {
		return introspection{}
	}
	user := string(who.record.id(byName))
	out := introspection{Active: true, ClientID: a.clientID, Subject: user, Username: user, Type: "Bearer", Tenant: who.tenant.name}
	if !end.IsZero() {
		out.Expires = end.Unix()
	}
	return out
}

// end is when a token of the application ends, zero for with its user, and false when it has.
func (a *application) end(hash credential.Hash, now time.Time) (time.Time, bool) {
	for _, t := range a.tokens {
		if t.hash != hash {
			continue
		}
		if t.until.IsZero() || !a.expires.IsZero() && a.expires.Before(t.until) {
			return a.expires, true
		}
		return t.until, now.Before(t.until)
	}
	return time.Time{}, false
}
