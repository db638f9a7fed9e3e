package plaintext

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTerminalWriterEscapesControlCharacters: however the text is cut into writes.
func TestTerminalWriterEscapesControlCharacters(t *testing.T) {
	t.Parallel()
	const text = "a\tb\r\nZürich 👩\u200d💻\x1b[2J\x1b]0;x\a\u009b31m\u202eabc\rd\x7f\xffe\u2028\n"
	const want = "a\tb\r\nZürich 👩\u200d💻<U+001B>[2J<U+001B>]0;x<U+0007><U+009B>31m<U+202E>abc<U+000D>d<U+007F><FF>e<U+2028>\n"
	for size := 1; size <= len(text); size++ {
		var out strings.Builder
		to := NewTerminalWriter(&out)
		for at := 0; at < len(text); at += size {
			n, err := to.Write([]byte(text[at:min(at+size, len(text))]))
			require.NoError(t, err)
			require.Equal(t, min(at+size, len(text))-at, n)
		}
		require.Equal(t, want, out.String(), "%d bytes at once", size)
	}
}
