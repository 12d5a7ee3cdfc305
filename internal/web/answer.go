package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/roster-dev/roster/internal/link"
)

// answerTimeout bounds what one request may ask of the API server.
const answerTimeout = 15 * time.Second

func (h *handler) show(purpose link.Purpose) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { h.answer(w, r, purpose, view{}, h.find(purpose)) }
}

func (h *handler) find(purpose link.Purpose) question {
	return func(ctx context.Context, uid string, now time.Time) (Invite, error) {
		return h.Requests.Find(ctx, purpose, uid, now)
	}
}

// accept asks for an address where none was typed, without counting it as a wrong one.
func (h *handler) accept(purpose link.Purpose) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		typed := Answer{Email: strings.TrimSpace(r.PostForm.Get("email")), Password: r.PostForm.Get("password")}
		v := view{Answered: true, Typed: typed.Email}
		if typed.Email == "" {
			h.answer(w, r, purpose, v, h.find(purpose))
			return
		}
		h.answer(w, r, purpose, v, func(ctx context.Context, uid string, now time.Time) (Invite, error) {
			return h.Requests.Accept(ctx, purpose, uid, typed, now)
		})
	}
}

// question asks for the standing of a link to the object with this UID.
type question func(ctx context.Context, uid string, now time.Time) (Invite, error)

// answer asks for the standing of what the link leads to, and shows it.
func (h *handler) answer(w http.ResponseWriter, r *http.Request, purpose link.Purpose, v view, ask question) {
	ctx, cancel := context.WithTimeout(r.Context(), answerTimeout)
	defer cancel()
	uid, err := h.verify(purpose, r)
	if err == nil {
		v.Invite, err = ask(ctx, uid, h.Now())
	}
	if err != nil {
		h.fail(w, r, uid, err)
		return
	}
	respond(w, r, purpose, v)
}

// pagesOf are the form of a purpose, and what is shown once it was accepted.
var pagesOf = map[link.Purpose]struct{ form, done page }{
	link.Invitation:    {pageInvitation, pageJoined},
	link.PasswordReset: {pageReset, pageChanged},
}

// respond shows the page of the link's standing.
func respond(w http.ResponseWriter, r *http.Request, purpose link.Purpose, v view) {
	pages := pagesOf[purpose]
	switch v.Invite.Standing {
	case Open, Wrong, Weak:
		status := http.StatusOK
		if v.Answered {
			status = http.StatusUnprocessableEntity
		}
		render(w, r, status, pages.form, v)
	case Locked:
		w.Header().Set("Retry-After", strconv.Itoa(int(lockWindow.Seconds())))
		render(w, r, http.StatusTooManyRequests, pageLocked, v)
	case Taken:
		render(w, r, http.StatusConflict, pageTaken, v)
	case Joined:
		render(w, r, http.StatusOK, pages.done, v)
	default:
		render(w, r, http.StatusNotFound, pageDead, view{})
	}
}

// verify returns the UID that the link was signed for. What is not signed has none, and is looked up
// all the same, so that it takes the time of a signed link to nowhere. An error says that links
// cannot be verified at all.
func (h *handler) verify(purpose link.Purpose, r *http.Request) (string, error) {
	if r.URL.RawPath != "" {
		return "", nil // some character was percent-encoded, and a link has one spelling
	}
	uid, err := h.Links.Verify(purpose, r.PathValue("token"), h.Now())
	if errors.Is(err, link.ErrInvalid) {
		return "", nil
	}
	return uid, err
}

// fail says that the standing of a link could not be found out. A client who left is no fault.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, uid string, err error) {
	if r.Context().Err() == nil {
		h.Log.Error(err, "could not answer a link", "uid", uid)
	}
	w.Header().Set("Retry-After", "30")
	render(w, r, http.StatusServiceUnavailable, pageFailed, view{})
}
