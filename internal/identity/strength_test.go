package identity

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ccojocar/zxcvbn-go"
	"github.com/ccojocar/zxcvbn-go/adjacency"
	"pgregory.net/rapid"
)

func TestWhatIsWrongWithAPassword(t *testing.T) {
	tests := map[string]Weakness{
		"": missing, "short-one-1": short, strings.Repeat("x", 73): long,
		"ana.silva@acme.example": personal, "the-SILVA-family-boat": personal, "acme.example/kettle": personal, "North Lumen forever": personal,
		"lumen-kettle-trumpet": personal,
		"password1234":         common, "P@ssw0rd1234": common, "123456789012": common, "qwertyuiop12": common, "aaaaaaaaaaaa": common,
		"abcabcabcabcabc": common, "aB3$aB3$aB3$aB3$": common, "letmeinletmein": common, "willkommen123": common, "motdepasse2026": common,
		"7ru57n01-p@$$w0rd!": common, "p4$5w0rd+!23456": common, "+ru$7no1M0nk3y!": common,
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

// judged is how much memory it takes to judge a password: how often some is asked for.
func judged(t *testing.T, password string) float64 {
	t.Helper()
	at := addressOf(t, "ana@acme.example")
	return testing.AllocsPerRun(1, func() { Judge(password, at, "Acme GmbH") })
}

func TestAPasswordOfSymbolsIsJudgedAsQuicklyAsOneOfLetters(t *testing.T) {
	const plain = "trumpetorbitlemonkettleharbourwindowpepperlanternmarbleviolinpocketanchor"
	symbols := "4@({[<69$51!|7+" + plain[15:72]
	if letters, symbols := judged(t, plain[:72]), judged(t, symbols); symbols > 3*letters {
		t.Errorf("%.0f allocations with symbols, %.0f without", symbols, letters)
	}
}

// The library reads every disguise that it knows in full, which takes no time where there is one symbol.
func TestWhatTheLibraryFindsEasyIsEasy(t *testing.T) {
	known, symbols := words(), slices.Sorted(maps.Keys(adjacency.GraphMap["l33t"].Graph))
	rapid.Check(t, func(t *rapid.T) {
		letter := rapid.SampledFrom(symbols).Draw(t, "letter")
		symbol := rapid.SampledFrom(adjacency.GraphMap["l33t"].Graph[letter]).Draw(t, "symbol")
		hidden := rapid.SampledFrom(known).Filter(func(w word) bool { return strings.Contains(w.text, letter) }).Draw(t, "word").text
		if rapid.Bool().Draw(t, "loud") {
			hidden = strings.ToUpper(hidden[:1]) + hidden[1:]
		}
		password := strings.Repeat(strings.ReplaceAll(hidden, letter, symbol), 1+minBytes/len(hidden))
		if easy := zxcvbn.PasswordStrength(password, nil).Score < minScore; easy && score(password, nil) >= minScore {
			t.Errorf("%q is not found to be easy", password)
		}
	})
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
