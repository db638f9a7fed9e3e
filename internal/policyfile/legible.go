package policyfile

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"atlaskeybot/internal/plaintext"
)

// byteOrderMark may begin a file.
const byteOrderMark = "\ufeff"

// legible reports whether the file means what it looks like in an editor, and
// says where not. It is looked at before it is parsed, comments included: YAML
// ends a line at characters at which no editor does, so that a comment with
// U+2028 in it holds rules that nobody who reviews the file sees; and marks that
// turn the writing direction show rules in another order.
func (r *reader) legible(text []byte) bool {
	if !utf8.Valid(text) {
		lines := bytes.Split(text, []byte("\n"))
		first := slices.IndexFunc(lines, func(line []byte) bool { return !utf8.Valid(line) })
		r.add(first+1, "this is not UTF-8: save the file in that encoding")
		return false
	}
	before := len(r.problems)
	for i, line := range strings.Split(strings.TrimPrefix(string(text), byteOrderMark), "\n") {
		line = strings.ReplaceAll(strings.TrimSuffix(line, "\r"), "\t", " ")
		bad, found := plaintext.Refused(line, false)
		if !found {
			bad, found = plaintext.Hidden(line)
		}
		if found {
			r.add(i+1, "there is a character that cannot be seen or turns text around, %s: take it out", plaintext.Name(bad))
		}
	}
	return len(r.problems) == before
}
