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

// maxDescription is Atlas's limit, in what Java calls characters.
const maxDescription = 250

// A Tag is what tells a request's key in Atlas. It ends the key's description,
// readable by anybody in the organization, and is how a key is found again
// whose making was never answered. It keeps to the characters that every kind of
// Atlas credential takes.
type Tag struct {
	Request string
	Attempt int

	// Bot tells two bots apart that make keys in one organization: the ids of
	// their requests can be equal.
	Bot string
}

func (m Tag) String() string {
	return fmt.Sprintf("keybot %s attempt %d of %s", m.Request, m.Attempt, m.Bot)
}

var tagPattern = regexp.MustCompile(`(?:^| - )keybot ([A-Za-z0-9._-]{1,64}) attempt ([1-9][0-9]{0,8}) of ([A-Z0-9]{1,16})$`)

// parseTag reads the mark that a description ends with.
func parseTag(description string) (Tag, bool) {
	m := tagPattern.FindStringSubmatch(description)
	if m == nil {
		return Tag{}, false
	}
	attempt, err := strconv.Atoi(m[2])
	return Tag{Request: m[1], Attempt: attempt, Bot: m[3]}, err == nil
}

// Describe is the description of the key with a mark: what the requester wrote,
// as far as it fits, and the mark.
func Describe(text string, m Tag) string {
	end := m.String()
	text = clip(collapseSpace(text), maxDescription-len(" - ")-len(end))
	if text == "" {
		return end
	}
	return text + " - " + end
}

// collapseSpace replaces what may not be in a description by single spaces. Beside what
// service accounts take (letters, numbers and a few signs) it leaves combining
// marks and joiners, without which Hindi, Thai or Persian cannot be read: the
// description of an API key may hold them.
func collapseSpace(text string) string {
	allowed := func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) || strings.ContainsRune("-_.,'\u200c\u200d", r) {
			return r
		}
		return ' '
	}
	return strings.Join(strings.Fields(strings.Map(allowed, norm.NFC.String(text))), " ")
}

// clip shortens text to at most n UTF-16 units without cutting a character or
// parting it from its marks.
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
