package address

import "strings"

// Allowed reports whether a may be invited under an allow-list of domains. A pattern is a domain,
// which allows exactly that one, or *. and a domain, which allows everything below it and not the
// domain itself. Patterns are read as the domains of addresses are, in any script and case. An
// empty list allows every address; a pattern that is no domain allows none; the zero Address is
// never allowed.
func Allowed(a Address, patterns []string) bool {
	if a.IsZero() {
		return false
	}
	if len(patterns) == 0 {
		return true
	}
	for _, pattern := range patterns {
		if matches(a.domain, pattern) {
			return true
		}
	}
	return false
}

func matches(domain, pattern string) bool {
	parent, below := strings.CutPrefix(pattern, "*.")
	canonical, err := canonicalDomain(parent)
	if err != nil || checkText(parent) != nil {
		return false
	}
	if below {
		// The dot is part of the comparison: notacme.example is not below acme.example.
		return strings.HasSuffix(domain, "."+canonical)
	}
	return domain == canonical
}
