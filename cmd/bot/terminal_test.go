package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
)

// TestTerminalsObeyNothing: however the text is cut into writes.
func TestTerminalsObeyNothing(t *testing.T) {
	t.Parallel()
	const text = "a\tb\r\nZürich 👩\u200d💻\x1b[2J\x1b]0;x\a\u009b31m\u202eabc\rd\x7f\xffe\u2028\n"
	const want = "a\tb\r\nZürich 👩\u200d💻<U+001B>[2J<U+001B>]0;x<U+0007><U+009B>31m<U+202E>abc<U+000D>d<U+007F><FF>e<U+2028>\n"
	for size := 1; size <= len(text); size++ {
		var out strings.Builder
		to := &terminal{to: &out}
		for at := 0; at < len(text); at += size {
			n, err := to.Write([]byte(text[at:min(at+size, len(text))]))
			require.NoError(t, err)
			require.Equal(t, min(at+size, len(text))-at, n)
		}
		require.Equal(t, want, out.String(), "%d bytes at once", size)
	}
}

func TestWhatIsTypedIsNotObeyedWhenItIsToldBack(t *testing.T) {
	t.Parallel()
	var out, errs strings.Builder
	p := process{environ: map[string]string{}, stdout: &out, stderr: &errs}
	require.Equal(t, 2, p.main(context.Background(), []string{"\x1b[2J\u202e"}))
	require.Equal(t, 2, p.main(context.Background(), []string{"revoke", "-\u009bx"}))
	assert.NotContains(t, out.String()+errs.String(), "\x1b")
	assert.NotContains(t, out.String()+errs.String(), "\u202e")
	assert.NotContains(t, out.String()+errs.String(), "\u009b")
}

// TestAuditedTextIsPrintedAsRecorded: escaped, so that whoever reads the JSON
// has what is in the trail.
func TestAuditedTextIsPrintedAsRecorded(t *testing.T) {
	t.Parallel()
	const note = "a\x1b[2J\u009b31m\u202e\u2028\x7f\ufffe\U0001ffff日本<&>"
	var out strings.Builder
	s, err := newSheet(&terminal{to: &out}, formatJSON, nil)
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
