package plaintext

import (
	"strings"
	"unicode"
)

// Unicode's joiners and the two variation selectors that choose between a
// picture and a character.
const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
	asText             = '\ufe0e'
	asEmoji            = '\ufe0f'
)

// drop removes [invisible] characters, except those that change how their
// neighbours are displayed: see [matters].
func drop(s string) string {
	runes := []rune(s)
	var kept strings.Builder
	before := rune(0) // the last one that was kept
	for i, r := range runes {
		switch {
		case isSpace(r):
			r = ' '
		case invisible(r) && !matters(before, r, next(runes[i+1:])):
			continue
		}
		kept.WriteRune(r)
		before = r
	}
	return kept.String()
}

// Hidden returns the first character of text that [Line] would remove.
func Hidden(text string) (rune, bool) {
	runes := []rune(text)
	before := rune(0)
	for i, r := range runes {
		if invisible(r) && !matters(before, r, next(runes[i+1:])) {
			return r, true
		}
		before = r
	}
	return 0, false
}

// next returns the first visible rune, or 0.
func next(runes []rune) rune {
	for _, r := range runes {
		if !invisible(r) {
			return r
		}
	}
	return 0
}

// invisible reports whether r is not displayed: Unicode's
// Default_Ignorable_Code_Point, other format characters, and a few characters that
// are blank by design. Marks that change the writing direction are not among them:
// they have a visible effect, and are refused.
func invisible(r rune) bool {
	switch r {
	case '\ufffc', '\U0001d159': // a place for an object; a note without a head
		return true
	}
	if unicode.Is(unicode.Bidi_Control, r) || unicode.Is(unicode.Prepended_Concatenation_Mark, r) {
		return false
	}
	return unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// isSpace reports whether r is a space of any width. A braille pattern without
// dots looks like one.
func isSpace(r rune) bool { return unicode.Is(unicode.Zs, r) || r == '\u2800' }

// matters reports whether the invisible r changes how its neighbours are displayed.
// A joiner does inside an emoji sequence, such as a family, and in scripts whose
// letters join; a variation selector does after a character with two forms. None
// has an effect when repeated.
func matters(before, r, after rune) bool {
	switch r {
	case zeroWidthJoiner:
		return isPictured(before) && isPicture(after) || inJoiningScript(before) && (inJoiningScript(after) || unicode.Is(unicode.Arabic, before))
	case zeroWidthNonJoiner:
		return inJoiningScript(before) && inJoiningScript(after)
	case asText, asEmoji:
		return isPicture(before) || strings.ContainsRune("#*0123456789", before) && after == '\u20e3'
	}
	return false
}

func isPicture(r rune) bool {
	return unicode.In(r, unicode.So, unicode.Sm) && r > 0xff || strings.ContainsRune("©®‼⁉〰〽", r)
}

// isPictured reports whether an emoji can end with r: a pictograph, the selector for
// emoji presentation, or a skin tone.
func isPictured(r rune) bool { return isPicture(r) || r == asEmoji || r >= 0x1f3fb && r <= 0x1f3ff }

// joining lists the scripts whose spelling uses joiners, such as Persian, Hindi and
// Sinhala.
var joining = []*unicode.RangeTable{
	unicode.Arabic, unicode.Syriac, unicode.Mongolian, unicode.Nko, unicode.Mandaic, unicode.Hanifi_Rohingya, unicode.Phags_Pa,
	unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya, unicode.Tamil, unicode.Telugu, unicode.Kannada,
	unicode.Malayalam, unicode.Sinhala, unicode.Thai, unicode.Lao, unicode.Tibetan, unicode.Myanmar, unicode.Khmer, unicode.Balinese,
	unicode.Javanese, unicode.Sundanese, unicode.Tai_Tham, unicode.Meetei_Mayek, unicode.Chakma, unicode.Grantha, unicode.Newa, unicode.Tirhuta,
}

func inJoiningScript(r rune) bool {
	return unicode.In(r, joining...) && unicode.In(r, unicode.L, unicode.M)
}
