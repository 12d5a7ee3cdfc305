package stories_test

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/mail"
	"github.com/roster-dev/roster/test/env"
)

// The language of the stories, beside the one of package env.

// vocabularies are the compiled catalogs by the namespace of a tenant.
var vocabularies = map[string]*access.Vocabulary{}

// begin applies a story's files in the order of its kustomization, and has everybody accept who is invited.
func begin(ctx context.Context, story string, tenants ...string) {
	directory := filepath.Join("config", "samples", story)
	kustomization, err := env.ReadFile(filepath.Join(directory, "kustomization.yaml"))
	Expect(err).NotTo(HaveOccurred())
	files, _, err := unstructured.NestedStringSlice(kustomization[0].Object, "resources")
	Expect(err).NotTo(HaveOccurred())
	for _, file := range files {
		cluster.ExpectAppliedFiles(ctx, filepath.Join(directory, file))
	}
	catalog := &accessv1.ResourceCatalog{}
	Expect(cluster.Client.Get(ctx, client.ObjectKey{Name: story}, catalog)).To(Succeed())
	for _, tenant := range tenants {
		env.ExpectEventually(ctx, cluster, tenantNamed(tenant), env.BeReady())
		vocabularies[tenant] = access.NewVocabulary(graph.Catalog(catalog))
		for _, user := range usersOf(ctx, tenant, client.MatchingFields{"spec.state": "Active"}) {
			if user.Spec.Type != accessv1.UserTypeRobot && user.Spec.Onboarding != accessv1.OnboardingNone {
				cluster.Accept(ctx, &user)
			}
		}
	}
}

// expectSound ends every spec.
func expectSound(namespaces ...string) {
	AfterEach(func(ctx context.Context) {
		for _, namespace := range namespaces {
			cluster.ExpectSoundStatuses(ctx, namespace)
		}
	})
}

func usersOf(ctx context.Context, namespace string, options ...client.ListOption) []accessv1.User {
	list := &accessv1.UserList{}
	Expect(cluster.Client.List(ctx, list, append(options, client.InNamespace(namespace))...)).To(Succeed())
	return list.Items
}

// namesWhere are the names of a tenant's users that a field selector such as "spec.type=Robot" selects.
func namesWhere(ctx context.Context, namespace, selector string) []string {
	field, value, _ := strings.Cut(selector, "=")
	var names []string
	for _, user := range usersOf(ctx, namespace, client.MatchingFields{field: value}) {
		names = append(names, user.Name)
	}
	return names
}

func invitationsOf(ctx context.Context, user *accessv1.User) []accessv1.Invitation {
	list := &accessv1.InvitationList{}
	Expect(cluster.Client.List(ctx, list, client.InNamespace(user.Namespace))).To(Succeed())
	var out []accessv1.Invitation
	for _, invitation := range list.Items {
		if invitation.Spec.UserRef.Name == user.Name {
			out = append(out, invitation)
		}
	}
	return out
}

func invitationNamed(namespace, name string) *accessv1.Invitation {
	return &accessv1.Invitation{ObjectMeta: named(namespace, name)}
}

// invitationTo is another invitation to a user.
func invitationTo(user *accessv1.User, name string) *accessv1.Invitation {
	invitation := invitationNamed(user.Namespace, name)
	invitation.Spec.UserRef.Name = user.Name
	return invitation
}

func resetNamed(namespace, name string) *accessv1.PasswordReset {
	return &accessv1.PasswordReset{ObjectMeta: named(namespace, name)}
}

// resetFor asks a user for a new password.
func resetFor(user *accessv1.User, name string) *accessv1.PasswordReset {
	reset := resetNamed(user.Namespace, name)
	reset.Spec.UserRef.Name = user.Name
	return reset
}

// kubectl returns the lines that it prints, with single spaces between the columns.
func kubectl(ctx context.Context, arguments ...string) []string {
	cache := filepath.Join(filepath.Dir(kubeconfig), "cache")
	command := exec.CommandContext(ctx, cluster.Tool("kubectl"), append([]string{"--kubeconfig", kubeconfig, "--cache-dir", cache}, arguments...)...)
	output, err := command.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(output))
	var lines []string
	for line := range strings.Lines(string(output)) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return lines
}

func named(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name}
}

func tenantNamed(name string) *accessv1.Tenant {
	return &accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

func userNamed(namespace, name string) *accessv1.User {
	return &accessv1.User{ObjectMeta: named(namespace, name)}
}

func groupNamed(namespace, name string) *accessv1.UserGroup {
	return &accessv1.UserGroup{ObjectMeta: named(namespace, name)}
}

func restrictionNamed(namespace, name string) *accessv1.Restriction {
	return &accessv1.Restriction{ObjectMeta: named(namespace, name)}
}

func vendorNamed(namespace, name string) *accessv1.Vendor {
	return &accessv1.Vendor{ObjectMeta: named(namespace, name)}
}

func roleNamed(namespace, name string) *accessv1.Role {
	return &accessv1.Role{ObjectMeta: named(namespace, name)}
}

// invitee is a user with an address of the tenant's who has to accept first, in these groups.
func invitee(namespace, name string, groups ...string) *accessv1.User {
	user := userNamed(namespace, name)
	user.Spec.Email = name + "@" + namespace + ".example"
	for _, group := range groups {
		user.Spec.Groups = append(user.Spec.Groups, accessv1.GroupMembership{Name: group})
	}
	return user
}

// newcomer is an invitee who is in without an invitation, for specs that are about something else.
func newcomer(namespace, name string, groups ...string) *accessv1.User {
	user := invitee(namespace, name, groups...)
	user.Spec.Onboarding = accessv1.OnboardingNone
	return user
}

// groupWith is a group with these roles.
func groupWith(namespace, name string, roles ...string) *accessv1.UserGroup {
	group := groupNamed(namespace, name)
	group.Spec.Roles = references(roles...)
	return group
}

func references(names ...string) []accessv1.Reference {
	var out []accessv1.Reference
	for _, name := range names {
		out = append(out, accessv1.Reference{Name: name})
	}
	return out
}

// eventually is env.ExpectEventually in this cluster, with all matchers at once.
func eventually[T client.Object](ctx context.Context, object T, matchers ...types.GomegaMatcher) T {
	GinkgoHelper()
	return env.ExpectEventually(ctx, cluster, object, And(matchers...))
}

// change changes an object that somebody else may be writing to as well, and returns it as it is stored then.
func change[T client.Object](ctx context.Context, object T, mutate func(T)) T {
	GinkgoHelper()
	Eventually(func() error {
		if err := cluster.Client.Get(ctx, client.ObjectKeyFromObject(object), object); err != nil {
			return err
		}
		mutate(object)
		return cluster.Client.Update(ctx, object)
	}).Should(Succeed())
	return object
}

// expectGone waits until the API server has no such object.
func expectGone(ctx context.Context, object client.Object) {
	GinkgoHelper()
	Eventually(func() bool {
		return apierrors.IsNotFound(cluster.Client.Get(ctx, client.ObjectKeyFromObject(object), object))
	}).Should(BeTrue())
}

// expectSecondPassed waits until the clock shows another second than the object's creation: a time of creation has whole
// seconds, and of two objects of one second none is the newer.
func expectSecondPassed(object client.Object) {
	GinkgoHelper()
	Eventually(func() int64 { return time.Now().Unix() }).Should(BeNumerically(">", object.GetCreationTimestamp().Unix()))
}

// restrictedTo are the resources on which what the user has is narrowed in the dimension, sorted.
func restrictedTo(user *accessv1.User, dimension string) []string {
	var out []string
	for _, entry := range user.Status.EffectiveAccess {
		for _, d := range entry.RestrictedTo {
			if d.Dimension == dimension {
				out = append(out, entry.Resources...)
			}
		}
	}
	slices.Sort(out)
	return out
}

// may matches a user who may do the action to an entity of the resource: "site=DE" is a property of it, "id=7" its id.
func may(action, resource string, entity ...string) types.GomegaMatcher {
	return actingIn("").may(action, resource, entity...)
}

// mayNot matches a user who may not, for the reason.
func mayNot(reason access.Reason, action, resource string, entity ...string) types.GomegaMatcher {
	return actingIn("").mayNot(reason, action, resource, entity...)
}

// actingIn is the one group of several that a user acts in.
type actingIn string

func (g actingIn) may(action, resource string, entity ...string) types.GomegaMatcher {
	return g.answer(access.Decision{Allowed: true}, action, resource, entity)
}

func (g actingIn) mayNot(reason access.Reason, action, resource string, entity ...string) types.GomegaMatcher {
	return g.answer(access.Decision{Reason: reason}, action, resource, entity)
}

func (g actingIn) answer(want access.Decision, action, resource string, entity []string) types.GomegaMatcher {
	query := access.Query{Action: action, Resource: resource, Group: string(g), Entity: access.Entity{Properties: map[string][]string{}}}
	for _, property := range entity {
		name, value, _ := strings.Cut(property, "=")
		if name == "id" {
			query.Entity.ID = value
		} else {
			query.Entity.Properties[name] = append(query.Entity.Properties[name], value)
		}
	}
	sentence := func(d access.Decision) string {
		return fmt.Sprintf("%s %s %s: %t %s", action, resource, strings.Join(entity, " "), d.Allowed, d.Reason)
	}
	return WithTransform(func(user *accessv1.User) string {
		return sentence(access.Decide(effective(user), query, time.Now()))
	}, Equal(sentence(want)))
}

// mayManage matches a user who may do all four to an entity of the resource.
func mayManage(resource string, entity ...string) types.GomegaMatcher {
	var all []types.GomegaMatcher
	for _, action := range []string{access.ActionRead, access.ActionCreate, access.ActionUpdate, access.ActionDelete} {
		all = append(all, may(action, resource, entity...))
	}
	return And(all...)
}

// mayOnlyRead matches a user who may read an entity of the resource, and none of the other three.
func mayOnlyRead(resource string, entity ...string) types.GomegaMatcher {
	return And(may(access.ActionRead, resource, entity...),
		Not(may(access.ActionCreate, resource, entity...)),
		Not(may(access.ActionUpdate, resource, entity...)),
		Not(may(access.ActionDelete, resource, entity...)))
}

// effective is the user's status as a decision reads it.
func effective(user *accessv1.User) access.Effective {
	out := access.Effective{Vocabulary: vocabularies[user.Namespace], Grants: grantsOf(user.Status.EffectiveAccess)}
	if user.Status.State != accessv1.UserActive {
		out.Denied = access.NotActive
	}
	return out
}

func grantsOf(entries []accessv1.AccessEntry) []access.Grant {
	out := make([]access.Grant, len(entries))
	for i, e := range entries {
		out[i] = access.Grant{Resources: e.Resources, Level: access.Level(e.Level), Actions: e.Actions}
		if e.Until != nil {
			out[i].Until = e.Until.Time
		}
		for _, d := range e.RestrictedTo {
			out[i].Scope = append(out[i].Scope, access.Dimension{Name: d.Dimension, Values: d.Values})
		}
		for _, v := range e.Via {
			out[i].Via = append(out[i].Via, access.Via{Tenant: v.Tenant, Group: v.Group, Role: v.Role})
		}
	}
	return out
}

// haveGroups matches a user whose memberships are exactly these: "viewers from User".
func haveGroups(lines ...string) types.GomegaMatcher {
	return WithTransform(func(user *accessv1.User) []string {
		var out []string
		for _, g := range user.Status.Groups {
			out = append(out, g.Name+" from "+string(g.From))
		}
		return out
	}, Equal(lines))
}

// haveInvitation matches a user whose newest invitation is in the state.
func haveInvitation(state accessv1.InvitationState) types.GomegaMatcher {
	return WithTransform(func(user *accessv1.User) accessv1.InvitationState {
		if user.Status.Invitation == nil {
			return ""
		}
		return user.Status.Invitation.State
	}, Equal(state))
}

// haveMessage matches an object whose condition says this.
func haveMessage[T client.Object](conditions func(T) []metav1.Condition, kind, message string) types.GomegaMatcher {
	return WithTransform(func(object T) string {
		for _, c := range conditions(object) {
			if c.Type == kind {
				return c.Message
			}
		}
		return ""
	}, Equal(message))
}

func haveMembers(n int32) types.GomegaMatcher {
	return HaveField("Status.Members", HaveValue(Equal(n)))
}

// subjects of mails, oldest first.
func subjects(mails []mail.Message) []string {
	var out []string
	for _, m := range mails {
		out = append(out, m.Subject)
	}
	return out
}

// yes and no are the two values of a condition that stories speak of.
const (
	yes = metav1.ConditionTrue
	no  = metav1.ConditionFalse
)
