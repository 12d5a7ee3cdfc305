package guard

import (
	"context"
	"fmt"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/access"
	"github.com/roster-dev/roster/internal/index"
)

// requester is who asks for a write.
type requester struct {
	info authenticationv1.UserInfo
	// user is the active User that he is; nil: he is nobody's.
	user *accessv1.User
	// home says that the User is one of the tenant that is written in, and not of its partner.
	home bool
	// held is what he holds in the tenant that is written in.
	held []access.Grant
	// administers says that he administers that tenant.
	administers bool
}

// name is the requester as refusals call him.
func (r *requester) name() string { return r.info.Username }

// findRequester looks the username up among the tenant's users, then among those of its partner. A user who is not active
// is found and holds nothing.
func (g *Guard) findRequester(ctx context.Context, w *world, info authenticationv1.UserInfo) (*requester, error) {
	r := &requester{info: info}
	key := g.emailKey(info.Username)
	if key == "" || w.tenancy.Tenant == nil {
		return r, nil
	}
	user, err := w.graph.UserWithEmail(ctx, w.namespace, key)
	if err != nil {
		return r, err
	}
	if user != nil {
		return r, r.atHome(ctx, w, user)
	}
	return r, r.asPartner(ctx, w, key)
}

// emailKey is the comparable form of the address that a username is; empty when it is none, as that of a service account.
func (g *Guard) emailKey(username string) string {
	bare, ok := strings.CutPrefix(username, g.UsernamePrefix)
	if !ok || strings.HasPrefix(username, "system:") {
		return ""
	}
	return index.EmailKey(bare)
}

func (r *requester) atHome(ctx context.Context, w *world, user *accessv1.User) error {
	s, err := w.standing(ctx, user)
	if err != nil || !s.active {
		return err
	}
	r.user, r.home, r.held = user, true, s.let
	r.administers = administers(w.tenancy, s.let, w.now)
	return nil
}

// asPartner takes an administrator of the partner tenant for one of this tenant. What he holds there counts here where the
// same words mean the same: when both tenants have one catalog.
func (r *requester) asPartner(ctx context.Context, w *world, key string) error {
	partner, err := partnerOf(ctx, w)
	if err != nil || partner == nil {
		return err
	}
	user, err := partner.graph.UserWithEmail(ctx, partner.namespace, key)
	if err != nil || user == nil {
		return err
	}
	s, err := partner.standing(ctx, user)
	if err != nil || !administers(partner.tenancy, s.has(), w.now) {
		return err
	}
	r.user, r.administers = user, true
	if partner.tenancy.Vocabulary == w.tenancy.Vocabulary {
		r.held = s.has()
	}
	return nil
}

// partnerOf is the world of the partner tenant; nil when there is none.
func partnerOf(ctx context.Context, w *world) (*world, error) {
	tenancy, err := w.graph.Partner(ctx, w.tenancy.Tenant)
	if err != nil || tenancy == nil {
		return nil, err
	}
	return &world{reader: w.reader, graph: w.graph, tenancy: tenancy, namespace: tenancy.Tenant.TargetNamespace(), now: w.now}, nil
}

// Verbs on roles.access.roster.dev, as Kubernetes has them on its own roles.
const (
	verbEscalate = "escalate"
	verbBind     = "bind"
)

// may asks the API server whether somebody has a verb on a Role of a namespace; without a name, on any.
func (g *Guard) may(ctx context.Context, info authenticationv1.UserInfo, verb, namespace, role string) (bool, error) {
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: info.Username, Groups: info.Groups, UID: info.UID, Extra: extraOf(info),
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: verb, Group: accessv1.SchemeGroupVersion.Group, Resource: "roles", Namespace: namespace, Name: role,
		},
	}}
	if err := g.Reviews.Create(ctx, review); err != nil {
		return false, fmt.Errorf("could not ask the API server whether %s may %s roles: %w", info.Username, verb, err)
	}
	return review.Status.Allowed, nil
}

func extraOf(info authenticationv1.UserInfo) map[string]authorizationv1.ExtraValue {
	out := make(map[string]authorizationv1.ExtraValue, len(info.Extra))
	for key, values := range info.Extra {
		out[key] = authorizationv1.ExtraValue(values)
	}
	return out
}

// Reviewer creates SubjectAccessReviews, which stores nothing.
type Reviewer interface {
	Create(ctx context.Context, review client.Object, options ...client.CreateOption) error
}
