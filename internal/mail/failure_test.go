package mail

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// secretText stands for whatever a server may say; it must never be repeated.
const secretText = "ana@acme.example has password hunter2"

// outcome is what a caller sees of an error.
type outcome struct {
	Class  Class
	Code   int
	Status string
	Says   string
}

func outcomeOf(t testing.TB, err error) outcome {
	t.Helper()
	mailErr, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("Send: %v (%T), want an *Error", err, err)
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error repeats the server: %v", err)
	}
	return outcome{mailErr.Class, mailErr.Code, mailErr.Status, mailErr.sentence}
}

func TestEveryReplyAtEveryVerb(t *testing.T) {
	permanent := map[string]phase{
		"greeting": greeting, "EHLO": greeting, "MAIL": naming, "RCPT": addressed, "DATA": handover, ".": handover,
	}
	for verb, p := range permanent {
		for _, reply := range []struct {
			code   int
			status string
		}{{421, "4.3.2"}, {450, "4.2.1"}, {451, ""}, {452, "4.5.3"}, {500, "5.5.1"}, {550, "5.1.1"}, {552, ""}, {554, "5.7.26"}} {
			t.Run(fmt.Sprintf("%d at %s", reply.code, verb), func(t *testing.T) {
				line := fmt.Sprintf("%d %s %s", reply.code, reply.status, secretText)
				script := map[string]string{verb: line}
				if verb == "EHLO" {
					script["HELO"] = line
				}
				want := outcome{p.class, reply.code, reply.status, p.refused}
				if reply.code < 500 {
					want.Class, want.Says = Deferred, sentenceLater
				}
				if p == greeting {
					want.Status = "" // nobody has agreed on enhanced codes yet
				}
				err := mustSMTP(t, testConfig(t, startDialog(t, script))).Send(t.Context(), testMessage(t))
				if diff := cmp.Diff(want, outcomeOf(t, err)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
		t.Run("the connection ends at "+verb, func(t *testing.T) {
			script := map[string]string{verb: hangUpReply}
			err := mustSMTP(t, testConfig(t, startDialog(t, script))).Send(t.Context(), testMessage(t))
			if diff := cmp.Diff(outcome{Class: Deferred, Says: sentenceBroken}, outcomeOf(t, err)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestARefusalToRelayIsNotTheRecipientsFault(t *testing.T) {
	tests := map[string]outcome{
		"550 5.7.1 relaying denied":          {Misconfigured, 550, "5.7.1", sentenceNoRelay},
		"550 5.7.64 TenantAttribution":       {Misconfigured, 550, "5.7.64", sentenceNoRelay},
		"530 sign in first":                  {Misconfigured, 530, "", sentenceNoRelay},
		"550 5.1.1 no such user":             {Rejected, 550, "5.1.1", sentenceBadRecipient},
		"550 no such user at host 5.7.1.2":   {Misconfigured, 550, "5.7.1", sentenceNoRelay},
		"553 5.1.3 bad address":              {Rejected, 553, "5.1.3", sentenceBadRecipient},
		"550 5.7.133 closed group":           {Rejected, 550, "5.7.133", sentenceBadRecipient},
		"454 4.7.1 relaying denied for now":  {Deferred, 454, "4.7.1", sentenceLater},
		"452 4.2.2 the mailbox is full":      {Deferred, 452, "4.2.2", sentenceLater},
		"552 5.2.2 the mailbox is too full":  {Rejected, 552, "5.2.2", sentenceBadRecipient},
		"551 5.1.6 the person has moved on ": {Rejected, 551, "5.1.6", sentenceBadRecipient},
	}
	for reply, want := range tests {
		t.Run(reply, func(t *testing.T) {
			port := startDialog(t, map[string]string{"RCPT": reply})
			err := mustSMTP(t, testConfig(t, port)).Send(t.Context(), testMessage(t))
			if diff := cmp.Diff(want, outcomeOf(t, err)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsAcknowledgedIsSentWhateverFollows(t *testing.T) {
	for name, quit := range map[string]string{"closed": hangUpReply, "refused": "554 no", "closing": "421 closing"} {
		t.Run("QUIT "+name, func(t *testing.T) {
			port := startDialog(t, map[string]string{"QUIT": quit, "RSET": quit, "NOOP": quit})
			if err := mustSMTP(t, testConfig(t, port)).Send(t.Context(), testMessage(t)); err != nil {
				t.Errorf("Send: %v", err)
			}
		})
	}
}

func TestTLSFailuresSendNothingInTheClear(t *testing.T) {
	const host = "127.0.0.1"
	type setup struct {
		certFor           string // empty: the server has no TLS
		expired, trusted  bool
		serverTLS, client TLSMode
	}
	tests := map[string]struct {
		setup
		want outcome
	}{
		"starttls is not offered":     {setup{client: TLSStart}, outcome{Class: Misconfigured, Says: sentenceNoStartTLS}},
		"implicit at a plain port":    {setup{client: TLSImplicit}, outcome{Class: Misconfigured, Says: sentenceNotTLS}},
		"an unknown authority":        {setup{host, false, false, TLSStart, TLSStart}, outcome{Class: Misconfigured, Says: sentenceUntrusted}},
		"another name":                {setup{"smtp.example", false, true, TLSStart, TLSStart}, outcome{Class: Misconfigured, Says: sentenceOtherName}},
		"expired":                     {setup{host, true, true, TLSStart, TLSStart}, outcome{Class: Misconfigured, Says: sentenceExpired}},
		"unknown authority, implicit": {setup{host, false, false, TLSImplicit, TLSImplicit}, outcome{Class: Misconfigured, Says: sentenceUntrusted}},
		"another name, implicit":      {setup{"smtp.example", false, true, TLSImplicit, TLSImplicit}, outcome{Class: Misconfigured, Says: sentenceOtherName}},
		"expired, implicit":           {setup{host, true, true, TLSImplicit, TLSImplicit}, outcome{Class: Misconfigured, Says: sentenceExpired}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			server := &fakeServer{mechanisms: []string{"PLAIN", "LOGIN"}}
			config := withPassword(testConfig(t, 0), testPassword)
			if tc.certFor == "" {
				startServer(t, server, nil, false)
			} else {
				cert, pool := certificate(t, tc.certFor, tc.expired)
				if tc.trusted {
					config.RootCAs = pool
				}
				startServer(t, server, cert, tc.serverTLS == TLSImplicit)
			}
			config.Port, config.TLS = server.port, tc.client
			err := mustSMTP(t, config).Send(t.Context(), testMessage(t))
			if diff := cmp.Diff(tc.want, outcomeOf(t, err)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			requireNothingSent(t, server)
		})
	}
}

func requireNothingSent(t *testing.T, server *fakeServer) {
	t.Helper()
	if n := len(server.taken()); n != 0 {
		t.Errorf("the server took %d mails", n)
	}
	for line := range strings.Lines(server.said()) {
		for _, verb := range []string{"MAIL", "RCPT", "DATA", "AUTH "} {
			if strings.HasPrefix(line, verb) {
				t.Errorf("said in the clear: %q", line)
			}
		}
	}
}

func TestSTARTTLSThatGoesWrong(t *testing.T) {
	offer := "250-fake\r\n250 STARTTLS"
	tests := map[string]struct {
		reply string
		want  outcome
	}{
		"refused for now":  {"454 4.7.0 " + secretText, outcome{Class: Deferred, Code: 454, Says: sentenceLater}},
		"refused for good": {"502 " + secretText, outcome{Class: Misconfigured, Code: 502, Says: sentenceTLSRefused}},
		"closed":           {hangUpReply, outcome{Class: Deferred, Says: sentenceTLSTrouble}},
		"no TLS after all": {"220 go on", outcome{Class: Misconfigured, Says: sentenceNotTLS}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			port := startRaw(t, func(conn net.Conn) {
				lines := bufio.NewScanner(conn)
				for _, reply := range []string{"220 fake", offer, tc.reply} {
					if reply == hangUpReply {
						return
					}
					fmt.Fprint(conn, reply+"\r\n")
					lines.Scan()
				}
				fmt.Fprint(conn, secretText+"\r\n") // by now the client has begun TLS
				drain(conn)
			})
			config := withPassword(testConfig(t, port), testPassword)
			config.TLS = TLSStart
			if diff := cmp.Diff(tc.want, outcomeOf(t, mustSMTP(t, config).Send(t.Context(), testMessage(t)))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSignInFailures(t *testing.T) {
	right := func(context.Context) (string, error) { return testPassword, nil }
	wrong := func(context.Context) (string, error) { return "hunter2", nil }
	none := func(context.Context) (string, error) { return "", errors.New(secretText) }
	tests := map[string]struct {
		mechanisms []string
		username   string
		password   func(context.Context) (string, error)
		want       outcome
	}{
		"a wrong password by PLAIN":     {[]string{"PLAIN"}, testUser, wrong, outcome{Class: Misconfigured, Code: 535, Says: sentenceBadPassword}},
		"a wrong password by LOGIN":     {[]string{"LOGIN"}, testUser, wrong, outcome{Class: Misconfigured, Code: 535, Says: sentenceBadPassword}},
		"a wrong user":                  {[]string{"PLAIN"}, "nobody", right, outcome{Class: Misconfigured, Code: 535, Says: sentenceBadPassword}},
		"no sign-in offered":            {nil, testUser, right, outcome{Class: Misconfigured, Says: sentenceNoMechanism}},
		"no known way to sign in":       {[]string{"GSSAPI", "NTLM"}, testUser, right, outcome{Class: Misconfigured, Says: sentenceNoMechanism}},
		"the password cannot be read":   {[]string{"PLAIN"}, testUser, none, outcome{Class: Misconfigured, Says: sentenceNoPassword}},
		"a sign-in is needed, and none": {[]string{"PLAIN"}, "", nil, outcome{Misconfigured, 530, "5.7.0", sentenceBadSender}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			cert, pool := certificate(t, "127.0.0.1", false)
			server := &fakeServer{mechanisms: tc.mechanisms, requireAuth: true}
			startServer(t, server, cert, false)
			config := testConfig(t, server.port)
			config.TLS, config.RootCAs = TLSStart, pool
			config.Username, config.Password = tc.username, tc.password
			err := mustSMTP(t, config).Send(t.Context(), testMessage(t))
			if diff := cmp.Diff(tc.want, outcomeOf(t, err)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(server.taken()) != 0 {
				t.Error("the server took the mail")
			}
		})
	}
}

func TestWhatIsNotAMailServer(t *testing.T) {
	for name, banner := range map[string]string{
		"a web server": "HTTP/1.1 400 Bad Request", "a chat": "hello there", "noise": "\x00\x01\x02", "another code": "200 " + secretText,
	} {
		t.Run(name, func(t *testing.T) {
			port := startDialog(t, map[string]string{"greeting": banner})
			err := mustSMTP(t, testConfig(t, port)).Send(t.Context(), testMessage(t))
			if diff := cmp.Diff(outcome{Class: Misconfigured, Says: sentenceNotSMTP}, outcomeOf(t, err)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAServerThatIsNotThere(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	err = mustSMTP(t, testConfig(t, port)).Send(t.Context(), testMessage(t))
	if diff := cmp.Diff(outcome{Class: Deferred, Says: sentenceUnreachable}, outcomeOf(t, err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAStallingServerIsLeft(t *testing.T) {
	port := startRaw(t, drain)
	for _, mode := range []TLSMode{TLSNone, TLSStart, TLSImplicit} {
		config := testConfig(t, port)
		config.TLS, config.Timeout = mode, time.Millisecond
		err := mustSMTP(t, config).Send(t.Context(), testMessage(t))
		if diff := cmp.Diff(outcome{Class: Deferred, Says: sentenceSlow}, outcomeOf(t, err)); diff != "" {
			t.Errorf("TLS %s (-want +got):\n%s", mode, diff)
		}
	}
}

func TestStoppingEndsAMailUnderWay(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	released := make(chan struct{})
	server := &fakeServer{onRcpt: func() error {
		stop()
		<-released
		return nil
	}}
	startServer(t, server, nil, false)
	err := mustSMTP(t, testConfig(t, server.port)).Send(ctx, testMessage(t))
	close(released)
	if diff := cmp.Diff(outcome{Class: Deferred, Says: sentenceStopped}, outcomeOf(t, err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(server.taken()) != 0 {
		t.Error("the server took the mail")
	}
}

func TestLookupFailures(t *testing.T) {
	tests := map[string]struct {
		err  error
		want outcome
	}{
		"an unknown name":      {&net.DNSError{IsNotFound: true, Name: secretText}, outcome{Class: Misconfigured, Says: sentenceUnknownHost}},
		"a name server fails":  {&net.DNSError{IsTemporary: true, Err: secretText}, outcome{Class: Deferred, Says: sentenceNoLookup}},
		"a name server stalls": {&net.DNSError{IsTimeout: true, Err: secretText}, outcome{Class: Deferred, Says: sentenceNoLookup}},
		"a connection stalls":  {context.DeadlineExceeded, outcome{Class: Deferred, Says: sentenceSlow}},
		"anything else":        {errors.New(secretText), outcome{Class: Deferred, Says: sentenceUnreachable}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			err := connectFailure(&net.OpError{Op: "dial", Err: tc.err})
			if diff := cmp.Diff(tc.want, outcomeOf(t, err)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnUnknownErrorIsDeferred(t *testing.T) {
	if got := ClassOf(errors.New("x")); got != Deferred {
		t.Errorf("ClassOf(unknown) = %s", got)
	}
	if got := ClassOf(fmt.Errorf("wrapped: %w", failed(Rejected, "x"))); got != Rejected {
		t.Errorf("ClassOf(wrapped) = %s", got)
	}
	if got := outcomeOf(t, sendFailure(errors.New(secretText))); got.Class != Deferred {
		t.Errorf("sendFailure(unknown) = %v", got)
	}
	if got := outcomeOf(t, handshake.failure(&textproto.Error{Code: 299, Msg: secretText})); got.Class != Misconfigured || got.Code != 0 {
		t.Errorf("an impossible reply code gives %v", got)
	}
}

func TestTheTextOfAnErrorIsTheSentenceAndTheCodes(t *testing.T) {
	tests := map[string]*Error{
		"the mail server refuses the recipient: check the address":                  {sentence: sentenceBadRecipient},
		"the mail server refuses the recipient: check the address (SMTP 550)":       {sentence: sentenceBadRecipient, Code: 550},
		"the mail server refuses the recipient: check the address (SMTP 550 5.1.1)": {sentence: sentenceBadRecipient, Code: 550, Status: "5.1.1"},
	}
	for want, err := range tests {
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}
