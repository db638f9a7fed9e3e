package plaintext

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold returns s without differences in case, accents, width, and the kind and
// number of spaces, dashes and quotation marks. It is for searching, not for
// display.
func Fold(s string) string {
	var folded strings.Builder
	for _, r := range norm.NFKD.String(Foreign(s)) {
		switch {
		case unicode.Is(unicode.Mn, r):
			continue
		case unicode.Is(unicode.Pd, r), strings.ContainsRune("−⁃", r):
			r = '-'
		case strings.ContainsRune("‘’‚‛′ʼ`´", r):
			r = '\''
		case strings.ContainsRune("“”„‟″«»", r):
			r = '"'
		}
		folded.WriteRune(unicode.ToLower(unicode.ToUpper(r)))
	}
	return strings.Join(strings.Fields(folded.String()), " ")
}
