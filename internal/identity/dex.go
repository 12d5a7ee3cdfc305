package identity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/bcrypt"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/address"
)

const (
	// Cost is that of the hashes: Dex takes 10 to 16, and each more doubles the time.
	Cost = 12
	// hashesAtOnce bounds how much of the machine those can take who have a link.
	hashesAtOnce = 2
	// underway is how long an answer may take until a password that it set, and did nothing more, counts as left behind by
	// a crash. Whoever answers gives up much earlier.
	underway = time.Minute
)

// asRoster owns what it writes. Nobody waits for the cache afterwards: whether there is one at all depends on the replica,
// and every write names the version that was read.
const asRoster = client.FieldOwner(accessv1.FieldOwner)

var (
	// ErrTaken says that the address has a sign-in that Roster did not make, and leaves alone.
	ErrTaken = errors.New("the address has a sign-in that Roster did not make")
	// ErrUnderway says that another answer to the same link is setting another password right now.
	ErrUnderway = errors.New("another answer to the same link sets a password right now")
)

// Dex keeps passwords where Dex reads them. It is made by NewDex and may be used by many at once.
type Dex struct {
	client    client.Client
	live      client.Reader
	namespace string
	cost      int
	slots     chan struct{}
}

// NewDex keeps passwords in a namespace, read by live from the API server itself, with hashes of a cost.
func NewDex(c client.Client, live client.Reader, namespace string, cost int) *Dex {
	return &Dex{client: c, live: live, namespace: namespace, cost: cost, slots: make(chan struct{}, hashesAtOnce)}
}

// Namespace is where the passwords are.
func (d *Dex) Namespace() string { return d.namespace }

// Find is the sign-in of an address; nil when it has none.
func (d *Dex) Find(ctx context.Context, at address.Address) (*Password, error) {
	found := &Password{}
	err := d.live.Get(ctx, client.ObjectKey{Namespace: d.namespace, Name: Name(at)}, found)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, Discreet(Name(at), fmt.Errorf("reading a sign-in: %w", err))
	}
	return found, nil
}

// Choice is a password that somebody chose through a link.
type Choice struct {
	Address  address.Address
	Password string
	// User is the UID of the User whom the tokens will name, and Name what applications call him.
	User types.UID
	Name string
	// Link is the UID of the Invitation or PasswordReset that the link is for. A link sets one password, however many
	// answers come at once.
	Link types.UID
	Now  time.Time
	// Confirm is asked right before the write, when the password is hashed and nothing else takes time: an error keeps the
	// password from being stored. Nil: nothing is in the way.
	Confirm func(context.Context) error
}

// Set stores the choice in place of what was found before, or nil. The object has to be found before the link is: then no
// answer that comes too late overwrites a later password. Errors: ErrTaken, ErrUnderway, a conflict when somebody else was
// faster, that of Confirm. It is safe to set the same choice again.
func (d *Dex) Set(ctx context.Context, found *Password, c Choice) error {
	return Discreet(Name(c.Address), d.set(ctx, found, c))
}

func (d *Dex) set(ctx context.Context, found *Password, c Choice) error {
	switch {
	case found == nil:
		return d.create(ctx, c)
	case !found.Ours():
		return ErrTaken
	case found.setJustNow(c):
		return d.same(ctx, found, c.Password)
	}
	changed, ok := found.DeepCopyObject().(*Password)
	if !ok {
		return fmt.Errorf("%T is no sign-in", found)
	}
	if err := d.put(ctx, changed, c); err != nil {
		return err
	}
	return d.client.Update(ctx, changed, asRoster, client.DisableReadYourWritesConsistency)
}

func (d *Dex) create(ctx context.Context, c Choice) error {
	p := &Password{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: d.namespace, Name: Name(c.Address), Labels: map[string]string{accessv1.LabelManagedBy: accessv1.ManagedByRoster},
		},
		Email: c.Address.Key(), EmailVerified: ptr.To(true),
	}
	if err := d.put(ctx, p, c); err != nil {
		return err
	}
	return d.client.Create(ctx, p, asRoster, client.DisableReadYourWritesConsistency)
}

// put writes a choice into the object, and has it confirmed.
func (d *Dex) put(ctx context.Context, p *Password, c Choice) error {
	hash, err := d.hash(ctx, c.Password)
	if err != nil {
		return err
	}
	if p.Annotations == nil {
		p.Annotations = map[string]string{}
	}
	p.Annotations[annotationSetBy] = string(c.Link)
	p.Annotations[annotationSetAt] = c.Now.UTC().Format(time.RFC3339)
	p.Hash = hash
	p.give(c.User, c.Name)
	if c.Confirm == nil {
		return nil
	}
	return c.Confirm(ctx)
}

// give has the tokens name a user.
func (p *Password) give(user types.UID, name string) {
	p.UserID, p.Username, p.Name = string(user), name, name
	if p.Labels == nil {
		p.Labels = map[string]string{}
	}
	p.Labels[accessv1.LabelUser] = string(user)
}

// setJustNow tells whether another answer to the same link has set a password and may be about to say so.
func (p *Password) setJustNow(c Choice) bool {
	at, err := time.Parse(time.RFC3339, p.Annotations[annotationSetAt])
	return err == nil && p.Annotations[annotationSetBy] == string(c.Link) && c.Now.Sub(at) < underway
}

// Repeats tells whether the sign-in, as it was read, is what this very choice has set a moment ago.
func (d *Dex) Repeats(ctx context.Context, found *Password, c Choice) (bool, error) {
	if !found.Ours() || !found.setJustNow(c) {
		return false, nil
	}
	err := d.same(ctx, found, c.Password)
	return err == nil, ignore(err, ErrUnderway)
}

func ignore(err, target error) error {
	if errors.Is(err, target) {
		return nil
	}
	return err
}

// same lets an answer through that chose what has been set already.
func (d *Dex) same(ctx context.Context, p *Password, password string) error {
	leave, err := d.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if bcrypt.CompareHashAndPassword(p.Hash, []byte(password)) != nil {
		return ErrUnderway
	}
	return nil
}

func (d *Dex) hash(ctx context.Context, password string) ([]byte, error) {
	leave, err := d.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), d.cost)
	if err != nil {
		return nil, fmt.Errorf("hashing a password: %w", err)
	}
	return hash, nil
}

// enter waits for a place among those who hash.
func (d *Dex) enter(ctx context.Context) (leave func(), err error) {
	select {
	case d.slots <- struct{}{}:
		return func() { <-d.slots }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("too many passwords are being set at once: %w", ctx.Err())
	}
}

// Hand gives a sign-in, provided that it is as it was read, to another user of its address, or to the same one under another
// name. What was read may lack the hash. Tokens of an earlier user are not renewed.
func (d *Dex) Hand(ctx context.Context, found *Password, user types.UID, name string) error {
	changed, ok := found.DeepCopyObject().(*Password)
	if !ok {
		return fmt.Errorf("%T is no sign-in", found)
	}
	changed.give(user, name)
	lock := client.MergeFromWithOptions(found, client.MergeFromWithOptimisticLock{})
	err := d.client.Patch(ctx, changed, lock, asRoster, client.DisableReadYourWritesConsistency)
	return Discreet(found.GetName(), client.IgnoreNotFound(err))
}

// Remove deletes a sign-in, provided that it is as it was read.
func (d *Dex) Remove(ctx context.Context, found *Password) error {
	err := d.client.Delete(ctx, found, client.DisableReadYourWritesConsistency,
		client.Preconditions{UID: &found.UID, ResourceVersion: &found.ResourceVersion})
	return Discreet(found.GetName(), client.IgnoreNotFound(err))
}
