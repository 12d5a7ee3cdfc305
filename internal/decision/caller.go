package decision

import (
	"context"
	"crypto/sha256"
	"net/http"
	"strings"
	"sync"
	"time"

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
	// reviewPatience bounds one review.
	reviewPatience = 5 * time.Second
	maxCallers     = 1 << 14
	verbPost       = "post"
)

// caller is who asks.
type caller struct {
	name string
	// namespace is a service account's; empty for everybody else.
	namespace string
}

// callers authenticates and authorizes, and remembers for a short while. Tokens are remembered as their hashes.
type callers struct {
	reviews  kubernetes.Interface
	now      func() time.Time
	maxStale time.Duration
	known    *lru.Cache
}

func newCallers(reviews kubernetes.Interface, now func() time.Time, maxStale time.Duration) *callers {
	return &callers{reviews: reviews, now: now, maxStale: maxStale, known: lru.New(maxCallers)}
}

// review is what a token, or a certificate's subject, may do at a path.
type review struct {
	caller
	failed *failure
	at     time.Time
}

type reviewKey struct {
	credential [sha256.Size]byte
	path       string
}

// identify tells who sends a request, and refuses whoever may not.
func (c *callers) identify(r *http.Request, l *link) (caller, error) {
	credential, user, f := credentialOf(r)
	if f != nil {
		return caller{}, f
	}
	key := reviewKey{credential, r.URL.Path}
	found, _ := c.known.Get(key)
	known, ok := found.(review)
	now := c.now()
	if ok && now.Sub(known.at) < reviewLife {
		return known.result()
	}
	// While the API server is out of reach, whoever it knew last stays known, as long as answers are given at all.
	lasting := ok && known.failed == nil && now.Sub(known.at) < c.maxStale+reviewLife
	if lasting && l.stale() > 0 {
		return known.result()
	}
	fresh, err := c.review(r, user)
	if err != nil {
		if lasting && !apierrors.IsForbidden(err) && !apierrors.IsUnauthorized(err) {
			return known.result()
		}
		return caller{}, unavailable("The caller could not be identified: the API server does not answer")
	}
	c.known.Add(key, *fresh)
	return fresh.result()
}

func (r review) result() (caller, error) {
	if r.failed != nil {
		return caller{}, r.failed
	}
	return r.caller, nil
}

// credentialOf is the hash of what the request proves itself with. With a verified certificate the user is already known.
func credentialOf(r *http.Request) (hash [sha256.Size]byte, user *authenticationv1.UserInfo, f *failure) {
	header := r.Header.Get("Authorization")
	if scheme, token, _ := strings.Cut(header, " "); strings.EqualFold(scheme, "Bearer") && token != "" {
		return sha256.Sum256([]byte("token " + token)), nil, nil
	}
	if header == "" && r.TLS != nil && len(r.TLS.VerifiedChains) > 0 {
		subject := r.TLS.VerifiedChains[0][0].Subject
		user = &authenticationv1.UserInfo{Username: subject.CommonName, Groups: append(subject.Organization, "system:authenticated")}
		return sha256.Sum256([]byte("certificate " + strings.Join(append(user.Groups, user.Username), "\x00"))), user, nil
	}
	return hash, nil, unauthenticated
}

var unauthenticated = &failure{Status: http.StatusUnauthorized, Message: "Send a Kubernetes bearer token", challenge: true}

func (c *callers) review(r *http.Request, user *authenticationv1.UserInfo) (*review, error) {
	ctx, cancel := context.WithTimeout(r.Context(), reviewPatience)
	defer cancel()
	out := &review{at: c.now()}
	if user == nil {
		_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		answer, err := c.reviews.AuthenticationV1().TokenReviews().Create(ctx,
			&authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: strings.TrimSpace(token)}}, metav1.CreateOptions{})
		if err != nil && !apierrors.IsInvalid(err) && !apierrors.IsBadRequest(err) {
			return nil, err
		}
		if err != nil || !answer.Status.Authenticated {
			out.failed = unauthenticated
			return out, nil
		}
		user = &answer.Status.User
	}
	out.caller = callerOf(user.Username)
	allowed, err := c.authorize(ctx, user, r.URL.Path)
	if err == nil && !allowed {
		out.failed = forbidden("%s may not post to %s", user.Username, r.URL.Path)
	}
	return out, err
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
