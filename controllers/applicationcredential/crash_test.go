package applicationcredential_test

import (
	"context"
	"errors"
	"fmt"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/credential"
)

// crashing lets no write of the manager through from one of them on, as if it were not there any more.
type crashing struct {
	lock sync.Mutex
	// at is, by namespace, at which write from now, and whether the API server has taken it by then.
	at map[string]*crash
	// behind are, by namespace, credentials of which the manager hears nothing new.
	behind map[string]*outdated
}

// outdated is a credential as the manager had it, and how often it has looked at that.
type outdated struct {
	credential *accessv1.ApplicationCredential
	looks      int
}

type crash struct {
	write, seen int
	taken       bool
}

var errCrash = errors.New("the manager crashed")

func (c *crashing) next(namespace string, write int, taken bool) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.at == nil {
		c.at = map[string]*crash{}
	}
	c.at[namespace] = &crash{write: write, taken: taken}
}

// through does a write, if it comes to it.
func (c *crashing) through(object client.Object, write func() error) error {
	c.lock.Lock()
	plan := c.at[object.GetNamespace()]
	hit, gone := false, false
	if plan != nil {
		plan.seen++
		hit = plan.seen == plan.write
		gone = plan.seen > plan.write || hit && !plan.taken
	}
	c.lock.Unlock()
	if gone {
		return errCrash
	}
	if err := write(); err != nil || !hit {
		return err
	}
	return errCrash
}

func (c *crashing) happened(namespace string) bool {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.at[namespace].seen >= c.at[namespace].write
}

// expectRestart waits for the crash, and starts another manager, in whose memory nothing is of what the first one did.
func (c *crashing) expectRestart(namespace string) {
	GinkgoHelper()
	Eventually(func() bool { return c.happened(namespace) }).Should(BeTrue())
	Expect(manager.Stop()).To(Succeed())
	c.lock.Lock()
	delete(c.at, namespace)
	c.lock.Unlock()
	startManager()
}

// leaveBehind keeps the manager at what it has of a credential, as one that was stopped is when it wakes up, and returns how
// often it has looked at it since.
func (c *crashing) leaveBehind(at *accessv1.ApplicationCredential) (looks func() int) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.behind == nil {
		c.behind = map[string]*outdated{}
	}
	c.behind[at.Namespace] = &outdated{credential: at}
	return func() int {
		c.lock.Lock()
		defer c.lock.Unlock()
		return c.behind[at.Namespace].looks
	}
}

func (c *crashing) catchUp(namespace string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	delete(c.behind, namespace)
}

// look reads what the manager was left at; false: it was not.
func (c *crashing) look(key client.ObjectKey, into client.Object) bool {
	found, ok := into.(*accessv1.ApplicationCredential)
	c.lock.Lock()
	defer c.lock.Unlock()
	behind := c.behind[key.Namespace]
	if !ok || behind == nil || behind.credential.Name != key.Name {
		return false
	}
	behind.looks++
	behind.credential.DeepCopyInto(found)
	return true
}

// client is the manager's own, with the writes that concern credentials going through.
func (c *crashing) client(config *rest.Config, options client.Options) (client.Client, error) {
	inner, err := client.New(config, options)
	return &intercepted{Client: inner, crashing: c}, err
}

type intercepted struct {
	client.Client
	*crashing
}

func (i *intercepted) Get(ctx context.Context, key client.ObjectKey, object client.Object, options ...client.GetOption) error {
	if i.look(key, object) {
		return nil
	}
	return i.Client.Get(ctx, key, object, options...)
}

func (i *intercepted) Create(ctx context.Context, object client.Object, options ...client.CreateOption) error {
	if _, ok := object.(*corev1.Secret); !ok {
		return i.Client.Create(ctx, object, options...)
	}
	return i.through(object, func() error { return i.Client.Create(ctx, object, options...) })
}

func (i *intercepted) Update(ctx context.Context, object client.Object, options ...client.UpdateOption) error {
	if _, ok := object.(*corev1.Secret); !ok {
		return i.Client.Update(ctx, object, options...)
	}
	return i.through(object, func() error { return i.Client.Update(ctx, object, options...) })
}

func (i *intercepted) Status() client.SubResourceWriter {
	return &interceptedStatus{i.Client.Status(), i.crashing}
}

type interceptedStatus struct {
	client.SubResourceWriter
	*crashing
}

func (i *interceptedStatus) Patch(ctx context.Context, object client.Object, patch client.Patch, options ...client.SubResourcePatchOption) error {
	if _, ok := object.(*accessv1.ApplicationCredential); !ok {
		return i.SubResourceWriter.Patch(ctx, object, patch, options...)
	}
	return i.through(object, func() error { return i.SubResourceWriter.Patch(ctx, object, patch, options...) })
}

var _ = Describe("a crash", func() {
	for write := 1; write <= 3; write++ {
		for _, taken := range []bool{false, true} {
			when := map[bool]string{false: "before", true: "after"}[taken]
			It(fmt.Sprintf("%s write %d of a token locks nobody out and leaves no token in force that nobody knows", when, write), func(ctx context.Context) {
				w := newWorld(ctx)
				crashes.next(w.name, write, taken)
				cluster.ExpectApplied(ctx, w.credential("sync"))
				crashes.expectRestart(w.name)
				first := w.holdInForce(ctx, "sync")

				crashes.next(w.name, write, taken)
				w.change(ctx, "sync", rotated(1, 0))
				crashes.expectRestart(w.name)
				second := w.holdInForce(ctx, "sync")
				Expect(second).NotTo(Equal(first))
				c := w.expect(ctx, "sync", Not(BeNil()))
				Expect([]any{c.Status.Previous, c.Status.Pending}).To(Equal([]any{(*accessv1.PreviousToken)(nil), (*accessv1.PendingToken)(nil)}))
				Expect(c.Status.TokenHash).To(Equal(credential.HashOf(second).String()))
			})
		}
	}
})
