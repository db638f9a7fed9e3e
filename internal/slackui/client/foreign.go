package client

import (
	"regexp"
	"strings"
	"unicode"
)

// What other machines said, made fit for our logs, rows and audit trail: short,
// on one line, and without what looks like a credential. What stands before
// Slack can echo what it was sent.

// maxForeign is in characters.
const maxForeign = 200

// credentialShape matches what must not be repeated: UUIDs, which is what private
// keys of Atlas are, the tokens of Slack, and secrets of Atlas's service
// accounts.
var credentialShape = regexp.MustCompile(`(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4,12}|xox[a-z]-[0-9a-z-]+|xapp-[0-9a-z-]+|mdb_sa_sk_[0-9a-z_-]+`)

// credentialLeftOut stands for a credential.
const credentialLeftOut = "[left out]"

// ForeignText is s as far as it can be logged: at most 200 characters, all of them
// printable ASCII.
func ForeignText(s string) string {
	if len(s) > 64*maxForeign {
		s = s[:64*maxForeign] // it is searched below
	}
	s = credentialShape.ReplaceAllString(s, credentialLeftOut)
	var b strings.Builder
	for i, r := range []rune(s) {
		switch {
		case i == maxForeign:
			b.WriteString("...")
			return b.String()
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case r < ' ' || r > '~':
			b.WriteByte('?')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// ForeignError is err with its text made fit for a log. What err wraps is still found
// by [errors.Is] and [errors.As]; nil for nil.
func ForeignError(err error) error {
	if err == nil {
		return nil
	}
	return &foreign{ForeignText(err.Error()), err}
}

type foreign struct {
	text string
	err  error
}

func (f *foreign) Error() string { return f.text }

func (f *foreign) Unwrap() error { return f.err }

// hasCredential reports whether s holds what looks like one.
func hasCredential(s string) bool { return credentialShape.MatchString(s) }
