package policyfile_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/policyfile"
)

const simple = "required_approvals:\n  - {from: [U0BOB]}\n"

// Text after these characters is a rule to YAML and a comment to a reviewer.
func TestParseRefusesInvisibleText(t *testing.T) {
	t.Parallel()
	for char, name := range map[string]string{
		"\u2028": "U+2028 (line separator)", "\u2029": "U+2029 (paragraph separator)", "\u0085": "U+0085 (next line)",
		"\v": "U+000B (vertical tab)", "\f": "U+000C (form feed)", "\r": "U+000D (carriage return)", "\x1b": "U+001B (escape)", "\x00": "U+0000 (null)",
		"\u202e": "U+202E (right-to-left override)", "\u2066": "U+2066 (left-to-right isolate)", "\u200f": "U+200F (right-to-left mark)",
		"\u061c": "U+061C (arabic letter mark)", "\u200b": "U+200B (zero width space)", "\ufeff": "U+FEFF (zero width no-break space)",
		"\U000e0041": "U+E0041 (tag latin capital letter a)", "\u3164": "U+3164 (hangul filler)",
	} {
		want := "p.yaml:4: there is a character that is invisible or reverses the text, " + name + ": remove it"
		for _, line := range []string{"# all is well" + char + "allow_self_approval: true\n", "lifetimes: [8h" + char + "]\n", "\"" + char + "\": 1\n"} {
			_, err := policyfile.Parse("p.yaml", []byte(simple+"# a comment\n"+line), base())
			assert.EqualError(t, err, want, "%q", line)
		}
	}
	_, err := policyfile.Parse("p.yaml", []byte(simple+"# caf\xe9\n"), base())
	assert.EqualError(t, err, "p.yaml:3: this is not UTF-8: save the file in that encoding")
}

func TestParseAcceptsOtherEditorsAndLanguages(t *testing.T) {
	t.Parallel()
	text := "\ufeff# Zürich 日本 هه می\u200cخواهم 👩\u200d💻 ❤\ufe0f\t\n" + simple + "lifetimes: [8h]\nauto_approvals:\n  - name: e\u0301quipe हिन्दी\n    allowed_requesters: everyone\n    roles: [ORG_MEMBER]\n    max_lifetime: 8h\n"
	for _, text := range []string{text, strings.ReplaceAll(text, "\n", "\r\n")} {
		p, err := policyfile.Parse("p.yaml", []byte(text), base())
		require.NoError(t, err)
		require.Equal(t, "équipe हिन्दी", p.AutoApprovals[0].Name)
	}
}
