package decision

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/lru"
)

// +kubebuilder:rbac:groups=authentication.k8s.io,resources=tokenreviews,verbs=create
// +kubebuilder:rbac:groups=authorization.k8s.io,resources=subjectaccessreviews,verbs=create

const (
	// reviewLife is how long a review counts: a token that is taken back is refused no later than this.
	reviewLife = 10 * time.Second
	// reviewPatience bounds one review, and renewalPatience that of a caller who is known and can be let in without.
	reviewPatience  = 5 * time.Second
	renewalPatience = time.Second
	// failureLife is how long it counts that the API server did not answer.
	failureLife = 5 * time.Second
	maxCallers  = 1 << 14
	maxRefusals = 1 << 10
	// maxStrangers is how many of those who are not known are reviewed at a time.
	maxStrangers = 8
	verbPost     = "post"
)

// allTenants is the non-resource URL on which a caller that belongs to no tenant needs the verb post as well. Nothing is
// served there. It is not among the endpoints' paths, so that no pattern for all of them has it too.
const allTenants = "/access/tenants/*"

// caller is who asks.
type caller struct {
	name string
	// namespace is a service account's; empty for everybody else.
	namespace string
}

// callers authenticates and authorizes, and remembers for a short while. Tokens are remembered as their hashes. Whoever is
// refused is remembered apart, so that no number of them makes it forget a caller.
type callers struct {
	reviews  kubernetes.Interface
	now      func() time.Time
	maxStale time.Duration
	// audience is whom tokens have to be for; empty: the API server.
	audience       string
	known, refused *lru.Cache
	reviewing      singleflight.Group
	strangers      chan struct{}
}

func newCallers(o *Options) *callers {
	return &callers{
		reviews: o.Reviews, now: o.Now, maxStale: o.MaxStale, audience: o.TokenAudience,
		known: lru.New(maxCallers), refused: lru.New(maxRefusals), strangers: make(chan struct{}, maxStrangers),
	}
}

// review is what a token, or a certificate's subject, may do at a path.
type review struct {
	caller
	failed *failure
	at     time.Time
	// unanswered is when the API server was last asked again in vain.
	unanswered time.Time
}

// credential is what a request proves itself with: a token, or a verified certificate, which says who the user is.
type credential struct {
	hash  [sha256.Size]byte
	token string
	user  *authenticationv1.UserInfo
}

type reviewKey struct {
	credential [sha256.Size]byte
	path       string
}

// admit tells who sends a request, and refuses whoever may not post to its path. A caller is bound to the tenant that keeps
// his namespace, and may ask about no other; whoever has none must be one who may ask about any.
func (c *callers) admit(r *http.Request, tenantIn func(namespace string) string) (who caller, bound string, err error) {
	with, f := c.credentialOf(r)
	if f != nil {
		return caller{}, "", f
	}
	if who, err = c.identify(r.Context(), with, r.URL.Path); err != nil {
		return caller{}, "", err
	}
	if bound = tenantIn(who.namespace); bound == "" {
		_, err = c.identify(r.Context(), with, allTenants)
	}
	return who, bound, err
}

// identify tells whose a credential is, and refuses whoever may not post to the path.
func (c *callers) identify(ctx context.Context, with *credential, path string) (caller, error) {
	key := reviewKey{with.hash, path}
	known, ok := c.remembered(key)
	now := c.now()
	if ok && now.Sub(known.at) < reviewLife {
		return known.caller, known.result()
	}
	// While the API server is out of reach, whoever it knew last stays known, as long as answers are given at all.
	lasting := ok && known.failed == nil && now.Sub(known.at) < c.maxStale+reviewLife
	if !lasting {
		return c.reviewOnce(ctx, key, with, nil)
	}
	if now.Sub(known.unanswered) < failureLife {
		return known.caller, known.result()
	}
	fallback := known // a copy, so that only who is reviewed again costs memory
	return c.reviewOnce(ctx, key, with, &fallback)
}

func (c *callers) remembered(key reviewKey) (review, bool) {
	found, ok := c.known.Get(key)
	if !ok {
		found, _ = c.refused.Get(key)
	}
	known, ok := found.(review)
	return known, ok
}

// outOfReach tells whether a review failed because there was no answer. One that says anything but yes is no reason to go
// by an older one.
func outOfReach(err error) bool {
	var answered apierrors.APIStatus
	return !errors.As(err, &answered) || answered.Status().Code >= http.StatusInternalServerError
}

// result is an error when the caller is refused.
func (r *review) result() error {
	if r.failed != nil {
		return r.failed
	}
	return nil
}

// credentialOf is what the request proves itself with. A certificate was verified when its connection was made, which may
// be long ago.
func (c *callers) credentialOf(r *http.Request) (*credential, *failure) {
	header := r.Header.Get("Authorization")
	if scheme, token, _ := strings.Cut(header, " "); strings.EqualFold(scheme, "Bearer") && token != "" {
		return &credential{hash: sha256.Sum256([]byte("token " + token)), token: strings.TrimSpace(token)}, nil
	}
	if header != "" || r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return nil, unauthenticated
	}
	chain := r.TLS.VerifiedChains[0]
	ended := func(certificate *x509.Certificate) bool { return c.now().After(certificate.NotAfter) }
	subject := chain[0].Subject
	if subject.CommonName == "" || slices.ContainsFunc(chain, ended) {
		return nil, unauthenticated // the API server takes nobody without a name for anybody either
	}
	groups := slices.Concat(subject.Organization, []string{"system:authenticated"})
	user := &authenticationv1.UserInfo{Username: subject.CommonName, Groups: groups}
	return &credential{hash: sha256.Sum256(append([]byte("certificate "), chain[0].Raw...)), user: user}, nil
}

var unauthenticated = &failure{Status: http.StatusUnauthorized, Message: "Send a Kubernetes bearer token", challenge: true}

// reviewOnce reviews once for all who ask at the same time; that one of them goes away does not disturb the others. The
// fallback is what counts when there is no answer; nil: nothing does.
func (c *callers) reviewOnce(ctx context.Context, key reviewKey, with *credential, fallback *review) (caller, error) {
	done := c.reviewing.DoChan(string(key.credential[:])+key.path, func() (any, error) {
		fresh, err := c.reviewInTurn(context.WithoutCancel(ctx), key.path, with, fallback == nil)
		if err != nil && fallback != nil && outOfReach(err) {
			fresh, err = fallback, nil
			fresh.unanswered = c.now()
		}
		if err != nil {
			return nil, unavailable("The caller could not be identified: the API server does not answer")
		}
		c.remember(key, *fresh)
		return fresh.caller, fresh.result()
	})
	select {
	case answer := <-done:
		who, _ := answer.Val.(caller)
		return who, answer.Err
	case <-ctx.Done():
		return caller{}, ctx.Err()
	}
}

// reviewInTurn lets strangers wait until there are not too many of them.
func (c *callers) reviewInTurn(ctx context.Context, path string, with *credential, strange bool) (*review, error) {
	patience := renewalPatience
	if strange {
		patience = reviewPatience
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if strange {
		select {
		case c.strangers <- struct{}{}:
			defer func() { <-c.strangers }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return c.review(ctx, path, with)
}

func (c *callers) remember(key reviewKey, fresh review) {
	if fresh.failed == nil {
		c.known.Add(key, fresh)
		return
	}
	c.known.Remove(key)
	c.refused.Add(key, fresh)
}

func (c *callers) review(ctx context.Context, path string, with *credential) (*review, error) {
	out, user := &review{at: c.now()}, with.user
	if user == nil {
		var err error
		if user, err = c.authenticate(ctx, with.token); err != nil {
			return nil, err
		}
		if user == nil {
			out.failed = unauthenticated
			return out, nil
		}
	}
	out.caller = callerOf(user.Username)
	allowed, err := c.authorize(ctx, user, path)
	if err == nil && !allowed {
		out.failed = refusalAt(path, user.Username)
	}
	return out, err
}

// authenticate returns whose a token is; nil: nobody's, or one for somebody else.
func (c *callers) authenticate(ctx context.Context, token string) (*authenticationv1.UserInfo, error) {
	spec := authenticationv1.TokenReviewSpec{Token: token}
	if c.audience != "" {
		spec.Audiences = []string{c.audience}
	}
	answer, err := c.reviews.AuthenticationV1().TokenReviews().Create(ctx, &authenticationv1.TokenReview{Spec: spec}, metav1.CreateOptions{})
	switch {
	case apierrors.IsInvalid(err) || apierrors.IsBadRequest(err):
		return nil, nil
	case err != nil:
		return nil, err
	case !answer.Status.Authenticated:
		return nil, nil
	case c.audience != "" && !slices.Contains(answer.Status.Audiences, c.audience):
		return nil, nil // an authenticator that knows no audiences took it as one for the API server
	default:
		return &answer.Status.User, nil
	}
}

func refusalAt(path, name string) *failure {
	if path == allTenants {
		return forbidden("%s belongs to no tenant, and may not ask about all of them", name)
	}
	return forbidden("%s may not post to %s", name, path)
}

func (c *callers) authorize(ctx context.Context, user *authenticationv1.UserInfo, path string) (bool, error) {
	extra := map[string]authorizationv1.ExtraValue{}
	for key, list := range user.Extra {
		extra[key] = authorizationv1.ExtraValue(list)
	}
	answer, err := c.reviews.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{
			User: user.Username, Groups: user.Groups, UID: user.UID, Extra: extra,
			NonResourceAttributes: &authorizationv1.NonResourceAttributes{Path: path, Verb: verbPost},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return false, err
	}
	return answer.Status.Allowed, nil
}

func callerOf(username string) caller {
	c := caller{name: username}
	if rest, ok := strings.CutPrefix(username, "system:serviceaccount:"); ok {
		c.namespace, _, _ = strings.Cut(rest, ":")
	}
	return c
}

// tenantIn is the tenant that keeps a namespace; empty: none does.
func (i *Index) tenantIn(namespace string) string {
	if namespace == "" {
		return ""
	}
	i.lock.RLock()
	defer i.lock.RUnlock()
	if s := i.spaces[namespace]; s != nil && s.owner.Load() != nil {
		return s.owner.Load().name
	}
	return ""
}

// limits keeps each caller to a number of evaluations a second.
type limits struct {
	rate    int
	now     func() time.Time
	lock    sync.Mutex
	callers *lru.Cache
}

func newLimits(rate int, now func() time.Time) *limits {
	return &limits{rate: rate, now: now, callers: lru.New(maxCallers)}
}

// take refuses a caller who has had his share. A whole batch always fits into what he may save up.
func (l *limits) take(name string, n int) error {
	if l.rate <= 0 || n <= 0 {
		return nil
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	found, ok := l.callers.Get(name)
	limiter, _ := found.(*rate.Limiter)
	if !ok || limiter == nil {
		limiter = rate.NewLimiter(rate.Limit(l.rate), max(l.rate, maxBatch))
		l.callers.Add(name, limiter)
	}
	if !limiter.AllowN(l.now(), n) {
		return &failure{Status: http.StatusTooManyRequests, Message: "This caller asks too much at once", retryAfter: 1}
	}
	return nil
}
