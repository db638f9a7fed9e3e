package plaintext

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold returns s in a form in which texts that people would call the same are
// equal: without regard to capitals, accents, widths, and the kind and number of
// spaces, dashes and quotation marks. It is for searching, not for showing.
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
