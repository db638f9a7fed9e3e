package audittrail

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/plaintext"
)

// docs/audit.md explains every event, every field and every flag.
func TestAuditIsDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/audit.md")
	require.NoError(t, err)
	words := append(append([]string{string(approval.EventSubmit), string(approval.EventAdopt), string(approval.EventView)}, auditColumns...), differenceColumns...)
	for _, tr := range approval.Transitions {
		words = append(words, string(tr.On))
	}
	entry := reflect.TypeFor[approval.AuditEntry]()
	for i := range entry.NumField() {
		name, _, _ := strings.Cut(entry.Field(i).Tag.Get("json"), ",")
		assert.Equal(t, auditColumns[i], name, "as JSON and as CSV a line has the same fields")
		words = append(words, name)
	}
	words = append(words, "--since", "--until", "--user", "--key", "--request", "--org", "--refused")
	for _, word := range words {
		assert.Contains(t, string(text), "`"+word+"`")
	}
}

func TestCSVEscapesFormulas(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\tx": "'\tx", "\rx": "'\rx", "\nx": "'\nx",
		"  =1+1": "'  =1+1", "＝1+1": "'＝1+1", "1=1": "1=1", "a-b": "a-b", "": "", "'=1": "'=1",
		"\u00a0=1+1": "'\u00a0=1+1", "\u200b=1": "'\u200b=1", "\ufeff@A1": "'\ufeff@A1", "\u3000\u2060 +1": "'\u3000\u2060 +1", " \t=1": "' \t=1", "\u2028-1": "'\u2028-1",
		"\x00=1": "'\x00=1", "\u202e=1": "'\u202e=1", "﹦1": "'﹦1", "\u200b1": "\u200b1",
	} {
		assert.Equal(t, want, escapeFormula(cell))
	}
}

// TestCSVQuotesEveryCell: a semicolon or a tab in a reason begins no cell of
// its own where these separate cells.
func TestCSVQuotesEveryCell(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	s, err := newLineWriter(&out, FormatCSV, []string{"seq", "note"})
	require.NoError(t, err)
	require.NoError(t, s.row([]string{"1", `a;=HYPERLINK("x")`}))
	require.NoError(t, s.row([]string{"", "b\t=1\nc"}))
	require.NoError(t, s.end())
	assert.Equal(t, "\"seq\",\"note\"\r\n\"1\",\"a;=HYPERLINK(\"\"x\"\")\"\r\n\"\",\"b\t=1\nc\"\r\n", out.String())
	read, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	require.NoError(t, err)
	assert.Equal(t, [][]string{{"seq", "note"}, {"1", `a;=HYPERLINK("x")`}, {"", "b\t=1\nc"}}, read)
}

// TestJSONPrintsTextAsRecorded holds that a reader of the JSON gets what is in the
// trail.
func TestJSONPrintsTextAsRecorded(t *testing.T) {
	t.Parallel()
	const note = "a\x1b[2J\u009b31m\u202e\u2028\x7f\ufffe\U0001ffff日本<&>"
	var out strings.Builder
	s, err := newLineWriter(plaintext.NewTerminalWriter(&out), FormatJSON, nil)
	require.NoError(t, err)
	require.NoError(t, s.add(auditLine(approval.AuditEntry{Note: note})))
	assert.NotContains(t, out.String(), "U+")
	for _, r := range "\x1b\u009b\u202e\u2028\x7f" {
		assert.NotContains(t, out.String(), string(r))
	}
	var read auditLine
	require.NoError(t, json.Unmarshal([]byte(out.String()), &read))
	assert.Equal(t, note, read.Note)
}
