package web

import (
	"cmp"
	"net/url"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/identity"
	"github.com/roster-dev/roster/internal/invitation"
	"github.com/roster-dev/roster/internal/link"
)

// Standing is what a link is worth at one moment.
type Standing int

const (
	// Dead links lead nowhere. The zero value, so that whatever was not decided is dead.
	Dead Standing = iota
	// Open links wait for the right address.
	Open
	// Wrong is the answer to a wrong address at an open link.
	Wrong
	// Locked links got too many wrong addresses and wait for a while, whatever is typed.
	Locked
	// Weak is the answer to the right address with a password that is not taken.
	Weak
	// Taken links could set no password: the address has a sign-in that Roster did not make.
	Taken
	// Joined links have been accepted: by now, or, of an invitation, at any time.
	Joined
)

const (
	// maxWrong addresses within lockWindow lock a link, for lockWindow.
	maxWrong   = 5
	lockWindow = 15 * time.Minute
)

// Invite is what a page shows of a link. Of a dead one it holds nothing.
type Invite struct {
	Standing Standing
	// FirstName and Product may be empty; Tenant is not.
	FirstName, Tenant, Product string
	// Locale is en, de, fr or es; empty: the browser's.
	Locale string
	// SupportEmail is a plain address or empty.
	SupportEmail string
	// ContinueURL is an https URL or empty.
	ContinueURL string
	// Chooses is true when the form asks for a password, and Keeps when the person has one already.
	Chooses, Keeps bool
	// Weakness is what is wrong with the password that was typed; empty: nothing, or none was.
	Weakness identity.Weakness
}

// signIn is what answering a link does about a password.
type signIn int

const (
	// Nothing: Roster keeps no passwords, or the link is not open.
	_ signIn = iota
	// chosen: the person chooses one.
	chosen
	// kept: the person has one already, as another user with the same address.
	kept
	// taken: Roster did not make the one that is there.
	taken
)

// record is all that a link's standing depends on. A nil object does not exist.
type record struct {
	purpose link.Purpose
	// invitation is what the link leads to; a password reset stands in it as an invitation would.
	invitation *accessv1.Invitation
	user       *accessv1.User
	tenant     *accessv1.Tenant
	// catalog gives the product its title and decides nothing.
	catalog *accessv1.ResourceCatalog
	// store is true where Roster keeps passwords.
	store bool
	// signIn is what to do about a password, and stored the one that is there, or nil. They are read for
	// open links only.
	signIn signIn
	stored *identity.Password
}

// standing of the link at now, before any answer.
func (r record) standing(now time.Time) Standing {
	switch {
	case !answerable(r.invitation, now) || !r.asksUser() || !graph.InBusiness(r.tenant):
		return Dead
	case r.purpose == link.PasswordReset && !r.resettable():
		return Dead
	case r.invitation.Status.State == accessv1.InvitationAccepted:
		return Joined
	case locked(r.invitation.Status.WrongAddress, now):
		return Locked
	case r.signIn == taken:
		return Taken
	}
	return Open
}

// resettable tells whether a reset can be answered: once, by somebody who is in, where there is a store.
func (r record) resettable() bool {
	return r.store && r.user.Status.State == accessv1.UserActive &&
		r.invitation.Status.State != accessv1.InvitationAccepted
}

// answer judges what a person typed. When it reports a change it has made it in the invitation's
// status, to be written before what it returns is shown.
func (r record) answer(a Answer, now time.Time) (invite Invite, changed bool) {
	if standing := r.standing(now); standing != Open {
		return r.invite(standing), false
	}
	status, at := &r.invitation.Status, metav1.NewTime(now.Truncate(time.Second))
	if !address.Same(a.Email, status.Email) {
		status.WrongAddress = oneMore(status.WrongAddress, at)
		return r.invite(Wrong), true
	}
	if weakness := r.weakness(a.Password); weakness != "" {
		invite := r.invite(Weak)
		invite.Weakness = weakness
		return invite, false
	}
	status.State, status.AcceptedAt = accessv1.InvitationAccepted, &at
	if r.store {
		status.SignIn = accessv1.SignInPassword
	}
	return r.invite(Joined), true
}

// weakness is what is wrong with a password; empty where none is asked for.
func (r record) weakness(password string) identity.Weakness {
	if !r.chooses() {
		return ""
	}
	at, err := address.Parse(r.invitation.Status.Email)
	if err != nil {
		password = "" // nothing is good enough for what is no address
	}
	return identity.Judge(password, at, r.title())
}

// chooses tells whether the answer has to have a password: for a reset always.
func (r record) chooses() bool {
	return r.signIn == chosen || r.signIn == kept && r.purpose == link.PasswordReset
}

// answeredBy reports a reset that has been answered, with the address that this answer has too.
func (r record) answeredBy(a Answer) bool {
	return r.purpose == link.PasswordReset && r.invitation != nil && r.invitation.Status.State == accessv1.InvitationAccepted &&
		r.tenant != nil && r.user != nil && address.Same(a.Email, r.invitation.Status.Email)
}

// choice is the password as it is to be stored. A sign-in that is another user's stays his.
func (r record) choice(password string, now time.Time) (identity.Choice, error) {
	at, err := address.Parse(r.invitation.Status.Email)
	if err != nil {
		return identity.Choice{}, err
	}
	c := identity.Choice{Address: at, Password: password, User: r.user.UID, Name: identity.NameOf(r.user), Link: r.invitation.UID, Now: now}
	if r.signIn == kept {
		c.User, c.Name = types.UID(r.stored.UserID), r.stored.Name
	}
	return c, nil
}

// answerable reports whether the invitation by itself can be answered, or was accepted.
func answerable(i *accessv1.Invitation, now time.Time) bool {
	if i == nil || over(i) || i.Status.ExpiresAt == nil || !now.Before(i.Status.ExpiresAt.Time) {
		return false
	}
	switch i.Status.State {
	case accessv1.InvitationSending, accessv1.InvitationSent, accessv1.InvitationAccepted:
		return true
	default:
		return false
	}
}

// over reports that the invitation ended without acceptance. It is so for good: a stale copy that
// says so may be believed.
func over(i *accessv1.Invitation) bool {
	cancelled := i.Spec.Cancel != nil && *i.Spec.Cancel
	ended := i.Status.State.Final() && i.Status.State != accessv1.InvitationAccepted
	return cancelled || ended || !i.DeletionTimestamp.IsZero()
}

// asksUser reports whether the user is the one who was asked, at the address that was asked.
func (r record) asksUser() bool {
	u := r.user
	return u != nil && u.DeletionTimestamp.IsZero() && u.Spec.State != accessv1.AccountInactive &&
		invitation.ClaimOf(r.invitation, u.UID) == invitation.Owned && address.Same(u.Spec.Email, r.invitation.Status.Email)
}

func locked(w *accessv1.WrongAddress, now time.Time) bool {
	return w != nil && w.Count >= maxWrong && now.Sub(w.Since.Time) < lockWindow
}

// oneMore counts a wrong address. The one that locks begins the window anew, so that the lock
// lasts for all of it.
func oneMore(w *accessv1.WrongAddress, at metav1.Time) *accessv1.WrongAddress {
	if w == nil || at.Sub(w.Since.Time) >= lockWindow {
		return &accessv1.WrongAddress{Count: 1, Since: at}
	}
	more := &accessv1.WrongAddress{Count: w.Count + 1, Since: w.Since}
	if more.Count >= maxWrong {
		more.Since = at
	}
	return more
}

// invite returns what may be shown at this standing.
func (r record) invite(standing Standing) Invite {
	if standing == Dead {
		return Invite{}
	}
	onboarding := r.tenant.Spec.Onboarding
	return Invite{
		Standing:     standing,
		FirstName:    oneLine(r.user.Spec.FirstName),
		Tenant:       r.title(),
		Product:      cmp.Or(oneLine(onboarding.ProductName), r.catalogTitle()),
		Locale:       onboarding.Locale,
		SupportEmail: plainAddress(onboarding.SupportEmail),
		ContinueURL:  secureURL(onboarding.ContinueURL),
		Chooses:      r.chooses(),
		Keeps:        r.signIn == kept && !r.chooses(),
	}
}

func (r record) title() string {
	return cmp.Or(oneLine(r.tenant.Spec.DisplayName), r.tenant.Name)
}

func (r record) catalogTitle() string {
	if r.catalog == nil {
		return ""
	}
	return cmp.Or(oneLine(r.catalog.Spec.DisplayName), r.catalog.Name)
}

func plainAddress(s string) string {
	a, err := address.Parse(s)
	if err != nil {
		return ""
	}
	return a.String()
}

// secureURL repeats the API's rule, and refuses names and passwords in front of the host, which
// make one host look like another.
func secureURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return ""
	}
	return u.String()
}
