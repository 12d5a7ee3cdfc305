package identity

import (
	"strings"
	"testing"
	"time"
)

func TestWhatIsWrongWithAPassword(t *testing.T) {
	tests := map[string]Weakness{
		"": Missing, "short-one-1": Short, strings.Repeat("x", 73): Long,
		"ana.silva@acme.example": Personal, "the-SILVA-family-boat": Personal, "acme.example/kettle": Personal, "North Lumen forever": Personal,
		"lumen-kettle-trumpet": Personal,
		"password1234":         Common, "P@ssw0rd1234": Common, "123456789012": Common, "qwertyuiop12": Common, "aaaaaaaaaaaa": Common,
		"abcabcabcabcabc": Common, "aB3$aB3$aB3$aB3$": Common, "letmeinletmein": Common, "willkommen123": Common, "motdepasse2026": Common,
		"contraseña2026": Common, "qwertzuiop123": Common, "monkeymonkey12": Common, "Sommer2026!!!": Common, "Summer2026!!!": Common,
		"trumpet-orbit-lemon": "", "blue kettle forty": "", "Xk3!vbq9Lm2p": "", "Grüße aus dem Nebenzimmer": "", "банан-чайник-труба": "",
		"ana likes old pianos": "", strings.Repeat("Xk3!vbq9", 9): "",
	}
	at := addressOf(t, "Ana.Silva@acme.example")
	for password, want := range tests {
		if got := Judge(password, at, "North Lumen"); got != want {
			t.Errorf("%q is %q, want %q", password, got, want)
		}
	}
}

// A password comes from anybody who has a link: judging one must not keep a processor busy.
func FuzzJudge(f *testing.F) {
	for _, seed := range []string{"password1234", strings.Repeat("@$!0|", 14), strings.Repeat("\xff", 72), "19.12.1999 19.12.1999", strings.Repeat("4@(3", 18)} {
		f.Add(seed)
	}
	at := addressOf(f, "ana@acme.example")
	f.Fuzz(func(t *testing.T, password string) {
		began := time.Now()
		weakness := Judge(password, at, "Acme GmbH")
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("judging %q took %s", password, took)
		}
		if weakness == "" && (len(password) < 12 || len(password) > 72) {
			t.Errorf("%q is taken", password)
		}
	})
}
