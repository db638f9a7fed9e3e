package plaintext_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"

	"atlaskeybot/internal/plaintext"
)

// unseen is text of which nothing can be seen.
var unseen = map[string]string{
	"spaces":                  " \u00a0\u1680\u2000\u2003\u2009\u202f\u205f\u3000",
	"zero-width space":        "\u200b",
	"word joiner":             "\u2060\u2060",
	"byte order mark":         "\ufeff",
	"Hangul filler":           "\u3164",
	"Hangul jamo fillers":     "\u115f\u1160",
	"half-width filler":       "\uffa0",
	"variation selectors":     "\ufe00\ufe0f\U000e0100",
	"tags":                    "\U000e0041\U000e0020\U000e007f",
	"soft hyphen":             "\u00ad",
	"grapheme joiner":         "\u034f",
	"braille without dots":    "\u2800",
	"joiners":                 "\u200c\u200d",
	"invisible plus":          "\u2061\u2064",
	"Mongolian selectors":     "\u180b\u180e",
	"Khmer inherent vowels":   "\u17b4\u17b5",
	"shorthand controls":      "\U0001bca0",
	"beams of music":          "\U0001d173",
	"unassigned ignorables":   "\u2065\ufff0\U000e0080",
	"an object":               "\ufffc",
	"interlinear annotations": "\ufff9\ufffb",
	"an accent on nothing":    "\u0301",
}

func TestIsEmpty(t *testing.T) {
	t.Parallel()
	for name, text := range unseen {
		assert.True(t, plaintext.IsEmpty(plaintext.Line(text)), name)
		assert.True(t, plaintext.IsEmpty(plaintext.Lines(text+"\n"+text)), name)
	}
	for _, text := range []string{"a", "7", "?", "£", "日", "\u202e", "\a", "❤️"} {
		assert.False(t, plaintext.IsEmpty(plaintext.Line("a"+text)), "%q", text)
		assert.False(t, plaintext.IsEmpty(text), "%q", text)
	}
}

func TestLineRemovesInvisibleCharacters(t *testing.T) {
	t.Parallel()
	for name, text := range unseen {
		if name == "spaces" || name == "braille without dots" || name == "an accent on nothing" {
			continue
		}
		assert.Equal(t, "ab", plaintext.Line("a"+text+"b"), name)
	}
	assert.Equal(t, "a b  c d", plaintext.Line("\u3000a\u00a0b\u2003\u2009c\u2800d "))
	assert.Equal(t, "caf\u00e9", plaintext.Line("cafe\u0301"), "composed")
	assert.Equal(t, "caf\u00e9", plaintext.Line("cafe\u034f\u0301"))
	assert.Equal(t, "\ud55c", plaintext.Line("\u1112\u1161\u11ab"))
}

// TestLineKeepsJoinersOfScriptsAndEmoji: without them other letters are seen.
func TestLineKeepsJoinersOfScriptsAndEmoji(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"Persian":            "می\u200cخواهم",
		"Persian date":       "۱۳۰۴ه\u200d",
		"Hindi":              "क्\u200dष क्\u200cष हिन्दी",
		"Bengali":            "র\u200d্য",
		"Sinhala":            "ශ්\u200dරී",
		"Malayalam":          "ന്\u200dമ",
		"Thai":               "ผู้ดูแลระบบ",
		"Vietnamese":         "Nguyễn",
		"family":             "👨\u200d👩\u200d👧\u200d👦",
		"a woman at work":    "👩🏽\u200d💻",
		"rainbow flag":       "🏳\ufe0f\u200d🌈",
		"heart":              "❤\ufe0f",
		"heart as character": "❤\ufe0e",
		"keycap":             "1\ufe0f\u20e3",
		"health worker":      "🧑\u200d⚕\ufe0f",
		"skin":               "👍🏿",
	} {
		want := norm.NFC.String(text)
		assert.Equal(t, want, plaintext.Line(text), name)
		assert.Equal(t, want, plaintext.Lines(text), name)
	}
	for text, want := range map[string]string{
		"a\u200db":            "ab",
		"a\u200cb":            "ab",
		"👍\u200d":             "👍",
		"❤\ufe0f\ufe0f\ufe0f": "❤\ufe0f",
		"می\u200c\u200cخواهم": "می\u200cخواهم",
		"1\ufe0f":             "1",
		"👍\U000e0041":         "👍",
	} {
		assert.Equal(t, want, plaintext.Line(text), "%q", text)
	}
}

func TestLinesNormalizesLineEnds(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"\n", "\r\n", "\r", "\v", "\f", "\u0085", "\u2028", "\u2029"} {
		assert.Equal(t, "a\nb", plaintext.Lines(end+"a \u200b"+end+"b"+end), "%q", end)
		assert.Equal(t, "a b", plaintext.Foreign("a"+end+"b"+end), "%q", end)
		if end != "\r\n" {
			r, refused := plaintext.Refused(plaintext.Line("a"+end+"b"), false)
			assert.True(t, refused && string(r) == end, "%q in one line", end)
		}
	}
	assert.Equal(t, "a\n\nb", plaintext.Lines("a\n\n \n\u200b\n\nb"))
	assert.Equal(t, "a b", plaintext.Lines("a\tb"))
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for _, r := range "\x00\a\b\t\n\x1b\x7f\u0080\u009b\u061c\u200e\u200f\u202a\u202e\u2066\u2069\ufffe\U0001ffff\ufffd" {
		got, refused := plaintext.Refused("a"+string(r)+"b", false)
		assert.True(t, refused, "%U", r)
		assert.Equal(t, r, got)
		assert.Equal(t, refused && r != '\n', isRefusedIn("a"+string(r)+"b"), "%U", r)
	}
	_, refused := plaintext.Refused("a\xffb", true)
	assert.True(t, refused)
	assert.Equal(t, "no reason at\nall", plaintext.ForeignLines("no\x00\x1b \u202ereason\tat\r\nall\xff"))
}

func isRefusedIn(lines string) bool {
	_, refused := plaintext.Refused(lines, true)
	return refused
}

func TestShowReplacesInvisibleCharacters(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"203.0.113.7\u200b":       "203.0.113.7<U+200B>",
		"a\u00a0b\u3000c d":       "a<U+00A0>b<U+3000>c d",
		"\x1b[31mred":             "<U+001B>[31mred",
		"a\u202eb\xff\U000e0041c": "a<U+202E>b<FF><U+E0041>c",
		"müller 日本":               "müller 日本",
	} {
		assert.Equal(t, want, plaintext.Show(text))
	}
	assert.Equal(t, "U+2028 (line separator)", plaintext.Name('\u2028'))
	assert.Equal(t, "U+202E (right-to-left override)", plaintext.Name('\u202e'))
	assert.Equal(t, "U+0085 (next line)", plaintext.Name('\u0085'))
	assert.Equal(t, "U+0090 (control character)", plaintext.Name('\u0090'))
	assert.Equal(t, "U+FFFE (no character that can be seen)", plaintext.Name('\ufffe'))
}

func TestFold(t *testing.T) {
	t.Parallel()
	for a, b := range map[string]string{
		"Bücher":            "bu\u0308cher",
		"café – prod":       "CAFE\u0301 - PROD",
		"a b":               "A\u00a0\u3000B",
		"no‑break":          "no-break",
		"x—y−z":             "X-Y-Z",
		"ｐｒｏｄ１":             "prod1",
		"data\u200blake":    "datalake",
		"alice’s “sandbox”": `alice's "sandbox"`,
		"Ελλάς":             "ΕΛΛΑΣ",
	} {
		assert.Equal(t, plaintext.Fold(a), plaintext.Fold(b), "%s, %s", a, b)
	}
	assert.NotEqual(t, plaintext.Fold("prod"), plaintext.Fold("prod2"))
}

// FuzzText holds what the rest of the program takes for granted of the text of
// people.
func FuzzText(f *testing.F) {
	for _, text := range unseen {
		f.Add("a" + text + "b")
	}
	f.Add("می\u200cخواهم\u2028👨\u200d👩\u200d👧\u0301\u0301 e\u0301\r\n\xff")
	f.Fuzz(func(t *testing.T, s string) {
		line, lines := plaintext.Line(s), plaintext.Lines(s)
		require.Equal(t, line, plaintext.Line(line), "twice is once")
		require.Equal(t, lines, plaintext.Lines(lines), "twice is once")
		foreign, foreignLines := plaintext.Foreign(s), plaintext.ForeignLines(s)
		require.Equal(t, foreign, plaintext.Foreign(foreign))
		_, refused := plaintext.Refused(foreign, false)
		require.False(t, refused)
		_, refused = plaintext.Refused(foreignLines, true)
		require.False(t, refused)
		for _, text := range []string{line, lines, foreign, foreignLines} {
			require.True(t, norm.NFC.IsNormalString(text) || strings.ContainsRune(s, '\ufffd') || !isValid(s), "composed")
			require.False(t, strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Zs, r) && r != ' ' }), "ordinary spaces")
			require.NotContains(t, text, "\u200b")
		}
		shown := plaintext.Show(s)
		_, refused = plaintext.Refused(shown, false)
		require.False(t, refused, "a terminal obeys nothing that is shown")
		plaintext.Fold(s)
	})
}

func isValid(s string) bool { return strings.ToValidUTF8(s, "") == s }
