package web

import (
	"context"
	_ "embed"
	"net/http"
	"net/netip"
	"time"

	"github.com/go-logr/logr"

	"github.com/roster-dev/roster/internal/link"
)

// Links checks the signature of a link.
type Links interface {
	// Verify returns the UID that a token was signed for, or link.ErrInvalid when it is not good. Any
	// other error says that it could not be found out.
	Verify(purpose link.Purpose, token string, now time.Time) (uid string, err error)
}

// Requests answers for the standing of what links lead to: an Invitation or a PasswordReset, by the
// purpose of the link. An error says that it could not be found out, which is not the same as a dead
// link.
type Requests interface {
	// Find changes nothing.
	Find(ctx context.Context, purpose link.Purpose, uid string, now time.Time) (Invite, error)
	// Accept takes a right answer, and counts a wrong address.
	Accept(ctx context.Context, purpose link.Purpose, uid string, answer Answer, now time.Time) (Invite, error)
}

// Answer is what a person typed.
type Answer struct{ Email, Password string }

// Options are what the pages need.
type Options struct {
	Links    Links
	Requests Requests
	// Now is the clock.
	Now func() time.Time
	Log logr.Logger
	// TrustedProxies are the networks whose X-Forwarded-For is believed when requests are limited by
	// address. Empty: every request counts for the address that it comes from.
	TrustedProxies []netip.Prefix
}

type handler struct {
	Options
	posts limiter
}

//go:embed style.css
var style []byte

// NewHandler returns the handler of all pages, with their paths below the root of its host.
func NewHandler(options Options) http.Handler {
	h := &handler{Options: options}
	mux := http.NewServeMux()
	for path, purpose := range map[string]link.Purpose{
		"/invitations/{token}": link.Invitation, "/password-resets/{token}": link.PasswordReset,
	} {
		mux.HandleFunc("GET "+path, h.show(purpose))
		mux.HandleFunc("POST "+path, h.form(h.accept(purpose)))
	}
	mux.HandleFunc("GET /style.css", serveStyle)
	return withHeaders(mux)
}

// NewServer returns a server for the handler that no client can hold up for long. The caller sets
// Addr, or brings a listener.
func NewServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      answerTimeout + 10*time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
}

func serveStyle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(style) //nolint:errcheck // the client is gone, and there is nobody left to tell
}
