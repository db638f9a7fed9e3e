package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
)

// The lists are read beside the running bot, and a key can be revoked by the public
// key that they print.
func TestListsBesideRunningBot(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	active := w.active()
	pending := w.requestWithoutApprovers()
	w.WaitIdle(active, pending)
	database := map[string]string{"DATABASE_URL": w.environ["DATABASE_URL"]}

	out, err := w.runCommand(database, "keys", "--owner", alice, "--output", "json")
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(out, "\n"), out)
	var key struct{ Key, Request, State string }
	require.NoError(t, json.Unmarshal([]byte(out), &key))
	assert.Equal(t, string(active), key.Request)
	assert.Equal(t, "active", key.State)
	assert.Equal(t, w.stored(active).Key.PublicKey, key.Key)

	out, err = w.runCommand(database, "requests", "--state", "pending")
	require.NoError(t, err)
	assert.Contains(t, out, string(pending)+"  pending")
	assert.NotContains(t, out, string(active))
	for _, private := range w.secrets() {
		assert.NotContains(t, out, private)
	}

	_, err = w.runRevoke(key.Key)
	require.NoError(t, err)
	assert.Equal(t, approval.StateEnded, w.stored(active).State)
	out, err = w.runCommand(database, "keys")
	require.NoError(t, err)
	assert.Empty(t, out)
}
