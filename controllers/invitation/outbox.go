package invitation

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/invitation"
	"github.com/roster-dev/roster/internal/mail"
)

// The longest pauses between attempts: what only the mail server can mend is asked rarely, what somebody is mending in
// Roster's own settings is noticed soon.
const (
	longestPause        = 30 * time.Minute
	longestPauseMending = time.Minute
)

// defaultValidity counts when neither the invitation nor the tenant says.
const defaultValidity = 7 * 24 * time.Hour

// delivery is what became of one attempt.
type delivery struct {
	// class is empty when the mail was taken.
	class   mail.Class
	message string
}

// record counts an attempt. The first one fixes what every repetition will carry.
func (s *scope) record(messageDomain string) {
	status := &s.after.Status
	status.State = accessv1.InvitationSending
	status.Attempt++
	status.NextAttemptAt = nil
	if status.FirstAttemptAt != nil {
		return
	}
	now := metav1.NewTime(s.now)
	expires := metav1.NewTime(s.now.Add(s.validity()))
	status.FirstAttemptAt, status.ExpiresAt = &now, &expires
	status.MessageID = string(s.stored.UID) + "@" + messageDomain
	if parsed, err := address.Parse(s.user.Spec.Email); err == nil {
		status.Email = parsed.String()
	}
}

func (s *scope) validity() time.Duration {
	seconds := s.stored.Spec.ValidSeconds
	if seconds == 0 && s.tenancy.Tenant != nil {
		seconds = s.tenancy.Tenant.Spec.Onboarding.ValidSeconds
	}
	if seconds == 0 {
		return defaultValidity
	}
	return time.Duration(seconds) * time.Second
}

// send makes the recorded attempt and notes what became of it. The error is for what kept the attempt from being made.
func (r *Reconciler) send(ctx context.Context, s *scope) error {
	message, err := r.compose(ctx, s)
	if err != nil {
		return err
	}
	err = r.Sender.Send(ctx, message)
	attempts.WithLabelValues(resultOf(err)).Inc()
	status := &s.after.Status
	now := metav1.NewTime(r.Clock.Now().Truncate(time.Second))
	if err == nil {
		s.delivery = &delivery{message: "The mail server took the mail"}
		status.State, status.SentAt = accessv1.InvitationSent, &now
		return nil
	}
	s.delivery = &delivery{class: mail.ClassOf(err), message: err.Error()}
	if s.delivery.class == mail.Rejected {
		status.State = accessv1.InvitationFailed
		return nil
	}
	longest := longestPause
	if s.delivery.class == mail.Misconfigured {
		longest = longestPauseMending
	}
	next := metav1.NewTime(now.Add(invitation.Backoff(status.Attempt, longest, r.Jitter())).Truncate(time.Second))
	status.NextAttemptAt = &next
	return nil
}

// compose writes the mail from what is recorded, so that repeating it gives the same one.
func (r *Reconciler) compose(ctx context.Context, s *scope) (mail.Message, error) {
	to, err := address.Parse(s.stored.Status.Email)
	if err != nil {
		return mail.Message{}, err
	}
	link, err := r.Links.Link(ctx, s.stored)
	if err != nil {
		return mail.Message{}, err
	}
	tenant := s.tenancy.Tenant
	content := mail.InvitationMail{
		Tenant: titleOf(tenant.Spec.DisplayName, tenant.Name), Product: tenant.Spec.Onboarding.ProductName,
		FirstName: s.user.Spec.FirstName, Link: link, ExpiresAt: s.stored.Status.ExpiresAt.Time,
		Locale: tenant.Spec.Onboarding.Locale,
	}
	if content.Product == "" {
		content.Product = titleOf(s.tenancy.Catalog.Spec.DisplayName, s.tenancy.Catalog.Name)
	}
	if support, err := address.Parse(tenant.Spec.Onboarding.SupportEmail); err == nil {
		content.Support = support
	}
	subject, text, html, err := mail.Render(content)
	return mail.Message{
		To: to, MessageID: s.stored.Status.MessageID, Date: s.stored.Status.FirstAttemptAt.Time,
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
	s.after.Status.State = action.State
	s.after.Status.NextAttemptAt = nil
}
