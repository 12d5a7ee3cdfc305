package manager

import "testing"

func TestAMailNamesWhoeverTheGuardSawSignIn(t *testing.T) {
	guarded := GuardOptions{Address: ":9443", UsernamePrefix: "oidc:"}
	plain := GuardOptions{Address: ":9443"}
	tests := map[string]struct {
		options GuardOptions
		stamped string
		want    string
	}{
		"by address":                 {guarded, "oidc:Jo@ACME.example", "Jo@acme.example"},
		"without a prefix":           {plain, "jo@acme.example", "jo@acme.example"},
		"not another way to sign in": {guarded, "jo@acme.example", ""},
		"not another prefix":         {plain, "oidc:jo@acme.example", ""},
		"not a service account":      {plain, "system:serviceaccount:flux-system:flux", ""},
		"not a certificate's name":   {plain, "kubernetes-admin", ""},
		"not a name of several":      {guarded, "oidc:Jo Berg <jo@acme.example>", ""},
		"nobody":                     {guarded, "", ""},
		"nobody without a guard":     {GuardOptions{Address: off, UsernamePrefix: "oidc:"}, "oidc:jo@acme.example", ""},
		"nobody by default":          {guardDefaults(), "jo@acme.example", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tc.options.Requester(tc.stamped); got != tc.want {
				t.Errorf("%q is named %q, want %q", tc.stamped, got, tc.want)
			}
		})
	}
}
