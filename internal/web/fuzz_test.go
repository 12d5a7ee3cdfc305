package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// Whatever is posted gets a page, and only the invited address accepts.
func FuzzForm(f *testing.F) {
	const form = "application/x-www-form-urlencoded"
	for _, body := range []string{
		"email=ana%40acme.example", "email=ANA@acme.example&email=else@acme.example", "email=else@acme.example&email=ana@acme.example",
		"", "=", "email", "email=%zz", "email=%3Cscript%3E", "email=ana@acme.example;x=1", strings.Repeat("a=b&", 5000), "\x00", "email[]=x",
	} {
		f.Add(form, body)
	}
	f.Add("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\nana@acme.example\r\n--x--\r\n")
	f.Add("application/json", `{"email":"ana@acme.example"}`)
	f.Fuzz(func(t *testing.T, kind, body string) {
		r := invited()
		s := newSite(t, r)
		request := httptest.NewRequest(http.MethodPost, s.path(uid), strings.NewReader(body))
		request.Header.Set("Content-Type", kind)
		w := s.do(request)
		if w.Code >= http.StatusInternalServerError || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/") || w.Body.Len() == 0 {
			t.Errorf("%q as %q is answered with %d and %q", body, kind, w.Code, w.Body)
		}
		if strings.Contains(strings.ToLower(w.Body.String()), "<script") {
			t.Errorf("%q makes an element of the page:\n%s", body, w.Body)
		}
		values, _ := url.ParseQuery(body) // what can be read of it is what counts
		names := strings.EqualFold(strings.TrimSpace(values.Get("email")), email)
		if accepted := r.invitation.Status.State == accessv1.InvitationAccepted; accepted && !names {
			t.Errorf("%q as %q accepts", body, kind)
		}
	})
}
