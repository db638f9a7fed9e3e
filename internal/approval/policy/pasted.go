package policy

import (
	"slices"
	"strings"
	"unicode"

	"atlaskeybot/internal/plaintext"
)

// pasted returns the entries of a list of addresses as people type and paste
// them: without what separates them in some language or document, without
// quotation marks, brackets and full stops around them, and without what cannot
// be seen. An entry of several words, such as "203.0.113.0 255.255.255.0" or
// "203.0.113.1 - 203.0.113.9", is one.
func pasted(text string) []string {
	var entries []string
	for line := range strings.FieldsFuncSeq(plaintext.Lines(strings.Map(withoutDirections, text)), isSeparator) {
		words := strings.FieldsFunc(slashes.Replace(line), func(r rune) bool { return r == ' ' || isAround(r) })
		entries = append(entries, entriesOf(words)...)
	}
	return entries
}

// withoutDirections drops the marks that come along when an address is copied
// out of Hebrew or Arabic.
func withoutDirections(r rune) rune {
	if unicode.Is(unicode.Bidi_Control, r) {
		return -1
	}
	return r
}

// isSeparator reports whether r stands between entries and never in one: the end
// of a line, a comma or semicolon of some script, a bar, a bullet.
func isSeparator(r rune) bool {
	return strings.ContainsRune("\n,;|，；、｜﹐﹔﹑､،؛·•‣◦▪▫●○■□∙‧*", r)
}

var slashes = strings.NewReplacer("／", "/", "⁄", "/", "∕", "/")

// entriesOf finds the entries in the words of one line. A dash that has no entry
// before it is a bullet.
func entriesOf(words []string) []string {
	var entries []string
	joint := "" // between the last entry and the next word
	for _, word := range words {
		if !isAddressWithPort(word) {
			word = strings.TrimRight(strings.Trim(word, "[]"), ".。．")
		}
		last := len(entries) - 1
		switch {
		case word == "":
		case last < 0 && isDash(word):
		case isDash(word) || slices.Contains([]string{"to", "mask", "netmask"}, strings.ToLower(word)):
			joint = wordJoint(word)
		case last >= 0 && joint == "" && isMask(word) && !strings.HasSuffix(entries[last], "/"):
			entries[last] += " " + word
		case last >= 0 && (joint != "" || word[0] == '/' || strings.HasSuffix(entries[last], "/")):
			entries[last] += joint + word
			joint = ""
		default:
			entries, joint = append(entries, word), ""
		}
	}
	return entries
}

// wordJoint is how a word between two others is written in one entry.
func wordJoint(word string) string {
	if strings.HasSuffix(strings.ToLower(word), "mask") {
		return " "
	}
	return " - "
}

// isAround reports whether people put r around an address: quotation marks and
// brackets, except those of an address with a port.
func isAround(r rune) bool {
	return r != '[' && r != ']' && (strings.ContainsRune("\"'`´<>", r) || unicode.In(r, unicode.Pi, unicode.Pf, unicode.Ps, unicode.Pe))
}

func isDash(word string) bool {
	return word != "" && strings.TrimFunc(word, isDashRune) == ""
}

func isDashRune(r rune) bool {
	return unicode.Is(unicode.Pd, r) || strings.ContainsRune("−⁃~〜～→", r)
}
