package guard

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/graph"
	"github.com/roster-dev/roster/internal/invitation"
)

// refuseOwn says why a write is Roster's alone; empty: it is not.
func refuseOwn(w write, tenancy *graph.Tenancy) string {
	switch {
	case w.old != nil && madeByRoster(w.old) && (w.new == nil || !isPeoples(w)):
		return fmt.Sprintf("%s is kept by Roster, and only Roster changes it%s", words(w.old), what(w.old))
	case w.new == nil:
		return ""
	case !slices.Equal(rostersOwners(w.old), rostersOwners(w.new)):
		return "only Roster makes an object the child of a Tenant, a Vendor or a User: leave metadata.ownerReferences out"
	case !maps.Equal(rostersLabels(w.old), rostersLabels(w.new)):
		return "labels that begin with " + ownPrefix + " are Roster's: leave them as they are"
	case !slices.Equal(rostersFinalizers(w.old), rostersFinalizers(w.new)):
		return "finalizers that begin with " + ownPrefix + " are Roster's: leave them as they are"
	}
	return refuseOwnName(w, tenancy)
}

// refuseOwnName keeps what Roster will make from being made by somebody else.
func refuseOwnName(w write, tenancy *graph.Tenancy) string {
	if w.old != nil {
		return ""
	}
	switch object := w.new.(type) {
	case *accessv1.UserGroup:
		if object.Spec.VendorRef != nil {
			return "only Roster makes groups of a Vendor: leave spec.vendorRef out, or create the Vendor"
		}
	case *accessv1.Role:
		if predefined(tenancy, object.Name) != nil {
			return fmt.Sprintf("the name %s belongs to a predefined role of ResourceCatalog %s: choose another", object.Name, tenancy.Catalog.Name)
		}
	}
	return ""
}

// predefined is the catalog's role of a name; nil: there is none.
func predefined(tenancy *graph.Tenancy, name string) *accessv1.CatalogRole {
	if tenancy.Catalog == nil {
		return nil
	}
	for i := range tenancy.Catalog.Spec.Roles {
		if tenancy.Catalog.Spec.Roles[i].Name == name {
			return &tenancy.Catalog.Spec.Roles[i]
		}
	}
	return nil
}

// madeByRoster: it is the child of one of Roster's objects. What asks a user is his child and everybody's.
func madeByRoster(object client.Object) bool {
	if _, ok := invitation.LetterOf(object); ok {
		return false
	}
	owner := metav1.GetControllerOf(object)
	return owner != nil && isRosters(owner)
}

func isRosters(owner *metav1.OwnerReference) bool {
	version, err := schema.ParseGroupVersion(owner.APIVersion)
	return err == nil && version.Group == accessv1.SchemeGroupVersion.Group
}

// isPeoples tells whether a change to Roster's own object touches only what is people's: members and description of a
// vendor's group, and metadata that Roster does not read.
func isPeoples(w write) bool {
	if !slices.Equal(rostersOwners(w.old), rostersOwners(w.new)) || !maps.Equal(rostersLabels(w.old), rostersLabels(w.new)) {
		return false
	}
	was, is := sides[accessv1.UserGroup](w)
	if was == nil || is == nil {
		return equality.Semantic.DeepEqual(specOf(w.old), specOf(w.new))
	}
	bare := is.Spec
	bare.Members, bare.Description = was.Spec.Members, was.Spec.Description
	return equality.Semantic.DeepEqual(was.Spec, bare)
}

func what(object client.Object) string {
	if _, ok := object.(*accessv1.UserGroup); ok {
		return ": only its members and its description are yours"
	}
	return ""
}

// ownPrefix begins the labels and finalizers that Roster writes and reads.
const ownPrefix = "access.roster.dev/"

func rostersLabels(object client.Object) map[string]string {
	out := map[string]string{}
	if object == nil {
		return out
	}
	for key, value := range object.GetLabels() {
		if strings.HasPrefix(key, ownPrefix) {
			out[key] = value
		}
	}
	return out
}

// rostersFinalizers hold an object back until Roster has cleaned up after it. Sorted.
func rostersFinalizers(object client.Object) []string {
	var out []string
	if object == nil {
		return out
	}
	for _, finalizer := range object.GetFinalizers() {
		if strings.HasPrefix(finalizer, ownPrefix) {
			out = append(out, finalizer)
		}
	}
	slices.Sort(out)
	return out
}

// rostersOwners are the owners that are Roster's kinds, in words.
func rostersOwners(object client.Object) []string {
	var out []string
	if object == nil {
		return out
	}
	owners := object.GetOwnerReferences()
	for i := range owners {
		if isRosters(&owners[i]) {
			controls := owners[i].Controller != nil && *owners[i].Controller
			out = append(out, fmt.Sprintf("%s %s %s %s %t", owners[i].APIVersion, owners[i].Kind, owners[i].Name, owners[i].UID, controls))
		}
	}
	return out
}
