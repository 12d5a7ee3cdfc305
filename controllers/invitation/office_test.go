package invitation_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/mail"
	"github.com/roster-dev/roster/test/env"
)

// log is what happened, in order. A line begins with the Message-ID's left side, which is the invitation's UID.
type log struct {
	lock  sync.Mutex
	lines []string
}

func (l *log) add(uid, what string) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.lines = append(l.lines, uid+" "+what)
}

// of are the lines about one invitation.
func (l *log) of(i *accessv1.Invitation) []string {
	l.lock.Lock()
	defer l.lock.Unlock()
	var out []string
	for _, line := range l.lines {
		if what, ok := strings.CutPrefix(line, string(i.UID)+" "); ok {
			out = append(out, what)
		}
	}
	return out
}

// postOffice is a mail server that answers as it is told, by address.
type postOffice struct {
	lock    sync.Mutex
	mails   []mail.Message
	answers map[string]error
	gates   map[string]*gate
}

// gate holds mails up until it is opened.
type gate struct {
	entered chan struct{}
	opened  chan struct{}
	once    sync.Once
}

func (g *gate) open() { g.once.Do(func() { close(g.opened) }) }

func newOffice() *postOffice {
	return &postOffice{answers: map[string]error{}, gates: map[string]*gate{}}
}

// Send takes the mail, or fails as told for its address. Who hangs up while it is held has it taken all the same, and does
// not hear of it.
func (o *postOffice) Send(ctx context.Context, m mail.Message) error {
	uid, _, _ := strings.Cut(m.MessageID, "@")
	journal.add(uid, "send")
	o.lock.Lock()
	held := o.gates[m.To.String()]
	o.lock.Unlock()
	if held != nil {
		held.entered <- struct{}{}
		select {
		case <-held.opened:
		case <-ctx.Done():
			defer o.take(m)
			return env.Failure(mail.Deferred, "hung up")
		}
	}
	return o.judge(m)
}

func (o *postOffice) take(m mail.Message) {
	o.lock.Lock()
	defer o.lock.Unlock()
	o.mails = append(o.mails, m)
}

func (o *postOffice) judge(m mail.Message) error {
	o.lock.Lock()
	defer o.lock.Unlock()
	if err := o.answers[m.To.String()]; err != nil {
		return err
	}
	o.mails = append(o.mails, m)
	return nil
}

// answer makes every mail to the address fail with the error; nil mends it.
func (o *postOffice) answer(address string, err error) {
	o.lock.Lock()
	defer o.lock.Unlock()
	o.answers[address] = err
}

// hold holds up every mail to the address until the gate is opened.
func (o *postOffice) hold(address string) *gate {
	o.lock.Lock()
	defer o.lock.Unlock()
	g := &gate{entered: make(chan struct{}, 100), opened: make(chan struct{})}
	o.gates[address] = g
	DeferCleanup(g.open)
	return g
}

func (o *postOffice) to(address string) []mail.Message {
	o.lock.Lock()
	defer o.lock.Unlock()
	return slices.DeleteFunc(slices.Clone(o.mails), func(m mail.Message) bool { return m.To.String() != address })
}

// wire is what lies between the manager and the API server. It notes the states that are written to invitations.
type wire struct {
	// refuse answers instead of the API server where it returns true, for the state that is being written.
	refuse func(state accessv1.InvitationState) bool
}

func (w *wire) over(next http.RoundTripper) http.RoundTripper { return &tripper{w, next} }

type tripper struct {
	*wire
	next http.RoundTripper
}

// RoundTrip passes everything on but what is to be refused.
func (t *tripper) RoundTrip(request *http.Request) (*http.Response, error) {
	at := path.Dir(request.URL.Path)
	if request.Method != http.MethodPatch || path.Base(request.URL.Path) != "status" || path.Base(path.Dir(at)) != "invitations" {
		return t.next.RoundTrip(request)
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	written := accessv1.Invitation{}
	if err := json.Unmarshal(body, &written); err != nil {
		return nil, err
	}
	if t.refuse != nil && t.refuse(written.Status.State) {
		return refusal(request), nil
	}
	// Waiting before the first attempt is no part of sending.
	if written.Status.State != accessv1.InvitationPending {
		journal.add(string(written.UID), "record "+string(written.Status.State))
	}
	return t.next.RoundTrip(request)
}

func refusal(request *http.Request) *http.Response {
	body := `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"not now"}`
	return &http.Response{
		StatusCode: http.StatusForbidden, Request: request, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)),
	}
}
