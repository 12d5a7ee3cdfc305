package fault_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/bench/etcd"
	"github.com/roster-dev/roster/test/env"
)

const (
	// canaryKey is a link key, as long as keys are.
	canaryKey = "canary-link-key-4f0c-9b1e-77aa-3"
	// serverWords are what a mail server says, which nobody should repeat: it may hold anything.
	serverWords = "canary-server-words"
)

// keysOf reads the Secret with the link keys, once a manager has made it.
func keysOf(ctx context.Context) *corev1.Secret {
	secret := &corev1.Secret{}
	EventuallyWithOffset(1, func() error {
		return cluster.Client.Get(ctx, client.ObjectKey{Namespace: "roster-system", Name: "roster-link-keys"}, secret)
	}, patience, interval).WithContext(ctx).Should(Succeed())
	return secret
}

// keyNumber is the number of the key that signed a link.
func keyNumber(link string) int {
	return int(payload(link[strings.LastIndex(link, "/")+1:])[4])
}

// withKeys has the link keys be others.
func withKeys(ctx context.Context, change func(map[string][]byte)) {
	secret := keysOf(ctx)
	change(secret.Data)
	Expect(cluster.Client.Update(ctx, secret)).To(Succeed())
}

var _ = Describe("Link keys", func() {
	It("are replaced while links are in flight, without a restart", func(ctx context.Context) {
		l := live(managerOptions())
		s := newStage(l)
		s.found(ctx)
		s.invite(ctx, "ana")
		old := s.link(ctx, "ana")
		was := keyNumber(old)
		next := fmt.Sprintf("k%d", was+1)

		By("signing with the newest as soon as it is there")
		withKeys(ctx, func(keys map[string][]byte) { keys[next] = bytes.Repeat([]byte{7}, 32) })
		number := func(user string) int {
			s.invite(ctx, user)
			return keyNumber(s.link(ctx, user))
		}
		tries := 0
		Eventually(func() int {
			tries++
			return number(fmt.Sprintf("ben%d", tries))
		}, patience, interval).WithContext(ctx).Should(Equal(was + 1))
		fresh := s.link(ctx, fmt.Sprintf("ben%d", tries))

		By("taking links of both")
		page := func(link string) int {
			code, err := visit(ctx, http.MethodGet, link, "", "")
			Expect(err).NotTo(HaveOccurred())
			return code
		}
		Expect([]int{page(old), page(fresh)}).To(HaveEach(http.StatusOK))

		By("taking none of a key that has been removed")
		withKeys(ctx, func(keys map[string][]byte) { delete(keys, fmt.Sprintf("k%d", was)) })
		Eventually(func() int { return page(old) }, patience, interval).WithContext(ctx).Should(Equal(http.StatusNotFound))
		Expect(answer(ctx, old, "ana@"+s.domain())).To(Equal(http.StatusNotFound))
		Expect(page(fresh)).To(Equal(http.StatusOK))

		By("sending a link that works to whoever is asked again")
		cluster.ExpectApplied(ctx, &accessv1.Invitation{ObjectMeta: s.meta("again"), Spec: accessv1.InvitationSpec{UserRef: accessv1.Reference{Name: "ana"}}})
		Eventually(func() []string { return s.links("ana") }, patience, interval).WithContext(ctx).Should(HaveLen(2))
		Expect(answer(ctx, s.links("ana")[1], "ana@"+s.domain())).To(Equal(http.StatusOK))
		s.clear(ctx)
	})
})

var _ = Describe("Secrets", func() {
	It("stay where they belong", func(ctx context.Context) {
		options, dkim := keepingPasswords(), newDKIMKey()
		options.SMTP.DKIMSelector, options.SMTP.DKIMKeyFile = "canary", dkim.file
		l := live(options)
		withKeys(ctx, func(keys map[string][]byte) { keys["k99"] = []byte(canaryKey) })
		s := newStage(l)
		s.found(ctx)

		By("sending, and failing to send")
		tries := 0
		Eventually(func() int { // until the manager has seen the key
			tries++
			name := fmt.Sprintf("ben%d", tries)
			s.invite(ctx, name)
			return keyNumber(s.link(ctx, name))
		}, patience, interval).WithContext(ctx).Should(Equal(99))
		for _, t := range []trouble{
			{"AUTH", "535 5.7.8 " + serverWords + " " + smtpPassword, accessv1.ReasonMisconfigured},
			{finalDot, "554 5.6.0 " + serverWords, accessv1.ReasonRejected},
			{"RCPT", "451 4.3.0 " + serverWords, accessv1.ReasonDeferred},
		} {
			each := newStage(l)
			each.found(ctx)
			t.undergo(ctx, each)
			defer each.clear(ctx)
		}

		By("refusing and taking answers with passwords, and giving an application a token")
		s.invite(ctx, "ana")
		s.mistype(ctx, s.link(ctx, "ana"))
		anaJoins(ctx, s)
		env.ExpectEventually(ctx, cluster, s.user("ana"), env.HaveState(accessv1.UserActive))
		anaForgets(ctx, s)
		s.mistype(ctx, s.resetLink(ctx, "ana"))
		s.choose(ctx, s.resetLink(ctx, "ana"), "ana", nextPassword)
		tokens := s.rotated(ctx)
		s.settled(ctx)

		By("looking for them everywhere")
		places := placesOf(ctx, l)
		Expect(places["the log"]).To(ContainSubstring("ana"), "the search finds what is there")
		Expect(places["the metrics"]).To(ContainSubstring("roster_mail_attempts_total"))
		Expect(places["the events"]).To(ContainSubstring(s.name))
		Expect(places["etcd /registry/access.roster.dev/users/"+s.name+"/ana"]).To(ContainSubstring("ana@" + s.domain()))
		Expect(post.to(s.domain())[0].data).To(ContainSubstring("DKIM-Signature: "))
		for place, secret := range map[string]string{"roster-system/roster-link-keys": canaryKey, s.name + "/shop": tokens[1]} {
			Expect(places).To(HaveKeyWithValue("etcd /registry/secrets/"+place, ContainSubstring(secret)))
			delete(places, "etcd /registry/secrets/"+place)
		}
		canaries := canariesOf(s)
		canaries["the DKIM key"], canaries["an application's token"] = dkim.spellings(), tokens
		for name, canaries := range canaries {
			for place, content := range places {
				for _, canary := range canaries {
					Expect(strings.Contains(content, canary)).To(BeFalse(), "%s is in %s", name, place)
				}
			}
		}
		s.clear(ctx)
	})
})

// mistyped are passwords that are not taken: too short, too long, and one with the address in it.
func (s *stage) mistyped() []string {
	return []string{"canary-4b", "canary-" + strings.Repeat("long-5e2d-", 8), "canary-77d0-ana@" + s.domain()}
}

// mistype answers a link with what it does not take.
func (s *stage) mistype(ctx context.Context, link string) {
	GinkgoHelper()
	for _, address := range []string{"", "wrong@" + s.domain(), "canary typed instead of an address"} {
		Expect(fill(ctx, link, url.Values{"email": {address}, "password": {firstPassword}})).To(Equal(http.StatusUnprocessableEntity))
	}
	for _, password := range s.mistyped() {
		Expect(fill(ctx, link, url.Values{"email": {"ana@" + s.domain()}, "password": {password}})).To(Equal(http.StatusUnprocessableEntity), password)
	}
}

// rotated are the tokens of an application that acts as ana: the first one, and the one that took its place.
func (s *stage) rotated(ctx context.Context) []string {
	GinkgoHelper()
	shop := &accessv1.ApplicationCredential{ObjectMeta: s.meta("shop"), Spec: accessv1.ApplicationCredentialSpec{UserRef: accessv1.Reference{Name: "ana"}}}
	cluster.ExpectApplied(ctx, shop)
	token := func() string {
		secret := &corev1.Secret{}
		if cluster.Client.Get(ctx, keyOf(s, "shop"), secret) != nil {
			return ""
		}
		return string(secret.Data["token"])
	}
	Eventually(token, patience, interval).WithContext(ctx).ShouldNot(BeEmpty(), s.tail)
	first := token()
	s.change(ctx, shop, `{"spec":{"rotation":1}}`)
	Eventually(token, patience, interval).WithContext(ctx).ShouldNot(Equal(first), s.tail)
	return []string{first, token()}
}

// placesOf are all places where something could have got to, with what is there.
func placesOf(ctx context.Context, l *life) map[string]string {
	places := map[string]string{"the log": l.log.String(), "the metrics": metrics(ctx, l), "the events": events(ctx)}
	keys, stored := dump(ctx)
	for i, key := range keys {
		places["etcd "+key] = stored[i]
	}
	for i, mail := range post.all() {
		// The link is in its text, which is quoted: soft breaks go through it. What else is a secret never is.
		places[fmt.Sprintf("mail %d", i)] = strings.ReplaceAll(strings.ReplaceAll(mail.data, "=\n", ""), linkIn(mail), "LINK")
	}
	return places
}

// dkimKey is a key that signs mails, in the file where a manager finds it.
type dkimKey struct {
	key  ed25519.PrivateKey
	pem  []byte
	file string
}

func newDKIMKey() dkimKey {
	_, key, err := ed25519.GenerateKey(nil)
	Expect(err).NotTo(HaveOccurred())
	der, err := x509.MarshalPKCS8PrivateKey(key)
	Expect(err).NotTo(HaveOccurred())
	k := dkimKey{key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), filepath.Join(directory, "dkim.pem")}
	Expect(os.WriteFile(k.file, k.pem, 0o600)).To(Succeed())
	return k
}

// spellings are those of its secret half, and of the file's line that holds it.
func (k dkimKey) spellings() []string {
	return append(spellings(k.key.Seed()), strings.Split(string(k.pem), "\n")[1])
}

// canariesOf are the secrets, each in the spellings in which it might have got somewhere.
func canariesOf(s *stage) map[string][]string {
	out := map[string][]string{"what the mail server said": {serverWords}, "a password that was not taken": s.mistyped()}
	for name, secret := range map[string][]byte{
		"the SMTP password": []byte(smtpPassword), "the link key": []byte(canaryKey), "the key made of it": derived([]byte(canaryKey), "invitation"),
		"the other key made of it": derived([]byte(canaryKey), "password-reset"), "what signs in": []byte("\x00" + smtpUser + "\x00" + smtpPassword),
		"the chosen password": []byte(firstPassword), "the other chosen password": []byte(nextPassword),
	} {
		out[name] = spellings(secret)
	}
	links := append(s.links("ana"), s.links("ben1")...)
	for i, link := range append(links, s.linksTo("/password-resets/", "ana")...) {
		token := link[strings.LastIndex(link, "/")+1:]
		head, mac, _ := strings.Cut(token, ".")
		out[fmt.Sprintf("link %d", i)] = []string{head, mac}
	}
	Expect(out).To(HaveKey("link 2"), "two invitations and a password reset")
	return out
}

func spellings(secret []byte) []string {
	return []string{
		string(secret), hex.EncodeToString(secret), base64.StdEncoding.EncodeToString(secret), base64.RawURLEncoding.EncodeToString(secret),
		strings.Trim(fmt.Sprintf("%d", secret), "[]"),
	}
}

// metrics are what a manager tells those who may ask.
func metrics(ctx context.Context, l *life) string {
	cluster.ExpectApplied(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "fault-metrics"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: "default", Name: "fault-metrics"}},
	})
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+l.options.MetricsAddress+"/metrics", nil)
	Expect(err).NotTo(HaveOccurred())
	request.Header.Set("Authorization", "Bearer "+cluster.ExpectToken(ctx, "default", "fault-metrics"))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // it signs for itself
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close()
	Expect(response).To(HaveHTTPStatus(http.StatusOK))
	return read(response.Body)
}

func events(ctx context.Context) string {
	list := &corev1.EventList{}
	Expect(cluster.Client.List(ctx, list)).To(Succeed())
	return fmt.Sprintf("%+v", list.Items)
}

// dump is everything that etcd holds, keys and values.
func dump(ctx context.Context) (keys, values []string) {
	all, err := etcd.Store{URL: cluster.EtcdURL()}.All(ctx)
	Expect(err).NotTo(HaveOccurred())
	for _, one := range all {
		keys, values = append(keys, string(one.Key)), append(values, string(one.Value))
	}
	return keys, values
}
