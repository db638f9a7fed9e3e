package atlas

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzResponses checks that no response, of Atlas or another server, causes a
// panic, passes truncated, or is quoted in an error.
func FuzzResponses(f *testing.F) {
	seeds, err := filepath.Glob("testdata/fuzz/*.json")
	require.NoError(f, err)
	require.NotEmpty(f, seeds)
	for _, name := range seeds {
		body, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(body)
	}
	const org = "a0123456789abcdef012345a"
	client := &Client{}
	f.Fuzz(func(t *testing.T, body []byte) {
		if key, err := readNewKey(body, org); err == nil {
			require.True(t, isID(key.ID))
			require.NotEmpty(t, key.PublicKey)
		} else {
			require.Contains(t, []string{errNotUnderstood.Error(), "the response lacks the key's id or its public key"}, err.Error())
		}
		if list, _, err := readAccess(body); err == nil {
			for _, p := range list {
				require.True(t, p.IsValid())
				require.Equal(t, p.Masked(), p)
			}
		}
		e := client.classify(call{op: "asking", method: http.MethodPost}, response{signed: true, sent: true, status: 400, body: body})
		require.NotNil(t, e)
		require.True(t, e.Code == "" || namePattern.MatchString(e.Code))
		require.False(t, strings.ContainsAny(e.Error(), "\n\"<>"), e.Error())
	})
}
