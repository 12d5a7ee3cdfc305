package applicationcredential

import (
	"fmt"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/credential"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/status"
)

// problem is why something is not as it should be; without a reason nothing is wrong.
type problem struct {
	reason, message string
	// waits: it is expected to mend by itself or by another object's appearance. Otherwise somebody has to act.
	waits bool
}

// conclude sets the rest of the status. It is the last step, whatever happened before. A status that cannot be stored grants
// nothing.
func (s *scope) conclude(unstorable string) {
	if unstorable != "" {
		s.tooLarge = unstorable
	}
	out := &s.after.Status
	if s.tooLarge != "" {
		out.EffectiveAccess, out.AccessSummary = nil, ""
	}
	conditions := status.NewConditions(s.stored.Status.Conditions, s.after.Generation, s.now)
	written, rules := s.secretProblem(), s.rulesProblem()
	s.putSecret(conditions, written)
	s.putRules(conditions, rules)
	s.concludeReady(conditions, s.userProblem(), s.largeProblem(), written, rules)
	out.ObservedGeneration = s.after.Generation
	out.Conditions = conditions.Result()
	out.ClientID = credential.ClientID(s.after)
}

// userProblem says why nobody is there for whom the credential could act.
func (s *scope) userProblem() problem {
	name := s.after.Spec.UserRef.Name
	reason, message := s.tenancy.Problem(s.after.Namespace)
	switch {
	case s.deleting():
		return problem{accessv1.ReasonDeleting, "The credential is being deleted and gives nothing", true}
	case reason != "" && reason != accessv1.ReasonTenantSuspended:
		return problem{reason, status.Sentence(message), true}
	case s.user == nil:
		return problem{accessv1.ReasonUserNotFound, fmt.Sprintf("There is no User %s for whom the credential could act", name), true}
	case s.replaced():
		return problem{accessv1.ReasonUserReplaced, fmt.Sprintf(
			"User %s is not the one for whom the token was made, but a later one of the same name, or has another address now; delete the credential and create it again to let it act for him", name), false}
	default:
		return problem{}
	}
}

func (s *scope) largeProblem() problem {
	if s.tooLarge == "" {
		return problem{}
	}
	return problem{accessv1.ReasonAccessTooLarge, s.tooLarge + "; nothing is granted", false}
}

// secretProblem says why the Secret does not hold the token in force.
func (s *scope) secretProblem() problem {
	name := credential.SecretName(s.after)
	switch {
	case s.refused != "":
		return problem{accessv1.ReasonRefused, "The API server refused Secret " + name + ": " + s.refused, false}
	case s.secret.Leaving:
		return problem{accessv1.ReasonNameConflict, fmt.Sprintf(
			"Secret %s is still that of an earlier credential of this name; a token is made as soon as the cluster has deleted it", name), true}
	case s.step == credential.Refuse, s.secret.Found && !s.secret.Own:
		return problem{accessv1.ReasonNameConflict, fmt.Sprintf(
			"Secret %s was not made by Roster for this credential, and is left alone; delete it, or create a credential with another secretName", name), false}
	case s.after.Status.TokenHash == "":
		return problem{}
	case !s.secret.Found:
		return problem{accessv1.ReasonSecretNotFound, fmt.Sprintf(
			"Secret %s is gone, and the token that was in it still works; raise spec.rotation for a new one", name), false}
	case !s.secret.Holding(s.after):
		return problem{accessv1.ReasonSecretChanged, fmt.Sprintf(
			"Somebody changed what is in Secret %s, and what it holds now does not work; raise spec.rotation for a new token", name), false}
	default:
		return problem{}
	}
}

func (s *scope) putSecret(conditions *status.Conditions, p problem) {
	switch blocked := s.userProblem(); {
	case s.tenancy.Tenant == nil:
		conditions.Unknown(accessv1.ConditionSecretWritten, blocked.reason, blocked.message)
	case p.reason != "":
		conditions.Is(accessv1.ConditionSecretWritten, false, p.reason, p.message)
	case s.after.Status.TokenHash != "":
		conditions.Is(accessv1.ConditionSecretWritten, true, accessv1.ReasonSucceeded, "Secret "+credential.SecretName(s.after)+" holds the token")
	case blocked.reason != "":
		conditions.Is(accessv1.ConditionSecretWritten, false, blocked.reason, blocked.message)
	default:
		conditions.Is(accessv1.ConditionSecretWritten, false, accessv1.ReasonExpired, expired)
	}
}

// rulesProblem is about what only the catalog can tell.
func (s *scope) rulesProblem() problem {
	if s.tenancy.Vocabulary == nil {
		return problem{}
	}
	problems := graph.CheckRules(s.tenancy.Vocabulary, s.after.Spec.Access)
	if len(problems) == 0 {
		return problem{}
	}
	return problem{accessv1.ReasonUnknownNames, "Rules that give nothing: " + sentences(problems), true}
}

func sentences(problems []access.RuleProblem) string {
	texts := make([]string, len(problems))
	for i, p := range problems {
		texts[i] = p.String()
	}
	return status.Names(texts)
}

func (s *scope) putRules(conditions *status.Conditions, p problem) {
	switch {
	case s.tenancy.Vocabulary == nil:
		reason, message := s.tenancy.Problem(s.after.Namespace)
		conditions.Unknown(accessv1.ConditionRulesResolved, reason, status.Sentence(message))
	case p.reason != "":
		conditions.Is(accessv1.ConditionRulesResolved, false, p.reason, p.message)
	default:
		conditions.Is(accessv1.ConditionRulesResolved, true, accessv1.ReasonSucceeded, "Every name in the rules is known")
	}
}

const expired = "The credential has expired; delete it, or set a later spec.expiresAt"

// concludeReady takes the first problem. An expired credential is done, and waiting for a human is Ready.
func (s *scope) concludeReady(conditions *status.Conditions, problems ...problem) {
	done := credential.Expired(s.after, s.now) && !s.deleting()
	for _, p := range problems {
		switch {
		case p.reason == "" || done:
		case p.waits:
			conditions.Waiting(p.reason, p.message)
			return
		default:
			conditions.Stalled(p.reason, p.message)
			return
		}
	}
	conditions.Ready(s.readiness(done))
}

func (s *scope) readiness(done bool) (reason, message string) {
	reason, message = s.tenancy.Problem(s.after.Namespace)
	switch {
	case done:
		return accessv1.ReasonExpired, expired
	case reason != "":
		return reason, "Nobody has any access: " + message
	case !isActive(s.user):
		return accessv1.ReasonNotActive, fmt.Sprintf("User %s is not Active, so the credential gives nothing", s.user.Name)
	default:
		return accessv1.ReasonSucceeded, "The credential gives what its user may do, cut to its own rules"
	}
}
