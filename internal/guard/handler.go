package guard

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/graph"
)

// The webhooks are for every version, so that none is a way around. Roster's own writes need no judgement, and a status
// must be written while nobody answers: they are let through before they come here, and here as well (Guard.Self).
// +kubebuilder:webhookconfiguration:mutating=false,name=roster-guard
// +kubebuilder:webhookconfiguration:mutating=true,name=roster-guard
// +kubebuilder:webhook:name=guard.access.roster.dev,path=/guard,mutating=false,resources=users;usergroups;roles;restrictions;vendors;invitations;passwordresets;applicationcredentials,verbs=create;update;delete,failurePolicy=fail,sideEffects=None,matchPolicy=Equivalent,timeoutSeconds=5,groups=access.roster.dev,versions=*,admissionReviewVersions=v1,serviceName=roster-guard,serviceNamespace=roster-system,patch=`{"matchConditions":[{"name":"not-roster","expression":"request.userInfo.username != 'system:serviceaccount:roster-system:roster-manager'"}]}`
// +kubebuilder:webhook:name=status.guard.access.roster.dev,path=/guard,mutating=false,resources=users/status;usergroups/status;roles/status;restrictions/status;vendors/status;invitations/status;passwordresets/status;applicationcredentials/status;tenants/status;resourcecatalogs/status,verbs=update,failurePolicy=fail,sideEffects=None,matchPolicy=Equivalent,timeoutSeconds=5,groups=access.roster.dev,versions=*,admissionReviewVersions=v1,serviceName=roster-guard,serviceNamespace=roster-system,patch=`{"matchConditions":[{"name":"not-roster","expression":"request.userInfo.username != 'system:serviceaccount:roster-system:roster-manager'"}]}`
// +kubebuilder:webhook:name=stamp.guard.access.roster.dev,path=/stamp,mutating=true,resources=invitations;passwordresets,verbs=create;update,failurePolicy=fail,sideEffects=None,matchPolicy=Equivalent,timeoutSeconds=5,groups=access.roster.dev,versions=*,admissionReviewVersions=v1,serviceName=roster-guard,serviceNamespace=roster-system,patch=`{"matchConditions":[{"name":"not-roster","expression":"request.userInfo.username != 'system:serviceaccount:roster-system:roster-manager'"}]}`
// +kubebuilder:rbac:groups=authorization.k8s.io,resources=subjectaccessreviews,verbs=create

// Paths under which the webhooks are served.
const (
	PathGuard = "/guard"
	PathStamp = "/stamp"
)

// patience is how long a judgement may take; the API server waits for a second more.
const patience = 4 * time.Second

// Guard judges writes to Roster's objects. All fields but UsernamePrefix and Cleaners are required.
type Guard struct {
	// Reader is a cache with the indexes of package index, and Graph reads from it.
	Reader client.Reader
	Graph  *graph.Graph
	// Reviews asks the API server for verbs.
	Reviews Reviewer
	Clock   clock.PassiveClock
	// UsernamePrefix is what the API server puts before the address of somebody who signs in.
	UsernamePrefix string
	// Self is the username under which Roster itself writes.
	Self string
	// Cleaners are the usernames under which the cluster deletes what has lost its owner or its namespace.
	Cleaners []string
}

// Handle judges one request.
func (g *Guard) Handle(ctx context.Context, request admission.Request) admission.Response {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	switch {
	case request.UserInfo.Username == g.Self:
		return admission.Allowed("")
	case request.SubResource != "":
		return admission.Denied(fmt.Sprintf("%s/%s is written by Roster alone", request.Resource.Resource, request.SubResource))
	}
	w, err := decode(&request)
	if err != nil {
		return unable(ctx, err)
	}
	if slices.Contains(g.Cleaners, request.UserInfo.Username) && isCleaning(w) {
		return admission.Allowed("")
	}
	j, err := g.judgement(ctx, w, request.UserInfo)
	if err != nil {
		return unable(ctx, err)
	}
	refusal, err := j.refuse(ctx)
	if err != nil {
		return unable(ctx, err)
	}
	if refusal != "" {
		logf.FromContext(ctx).Info("Refused", "operation", request.Operation, "reason", refusal)
		return admission.Denied(refusal)
	}
	return admission.Allowed("").WithWarnings(j.warnings(ctx)...)
}

// unable refuses what could not be judged, in a way that clients try again.
func unable(ctx context.Context, err error) admission.Response {
	logf.FromContext(ctx).Error(err, "Could not judge a write, which is refused")
	return admission.Response{AdmissionResponse: admissionv1.AdmissionResponse{Result: &metav1.Status{
		Code: http.StatusServiceUnavailable, Reason: metav1.StatusReasonServiceUnavailable,
		Message: fmt.Sprintf("this could not be judged, and is refused for now, try again: %s", err),
	}}}
}

// decode reads both sides of the write.
func decode(request *admission.Request) (write, error) {
	var w write
	var err error
	if w.old, err = decodeSide(request, request.OldObject); err != nil {
		return w, err
	}
	if w.new, err = decodeSide(request, request.Object); err != nil {
		return w, err
	}
	if w.old == nil && w.new == nil {
		return w, fmt.Errorf("a request to %s %s has no object", request.Operation, request.Resource.Resource)
	}
	return w, nil
}

func decodeSide(request *admission.Request, raw runtime.RawExtension) (client.Object, error) {
	if len(raw.Raw) == 0 {
		return nil, nil
	}
	var object client.Object
	switch request.Kind.Kind {
	case "User":
		object = &accessv1.User{}
	case "UserGroup":
		object = &accessv1.UserGroup{}
	case "Role":
		object = &accessv1.Role{}
	case "Restriction":
		object = &accessv1.Restriction{}
	case "Vendor":
		object = &accessv1.Vendor{}
	case "Invitation":
		object = &accessv1.Invitation{}
	case "ApplicationCredential":
		object = &accessv1.ApplicationCredential{}
	case "PasswordReset":
		object = &accessv1.PasswordReset{}
	default:
		return nil, fmt.Errorf("the guard knows no kind %s", request.Kind.Kind)
	}
	if request.Kind.Version != accessv1.SchemeGroupVersion.Version {
		return nil, fmt.Errorf("the guard knows no version %s of %s", request.Kind.Version, request.Kind.Kind)
	}
	// The API server says the kind beside the object, so there is nothing to find out from the text.
	if err := json.Unmarshal(raw.Raw, object); err != nil {
		return nil, fmt.Errorf("the %s is no %s: %w", request.Resource.Resource, request.Kind.Kind, err)
	}
	object.SetNamespace(request.Namespace)
	return object, nil
}

// isCleaning: it deletes, or lets go of what holds a deletion up.
func isCleaning(w write) bool {
	return w.new == nil || w.old != nil && !w.means() || onlyDrops(w)
}

// onlyDrops tells whether nothing but owners that are gone leave the object, or no longer wait for it.
func onlyDrops(w write) bool {
	adds := slices.ContainsFunc(ownersOf(w.new), func(o metav1.OwnerReference) bool {
		return !slices.ContainsFunc(ownersOf(w.old), func(s metav1.OwnerReference) bool { return s.UID == o.UID })
	})
	if w.old == nil || adds {
		return false
	}
	same, ok := w.new.DeepCopyObject().(client.Object)
	if !ok {
		return false
	}
	same.SetOwnerReferences(w.old.GetOwnerReferences())
	return !write{w.old, same}.means()
}

func (g *Guard) judgement(ctx context.Context, w write, info authenticationv1.UserInfo) (*judgement, error) {
	tenancy, err := g.Graph.Tenancy(ctx, w.object().GetNamespace())
	if err != nil {
		return nil, err
	}
	found, err := g.worlds(ctx, w, tenancy)
	if err != nil {
		return nil, err
	}
	by, err := g.findRequester(ctx, found.before, info)
	if err != nil {
		return nil, err
	}
	clients, err := found.before.clients(ctx)
	if err != nil {
		return nil, err
	}
	if w.object().GetDeletionTimestamp() != nil {
		w = w.staying()
		if found, err = g.worlds(ctx, w, tenancy); err != nil {
			return nil, err
		}
	}
	return &judgement{
		write: w, worlds: found, by: by, clients: clients,
		may: func(ctx context.Context, verb, role string) (bool, error) {
			return g.may(ctx, info, verb, found.before.namespace, role)
		},
		settled: func(ctx context.Context) (worlds, error) { return g.settled(ctx, w, tenancy) },
	}, nil
}
