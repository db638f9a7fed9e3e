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

// drop leaves out the characters that are [invisible], but for those that change
// what is seen of their neighbours: see [matters].
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

// Hidden returns the first character of text that [Line] would leave out.
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

// next returns the first of runes that can be seen, or 0.
func next(runes []rune) rune {
	for _, r := range runes {
		if !invisible(r) {
			return r
		}
	}
	return 0
}

// invisible reports whether r takes no part in what is seen: what Unicode calls
// Default_Ignorable_Code_Point, other format characters, and a few signs that
// are blank by design. Marks that turn the writing direction are not among them:
// they are seen by what they do, and refused.
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

// matters reports whether the invisible r changes how what is before it, or
// after it, is drawn. A joiner does inside emoji made of several, such as a
// family, and in the scripts whose letters join; a selector does after a
// character that has two forms. None of them does twice.
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

// isPictured reports whether an emoji can end with r: a picture, a picture that
// was made one by a selector, or the colour of a skin.
func isPictured(r rune) bool { return isPicture(r) || r == asEmoji || r >= 0x1f3fb && r <= 0x1f3ff }

// joining are the scripts in which joiners are part of the spelling: Persian,
// Hindi, Sinhala and their like.
var joining = []*unicode.RangeTable{
	unicode.Arabic, unicode.Syriac, unicode.Mongolian, unicode.Nko, unicode.Mandaic, unicode.Hanifi_Rohingya, unicode.Phags_Pa,
	unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya, unicode.Tamil, unicode.Telugu, unicode.Kannada,
	unicode.Malayalam, unicode.Sinhala, unicode.Thai, unicode.Lao, unicode.Tibetan, unicode.Myanmar, unicode.Khmer, unicode.Balinese,
	unicode.Javanese, unicode.Sundanese, unicode.Tai_Tham, unicode.Meetei_Mayek, unicode.Chakma, unicode.Grantha, unicode.Newa, unicode.Tirhuta,
}

func inJoiningScript(r rune) bool {
	return unicode.In(r, joining...) && unicode.In(r, unicode.L, unicode.M)
}
