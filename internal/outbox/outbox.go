// Package outbox sends the mails of Invitations and PasswordResets, and keeps their statuses. The objects are its entries:
// what is to be sent, and what became of it, is stored in them. What happens next is decided by internal/invitation; here
// it is carried out, one step a reconcile: record an attempt, hand the mail over, record what became of it.
//
// Both kinds share the limits, which a Ledger keeps, and the lanes, which keep one tenant's mails from delaying another's.
package outbox

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/invitation"
	"github.com/roster-dev/roster/internal/ledger"
	"github.com/roster-dev/roster/internal/link"
	"github.com/roster-dev/roster/internal/mail"
	"github.com/roster-dev/roster/internal/status"
)

// Linker makes the link that goes into a mail.
type Linker interface {
	// Link is the same for the same object and expiry as long as the signing key stays.
	Link(ctx context.Context, purpose link.Purpose, object types.UID, expiry time.Time) (string, error)
}

// Outbox is what both kinds have in common. All exported fields are required.
type Outbox struct {
	Client client.Client
	// Live reads past the cache: nothing is sent on the word of an old copy.
	Live   client.Reader
	Graph  *graph.Graph
	Status status.Writer
	Clock  clock.PassiveClock
	Events events.EventRecorder
	Sender mail.Sender
	// Templates write the mails.
	Templates *mail.Templates
	// Requester is how a mail names who asked for it, by spec.requestedBy; empty: nobody is named.
	Requester func(requestedBy string) string
	Links     Linker
	// MessageDomain is the right-hand side of every Message-ID.
	MessageDomain string
	// Jitter is a fraction from 0 to 1 that spreads retries.
	Jitter func() float64
	// Namespace is Roster's own, where the ledgers are, and Limits what they are kept for.
	Namespace string
	Limits    ledger.Limits

	ledgers ledgers
	// recording and sending keep one tenant from taking every worker: of thousands of entries that come at once, and of
	// mails that a server takes its time for.
	recording, sending lanes
	connections        connections
	unrecorded         unrecorded
}

// Kind is what tells the kinds apart. All fields are required.
type Kind struct {
	// Name of the controller.
	Name string
	// Object and List are empty ones.
	Object client.Object
	List   client.ObjectList
	// ByUser is the index that finds the objects of a user by his name.
	ByUser  string
	Purpose link.Purpose
	Mail    mail.Kind
	// Validity counts where the object itself does not say.
	Validity func(*accessv1.Tenant) time.Duration
	// Need tells whether a user is to be asked, by what his own controller found.
	Need func(*accessv1.User) invitation.Need
	// Answered says, in a sentence, that the person did what the mail asks for.
	Answered string
}
