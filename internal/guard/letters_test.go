package guard_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

func TestInvitations(t *testing.T) {
	cancelled := true
	cancel := func(i *accessv1.Invitation) { i.Spec.Cancel = &cancelled }
	run(t, map[string]row{
		"an administrator invites":                 created(dee, invitation("new", "ben"), ""),
		"the partner's administrator invites":      created(paul, invitation("new", "ben"), ""),
		"who does not administer invites another":  created(vic, invitation("new", "ben"), "invitations of others, as of user ben, are for administrators"),
		"who does not administer asks for himself": created(vic, invitation("new", "vic"), ""),
		"somebody of another tenant":               created(fay, invitation("new", "ben"), "are for administrators"),
		"somebody else of the partner":             created("oidc:pia@agency.example", invitation("new", "ben"), "are for administrators"),
		"a pipeline":                               created(pipeline, invitation("new", "ben"), ""),
		"a robot":                                  created(robot, invitation("new", "ben"), "are for administrators"),
		"cancelling another's":                     changed(vic, "for-ben", "are for administrators", cancel),
		"cancelling one's own":                     changed(vic, "for-vic", "", cancel),
		"deleting another's":                       deleted[*accessv1.Invitation](vic, "for-ben", "are for administrators"),
		"deleting one as a foreign administrator":  deleted[*accessv1.Invitation](fay, "for-ben", "are for administrators"),
		"deleting one as an administrator":         deleted[*accessv1.Invitation](ana, "for-ben", ""),
		"calling one another user's":               changed(ana, "for-ben", "labels that begin with", func(i *accessv1.Invitation) { i.Labels = map[string]string{accessv1.LabelUser: "uid-acme-vic"} }),
		"making one another user's child":          changed(ana, "for-ben", "only Roster makes", func(i *accessv1.Invitation) { ownedBy(find[*accessv1.User]("vic"), "User", i) }),
		"its user, in a version that there is not": func() row {
			before := ownedBy(find[*accessv1.User]("ben"), "User", invitation("for-ben", "ben"))
			was, is := change(before, func(i *accessv1.Invitation) { i.OwnerReferences[0].APIVersion = "access.roster.dev/v9" })
			return row{by: ana, was: was, is: is, refused: "only Roster makes"}.beside(before)
		}(),
		"one's own, with an owner, so that the cluster deletes it": created(vic, heir(invitation("new", "vic")), "metadata.ownerReferences"),
		"another's, with an owner":                                 created(ana, heir(invitation("new", "ben")), "metadata.ownerReferences"),
		"with an owner, by a pipeline":                             created(pipeline, heir(invitation("new", "ben")), ""),
		"one's own gets an owner":                                  changed(vic, "for-vic", "metadata.ownerReferences", func(i *accessv1.Invitation) { heir(i) }),
		"Roster invites":                                           created(self, invitation("new", "ben"), ""),
	})
}

func TestPasswordResets(t *testing.T) {
	cancelled := true
	cancel := func(r *accessv1.PasswordReset) { r.Spec.Cancel = &cancelled }
	run(t, map[string]row{
		"an administrator asks for another's":      created(dee, reset("new", "ben"), ""),
		"the partner's administrator does":         created(paul, reset("new", "ben"), ""),
		"for somebody who holds more":              created(dee, reset("new", "ana"), ""),
		"who does not administer, for another":     created(vic, reset("new", "ben"), "password resets of others, as of user ben, are for administrators"),
		"who does not administer asks for himself": created(vic, reset("new", "vic"), ""),
		"somebody of another tenant":               created(fay, reset("new", "ben"), "are for administrators"),
		"a pipeline":                               created(pipeline, reset("new", "ben"), ""),
		"a robot":                                  created(robot, reset("new", "ben"), "are for administrators"),
		"cancelling another's":                     changed(vic, "reset-ben", "are for administrators", cancel),
		"cancelling one as an administrator":       changed(ana, "reset-ben", "", cancel),
		"deleting another's":                       deleted[*accessv1.PasswordReset](vic, "reset-ben", "are for administrators"),
		"deleting one as an administrator":         deleted[*accessv1.PasswordReset](ana, "reset-ben", ""),
		"calling one another user's":               changed(ana, "reset-ben", "labels that begin with", func(r *accessv1.PasswordReset) { r.Labels = map[string]string{accessv1.LabelUser: "uid-acme-vic"} }),
		"with an owner":                            created(ana, heir(reset("new", "ben")), "metadata.ownerReferences"),
		"one's own, with an owner":                 created(vic, heir(reset("new", "vic")), "metadata.ownerReferences"),
		"one gets an owner":                        changed(ana, "reset-ben", "metadata.ownerReferences", func(r *accessv1.PasswordReset) { heir(r) }),
		"making one another user's child":          changed(ana, "reset-ben", "only Roster makes", func(r *accessv1.PasswordReset) { ownedBy(find[*accessv1.User]("vic"), "User", r) }),
	})
}

// heir is an object with an owner that is none of Roster's.
func heir[T client.Object](object T) T {
	object.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "nothing", UID: "nothing"}})
	return object
}
