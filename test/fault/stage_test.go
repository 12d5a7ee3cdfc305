package fault_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/identity"
	"github.com/roster-dev/roster/internal/invitation"
	"github.com/roster-dev/roster/test/env"
)

const (
	patience = time.Minute
	interval = 50 * time.Millisecond
)

// stage is a tenant in which one thing is tried, and the manager that looks after it.
type stage struct {
	*life
	name string
}

var stages int

// newStage names a stage. All names have the same length, so that none is part of another.
func newStage(l *life) *stage {
	stages++
	return &stage{l, fmt.Sprintf("stage%05d", stages)}
}

// domain is that of the addresses of its users.
func (s *stage) domain() string { return s.name + ".example" }

func (s *stage) meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: s.name, Name: name}
}

// found makes the tenant: users in the group of readers may read German orders, once they have accepted.
func (s *stage) found(ctx context.Context) {
	tenant := &accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: s.name}, Spec: accessv1.TenantSpec{
		DisplayName: "Acme", CatalogRef: accessv1.Reference{Name: "shop"},
		Dimensions: []accessv1.TenantDimension{{Name: "site", Values: []string{"DE"}, Restrictions: accessv1.RestrictionsSynced}},
	}}
	cluster.ExpectApplied(ctx, tenant)
	env.ExpectEventually(ctx, cluster, tenant, env.BeReady())
	cluster.ExpectApplied(ctx, &accessv1.UserGroup{ObjectMeta: s.meta("readers"), Spec: accessv1.UserGroupSpec{
		Roles: []accessv1.Reference{{Name: "reader"}}, Restrictions: []accessv1.Reference{{Name: "site.de"}},
	}})
}

// clear takes everything away, without waiting until it has gone.
func (s *stage) clear(ctx context.Context) {
	for _, kind := range []client.Object{
		&accessv1.Invitation{}, &accessv1.PasswordReset{}, &accessv1.ApplicationCredential{}, &accessv1.User{}, &accessv1.UserGroup{}, &accessv1.Vendor{},
	} {
		Expect(cluster.Client.DeleteAllOf(ctx, kind, client.InNamespace(s.name))).To(Succeed())
	}
	tenant := &accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: s.name}}
	Expect(client.IgnoreNotFound(cluster.Client.Delete(ctx, tenant))).To(Succeed())
}

func (s *stage) user(name string) *accessv1.User {
	return &accessv1.User{ObjectMeta: s.meta(name), Spec: accessv1.UserSpec{
		Email: name + "@" + s.domain(), FirstName: "Ana", Groups: []accessv1.GroupMembership{{Name: "readers"}},
	}}
}

func (s *stage) invite(ctx context.Context, name string) { cluster.ExpectApplied(ctx, s.user(name)) }

func (s *stage) change(ctx context.Context, object client.Object, merge string) {
	Expect(cluster.Client.Patch(ctx, object, client.RawPatch("application/merge-patch+json", []byte(merge)))).To(Succeed())
}

// invitation is the one that a user has now, once it is in that state.
func (s *stage) invitation(ctx context.Context, user string, state accessv1.InvitationState) *accessv1.Invitation {
	var found *accessv1.Invitation
	EventuallyWithOffset(1, func() accessv1.InvitationState {
		u, i := s.user(user), &accessv1.Invitation{}
		if watched.Get(ctx, client.ObjectKeyFromObject(u), u) != nil || u.Status.Invitation == nil {
			return "none"
		}
		if watched.Get(ctx, client.ObjectKey{Namespace: s.name, Name: u.Status.Invitation.Name}, i) != nil {
			return "gone"
		}
		found = i
		return i.Status.State
	}, patience, interval).WithContext(ctx).Should(Equal(state), s.tail)
	return found
}

// hurry lets deferred mails be tried again now, instead of after the pause that their server would be left in peace.
func (s *stage) hurry(ctx context.Context) {
	invitations := &accessv1.InvitationList{}
	Expect(watched.List(ctx, invitations, client.InNamespace(s.name))).To(Succeed())
	past := metav1.NewTime(time.Now().Add(-time.Minute))
	for i := range invitations.Items {
		if at := invitations.Items[i].Status.NextAttemptAt; at != nil && time.Until(at.Time) > interval {
			invitations.Items[i].Status.NextAttemptAt = &past
			_ = cluster.Client.Status().Update(ctx, &invitations.Items[i]) // somebody else was faster: the next call does it
		}
	}
}

// links are those in the mails to an address, oldest mail first, each once.
func (s *stage) links(to string) []string { return s.linksTo("/invitations/", to) }

func (s *stage) linksTo(path, to string) []string {
	var out []string
	for _, mail := range post.to(s.domain()) {
		if link := linkIn(mail); mail.to == to+"@"+s.domain() && strings.Contains(link, path) && !slices.Contains(out, link) {
			out = append(out, link)
		}
	}
	return out
}

// link is the only one to an invitation that a user got, once he has it, and resetLink to a password reset.
func (s *stage) link(ctx context.Context, user string) string {
	return s.onlyLink(ctx, "/invitations/", user)
}

func (s *stage) resetLink(ctx context.Context, user string) string {
	return s.onlyLink(ctx, "/password-resets/", user)
}

func (s *stage) onlyLink(ctx context.Context, path, user string) string {
	var links []string
	EventuallyWithOffset(2, func() []string {
		links = s.linksTo(path, user)
		return links
	}, patience, interval).WithContext(ctx).Should(HaveLen(1), s.tail)
	return links[0]
}

var linkPattern = regexp.MustCompile(`https?://\S+/(invitations|password-resets)/\S+`)

func linkIn(c copied) string {
	message := c.message()
	_, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	Expect(err).NotTo(HaveOccurred())
	part, err := multipart.NewReader(message.Body, parameters["boundary"]).NextPart()
	Expect(err).NotTo(HaveOccurred())
	return linkPattern.FindString(read(part))
}

// web never follows, and waits for nothing for long.
var web = &http.Client{Timeout: 20 * time.Second}

// answer posts an address to a link, as the form does, from a network of its own.
func answer(ctx context.Context, link, address string) (int, error) {
	return fill(ctx, link, url.Values{"email": {address}})
}

func fill(ctx context.Context, link string, typed url.Values) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, link, strings.NewReader(typed.Encode()))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return send(request)
}

func send(request *http.Request) (int, error) {
	request.Header.Set("X-Forwarded-For", network())
	response, err := web.Do(request)
	if err != nil {
		return 0, err
	}
	read(response.Body)
	return response.StatusCode, response.Body.Close()
}

// accept answers until somebody is there to hear it.
func (s *stage) accept(ctx context.Context, user string) {
	link := s.link(ctx, user)
	EventuallyWithOffset(1, func() (int, error) { return answer(ctx, link, user+"@"+s.domain()) }, patience, interval).
		WithContext(ctx).Should(Equal(http.StatusOK))
}

// state is all that there is of the stage, in words that are the same for every stage in which the same happened.
func (s *stage) state(ctx context.Context) string {
	var objects []client.Object
	tenant, namespace := &accessv1.Tenant{}, &corev1.Namespace{}
	for _, object := range []client.Object{tenant, namespace} {
		if err := watched.Get(ctx, client.ObjectKey{Name: s.name}, object); err == nil {
			objects = append(objects, object)
		}
	}
	for _, list := range []client.ObjectList{
		&accessv1.UserList{}, &accessv1.UserGroupList{}, &accessv1.RoleList{}, &accessv1.RestrictionList{}, &accessv1.VendorList{},
		&accessv1.PasswordResetList{}, &accessv1.InvitationList{},
	} {
		if watched.List(ctx, list, client.InNamespace(s.name)) != nil {
			return "unknown"
		}
		_ = apimeta.EachListItem(list, func(item runtime.Object) error {
			objects = append(objects, item.(client.Object))
			return nil
		})
	}
	return s.spell(append(s.signIns(ctx, objects), objects...))
}

var moments = regexp.MustCompile(`"\d{4}-\d\d-\d\dT[0-9:.]+Z"`)

// gone is the UID of an object that is not there any more.
var gone = regexp.MustCompile(`"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"`)

// spell leaves out what differs between two runs of the same: times, versions, and what is made of UIDs.
func (s *stage) spell(objects []client.Object) string {
	lines, replace := make([]string, len(objects)), []string{s.name, "STAGE"}
	for _, object := range objects {
		replace = append(hashes(object), replace...) // in this order: invitations come last, and know the whole hash
	}
	for i, object := range objects {
		replace = append(replace, string(object.GetUID()), fmt.Sprintf("UID of %T %s", object, object.GetName()))
		if letter, ok := invitation.LetterOf(object); ok {
			letter.Status.Attempt = 0 // a crash may cost one
		}
		object.SetResourceVersion("")
		object.SetManagedFields(nil)
		object.SetGeneration(0)
		content, err := json.Marshal(object)
		Expect(err).NotTo(HaveOccurred())
		lines[i] = fmt.Sprintf("%T %s", object, content)
	}
	replacer := strings.NewReplacer(replace...)
	for i, line := range lines {
		for range 3 { // what has been put in holds a name that holds a name
			line = replacer.Replace(line)
		}
		lines[i] = gone.ReplaceAllString(moments.ReplaceAllString(line, `"TIME"`), `"UID of what is gone"`)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// hashes are the names that are made of a user's UID and address, with what to call them instead.
func hashes(object client.Object) []string {
	switch object := object.(type) {
	case *accessv1.Invitation:
		if hash := object.Labels[accessv1.LabelAddress]; hash != "" {
			return []string{hash, "HASH of " + object.Status.Email, hash[:10], "HASH-of-" + object.Status.Email}
		}
	case *accessv1.PasswordReset:
		if hash := lostHash(object); hash != "" {
			return []string{hash, "HASH-of-the-lost-password"}
		}
	case *identity.Password:
		return []string{object.GetName(), "SIGN-IN of " + object.Email} // Name is its holder's
	case *accessv1.User: // whose invitation may have been deleted
		if i := object.Status.Invitation; i != nil {
			if hash, own := strings.CutPrefix(i.Name, object.Name+"-"); own && len(hash) == 10 {
				return []string{hash, "HASH-of-" + i.Email}
			}
		}
	}
	return nil
}

// expectMails compares what was sent on two stages, and bounds the copies of each mail. All copies of a mail are the same
// mail, Message-ID, Date and link included.
func (s *stage) expectMails(subjects []string, crashes int) {
	GinkgoHelper()
	byID := map[string][]copied{}
	for _, mail := range post.to(s.domain()) {
		id := mail.message().Header.Get("Message-Id")
		byID[id] = append(byID[id], mail)
	}
	got := []string{}
	for id, copies := range byID {
		got = append(got, copies[0].to)
		unacknowledged := 0
		for _, c := range copies {
			Expect(c.data).To(Equal(copies[0].data), "copies of %s differ", id)
			if !c.acknowledged {
				unacknowledged++
			}
		}
		Expect(len(copies)).To(BeNumerically("<=", 1+crashes+unacknowledged), "%d copies of %s after %d crashes", len(copies), id, crashes)
	}
	slices.Sort(got)
	Expect(got).To(Equal(s.localised(subjects)), s.tail)
}

func (s *stage) localised(locals []string) []string {
	out := make([]string, len(locals))
	for i, local := range locals {
		out[i] = local + "@" + s.domain()
	}
	slices.Sort(out)
	return out
}

// recipients are the local parts of those who got a mail, once for each mail whatever its copies.
func (s *stage) recipients() []string {
	seen, out := map[string]bool{}, []string{}
	for _, mail := range post.to(s.domain()) {
		if id := mail.message().Header.Get("Message-Id"); !seen[id] {
			seen[id] = true
			local, _, _ := strings.Cut(mail.to, "@")
			out = append(out, local)
		}
	}
	slices.Sort(out)
	return out
}

func read(from io.Reader) string {
	content, err := io.ReadAll(from)
	Expect(err).NotTo(HaveOccurred())
	return string(content)
}

func (s *stage) list(ctx context.Context, into client.ObjectList) error {
	return cluster.Client.List(ctx, into, client.InNamespace(s.name))
}
