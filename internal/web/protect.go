package web

import (
	"errors"
	"mime"
	"net/http"
)

// maxBody is more than a form with one address can need.
const maxBody = 8 << 10

var origins = http.NewCrossOriginProtection()

// withHeaders sets the headers that every response carries, whatever its status.
func withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy",
			"default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		header.Set("Referrer-Policy", "no-referrer") // the path holds the token
		header.Set("Cache-Control", "no-store")
		header.Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// form lets a handler have a parsed, bounded form that came from our own page and not too often.
func (h *handler) form(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !fromOurPage(r) {
			render(w, r, http.StatusForbidden, pageRefused, view{})
			return
		}
		if !h.posts.allow(clientOf(r, h.TrustedProxies), h.Now()) {
			w.Header().Set("Retry-After", "60")
			render(w, r, http.StatusTooManyRequests, pageBusy, view{})
			return
		}
		if status := parseForm(w, r); status != http.StatusOK {
			render(w, r, status, pageRefused, view{})
			return
		}
		next(w, r)
	}
}

// fromOurPage refuses forms on other sites. Our own Referrer-Policy makes browsers say that a form
// comes from the origin "null". Where they do not say Sec-Fetch-Site either (old ones, and all of
// them over plain HTTP) that null is all there is; it is let pass, since nothing here hangs on a
// cookie or a session: whoever can name the link and the address could send them himself.
func fromOurPage(r *http.Request) bool {
	if r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "null" {
		return true
	}
	return origins.Check(r) == nil
}

// parseForm returns the status to answer with: 200 when there is a form to be read.
func parseForm(w http.ResponseWriter, r *http.Request) int {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return http.StatusUnsupportedMediaType
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	var tooLarge *http.MaxBytesError
	switch err := r.ParseForm(); {
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge
	case err != nil:
		return http.StatusBadRequest
	}
	return http.StatusOK
}
