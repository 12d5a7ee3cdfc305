package mail

import (
	"strings"
	"unicode"
)

const (
	// maxNameRunes is the longest name or title shown; more would push the link out of sight.
	maxNameRunes = 100
	// maxHeaderRunes keeps a header below the 998 bytes that a line may have, whatever is in it.
	maxHeaderRunes = 500
)

// linking are the characters that make a host name, an address or a URL of the text around them.
const linking = ".:@/。．｡：＠／"

// zeroWidthSpace parts what a mail program must not join; a reader does not see it.
const zeroWidthSpace = "\u200b"

// displayText reduces a name or title to what a mail may show: one line of visible characters, of
// bounded length, in which mail programs find no link.
func displayText(s string) string {
	visible := strings.Map(func(r rune) rune {
		const nonJoiner, joiner = '\u200c', '\u200d' // some scripts and emoji cannot do without
		if unicode.IsGraphic(r) || r == nonJoiner || r == joiner {
			return r
		}
		return -1
	}, oneLine(s))
	return unlinked(shortened(strings.Join(strings.Fields(visible), " "), maxNameRunes))
}

// shortened cuts a text to at most limit characters and shows that it did.
func shortened(s string, limit int) string {
	runes := []rune(s)
	if len(runes) <= limit {
		return s
	}
	return strings.TrimSpace(string(runes[:limit-1])) + "…"
}

// oneLine turns every run of white space and control characters into one space.
func oneLine(s string) string {
	spaced := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.IsSpace(r) || unicode.In(r, unicode.Zl, unicode.Zp) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return strings.Join(strings.Fields(spaced), " ")
}

// unlinked parts a text after each character that makes a host name, an address or a URL of it.
// Mail programs turn those into links by themselves, in plain text too.
func unlinked(s string) string {
	var b strings.Builder
	runes := []rune(s)
	for i, r := range runes {
		b.WriteRune(r)
		if strings.ContainsRune(linking, r) && i+1 < len(runes) && runes[i+1] != ' ' {
			b.WriteString(zeroWidthSpace)
		}
	}
	return b.String()
}

// headerText is a text for a header: one short line, in which nothing reads as already encoded. Whatever
// is not ASCII in it is encoded by the library.
func headerText(s string) string {
	return strings.ReplaceAll(shortened(oneLine(s), maxHeaderRunes), "=?", "="+zeroWidthSpace+"?")
}
