package policyfile

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"atlaskeybot/internal/plaintext"
)

const byteOrderMark = "\ufeff"

// checkVisible reports whether the file means what an editor shows, and adds a
// problem for each line that does not. It runs before the parser and covers
// comments, for two reasons. YAML ends a line at characters where no editor
// does, so a comment with U+2028 in it can hold rules that a reviewer does not
// see. And marks that change the writing direction show rules in another order.
func (r *reader) checkVisible(text []byte) bool {
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
			r.add(i+1, "there is a character that is invisible or reverses the text, %s: remove it", plaintext.Name(bad))
		}
	}
	return len(r.problems) == before
}
