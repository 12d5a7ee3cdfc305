package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
	gomail "github.com/wneessen/go-mail"
	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/controllers"
	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/mail"
	"github.com/roster-dev/roster/test/bench/report"
	"github.com/roster-dev/roster/test/env"
)

const (
	// mailLanes is how many mails the manager hands over at a time, and the bare loop too.
	mailLanes = 12
	// mailTenant is how many users a tenant has at most, and mailTenants how many tenants there are at least: no more mails
	// than may go out in an hour, and more tenants than it takes to fill the lanes.
	mailTenant  = 250
	mailTenants = 6
	// answering is what a mail server takes for each reply, in the second measurement. A mail needs seven.
	answering = 25 * time.Millisecond
)

// mail compares the manager, sending invitations to a mail server of this process, with a loop that only sends mails to it:
// as many, from as many connections at a time, a connection each. Then it measures what other work waits while the server
// stalls.
func (b *bench) mail(ctx context.Context) error {
	o, err := openOffice()
	if err != nil {
		return err
	}
	defer o.close()
	m, err := startMailing(o)
	if err != nil {
		return err
	}
	defer m.close()
	total, rounds := b.options.userCount(10_000, 1_000), b.options.pick(4, 2)
	for _, delay := range []time.Duration{0, answering} {
		var took mailRounds
		o.delay = delay
		err := b.profile(fmt.Sprintf("mail-%s", delay), func() error {
			for range rounds {
				if err := m.round(ctx, o, total/rounds/2, &took); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		b.reportMail(delay, took)
	}
	return b.stalled(ctx, m, o)
}

// mailRounds is what the rounds took, and how many mails each side sent in all of them.
type mailRounds struct {
	// manager is until the server has the last mail, and recorded until all is written that is written about them.
	manager, recorded, bare, written time.Duration
	mails                            int
	// writes are the manager's, from the first mail on.
	writes int
}

func (b *bench) reportMail(delay time.Duration, r mailRounds) {
	rate := func(d time.Duration) float64 { return float64(r.mails) / d.Seconds() }
	ratio, writes := r.bare.Seconds()/r.manager.Seconds(), float64(r.writes)/float64(r.mails)
	b.report.Limit(report.Row{
		Name: "mail", What: fmt.Sprintf("%d invitations, the server answering in %s, against a bare go-mail loop with as many connections", r.mails, delay),
		Reached: fmt.Sprintf("%.2f: %.0f/s, bare %.0f/s", ratio, rate(r.manager), rate(r.bare)), Target: "0.8",
		Values: map[string]float64{"ratio": ratio, "perSecond": rate(r.manager), "barePerSecond": rate(r.bare)},
	}, ratio >= 0.8)
	b.report.Note(report.Row{
		Name: "mail, recorded", What: fmt.Sprintf("the same until all is recorded, against a loop that also writes two statuses for each mail; %.2f writes a mail", writes),
		Reached: fmt.Sprintf("%.2f: %.0f/s, the loop %.0f/s", r.written.Seconds()/r.recorded.Seconds(), rate(r.recorded), rate(r.written)),
		Values:  map[string]float64{"recordedPerSecond": rate(r.recorded), "recordingPerSecond": rate(r.written), "writesPerMail": writes},
	})
}

// mailing is a manager that sends mails to the office, and its cluster.
type mailing struct {
	*running
	cluster *env.Cluster
	tenants int
}

func startMailing(o *mailOffice) (*mailing, error) {
	c, err := env.Start()
	if err != nil {
		return nil, err
	}
	from, err := address.Parse("roster@bench.example")
	if err != nil {
		return nil, err
	}
	sender, err := mail.NewSMTP(mail.SMTPConfig{Host: "127.0.0.1", Port: o.port(), TLS: mail.TLSNone, From: from, Timeout: patience})
	if err != nil {
		return nil, err
	}
	counter := newCounter()
	config := rest.CopyConfig(c.Config)
	config.Wrap(counter.through)
	r := &running{counter: counter, reconciled: reconciles("user"), close: func() {}}
	r.manager, err = env.StartManagerWith(config, c, func(d *controllers.Deps) { d.Sender = sender })
	if err != nil {
		return nil, err
	}
	catalog, err := catalog()
	if err != nil {
		return nil, err
	}
	return &mailing{running: r, cluster: c}, c.Client.Create(context.Background(), catalog)
}

func (m *mailing) close() {
	m.stop()
	if err := m.cluster.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
}

// round has the manager record n attempts while the server keeps everybody waiting, lets it send them, and then sends as
// many by a bare loop, and by one that writes a status before and after each.
func (m *mailing) round(ctx context.Context, o *mailOffice, n int, took *mailRounds) error {
	users, err := m.waiting(ctx, o, n)
	if err != nil {
		return err
	}
	begin, before := time.Now(), m.tally()
	if err := o.deliver(ctx, n); err != nil {
		return err
	}
	took.manager += time.Since(begin)
	took.mails += n
	if err := m.rest(ctx, 0); err != nil {
		return err
	}
	took.recorded += time.Since(begin) - m.stillFor()
	for _, count := range m.tally().since(before) {
		took.writes += count
	}
	if err := o.sendBare(ctx, n, func(context.Context, int) error { return nil }, &took.bare); err != nil {
		return err
	}
	// The manager is at rest, and has nothing to say of these writes: a status with another owner's field.
	return o.sendBare(ctx, n, func(ctx context.Context, i int) error { return m.record(ctx, users[i]) }, &took.written)
}

// waiting makes tenants with users, whose invitations wait for the server.
func (m *mailing) waiting(ctx context.Context, o *mailOffice, n int) ([]*accessv1.User, error) {
	o.shut()
	var users []*accessv1.User
	for len(users) < n {
		name := fmt.Sprintf("mail-%03d", m.tenants)
		m.tenants++
		if err := m.found(ctx, name); err != nil {
			return nil, err
		}
		for range min(mailTenant, n-len(users), (n+mailTenants-1)/mailTenants) {
			user := &accessv1.User{ObjectMeta: metav1.ObjectMeta{Namespace: name, Name: fmt.Sprintf("user-%05d", len(users))}}
			user.Spec.Email, user.Spec.FirstName = user.Name+"@"+name+".example", "Ana"
			users = append(users, user)
		}
	}
	err := each(ctx, n, func(ctx context.Context, i int) error { return m.cluster.Client.Create(ctx, users[i]) })
	if err != nil {
		return nil, err
	}
	return users, until(ctx, 100*time.Millisecond, func() (bool, error) {
		list := &accessv1.InvitationList{}
		err := m.cluster.Client.List(ctx, list, client.UnsafeDisableDeepCopy)
		return m.stillFor() > stillness && len(list.Items) >= n, err
	})
}

func (m *mailing) found(ctx context.Context, name string) error {
	tenant := &accessv1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: accessv1.TenantSpec{CatalogRef: accessv1.Reference{Name: tenantName}}}
	if err := m.cluster.Client.Create(ctx, tenant); err != nil {
		return err
	}
	return until(ctx, 20*time.Millisecond, func() (bool, error) {
		err := m.cluster.Client.Get(ctx, client.ObjectKeyFromObject(tenant), tenant)
		return tenant.Status.Namespace != "", err
	})
}

// record writes a user's status as the outbox writes its entries': twice a mail, an apply each.
func (m *mailing) record(ctx context.Context, user *accessv1.User) error {
	for _, state := range []string{"False", "True"} {
		patch := fmt.Sprintf(`{"apiVersion":%q,"kind":"User","metadata":{"name":%q,"namespace":%q},"status":{"conditions":[`+
			`{"type":"Bench","status":%q,"reason":"Bench","message":"","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}`,
			accessv1.SchemeGroupVersion, user.Name, user.Namespace, state)
		err := m.cluster.Client.Status().Patch(ctx, user.DeepCopy(), client.RawPatch("application/apply-patch+yaml", []byte(patch)), client.FieldOwner("bench"))
		if err != nil {
			return err
		}
	}
	return nil
}

// mailOffice is a mail server that takes its time for every reply, and can be shut: then it lets everybody wait.
type mailOffice struct {
	listener net.Listener
	server   *smtp.Server
	delay    time.Duration

	lock  sync.Mutex
	open  chan struct{} // closed when the office is open
	taken int
}

func openOffice() (*mailOffice, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	o := &mailOffice{listener: listener, open: make(chan struct{})}
	close(o.open)
	o.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return mailSession{o}, nil }))
	go func() { _ = o.server.Serve(slowly{listener, o}) }() //nolint:errcheck // it ends when the office is closed
	return o, nil
}

func (o *mailOffice) close() {
	if err := o.server.Close(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
}

func (o *mailOffice) port() int {
	at, ok := o.listener.Addr().(*net.TCPAddr)
	if !ok {
		return 0
	}
	return at.Port
}

func (o *mailOffice) shut() {
	o.lock.Lock()
	defer o.lock.Unlock()
	o.open, o.taken = make(chan struct{}), 0
}

func (o *mailOffice) count() int {
	o.lock.Lock()
	defer o.lock.Unlock()
	return o.taken
}

// deliver opens the office, and waits until it has taken so many mails.
func (o *mailOffice) deliver(ctx context.Context, n int) error {
	o.lock.Lock()
	close(o.open)
	o.lock.Unlock()
	return until(ctx, time.Millisecond, func() (bool, error) { return o.count() >= n, nil })
}

// sendBare sends n mails to it by the library, and after each does what a sender might.
func (o *mailOffice) sendBare(ctx context.Context, n int, after func(context.Context, int) error, took *time.Duration) error {
	begin := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(mailLanes)
	for i := range n {
		group.Go(func() error {
			if err := o.sendOne(ctx, i); err != nil {
				return err
			}
			return after(ctx, i)
		})
	}
	err := group.Wait()
	*took += time.Since(begin)
	return err
}

func (o *mailOffice) sendOne(ctx context.Context, i int) error {
	message := gomail.NewMsg()
	if err := message.From("roster@bench.example"); err != nil {
		return err
	}
	if err := message.To(fmt.Sprintf("user-%05d@bench.example", i)); err != nil {
		return err
	}
	message.Subject("You are invited")
	message.SetBodyString(gomail.TypeTextPlain, bareText)
	message.AddAlternativeString(gomail.TypeTextHTML, "<p>"+bareText+"</p>")
	sender, err := gomail.NewClient("127.0.0.1", gomail.WithPort(o.port()), gomail.WithTLSPolicy(gomail.NoTLS), gomail.WithoutNoop(), gomail.WithoutRset())
	if err != nil {
		return err
	}
	return sender.DialAndSendWithContext(ctx, message)
}

const bareText = "Hello Ana,\n\nAcme invites you to Shop. Follow the link to accept:\n\n" +
	"https://roster.example/invitations/AQAAAAEAAAAAAABAAIAAAAAAAAAAAAAAAGm1LpZg.0000000000000000000000000000000000000000000\n\nIt works for seven days.\n"

// mailSession takes any mail.
type mailSession struct{ office *mailOffice }

func (mailSession) Mail(string, *smtp.MailOptions) error { return nil }
func (mailSession) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (mailSession) Reset()                               {}
func (mailSession) Logout() error                        { return nil }

func (s mailSession) Data(r io.Reader) error {
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	s.office.lock.Lock()
	defer s.office.lock.Unlock()
	s.office.taken++
	return nil
}

// slowly makes connections over which replies come late, or when the office opens.
type slowly struct {
	net.Listener
	office *mailOffice
}

// Accept implements net.Listener.
func (s slowly) Accept() (net.Conn, error) {
	conn, err := s.Listener.Accept()
	return slowConn{conn, s.office}, err
}

type slowConn struct {
	net.Conn
	office *mailOffice
}

// Write sends a reply, which takes its time, or one of the lines before its last, which do not.
func (c slowConn) Write(reply []byte) (int, error) {
	c.office.lock.Lock()
	open, delay := c.office.open, c.office.delay
	c.office.lock.Unlock()
	<-open
	if last := len(reply) < 4 || reply[3] != '-'; last && delay > 0 {
		time.Sleep(delay)
	}
	return c.Conn.Write(reply)
}
