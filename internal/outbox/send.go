package outbox

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/invitation"
	"github.com/roster-dev/roster/internal/mail"
	"github.com/roster-dev/roster/internal/status"
)

// The longest pauses between attempts: what only the mail server can mend is asked rarely, what somebody is mending in
// Roster's own settings is noticed soon.
const (
	longestPause        = 30 * time.Minute
	longestPauseMending = time.Minute
)

// farewell is how long a mail that is being handed over may take once the program is asked to end. What is recorded after it
// has to fit into the grace period of a pod, which is 30 seconds, too.
const farewell = 15 * time.Second

// delivery is what became of one attempt.
type delivery struct {
	// class is empty when the mail was taken.
	class   mail.Class
	message string
	at      metav1.Time
	// next is when to try again; nil: never.
	next *metav1.Time
}

// record counts an attempt. The first one fixes what every repetition will carry.
func (s *scope) record(messageDomain string) {
	status := s.after.letter.Status
	status.State = accessv1.InvitationSending
	status.Attempt++
	status.NextAttemptAt = nil
	if status.FirstAttemptAt == nil {
		status.FirstAttemptAt = ptr.To(metav1.NewTime(s.now))
	}
	if status.ExpiresAt == nil {
		status.ExpiresAt = ptr.To(metav1.NewTime(status.FirstAttemptAt.Add(s.validity())))
	}
	if status.MessageID == "" {
		status.MessageID = string(s.stored.object.GetUID()) + "@" + messageDomain
	}
	if status.Email == "" {
		status.Email = s.address().String()
	}
}

func (s *scope) validity() time.Duration {
	if seconds := s.stored.letter.ValidSeconds; seconds != 0 {
		return time.Duration(seconds) * time.Second
	}
	return s.kind.Validity(s.tenancy.Tenant)
}

// attempt makes the recorded attempt, and records what became of it.
func (r *Reconciler) attempt(ctx context.Context, s *scope) (ctrl.Result, error) {
	disconnect, err := r.connect(ctx, s.stored.object, func() (bool, error) { return r.isDue(ctx, s) })
	if err != nil {
		return ctrl.Result{}, err
	}
	if disconnect == nil {
		return ctrl.Result{RequeueAfter: fresh}, nil // whether there is an event or not: its time may just have run out
	}
	became := r.send(ctx, s)
	disconnect()
	r.handedOver(s, became)
	return r.note(ctx, s, became)
}

// note records what became of an attempt, in this round or in an earlier one, which did not get to that.
func (r *Reconciler) note(ctx context.Context, s *scope, became *delivery) (ctrl.Result, error) {
	s.delivery = became
	if err := r.recordDelivery(ctx, s); err != nil {
		return ctrl.Result{}, err
	}
	r.unrecorded.forget(r.placeOf(client.ObjectKeyFromObject(s.stored.object)))
	return s.next(sending, r.Clock.Now()), nil
}

// sending is the step in which what became of an attempt is recorded.
var sending = invitation.Action{Step: invitation.Send}

// fresh is how long what was looked at may be relied on.
const fresh = time.Second

// connect waits for a connection to the mail server; nil: the entry is not what it was, and is not sent. It looks before it
// waits, so that connections do not wait for the API server, and again, also at what the entry depends on, if it had to
// wait for long.
func (r *Reconciler) connect(ctx context.Context, entry client.Object, isDue func() (bool, error)) (disconnect func(), err error) {
	looked := r.Clock.Now()
	if current, err := r.isCurrent(ctx, entry); err != nil || !current {
		return nil, err
	}
	disconnect, err = r.connections.take(ctx)
	if err != nil || r.Clock.Since(looked) < fresh {
		return disconnect, err
	}
	if due, err := isDue(); err != nil || !due {
		disconnect()
		return nil, err
	}
	return disconnect, nil
}

// isDue looks once more at all that sending depends on.
func (r *Reconciler) isDue(ctx context.Context, s *scope) (bool, error) {
	if current, err := r.isCurrent(ctx, s.stored.object); err != nil || !current {
		return false, err
	}
	now, err := r.load(ctx, s.stored)
	if err != nil {
		return false, err
	}
	return invitation.Next(now.facts(), now.now).Step == invitation.Send, nil
}

// send hands the mail over. Whatever keeps it from being written at all is a matter of Roster's own settings.
func (r *Reconciler) send(ctx context.Context, s *scope) *delivery {
	message, err := r.compose(ctx, s)
	class := mail.Misconfigured
	if err == nil {
		outlasting, done := outlast(ctx, farewell)
		err = r.Sender.Send(outlasting, message)
		done()
		class = mail.ClassOf(err)
	}
	at := metav1.NewTime(r.Clock.Now().Truncate(time.Second))
	if err == nil {
		attempts.WithLabelValues("Sent").Inc()
		return &delivery{message: "The mail server took the mail", at: at}
	}
	attempts.WithLabelValues(string(class)).Inc()
	d := &delivery{class: class, message: status.Sentence(err.Error()), at: at}
	if class != mail.Rejected {
		d.next = ptr.To(metav1.NewTime(at.Add(r.pause(class, s.stored.letter.Status.Attempt)).Truncate(time.Second)))
	}
	return d
}

// outlast is a context that ends so much later than another: a mail that is being handed over is not given up at once when
// the program is asked to end. A server that has all of it may keep it whoever hangs up, and then it would go out twice.
func outlast(ctx context.Context, by time.Duration) (outlasting context.Context, done func()) {
	outlasting, end := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(by, end) })
	return outlasting, func() {
		stop()
		end()
	}
}

func (r *Reconciler) pause(class mail.Class, attempt int32) time.Duration {
	longest := longestPause
	if class == mail.Misconfigured {
		longest = longestPauseMending
	}
	return invitation.Backoff(attempt, longest, r.Jitter())
}

// recordDelivery records what became of an attempt. It outlasts the end of the program that has begun meanwhile, a server
// that is busy for a moment, and somebody else's write.
func (r *Reconciler) recordDelivery(ctx context.Context, s *scope) error {
	ctx = context.WithoutCancel(ctx)
	again := wait.Backoff{Duration: 50 * time.Millisecond, Factor: 2, Steps: 7}
	for {
		s.settle()
		s.conclude(sending)
		if err := r.write(ctx, s); err == nil || again.Steps == 0 || !passing(err) {
			return err
		}
		pause := time.NewTimer(again.Step())
		<-pause.C
		if gone := r.refresh(ctx, s); gone {
			return nil
		}
	}
}

// passing tells whether an error may be gone in a moment: no answer, a busy server, or another version.
func passing(err error) bool {
	if status := apierrors.APIStatus(nil); !errors.As(err, &status) {
		return true
	}
	return apierrors.IsConflict(err) || apierrors.IsTooManyRequests(err) || apierrors.IsServerTimeout(err) ||
		apierrors.IsTimeout(err) || apierrors.IsInternalError(err) || apierrors.IsServiceUnavailable(err)
}

// refresh goes on from what is stored now, if that can be read.
func (r *Reconciler) refresh(ctx context.Context, s *scope) (gone bool) {
	live, err := r.read(ctx, r.Live, client.ObjectKeyFromObject(s.stored.object))
	if err == nil && live.object.GetUID() == s.stored.object.GetUID() {
		s.stored, s.after = live, live.copy()
		return false
	}
	return err == nil || apierrors.IsNotFound(err)
}

// settle notes the delivery, unless the invitation has meanwhile come to an end.
func (s *scope) settle() {
	status := s.after.letter.Status
	if status.State != accessv1.InvitationSending {
		return
	}
	switch s.delivery.class {
	case "":
		status.State, status.SentAt = accessv1.InvitationSent, &s.delivery.at
	case mail.Rejected:
		status.State = accessv1.InvitationFailed
	default:
		status.NextAttemptAt = s.delivery.next
	}
}

// compose writes the mail from what is recorded, so that repeating it gives the same one.
func (r *Reconciler) compose(ctx context.Context, s *scope) (mail.Message, error) {
	to, err := address.Parse(s.stored.letter.Status.Email)
	if err != nil {
		return mail.Message{}, err
	}
	expiry := s.stored.letter.Status.ExpiresAt.Time
	link, err := r.Links.Link(ctx, r.Purpose, s.stored.object.GetUID(), expiry)
	if err != nil {
		return mail.Message{}, err
	}
	tenant := s.tenancy.Tenant
	content := mail.Content{
		Kind: r.Mail, RequestedBy: r.Requester(s.stored.letter.RequestedBy),
		Tenant: titleOf(tenant.Spec.DisplayName, tenant.Name), Product: tenant.Spec.Onboarding.ProductName,
		FirstName: s.user.Spec.FirstName, Link: link, ExpiresAt: expiry, Locale: tenant.Spec.Onboarding.Locale,
	}
	if content.Product == "" {
		content.Product = titleOf(s.tenancy.Catalog.Spec.DisplayName, s.tenancy.Catalog.Name)
	}
	if support, err := address.Parse(tenant.Spec.Onboarding.SupportEmail); err == nil {
		content.Support = support
	}
	subject, text, html, err := r.Templates.Render(content)
	return mail.Message{
		To: to, MessageID: s.stored.letter.Status.MessageID, Date: s.stored.letter.Status.FirstAttemptAt.Time,
		Subject: subject, Text: text, HTML: html,
	}, err
}

func titleOf(title, name string) string {
	if title == "" {
		return name
	}
	return title
}

// end moves to a final state.
func (s *scope) end(action invitation.Action) {
	s.after.letter.Status.State = action.State
	s.after.letter.Status.NextAttemptAt = nil
}
