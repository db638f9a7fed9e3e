// Package plaintext normalizes text that people typed and names from other systems,
// so that what is stored is what is displayed: composed characters, ordinary spaces,
// and nothing invisible. See docs/security.md.
package plaintext

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Line returns s as one line of text: composed (NFC), without invisible
// characters and outer spaces, with an ordinary space for each space of another
// kind. Refused characters stay; see [Refused].
func Line(s string) string {
	return strings.TrimSpace(norm.NFC.String(drop(s)))
}

// Lines is [Line] for text of several lines. Every line end becomes "\n", a tab
// becomes a space, and consecutive empty lines become one.
func Lines(s string) string {
	lines := strings.Split(lineEnds.Replace(s), "\n")
	var kept []string
	for _, line := range lines {
		line = strings.TrimRight(norm.NFC.String(drop(line)), " ")
		if line != "" || len(kept) > 0 && kept[len(kept)-1] != "" {
			kept = append(kept, line)
		}
	}
	return strings.TrimSpace(strings.Join(kept, "\n"))
}

// Foreign is [Line] for a name from another system: characters
// that would be refused are left out.
func Foreign(s string) string { return Line(strings.Map(unlessRefused, spaceForLineEnds.Replace(s))) }

// ForeignLines is [Lines] without refused characters, for text that must be
// accepted.
func ForeignLines(s string) string {
	kept := func(r rune) rune {
		if r == '\n' {
			return r
		}
		return unlessRefused(r)
	}
	return Lines(strings.Map(kept, lineEnds.Replace(s)))
}

// Refused returns the first character of text that is a mistake or an attack: a
// control character, a line end if text is to be one line, a mark that changes the
// writing direction, or a noncharacter.
func Refused(text string, manyLines bool) (rune, bool) {
	for i, r := range text {
		if manyLines && r == '\n' {
			continue
		}
		_, size := utf8.DecodeRuneInString(text[i:])
		if isRefused(r) || r == utf8.RuneError && size == 1 {
			return r, true
		}
	}
	return 0, false
}

// IsEmpty reports whether text has no visible character. A combining mark without a
// base character is not visible.
func IsEmpty(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return r != '\n' && unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S, unicode.Co, unicode.Cc) || unicode.Is(unicode.Bidi_Control, r)
	})
}

func isRefused(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' ||
		r == utf8.RuneError || unicode.Is(unicode.Noncharacter_Code_Point, r)
}

func unlessRefused(r rune) rune {
	if isRefused(r) {
		return -1
	}
	return r
}

// The ends of lines that Unicode knows, each of which some program takes for
// one.
var (
	lineEnds         = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n", "\t", " ")
	spaceForLineEnds = strings.NewReplacer("\r\n", " ", "\r", " ", "\n", " ", "\v", " ", "\f", " ", "\u0085", " ", "\u2028", " ", "\u2029", " ", "\t", " ")
)
