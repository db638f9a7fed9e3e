package atlas

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestDescribe(t *testing.T) {
	t.Parallel()
	const end = "keybot AKR-7F3K2 attempt 2 of B0T"
	for name, c := range map[string]struct{ text, want string }{
		"plain":               {"billing export", "billing export - " + end},
		"nothing":             {" \n ", end},
		"signs Atlas may not": {"billing (prod) <!channel>\n*all*", "billing prod channel all - " + end},
		"signs Atlas may":     {"it's a.b_c, d-e", "it's a.b_c, d-e - " + end},
		"letters of anywhere": {"Größe 価格", "Größe 価格 - " + end},
		"Hindi":               {"हिन्दी क्\u200dष", "हिन्दी क्\u200dष - " + end},
		"Thai":                {"ผู้ดูแล (ระบบ)", "ผู้ดูแล ระบบ - " + end},
		"Persian":             {"می\u200cخواهم", "می\u200cخواهم - " + end},
		"decomposed accents":  {"Gro\u0308ße", "Größe - " + end},
		"too long for a mark": {strings.Repeat("a", 250-len(" - "+end)-1) + "नि", strings.Repeat("a", 250-len(" - "+end)-1) + " - " + end},
		"a tag in the text":   {"x - keybot AKR-00000 attempt 9 of B0T", "x - keybot AKR-00000 attempt 9 of B0T - " + end},
		"too long":            {strings.Repeat("価", 300), strings.Repeat("価", 250-len(" - "+end)) + " - " + end},
		"too long, and wide":  {strings.Repeat("𝒜", 300), strings.Repeat("𝒜", (250-len(" - "+end))/2) + " - " + end},
		"cut behind a space":  {strings.Repeat("a", 250-len(" - "+end)-1) + " b", strings.Repeat("a", 250-len(" - "+end)-1) + " - " + end},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := Tag{Request: "AKR-7F3K2", Attempt: 2, Bot: "B0T"}
			got := Describe(c.text, want)
			assert.Equal(t, c.want, got)
			mark, ok := parseTag(got)
			assert.True(t, ok)
			assert.Equal(t, want, mark)
		})
	}
}

func TestParseTag(t *testing.T) {
	t.Parallel()
	for description, want := range map[string]string{
		"keybot AKR-7F3K2 attempt 2 of B0T":                                         "AKR-7F3K2",
		"x - keybot AKR-7F3K21 attempt 2 of B0T":                                    "AKR-7F3K21",
		"x - keybot AKR-7F3K2 attempt 1 of B0T - keybot AKR-00000 attempt 1 of B0T": "AKR-00000",
		"x keybot AKR-7F3K2 attempt 2 of B0T":                                       "",
		"xkeybot AKR-7F3K2 attempt 2 of B0T":                                        "",
		"x - keybot AKR-7F3K2 attempt 2 of B0T ":                                    "",
		"x - keybot AKR-7F3K2 attempt 2 of B0T\n":                                   "",
		"x - keybot AKR-7F3K2 attempt 2 of B0T, for bo":                             "",
		"x - keybot AKR-7F3K2 attempt 02 of B0T":                                    "",
		"x - keybot AKR-7F3K2 attempt 0 of B0T":                                     "",
		"x - keybot AKR-7F3K2 attempt  of B0T":                                      "",
		"x - keybot AKR-7F3K2 attempt 2":                                            "",
		"x - keybot AKR-7F3K2 attempt 2 of ":                                        "",
		"x - keybot AKR-7F3K2 attempt 2 of b0t":                                     "",
		"x - keybot AKR-7F3K2":                                                      "",
		"x - keybot  attempt 2 of B0T":                                              "",
		"x - keybot AKR 7F3K2 attempt 2 of B0T":                                     "",
		"x - keybot AKR-7F3K2 attempt 99999999999999999999 of B0T":                  "",
		"": "",
	} {
		t.Run(description, func(t *testing.T) {
			t.Parallel()
			mark, ok := parseTag(description)
			assert.Equal(t, want, mark.Request)
			assert.Equal(t, want != "", ok)
		})
	}
}

func TestDescribeFits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		mark := Tag{
			Request: rapid.StringMatching(`AKR-[0-9A-HJKMNP-TV-Z]{5}`).Draw(t, "id"),
			Attempt: rapid.IntRange(1, 999).Draw(t, "attempt"),
			Bot:     rapid.StringMatching(`[A-Z2-7]{6}`).Draw(t, "bot"),
		}
		d := Describe(rapid.String().Draw(t, "text"), mark)
		require.LessOrEqual(t, len(utf16.Encode([]rune(d))), 250)
		got, ok := parseTag(d)
		require.True(t, ok, d)
		require.Equal(t, mark, got)
		for _, r := range d {
			require.True(t, unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) || strings.ContainsRune("-_.,' \u200c\u200d", r), "%q", r)
		}
	})
}
