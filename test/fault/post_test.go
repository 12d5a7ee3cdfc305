package fault_test

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"net/textproto"
	"slices"
	"strings"
	"sync"

	. "github.com/onsi/gomega"
	"github.com/roster-dev/roster/test/env"
)

// Steps of the conversation with a mail server, at each of which it can fail.
const (
	connecting = "connection"
	greeting   = "greeting"
	handshake  = "handshake"
	content    = "content"
	finalDot   = "final dot"
)

// What a server can do at a step other than answer well or with a code.
const (
	refuses    = "refuses"
	stalls     = "stalls"
	hangsUp    = "hangs up"
	takesDumb  = "takes the mail, then hangs up"
	takesSlow  = "takes the mail, then stalls"
	takesLate  = "takes the mail, and says so when it is mended"
	noSecurity = "offers no STARTTLS"
	garbage    = "answers garbage"
	expired    = "has an expired certificate"
	otherName  = "has a certificate for another name"
	unknownCA  = "has a certificate of an unknown authority"
)

// trouble is what goes wrong at the mail server, until it is mended.
type trouble struct {
	step string
	// kind is a reply with its code, or one of the constants above.
	kind string
	// reason is the one that the invitation gives for it.
	reason string
}

func (t trouble) String() string {
	if t == (trouble{}) {
		return "no trouble"
	}
	return t.step + " " + t.kind
}

// copied is a mail as the server took it.
type copied struct {
	to, data string
	// acknowledged is false when the server took the mail and did not say so.
	acknowledged bool
}

func (c copied) message() *mail.Message {
	message, err := mail.ReadMessage(strings.NewReader(c.data))
	Expect(err).NotTo(HaveOccurred())
	return message
}

// office is a mail server that can be in any trouble. It speaks for itself instead of through a library, which would be too
// polite for that. It lets nobody send without TLS and the password.
type office struct {
	port         int
	certificates map[string]*tls.Certificate

	lock     sync.Mutex
	listener net.Listener
	trouble  trouble
	mended   chan struct{}
	hits     int
	taken    []copied
	talking  map[net.Conn]bool
	talks    sync.WaitGroup
}

const (
	smtpUser = "roster"
	// smtpPassword is a canary as well: it is searched for where it must not be.
	smtpPassword = "canary-smtp-password-7d1f"
)

func newOffice(trusted *env.Authority) *office {
	o := &office{talking: map[net.Conn]bool{}, certificates: map[string]*tls.Certificate{
		"":        certificateFor("127.0.0.1", trusted, 2200),
		expired:   certificateFor("127.0.0.1", trusted, 2001),
		otherName: certificateFor("mail.elsewhere.example", trusted, 2200),
		unknownCA: certificateFor("127.0.0.1", env.NewAuthority(), 2200),
	}}
	o.open()
	return o
}

// open listens; at the same port as before, if it was open before.
func (o *office) open() {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", o.port))
	Expect(err).NotTo(HaveOccurred())
	o.lock.Lock()
	o.listener, o.port = listener, listener.Addr().(*net.TCPAddr).Port
	o.lock.Unlock()
	o.talks.Go(func() { o.accept(listener) })
}

func (o *office) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		o.lock.Lock()
		o.talking[conn] = true
		o.lock.Unlock()
		o.talks.Go(func() {
			(&talk{office: o, conn: conn, lines: textproto.NewReader(bufio.NewReader(conn))}).run()
			conn.Close()
			o.lock.Lock()
			delete(o.talking, conn)
			o.lock.Unlock()
		})
	}
}

// close ends every conversation, and new connections are refused.
func (o *office) close() {
	o.lock.Lock()
	listener := o.listener
	for conn := range o.talking {
		conn.Close()
	}
	o.lock.Unlock()
	listener.Close()
	o.talks.Wait()
}

// suffer begins a trouble. What the server does now it does to everybody.
func (o *office) suffer(t trouble) {
	o.lock.Lock()
	o.trouble, o.hits, o.mended = t, 0, make(chan struct{})
	o.lock.Unlock()
	if t.step == connecting {
		o.close()
	}
}

// mend ends the trouble.
func (o *office) mend() {
	o.lock.Lock()
	was := o.trouble
	if was != (trouble{}) {
		close(o.mended)
	}
	o.trouble = trouble{}
	o.lock.Unlock()
	if was.step == connecting {
		o.open()
	}
}

// recovers waits until the trouble is mended.
func (o *office) recovers() {
	o.lock.Lock()
	mended := o.mended
	o.lock.Unlock()
	<-mended
}

// met is how often somebody met the trouble that the server is in.
func (o *office) met() int {
	o.lock.Lock()
	defer o.lock.Unlock()
	return o.hits
}

// at is the trouble at a step, which somebody has come to; empty: none.
func (o *office) at(step string) string {
	o.lock.Lock()
	defer o.lock.Unlock()
	if o.trouble.step != step {
		return ""
	}
	o.hits++
	return o.trouble.kind
}

// withholds tells whether the server keeps quiet about STARTTLS.
func (o *office) withholds() bool {
	o.lock.Lock()
	defer o.lock.Unlock()
	return o.trouble.kind == noSecurity
}

func (o *office) keep(c copied) {
	o.lock.Lock()
	defer o.lock.Unlock()
	o.taken = append(o.taken, c)
}

// all are all mails, oldest first.
func (o *office) all() []copied {
	o.lock.Lock()
	defer o.lock.Unlock()
	return slices.Clone(o.taken)
}

// to are the mails to addresses of a domain, oldest first.
func (o *office) to(domain string) []copied {
	return slices.DeleteFunc(o.all(), func(c copied) bool { return !strings.HasSuffix(c.to, "@"+domain) })
}

// talk is one conversation.
type talk struct {
	office     *office
	conn       net.Conn
	lines      *textproto.Reader
	secure, in bool
	to         string
	// said is the server's last reply.
	said string
}

// say answers as the server does at this step, and reports whether the conversation goes on.
func (t *talk) say(step, usual string) bool {
	if kind := t.office.at(step); kind != "" && kind != noSecurity {
		return t.behave(kind)
	}
	return t.reply(usual)
}

// behave is what a server in trouble does.
func (t *talk) behave(kind string) bool {
	switch kind {
	case hangsUp:
		return false
	case stalls:
		t.stall()
		return false
	default:
		return t.reply(kind)
	}
}

func (t *talk) reply(text string) bool {
	t.said = text
	_, err := io.WriteString(t.conn, text+"\r\n")
	return err == nil && !strings.HasPrefix(text, "421")
}

// stall says nothing until the client leaves.
func (t *talk) stall() {
	_, _ = io.Copy(io.Discard, t.conn)
}

func (t *talk) run() {
	on := t.say(greeting, "220 fault.example ESMTP")
	for on {
		line, err := t.lines.ReadLine()
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(line, " ")
		on = t.answer(strings.ToUpper(verb), rest)
	}
}

func (t *talk) answer(verb, rest string) bool {
	switch {
	case verb == "EHLO" || verb == "HELO":
		return t.say("EHLO", t.extensions())
	case verb == "STARTTLS":
		return t.say(verb, "220 2.0.0 go ahead") && t.secureIt()
	case verb == "AUTH":
		return t.say(verb, t.signIn(rest))
	case verb == "QUIT":
		return t.say(verb, "221 2.0.0 bye") && false
	case !t.secure || !t.in:
		return t.say(verb, "530 5.7.0 sign in first")
	case verb == "MAIL":
		return t.say(verb, "250 2.1.0 ok")
	case verb == "RCPT":
		t.to = strings.Trim(strings.TrimPrefix(strings.ToUpper(rest[:3]), "TO:")+rest[3:], "<>")
		return t.say(verb, "250 2.1.5 ok")
	case verb == "DATA":
		return t.take()
	default:
		return t.say(verb, "250 2.0.0 ok")
	}
}

func (t *talk) extensions() string {
	offered := "STARTTLS"
	if t.secure {
		offered = "AUTH PLAIN"
	} else if t.office.withholds() {
		offered = "8BITMIME"
	}
	return "250-fault.example\r\n250-ENHANCEDSTATUSCODES\r\n250 " + offered
}

func (t *talk) signIn(credentials string) string {
	_, encoded, _ := strings.Cut(credentials, " ")
	plain, err := base64.StdEncoding.DecodeString(encoded)
	if t.in = t.secure && err == nil && bytes.Equal(plain, []byte("\x00"+smtpUser+"\x00"+smtpPassword)); !t.in {
		return "535 5.7.8 no"
	}
	return "235 2.7.0 welcome"
}

func (t *talk) secureIt() bool {
	kind := t.office.at(handshake)
	switch kind {
	case hangsUp, stalls:
		return t.behave(kind)
	case garbage:
		noise := make([]byte, 512)
		_, _ = t.conn.Read(noise) // in answer to what the client begins with; what comes earlier it throws away
		_, _ = rand.Read(noise)
		noise[0] = 'x' // no record of TLS begins like this
		_, _ = t.conn.Write(noise)
		t.stall()
		return false
	}
	certificate := t.office.certificates[kind]
	secured := tls.Server(t.conn, &tls.Config{Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS12})
	if secured.Handshake() != nil {
		return false
	}
	t.conn, t.secure, t.lines = secured, true, textproto.NewReader(bufio.NewReader(secured))
	return true
}

// take reads the mail, and keeps it unless the server is in a trouble that forbids it.
func (t *talk) take() bool {
	if !t.say("DATA", "354 go on") {
		return false
	}
	if !strings.HasPrefix(t.said, "354") {
		return true
	}
	switch t.office.at(content) {
	case hangsUp:
		_, _ = t.lines.ReadLine()
		return false
	case stalls:
		t.stall()
		return false
	}
	data, err := io.ReadAll(t.lines.DotReader())
	if err != nil {
		return false
	}
	return t.end(copied{to: t.to, data: string(data)})
}

// end is what comes after the final dot.
func (t *talk) end(mail copied) bool {
	switch kind := t.office.at(finalDot); kind {
	case "":
		mail.acknowledged = true
		t.office.keep(mail)
		return t.reply("250 2.0.0 taken")
	case takesDumb:
		t.office.keep(mail)
		return false
	case takesSlow:
		t.office.keep(mail)
		t.stall()
		return false
	case takesLate:
		t.office.recovers()
		mail.acknowledged = t.reply("250 2.0.0 taken")
		t.office.keep(mail)
		return mail.acknowledged
	default:
		return t.behave(kind)
	}
}
