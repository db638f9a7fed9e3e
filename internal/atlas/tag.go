package atlas

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"

	"golang.org/x/text/unicode/norm"
)

// maxDescription is Atlas's limit, in UTF-16 units.
const maxDescription = 250

// A Tag identifies a request's key in Atlas. It is the end of the key's
// description, where all users of the organization can read it, and finds a key
// after a lost response to its create. It uses only characters that every kind of
// Atlas credential accepts.
type Tag struct {
	Request string
	Attempt int

	// Bot identifies the installation of the bot, because two of them in one
	// organization can use equal request ids.
	Bot string
}

func (m Tag) String() string {
	return fmt.Sprintf("keybot %s attempt %d of %s", m.Request, m.Attempt, m.Bot)
}

var tagPattern = regexp.MustCompile(`(?:^| - )keybot ([A-Za-z0-9._-]{1,64}) attempt ([1-9][0-9]{0,8}) of ([A-Z0-9]{1,16})$`)

// parseTag reads the tag at the end of a description.
func parseTag(description string) (Tag, bool) {
	m := tagPattern.FindStringSubmatch(description)
	if m == nil {
		return Tag{}, false
	}
	attempt, err := strconv.Atoi(m[2])
	return Tag{Request: m[1], Attempt: attempt, Bot: m[3]}, err == nil
}

// Describe returns a key's description: the requester's text, as far as it fits,
// and the tag.
func Describe(text string, m Tag) string {
	end := m.String()
	text = clip(collapseSpace(text), maxDescription-len(" - ")-len(end))
	if text == "" {
		return end
	}
	return text + " - " + end
}

// collapseSpace replaces characters that a description cannot hold by single
// spaces. Besides the characters that service accounts accept (letters, numbers
// and a few signs) it keeps combining marks and joiners, which Hindi, Thai and
// Persian need and the description of an API key may hold.
func collapseSpace(text string) string {
	allowed := func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) || strings.ContainsRune("-_.,'\u200c\u200d", r) {
			return r
		}
		return ' '
	}
	return strings.Join(strings.Fields(strings.Map(allowed, norm.NFC.String(text))), " ")
}

// clip shortens text to at most n UTF-16 units, without splitting a character or
// separating it from its combining marks.
func clip(text string, n int) string {
	whole := 0 // where the last character with its marks ended
	for i, r := range text {
		if !unicode.IsMark(r) {
			whole = i
		}
		if n -= utf16.RuneLen(r); n < 0 {
			return strings.TrimRight(text[:whole], " \u200c\u200d")
		}
	}
	return text
}
