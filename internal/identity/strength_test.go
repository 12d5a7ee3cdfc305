package identity

import (
	"strings"
	"testing"
	"time"
)

func TestWhatIsWrongWithAPassword(t *testing.T) {
	tests := map[string]Weakness{
		"": missing, "short-one-1": short, strings.Repeat("x", 73): long,
		"ana.silva@acme.example": personal, "the-SILVA-family-boat": personal, "acme.example/kettle": personal, "North Lumen forever": personal,
		"lumen-kettle-trumpet": personal,
		"password1234":         common, "P@ssw0rd1234": common, "123456789012": common, "qwertyuiop12": common, "aaaaaaaaaaaa": common,
		"abcabcabcabcabc": common, "aB3$aB3$aB3$aB3$": common, "letmeinletmein": common, "willkommen123": common, "motdepasse2026": common,
		"contraseña2026": common, "qwertzuiop123": common, "monkeymonkey12": common, "Sommer2026!!!": common, "Summer2026!!!": common,
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
