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

func (h *handler) showInvitation(w http.ResponseWriter, r *http.Request) {
	h.answer(w, r, view{}, h.Invitations.Find)
}

// acceptInvitation asks for an address where none was typed, without counting it as a wrong one.
func (h *handler) acceptInvitation(w http.ResponseWriter, r *http.Request) {
	v := view{Answered: true, Typed: strings.TrimSpace(r.PostForm.Get("email"))}
	if v.Typed == "" {
		h.answer(w, r, v, h.Invitations.Find)
		return
	}
	h.answer(w, r, v, func(ctx context.Context, uid string, now time.Time) (Invite, error) {
		return h.Invitations.Accept(ctx, uid, v.Typed, now)
	})
}

// answer asks for the standing of the invitation that the link leads to, and shows it.
func (h *handler) answer(w http.ResponseWriter, r *http.Request, v view, ask func(context.Context, string, time.Time) (Invite, error)) {
	ctx, cancel := context.WithTimeout(r.Context(), answerTimeout)
	defer cancel()
	uid, err := h.verify(link.Invitation, r)
	if err == nil {
		v.Invite, err = ask(ctx, uid, h.Now())
	}
	if err != nil {
		h.fail(w, r, uid, err)
		return
	}
	respond(w, r, v)
}

// respond shows the page of the invitation's standing.
func respond(w http.ResponseWriter, r *http.Request, v view) {
	switch v.Invite.Standing {
	case Open, Wrong:
		status := http.StatusOK
		if v.Answered {
			status = http.StatusUnprocessableEntity
		}
		render(w, r, status, pageInvitation, v)
	case Locked:
		w.Header().Set("Retry-After", strconv.Itoa(int(lockWindow.Seconds())))
		render(w, r, http.StatusTooManyRequests, pageLocked, v)
	case Joined:
		render(w, r, http.StatusOK, pageJoined, v)
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
