package manager

import (
	"strings"

	"github.com/roster-dev/roster/internal/address"
)

// Requester is how a mail names who asked for it, by the username that the guard stamped into spec.requestedBy: the address
// of somebody who signs in with one, and nobody else. Where no guard stamps, whoever may write the object can write any name
// there, and a mail would vouch for it: so nobody is named.
func (o GuardOptions) Requester(requestedBy string) string {
	if o.Address == off {
		return ""
	}
	username, prefixed := strings.CutPrefix(requestedBy, o.UsernamePrefix)
	if !prefixed {
		return ""
	}
	by, err := address.Parse(username)
	if err != nil {
		return ""
	}
	return by.String()
}
