package identity

import (
	"encoding/base32"
	"hash/fnv"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/address"
)

var groupVersion = schema.GroupVersion{Group: "dex.coreos.com", Version: "v1"}

// AddToScheme makes Dex's Password known to a scheme.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(groupVersion, &Password{})
	scheme.AddKnownTypeWithName(groupVersion.WithKind("PasswordList"), &passwordList{})
	metav1.AddToGroupVersion(scheme, groupVersion)
	return nil
}

const (
	// annotationSetBy is the UID of the Invitation or PasswordReset through which the password was chosen.
	annotationSetBy = "access.roster.dev/set-by"
	// annotationSetAt is when, in RFC 3339.
	annotationSetAt = "access.roster.dev/set-at"
)

// Password is one sign-in, as Dex reads it.
type Password struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty,omitzero"`

	// Email is the canonical address in lower case; the object's name is made of it.
	Email string `json:"email,omitempty"`
	// Hash is of bcrypt.
	Hash []byte `json:"hash,omitempty"`
	// Username and Name are what the application shows.
	Username string `json:"username,omitempty"`
	Name     string `json:"name,omitempty"`
	// EmailVerified is true: whoever chose the password had the mail.
	EmailVerified *bool `json:"emailVerified,omitempty"`
	// UserID is the UID of the User whom the tokens name.
	UserID string `json:"userID,omitempty"`
	// PreferredUsername and Groups are not Roster's.
	PreferredUsername string   `json:"preferredUsername,omitempty"`
	Groups            []string `json:"groups,omitempty"`
}

// passwordList is a list of Passwords.
type passwordList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Password `json:"items"`
}

// DeepCopyObject is a copy that shares nothing.
func (p *Password) DeepCopyObject() runtime.Object {
	out := *p
	p.DeepCopyInto(&out.ObjectMeta)
	out.Hash, out.Groups = slices.Clone(p.Hash), slices.Clone(p.Groups)
	if p.EmailVerified != nil {
		out.EmailVerified = ptr.To(*p.EmailVerified)
	}
	return &out
}

// DeepCopyObject is a copy that shares nothing.
func (l *passwordList) DeepCopyObject() runtime.Object {
	out := &passwordList{TypeMeta: l.TypeMeta, Items: make([]Password, len(l.Items))}
	l.DeepCopyInto(&out.ListMeta)
	for i := range l.Items {
		if item, ok := l.Items[i].DeepCopyObject().(*Password); ok {
			out.Items[i] = *item
		}
	}
	return out
}

// Ours tells whether Roster made the sign-in.
func (p *Password) Ours() bool { return p.Labels[accessv1.LabelManagedBy] == accessv1.ManagedByRoster }

// Belongs tells whether the sign-in names the user of that UID.
func (p *Password) Belongs(user types.UID) bool { return p.UserID == string(user) }

// encoding is base32 as names of objects can have it.
var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// suffix stands behind every address in a name: the sum of an empty FNV hash, by which Dex tells its names.
var suffix = string(fnv.New64().Sum(nil))

// Name is the name of the Password of an address.
func Name(at address.Address) string { return encoding.EncodeToString([]byte(at.Key() + suffix)) }

// AddressOf is the address whose Password has that name; zero when no address has.
func AddressOf(name string) address.Address {
	text, err := encoding.DecodeString(name)
	if err != nil {
		return address.Address{}
	}
	key, ok := strings.CutSuffix(string(text), suffix)
	parsed, err := address.Parse(key)
	if !ok || err != nil || Name(parsed) != name {
		return address.Address{}
	}
	return parsed
}

// WithoutHash keeps what nobody reads out of a cache: whoever writes a sign-in reads it from the API server.
func WithoutHash(object any) (any, error) {
	if p, ok := object.(*Password); ok {
		p.Hash, p.ManagedFields = nil, nil
	}
	return object, nil
}
