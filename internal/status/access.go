package status

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// cached marks an object that Slim has been through; the manager's name is then the hash of what it took out. The API
// server knows no such operation, so nobody can write the mark into a stored object.
const cached metav1.ManagedFieldsOperationType = "Cached"

// Slim prepares an object for the cache: managed fields go, and a user's effective access, his memberships' own included,
// by far the largest part and read by nobody in the manager, leaves only its hash. It is a client-go transform, and may meet its own result again.
func Slim(object any) (any, error) {
	user, ok := object.(*accessv1.User)
	if !ok {
		if o, ok := object.(metav1.Object); ok {
			o.SetManagedFields(nil)
		}
		return object, nil
	}
	if _, slim := cachedHash(user); slim {
		return user, nil
	}
	hash, err := hashAccess(&user.Status)
	if err != nil {
		return nil, err
	}
	user.ManagedFields = []metav1.ManagedFieldsEntry{{Operation: cached, Manager: hash}}
	user.Status.EffectiveAccess, user.Status.Groups = nil, withoutAccess(user.Status.Groups)
	compact(user)
	return user, nil
}

// compact lets users share what thousands of them have in common, the words of conditions and the names of groups, and
// gives back the room that decoding left at the end of lists: together a sixth of what a user takes.
func compact(user *accessv1.User) {
	user.Namespace = shared.word(user.Namespace)
	user.Status.AccessSummary = shared.word(user.Status.AccessSummary)
	user.Status.Administration = accessv1.Level(shared.word(string(user.Status.Administration)))
	user.Spec.Groups = slices.Clone(user.Spec.Groups)
	for i := range user.Spec.Groups {
		user.Spec.Groups[i].Name = shared.word(user.Spec.Groups[i].Name)
	}
	for i := range user.Status.Groups {
		user.Status.Groups[i].Name = shared.word(user.Status.Groups[i].Name)
	}
	user.Status.Conditions = slices.Clone(user.Status.Conditions)
	for i := range user.Status.Conditions {
		c := &user.Status.Conditions[i]
		c.Type, c.Status = shared.word(c.Type), metav1.ConditionStatus(shared.word(string(c.Status)))
		c.Reason, c.Message = shared.word(c.Reason), shared.word(c.Message)
	}
}

// words keeps one copy of each of the strings that it is asked for, and forgets all of them when they become too many:
// then later ones are merely shared among fewer.
type words struct {
	lock  sync.Mutex
	known map[string]string
}

const maxWords = 1 << 14

var shared = words{known: map[string]string{}}

func (w *words) word(s string) string {
	w.lock.Lock()
	defer w.lock.Unlock()
	if known, ok := w.known[s]; ok {
		return known
	}
	if len(w.known) >= maxWords {
		clear(w.known)
	}
	w.known[s] = s
	return s
}

// withoutAccess is the memberships without what each of them gives by itself.
func withoutAccess(groups []accessv1.EffectiveMembership) []accessv1.EffectiveMembership {
	bare := slices.Clone(groups)
	for i := range bare {
		bare[i].Access = nil
	}
	return bare
}

func cachedHash(user *accessv1.User) (string, bool) {
	if len(user.ManagedFields) == 1 && user.ManagedFields[0].Operation == cached {
		return user.ManagedFields[0].Manager, true
	}
	return "", false
}

// SameUser tells whether a user's computed status is the stored one, of which the cache may hold the access as its hash
// only.
func SameUser(stored *accessv1.User, computed *accessv1.UserStatus) (bool, error) {
	before, after := stored.Status, *computed
	if hash, slim := cachedHash(stored); slim {
		computedHash, err := hashAccess(&after)
		if err != nil || hash != computedHash {
			return false, err
		}
		before.EffectiveAccess, after.EffectiveAccess = nil, nil
		after.Groups = withoutAccess(after.Groups)
	}
	return equality.Semantic.DeepEqual(before, after), nil
}

// HasAccess tells whether a stored user's status grants anything.
func HasAccess(stored *accessv1.User) bool {
	if hash, slim := cachedHash(stored); slim {
		return hash != emptyHash
	}
	return len(stored.Status.EffectiveAccess) > 0
}

const emptyHash = "-"

func hashAccess(s *accessv1.UserStatus) (string, error) {
	parts, entries := [][]accessv1.AccessEntry{s.EffectiveAccess}, len(s.EffectiveAccess)
	for i := range s.Groups {
		parts, entries = append(parts, s.Groups[i].Access), entries+len(s.Groups[i].Access)
	}
	if entries == 0 {
		return emptyHash, nil
	}
	encoded, err := json.Marshal(parts)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(encoded)
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}
