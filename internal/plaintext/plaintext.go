// Package plaintext prepares the text of people, and names that come from
// elsewhere, so that what is stored is what is seen: composed characters,
// ordinary spaces, and nothing invisible. See docs/security.md.
package plaintext

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Line returns s as one line of text: composed (NFC), without invisible
// characters and outer spaces, with an ordinary space for each space of another
// kind. Characters that are refused stay where they are; see [Permanent].
func Line(s string) string {
	return strings.TrimSpace(norm.NFC.String(drop(s)))
}

// Lines does the same to text of several lines. Whatever ends a line becomes
// "\n", a tab becomes a space, and of several empty lines one is left.
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

// Foreign is [Line] for a name that somebody else's system holds: characters
// that would be refused are left out.
func Foreign(s string) string { return Line(strings.Map(unlessRefused, spaceForLineEnds.Replace(s))) }

// ForeignLines is [Lines] without the characters that are refused, for a text
// that counts even if its writer cannot be asked again.
func ForeignLines(s string) string {
	kept := func(r rune) rune {
		if r == '\n' {
			return r
		}
		return unlessRefused(r)
	}
	return Lines(strings.Map(kept, lineEnds.Replace(s)))
}

// Refused returns the first character of text that nobody means to write:
// control characters, ends of lines if it is to be one line, the marks that turn
// the writing direction, and what is no character at all.
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

// IsEmpty reports whether nothing of text can be seen: marks without anything to
// stand on count as nothing.
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
