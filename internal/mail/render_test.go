package mail

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const testLink = "https://roster.example/invitations/AZwq_3-fK.Zm9v_Q"

var builtIns = BuiltIn()

func testContent(t testing.TB, kind Kind) Content {
	t.Helper()
	return Content{
		Kind: kind, Tenant: "Acme", Product: "Atlas", FirstName: "Ana", RequestedBy: "Jo Park", Link: testLink,
		ExpiresAt: time.Date(2026, 8, 1, 23, 5, 0, 0, time.FixedZone("", -2*3600)), // 2 August in UTC
		Support:   mustAddress(t, "help@acme.example"),
	}
}

func TestAnInvitationInEveryLanguage(t *testing.T) {
	requireMails(t, Invitation, map[string]mailText{
		"en": {"Acme invites you to Atlas", `Hello Ana,

Jo Park invites you to join Acme on Atlas.

Open this link to accept the invitation:

` + testLink + `

The link is yours alone and works until 2 August 2026, 01:05 UTC.

You did not expect this? Then ignore this mail: nothing happens unless you accept.

Any questions? Write to help@acme.example.
`},
		"de": {"Acme lädt Sie zu Atlas ein", `Guten Tag Ana,

Jo Park lädt Sie zu Acme auf Atlas ein.

Öffnen Sie diesen Link, um die Einladung anzunehmen:

` + testLink + `

Der Link ist nur für Sie bestimmt und gilt bis 2. August 2026, 01:05 Uhr UTC.

Sie haben das nicht erwartet? Dann können Sie diese E-Mail ignorieren: Solange Sie nicht annehmen, geschieht nichts.

Noch Fragen? Schreiben Sie an help@acme.example.
`},
		"fr": {"Acme vous invite sur Atlas", `Bonjour Ana,

Jo Park vous invite à rejoindre Acme sur Atlas.

Ouvrez ce lien pour accepter l’invitation` + "\u00a0" + `:

` + testLink + `

Ce lien vous est personnel et reste valable jusqu’au 2 août 2026 à 01:05 UTC.

Vous ne vous attendiez pas à cette invitation` + "\u00a0" + `? Ignorez ce message` + "\u00a0" + `: rien ne se passe tant que vous n’acceptez pas.

Une question` + "\u00a0" + `? Écrivez à help@acme.example.
`},
		"es": {"Acme le invita a Atlas", `Hola Ana,

Jo Park le invita a unirse a Acme en Atlas.

Abra este enlace para aceptar la invitación:

` + testLink + `

El enlace es solo para usted y vale hasta el 2 de agosto de 2026, 01:05 UTC.

¿No esperaba esta invitación? Ignore este mensaje: no ocurre nada mientras no la acepte.

¿Alguna pregunta? Escriba a help@acme.example.
`},
	})
}

func TestAPasswordResetInEveryLanguage(t *testing.T) {
	requireMails(t, PasswordReset, map[string]mailText{
		"en": {"New password for Atlas", `Hello Ana,

Jo Park requested a new password for your account with Acme on Atlas.

Open this link to choose it:

` + testLink + `

The link is yours alone and works until 2 August 2026, 01:05 UTC.

You did not ask for this? Then ignore this mail: nothing changes unless you choose a new password.

Any questions? Write to help@acme.example.
`},
		"de": {"Neues Passwort für Atlas", `Guten Tag Ana,

Jo Park hat für Ihr Konto bei Acme auf Atlas ein neues Passwort angefordert.

Öffnen Sie diesen Link, um es festzulegen:

` + testLink + `

Der Link ist nur für Sie bestimmt und gilt bis 2. August 2026, 01:05 Uhr UTC.

Sie haben das nicht angefordert? Dann können Sie diese E-Mail ignorieren: Solange Sie kein neues Passwort festlegen, ändert sich nichts.

Noch Fragen? Schreiben Sie an help@acme.example.
`},
		"fr": {"Nouveau mot de passe pour Atlas", `Bonjour Ana,

Jo Park a demandé un nouveau mot de passe pour votre compte Acme sur Atlas.

Ouvrez ce lien pour le choisir` + "\u00a0" + `:

` + testLink + `

Ce lien vous est personnel et reste valable jusqu’au 2 août 2026 à 01:05 UTC.

Vous n’avez rien demandé` + "\u00a0" + `? Ignorez ce message` + "\u00a0" + `: rien ne change tant que vous ne choisissez pas de nouveau mot de passe.

Une question` + "\u00a0" + `? Écrivez à help@acme.example.
`},
		"es": {"Nueva contraseña para Atlas", `Hola Ana,

Jo Park ha solicitado una nueva contraseña para su cuenta de Acme en Atlas.

Abra este enlace para elegirla:

` + testLink + `

El enlace es solo para usted y vale hasta el 2 de agosto de 2026, 01:05 UTC.

¿No la ha solicitado? Ignore este mensaje: nada cambia mientras no elija una nueva contraseña.

¿Alguna pregunta? Escriba a help@acme.example.
`},
	})
}

// mailText is what a mail says; its HTML part says the same.
type mailText struct{ subject, text string }

func requireMails(t *testing.T, kind Kind, tests map[string]mailText) {
	t.Helper()
	if len(tests) != len(languages) {
		t.Fatalf("%d languages are tested, of %d", len(tests), len(languages))
	}
	for locale, want := range tests {
		t.Run(locale, func(t *testing.T) {
			m := testContent(t, kind)
			m.Locale = locale
			subject, text, html, err := builtIns.Render(m)
			if err != nil {
				t.Fatalf("Render: %v", err)
			}
			if diff := cmp.Diff(want.subject, subject); diff != "" {
				t.Errorf("subject (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want.text, text); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
			// The HTML part says the same in the same words.
			_, words := structure(t, html)
			if diff := cmp.Diff(strings.Fields(want.subject+" "+want.text), strings.Fields(words)); diff != "" {
				t.Errorf("words of the HTML part (-text +html):\n%s", diff)
			}
			if !strings.Contains(html, `<html lang="`+locale+`">`) || !strings.Contains(html, `<a href="`+testLink+`">`+testLink+`</a>`) {
				t.Errorf("language or visible link missing:\n%s", html)
			}
		})
	}
}

func TestWhatIsNotKnownIsLeftOut(t *testing.T) {
	for _, name := range mailNames() {
		locale := name.language
		m := Content{Kind: name.kind, Link: testLink, ExpiresAt: time.Unix(0, 0), Locale: locale}
		subject, text, html, err := builtIns.Render(m)
		if err != nil {
			t.Fatalf("Render: %v", err)
		}
		greeting, _, _ := strings.Cut(text, "\n")
		if strings.Contains(greeting, " ,") || !strings.HasSuffix(greeting, ",") {
			t.Errorf("%s: the greeting is %q", locale, greeting)
		}
		for part, content := range map[string]string{"subject": subject, "text": text, "HTML": html} {
			if strings.Contains(content, "<no value>") || strings.Contains(content, "<bdi></bdi>") || strings.Contains(content, "@") {
				t.Errorf("%s: the %s shows what is not there:\n%s", locale, part, content)
			}
		}
		if !strings.Contains(subject, defaultProduct) || strings.Count(text, "\n\n\n") != 0 {
			t.Errorf("%s: subject %q, text:\n%s", locale, subject, text)
		}
	}
}

func TestLanguageTags(t *testing.T) {
	tests := map[string]string{
		"": "en", "en": "en", "en-GB": "en", "de": "de", "DE": "de", "de-CH": "de", "de_AT.UTF-8": "de", "fr-CA": "fr",
		"es-419": "es", "it": "en", "deutsch": "en", "-de": "en", "../de": "en", "\x00": "en", "zh-Hant-TW": "en",
	}
	for locale, want := range tests {
		if got := languageOf(locale).tag; got != want {
			t.Errorf("languageOf(%q) = %s, want %s", locale, got, want)
		}
	}
}

func TestDatesInEveryLanguage(t *testing.T) {
	tests := map[string][]string{
		"en": {"1 January 2026, 09:07 UTC", "1 March 2026, 09:07 UTC", "1 December 2026, 09:07 UTC"},
		"de": {"1. Januar 2026, 09:07 Uhr UTC", "1. März 2026, 09:07 Uhr UTC", "1. Dezember 2026, 09:07 Uhr UTC"},
		"fr": {"1er janvier 2026 à 09:07 UTC", "1er mars 2026 à 09:07 UTC", "1er décembre 2026 à 09:07 UTC"},
		"es": {"1 de enero de 2026, 09:07 UTC", "1 de marzo de 2026, 09:07 UTC", "1 de diciembre de 2026, 09:07 UTC"},
	}
	for tag, want := range tests {
		var got []string
		for _, month := range []time.Month{time.January, time.March, time.December} {
			got = append(got, languageOf(tag).expires(time.Date(2026, month, 1, 9, 7, 0, 0, time.UTC)))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tag, diff)
		}
	}
}

func TestALinkThatIsNoneIsRefused(t *testing.T) {
	for _, link := range []string{
		"", "/invitations/abc", "roster.example/invitations/abc", "//roster.example/x", "https://", "https:///x", "ftp://roster.example/x",
		"javascript:alert(1)", "javascript://roster.example/%0aalert(1)", "data:text/html,x", "mailto:a@b.example",
		"https://roster.example/a b", "https://roster.example/a\r\nBcc: x", "https://roster.example/\x00", "https://roster.example/\u202e",
		`https://roster.example/"onclick="x`, "https://roster.example/<script>", "https://roster.example/'", "https://[::1/x",
		"https://roster.example/bücher", "https://roster.example/`x`", `https://roster.example\@evil.example/`, "%zz://x",
	} {
		m := testContent(t, Invitation)
		m.Link = link
		if subject, text, html, err := builtIns.Render(m); err == nil || subject+text+html != "" {
			t.Errorf("Render with the link %q: %v", link, err)
		} else if link != "" && strings.Contains(err.Error(), link) {
			t.Errorf("the error repeats the link: %v", err)
		}
	}
	for what, change := range map[string]func(*Content){
		"without an expiry":    func(c *Content) { c.ExpiresAt = time.Time{} },
		"without a kind":       func(c *Content) { c.Kind = "" },
		"with an unknown kind": func(c *Content) { c.Kind = "newsletter" },
	} {
		m := testContent(t, Invitation)
		change(&m)
		if _, _, _, err := builtIns.Render(m); err == nil {
			t.Errorf("Render %s succeeded", what)
		}
	}
}
