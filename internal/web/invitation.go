package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/roster-dev/roster/internal/link"
)

// answerTimeout bounds what one request may ask of the API server.
const answerTimeout = 15 * time.Second

func (h *handler) showInvitation(w http.ResponseWriter, r *http.Request) {
	uid := h.verified(link.Invitation, r)
	ctx, cancel := context.WithTimeout(r.Context(), answerTimeout)
	defer cancel()
	invite, err := h.Invitations.Find(ctx, uid, h.Now())
	if err != nil {
		h.fail(w, r, uid, err)
		return
	}
	respond(w, r, view{Invite: invite})
}

// acceptInvitation asks for an address where none was typed, without counting it as a wrong one.
func (h *handler) acceptInvitation(w http.ResponseWriter, r *http.Request) {
	uid, typed := h.verified(link.Invitation, r), strings.TrimSpace(r.PostForm.Get("email"))
	ctx, cancel := context.WithTimeout(r.Context(), answerTimeout)
	defer cancel()
	var invite Invite
	var err error
	if typed == "" {
		invite, err = h.Invitations.Find(ctx, uid, h.Now())
	} else {
		invite, err = h.Invitations.Accept(ctx, uid, typed, h.Now())
	}
	if err != nil {
		h.fail(w, r, uid, err)
		return
	}
	respond(w, r, view{Invite: invite, Answered: true, Typed: typed})
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

// verified returns the UID that the link was signed for. What is not signed has none, and is looked
// up all the same, so that it takes the time of a signed link to nowhere.
func (h *handler) verified(purpose link.Purpose, r *http.Request) string {
	if r.URL.RawPath != "" {
		return "" // some character was percent-encoded, and a link has one spelling
	}
	uid, err := h.Links.Verify(purpose, r.PathValue("token"), h.Now())
	if err != nil {
		return ""
	}
	return uid
}

// fail says that the standing of a link could not be found out. A client who left is no fault.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, uid string, err error) {
	if r.Context().Err() == nil {
		h.Log.Error(err, "could not answer a link", "uid", uid)
	}
	w.Header().Set("Retry-After", "30")
	render(w, r, http.StatusServiceUnavailable, pageFailed, view{})
}
