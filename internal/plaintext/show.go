package plaintext

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/runenames"
)

// Name returns r's code point and name, as in "U+200B (zero width space)".
func Name(r rune) string {
	name := strings.ToLower(runenames.Name(r))
	if known, ok := controls[r]; ok {
		name = known
	}
	if name == "" || strings.HasPrefix(name, "<") {
		name = "no character that can be seen"
		if unicode.IsControl(r) {
			name = "control character"
		}
	}
	return fmt.Sprintf("U+%04X (%s)", r, name)
}

// controls have no names in Unicode's list.
var controls = map[rune]string{
	0: "null", '\a': "bell", '\b': "backspace", '\t': "tab", '\n': "line feed", '\v': "vertical tab", '\f': "form feed", '\r': "carriage return",
	0x1b: "escape", 0x7f: "delete", 0x85: "next line",
}

// Show returns s for quoting in a message or printing on a terminal. It replaces
// invisible characters and terminal controls by their code points, as in
// "203.0.113.7<U+200B>".
func Show(s string) string {
	var shown strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&shown, "<%02X>", s[i])
		case isRefused(r), invisible(r), r != ' ' && isSpace(r):
			fmt.Fprintf(&shown, "<U+%04X>", r)
		default:
			shown.WriteRune(r)
		}
		i += size
	}
	return shown.String()
}

// ShowRefused is [Show] for the output of a program: it replaces only refused
// characters, which could affect a terminal.
func ShowRefused(s string) string {
	var shown strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&shown, "<%02X>", s[i])
		case isRefused(r) && r != utf8.RuneError:
			fmt.Fprintf(&shown, "<U+%04X>", r)
		default:
			shown.WriteString(s[i : i+size])
		}
		i += size
	}
	return shown.String()
}
