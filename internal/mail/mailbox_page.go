package mail

import (
	"bytes"
	"embed"
	"encoding/json"
	"html/template"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// The page runs no script and loads nothing but its stylesheet and, in a frame, the HTML of a mail.
const (
	pagePolicy  = "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	framePolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)

//go:embed mailbox
var mailboxFiles embed.FS

var mailboxPages = template.Must(template.New("").Funcs(template.FuncMap{
	"moment":  func(t time.Time) string { return t.Format("2 Jan 2006, 15:04:05 MST") },
	"machine": func(t time.Time) string { return t.Format(time.RFC3339) },
}).ParseFS(mailboxFiles, "mailbox/*.html.tmpl"))

func (m *Mailbox) pageServer() *http.Server {
	return &http.Server{
		Handler:           m.Handler(),
		ReadHeaderTimeout: mailboxPatience,
		ReadTimeout:       mailboxPatience,
		WriteTimeout:      mailboxPatience,
		IdleTimeout:       mailboxPatience,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // it tells of readers' mistakes only
	}
}

// Handler returns the page: / lists the mails, /mails/<id> shows one, /mails.json has them all. It
// answers only requests for a loopback host, so that no other site can read it by renaming itself.
func (m *Mailbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", m.showList)
	mux.HandleFunc("GET /mails/{id}", m.showMail)
	mux.HandleFunc("GET /mails/{id}/html", m.showHTML)
	mux.HandleFunc("GET /mails.json", m.showJSON)
	mux.HandleFunc("GET /mailbox.css", showStyle)
	return guarded(mux)
}

func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", pagePolicy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-store")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		if !onLoopback(r.Host) {
			http.Error(w, "The mailbox answers only at localhost: use a port-forward.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// onLoopback reports whether a Host header names this machine.
func onLoopback(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.IsLoopback()
}

func (m *Mailbox) showList(w http.ResponseWriter, _ *http.Request) {
	show(w, http.StatusOK, "list.html.tmpl", m.newestFirst())
}

func (m *Mailbox) showMail(w http.ResponseWriter, r *http.Request) {
	mail, ok := m.requested(r)
	if !ok {
		show(w, http.StatusNotFound, "gone.html.tmpl", mailboxSize)
		return
	}
	show(w, http.StatusOK, "mail.html.tmpl", mail)
}

// showHTML serves what a mail brought along. The policy makes it a document of no origin that runs
// nothing and loads nothing, also when it is opened outside its frame.
func (m *Mailbox) showHTML(w http.ResponseWriter, r *http.Request) {
	mail, ok := m.requested(r)
	if !ok || mail.HTML == "" {
		http.Error(w, "There is no such part.", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Security-Policy", framePolicy)
	respond(w, http.StatusOK, "text/html; charset=utf-8", []byte(mail.HTML))
}

func (m *Mailbox) showJSON(w http.ResponseWriter, _ *http.Request) {
	body, err := json.MarshalIndent(m.newestFirst(), "", "  ")
	if err != nil {
		http.Error(w, "The mails cannot be shown.", http.StatusInternalServerError)
		return
	}
	respond(w, http.StatusOK, "application/json", append(body, '\n'))
}

func showStyle(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, mailboxFiles, "mailbox/mailbox.css")
}

func (m *Mailbox) requested(r *http.Request) (storedMail, bool) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		return storedMail{}, false
	}
	return m.find(id)
}

func show(w http.ResponseWriter, status int, name string, data any) {
	var page bytes.Buffer
	if err := mailboxPages.ExecuteTemplate(&page, name, data); err != nil {
		http.Error(w, "The page cannot be shown.", http.StatusInternalServerError)
		return
	}
	respond(w, status, "text/html; charset=utf-8", page.Bytes())
}

func respond(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	w.Write(body) //nolint:errcheck // a reader that went away needs no answer
}
