package plaintext

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"sync"
	"unicode/utf16"
	"unicode/utf8"
)

// A TerminalWriter passes on text of people and of other systems so that a terminal
// obeys nothing in it: instead of an escape character it writes <U+001B>. Ends
// of lines and tabs stay.
type TerminalWriter struct {
	to io.Writer

	mu   sync.Mutex
	rest []byte // the beginning of a character, or of an end of line
}

// NewTerminalWriter returns a writer that writes to to.
func NewTerminalWriter(to io.Writer) *TerminalWriter { return &TerminalWriter{to: to} }

// Write implements [io.Writer].
func (t *TerminalWriter) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.rest) == 0 && !slices.ContainsFunc(b, mayNeedCare) {
		return t.to.Write(b)
	}
	text := slices.Concat(t.rest, b)
	var out bytes.Buffer
	at := 0
	for ; at < len(text) && isWhole(text[at:]); at += sizeAt(text[at:]) {
		out.WriteString(printed(string(text[at : at+sizeAt(text[at:])])))
	}
	t.rest = slices.Clone(text[at:])
	if _, err := t.to.Write(out.Bytes()); err != nil {
		return 0, err
	}
	return len(b), nil
}

func mayNeedCare(b byte) bool { return b >= 0x7f || b < ' ' && b != '\n' && b != '\t' }

// isWhole reports whether what text begins with does not go on in the next write.
func isWhole(text []byte) bool { return utf8.FullRune(text) && string(text) != "\r" }

func sizeAt(text []byte) int {
	if bytes.HasPrefix(text, []byte("\r\n")) {
		return 2
	}
	_, size := utf8.DecodeRune(text)
	return size
}

func printed(character string) string {
	switch character {
	case "\n", "\r\n", "\t":
		return character
	}
	return ShowRefused(character)
}

// EscapeJSON writes the characters that [TerminalWriter] would replace as JSON writes
// them, so that a reader of the text gets what was recorded. Outside of strings
// JSON has none of them.
func EscapeJSON(encoded []byte) []byte {
	var out bytes.Buffer
	for len(encoded) > 0 {
		r, size := utf8.DecodeRune(encoded)
		if r >= 0x7f && ShowRefused(string(r)) != string(r) {
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&out, `\u%04x`, unit)
			}
		} else {
			out.Write(encoded[:size])
		}
		encoded = encoded[size:]
	}
	return out.Bytes()
}
