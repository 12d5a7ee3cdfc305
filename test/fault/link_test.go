package fault_test

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sync/errgroup"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

const (
	alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	// foreign are characters that no token has, and that can stand in a path as they are.
	foreign = "+=.~!$'()*,;:@&"
	// visitors at a time.
	visitors = 16
)

// refusals are the answers to what is no link: not found, or no request at all. An open link never gives them.
var refusals = []int{http.StatusNotFound, http.StatusBadRequest, http.StatusMethodNotAllowed}

var _ = Describe("Links", Ordered, ContinueOnFailure, func() {
	var l *life
	var s *stage
	var link, token, address string

	BeforeAll(func() { l = live(managerOptions()) })
	BeforeEach(func(ctx context.Context) {
		s = newStage(l)
		s.found(ctx)
		s.invite(ctx, "ana")
		s.invitation(ctx, "ana", accessv1.InvitationSent)
		link, address = s.link(ctx, "ana"), "ana@"+s.domain()
		token = link[strings.LastIndex(link, "/")+1:]
		s.settled(ctx)
	})
	AfterEach(func(ctx context.Context) { s.clear(ctx) })

	// expectDead tries tokens that are none: nobody accepts anything, nor does anything change.
	expectDead := func(ctx context.Context, tokens []string) {
		GinkgoHelper()
		versions := cluster.Versions(ctx, s.name)
		var group errgroup.Group
		group.SetLimit(visitors)
		for _, t := range tokens {
			group.Go(func() error {
				for _, method := range []string{http.MethodGet, http.MethodPost} {
					if code, err := visit(ctx, method, link, "/invitations/"+t, address); err != nil || !slices.Contains(refusals, code) {
						return fmt.Errorf("%s %s: %d %w", method, t, code, err)
					}
				}
				return nil
			})
		}
		Expect(group.Wait()).To(Succeed())
		Expect(cluster.Versions(ctx, s.name)).To(Equal(versions))
		AddReportEntry("tokens", len(tokens))
	}
	// expectAlive shows that the real one would have been accepted all the time.
	expectAlive := func(ctx context.Context) {
		GinkgoHelper()
		Expect(answer(ctx, link, address)).To(Equal(http.StatusOK))
		env.ExpectEventually(ctx, cluster, s.user("ana"), env.HaveState(accessv1.UserActive))
	}

	It("die of every change of a character, and of every cut", func(ctx context.Context) {
		expectDead(ctx, changed(token))
		expectAlive(ctx)
	})

	It("have one spelling", func(ctx context.Context) {
		expectDead(ctx, spelled(token))
		expectAlive(ctx)
	})

	It("cannot be made without the key, nor for another purpose", func(ctx context.Context) {
		key, genuine := keysOf(ctx).Data[fmt.Sprintf("k%d", keyNumber(link))], payload(token)
		Expect(signed(derived(key, "invitation"), genuine)).To(Equal(token), "what follows is forged as tokens are made")
		other := make([]byte, len(key))
		later, version, number := clone(genuine), clone(genuine), clone(genuine)
		binary.BigEndian.PutUint64(later[len(later)-8:], uint64(time.Now().AddDate(1, 0, 0).Unix()))
		version[0]++
		number[4]++
		expectDead(ctx, []string{
			signed(derived(key, "password-reset"), genuine), signed(derived(key, "passwordreset"), genuine), signed(derived(key, ""), genuine),
			signed(key, genuine), signed(nil, genuine), signed(other, genuine), signed(derived(other, "invitation"), genuine),
			signed(derived(other, "invitation"), later), signed(derived(key, "invitation"), version), signed(derived(key, "invitation"), number),
			signed(derived(key, "invitation"), elsewhere(genuine)),
		})
		expectAlive(ctx)
	})

	It("are accepted once, however many ask at once, and all hear that it is done", func(ctx context.Context) {
		s.wire.count(s.name, crash{})
		var group errgroup.Group
		for range 100 {
			group.Go(func() error {
				if code, err := answer(ctx, link, address); err != nil || code != http.StatusOK {
					return fmt.Errorf("%d %w", code, err)
				}
				return nil
			})
		}
		Expect(group.Wait()).To(Succeed())
		env.ExpectEventually(ctx, cluster, s.user("ana"), env.HaveState(accessv1.UserActive))
		s.settled(ctx)
		s.wire.counted()
		Expect(s.wire.storedOf("PATCH invitations/status")).To(Equal(2), "the acceptance, and what the controller says of it")

		By("showing the same to whoever comes back, and changing nothing")
		versions := cluster.Versions(ctx, s.name)
		Expect(answer(ctx, link, address)).To(Equal(http.StatusOK))
		Expect(answer(ctx, link, "somebody@"+s.domain())).To(Equal(http.StatusOK))
		Expect(cluster.Versions(ctx, s.name)).To(Equal(versions))
	})

	It("do nothing by being fetched", func(ctx context.Context) {
		fetches := 500
		if everything() {
			fetches = 10_000
		}
		versions := cluster.Versions(ctx, s.name)
		var group errgroup.Group
		group.SetLimit(visitors)
		for i := range fetches {
			group.Go(func() error { return fetch(ctx, link, i) })
		}
		Expect(group.Wait()).To(Succeed())
		s.settled(ctx)
		Expect(cluster.Versions(ctx, s.name)).To(Equal(versions))
		expectAlive(ctx)
	})

	It("die with what they were made for", func(ctx context.Context) {
		s.change(ctx, s.user("ana"), `{"spec":{"email":"ana.new@`+s.domain()+`"}}`)
		Eventually(func() (int, error) { return answer(ctx, link, address) }, patience, interval).WithContext(ctx).Should(Equal(http.StatusNotFound))
		Expect(answer(ctx, link, "ana.new@"+s.domain())).To(Equal(http.StatusNotFound))
		Expect(s.user("ana").Status.State).NotTo(Equal(accessv1.UserActive))
	})
})

// scanners is how programs look at links that people get.
var scanners = []func(*http.Request){
	func(*http.Request) {},
	func(r *http.Request) { r.Method = http.MethodHead },
	func(r *http.Request) { r.Header.Set("Sec-Purpose", "prefetch;prerender") },
	func(r *http.Request) { r.Header.Set("Purpose", "prefetch") },
	func(r *http.Request) { r.Header.Set("X-Moz", "prefetch") },
	func(r *http.Request) { r.Method = http.MethodOptions },
	func(r *http.Request) { r.URL.RawQuery = "email=ana@acme.example" },
	func(r *http.Request) { // presses the button
		r.Method = http.MethodPost
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	},
}

func fetch(ctx context.Context, link string, i int) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return err
	}
	scanners[i%len(scanners)](request)
	_, err = send(request)
	return err
}

// visit asks for a path just as it is written, with the address as the form would send it.
func visit(ctx context.Context, method, link, path, address string) (int, error) {
	form := ""
	if method == http.MethodPost {
		form = url.Values{"email": {address}}.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, link, strings.NewReader(form))
	if err != nil {
		return 0, err
	}
	request.URL.Opaque = path
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return send(request)
}

// network is an address of its own for each request, so that none is turned away for coming too often.
func network() string {
	return fmt.Sprintf("10.%d.%d.%d", rand.IntN(256), rand.IntN(256), rand.IntN(256))
}

// changed are a token with another character at each place, and all its beginnings and ends.
func changed(token string) []string {
	var out []string
	for i := range token {
		others := []string{alphabet[(strings.IndexByte(alphabet, token[i])+1)%64:][:1], string(foreign[i%len(foreign)])}
		if everything() {
			others = strings.Split(alphabet+foreign, "")
		}
		for _, other := range others {
			if other != token[i:i+1] {
				out = append(out, token[:i]+other+token[i+1:])
			}
		}
		out = append(out, token[:i], token[i+1:], token[:i]+token[i+1:])
	}
	return out
}

// spelled are other ways to write the bytes of a token, or to bring it to a server that reads it wrongly.
func spelled(token string) []string {
	head, tail, _ := strings.Cut(token, ".")
	out := []string{
		token + "=", token + "==", head + "=." + tail, head + "=." + tail + "=", head + "%3D." + tail + "%3D",
		head + ".." + tail, head + "%2E" + tail, head + "%2e" + tail, strings.ToLower(token), strings.ToUpper(token),
		token + ".", "." + token, token + "." + tail, token + "%00", token + "%0A", token + "%0D%0A", "%20" + token, token + "%20",
		token + "/", token + "//", "./" + token + "/", token + ";x", token + "%2F", head, tail, head + ".", "." + tail, tail + "." + head,
		head[:10] + "%0A" + token[10:], base64.StdEncoding.EncodeToString([]byte(token)), "", "%", strings.Repeat("A", 8000),
	}
	standard := strings.NewReplacer("-", "+", "_", "/").Replace(token)
	if standard != token {
		out = append(out, standard, url.PathEscape(standard))
	}
	for i := range token {
		out = append(out, fmt.Sprintf("%s%%%02X%s", token[:i], token[i], token[i+1:]))
	}
	// The last characters hold fewer bits than they could: lax decoders read each of these as the same bytes.
	for _, end := range []int{len(head) - 1, len(token) - 1} {
		at := strings.IndexByte(alphabet, token[end])
		for bits := 1; bits < 4; bits++ {
			out = append(out, token[:end]+alphabet[at^bits:at^bits+1]+token[end+1:])
		}
	}
	return out
}

func payload(token string) []byte {
	head, _, _ := strings.Cut(token, ".")
	bytes, err := base64.RawURLEncoding.DecodeString(head)
	Expect(err).NotTo(HaveOccurred())
	return bytes
}

func clone(b []byte) []byte { return append([]byte(nil), b...) }

func derived(key []byte, purpose string) []byte {
	out, err := hkdf.Key(sha256.New, key, nil, "access.roster.dev link "+purpose, 32)
	Expect(err).NotTo(HaveOccurred())
	return out
}

func signed(key, payload []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write(payload)
	return base64.RawURLEncoding.EncodeToString(payload) + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// elsewhere is the payload for an invitation that there is not.
func elsewhere(payload []byte) []byte {
	out := clone(payload)
	_, err := hex.Decode(out[5:21], []byte("00000000000040008000000000000000"))
	Expect(err).NotTo(HaveOccurred())
	return out
}
