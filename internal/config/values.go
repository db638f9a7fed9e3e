package config

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"atlaskeybot/internal/secret"
)

// knownVariables are the names of the variables that t is filled from, taken
// from its tags, and whether each is a secret.
func knownVariables(t reflect.Type) map[string]bool {
	known := map[string]bool{}
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("env"), ","); name != "" {
			known[name] = f.Type == reflect.TypeFor[secret.Secret]()
		}
	}
	return known
}

var (
	botVariables = knownVariables(reflect.TypeFor[Variables]())
	orgVariables = knownVariables(reflect.TypeFor[prefixedVariables]())
)

// orgName splits the variable of one organization of several.
var orgName = regexp.MustCompile(`^ORG_[A-Z0-9]+_(.+)$`)

// isOurs reports whether the bot reads a variable, and whether it is a secret.
func isOurs(name string) (ours, isSecret bool) {
	if isSecret, ours = botVariables[name]; ours {
		return ours, isSecret
	}
	if m := orgName.FindStringSubmatch(name); m != nil {
		isSecret, ours = orgVariables[m[1]]
	}
	return ours, isSecret
}

// withReadableValues returns environ with the bot's variables as they are meant:
// without a pair of quotes around them, which a shell removes and docker --env-file
// does not. The problems name every value with an invisible character in it. The
// returned values do not have these characters, so that they are reported once.
func withReadableValues(environ map[string]string) (meant map[string]string, problems []error) {
	meant = maps.Clone(environ)
	for _, name := range slices.Sorted(maps.Keys(environ)) {
		ours, isSecret := isOurs(name)
		if !ours {
			continue
		}
		value := Unquote(environ[name])
		if why := unreadableReason(value); why != "" {
			problems = append(problems, fmt.Errorf("%s: %s", displayed(name, value, isSecret), why))
			value = repaired(value)
		}
		meant[name] = value
	}
	return meant, problems
}

// displayed returns a variable with its value for a log, unless the value is a
// secret or looks like one without its invisible characters.
func displayed(name, value string, isSecret bool) string {
	plain := repaired(value)
	if isSecret || credential.MatchString(plain) || looksSecret.MatchString(plain) {
		return name + " (not shown: it is a secret)"
	}
	return fmt.Sprintf("%s is %+q", name, value)
}

// unreadableReason names a character of a value that cannot be meant, or returns
// "".
func unreadableReason(value string) string {
	if value == "" {
		return ""
	}
	if !utf8.ValidString(value) {
		return "it is not UTF-8"
	}
	first, _ := utf8.DecodeRuneInString(value)
	last, _ := utf8.DecodeLastRuneInString(value)
	switch {
	case isHidden(last):
		return fmt.Sprintf("it ends in %s: take that away", nameOf(last))
	case isHidden(first):
		return fmt.Sprintf("it begins with %s: take that away", nameOf(first))
	case isQuote(first):
		return "it begins with a quote and does not end in one: take that away"
	case isQuote(last):
		return "it ends in a quote and does not begin with one: take that away"
	}
	for _, r := range value {
		if r != ' ' && isHidden(r) {
			return fmt.Sprintf("it has %s in it: take that away", nameOf(r))
		}
	}
	return ""
}

// isHidden reports whether a character is invisible: a space of any kind, a control
// or format character, or a letter without a glyph.
func isHidden(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.C, r) || unicode.Is(unicode.Z, r) ||
		unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) || unicode.Is(unicode.Variation_Selector, r) || r == '\u2800'
}

// isQuote reports whether a character is a quote, also one of a word processor.
func isQuote(r rune) bool {
	return strings.ContainsRune("\"'`", r) || unicode.Is(unicode.Pi, r) || unicode.Is(unicode.Pf, r) || r == '„' || r == '‚'
}

// repaired returns a value without what [unreadableReason] reports.
func repaired(value string) string {
	value = strings.Map(func(r rune) rune {
		if r != ' ' && isHidden(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(value, ""))
	return strings.TrimFunc(value, func(r rune) bool { return isHidden(r) || isQuote(r) })
}

var characterNames = map[rune]string{
	'\n': "a line feed (newline)", '\r': "a carriage return (a file with Windows line ends?)", '\t': "a tab", ' ': "a space", 0: "a NUL",
	'\u00a0': "a no-break space", '\u200b': "a zero-width space", '\ufeff': "a byte order mark", '\u00ad': "a soft hyphen",
	'\u200d': "a zero-width joiner", '\u200c': "a zero-width non-joiner", '\u2060': "a word joiner",
	'\u2028': "a line separator", '\u2029': "a paragraph separator", '\u0085': "a next line",
}

// nameOf returns the name and the code point of a character.
func nameOf(r rune) string {
	return fmt.Sprintf("%s (U+%04X)", cmp.Or(characterNames[r], "a character that cannot be seen"), r)
}
