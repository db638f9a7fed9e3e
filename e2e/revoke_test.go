package e2e

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/cli"
	"atlaskeybot/internal/sandbox/wire"
)

// runRevoke runs the command beside whatever runs, with nothing of the environment
// but the database. The environment's clock goes on meanwhile, so that the bot looks at
// its rows.
func (w *Env) runRevoke(args ...string) (said string, err error) {
	w.t.Helper()
	done := make(chan error, 1)
	go func() {
		var err error
		said, err = w.runCommand(map[string]string{"DATABASE_URL": w.environ["DATABASE_URL"]}, append([]string{"revoke"}, args...)...)
		done <- err
	}()
	push := time.NewTicker(100 * time.Millisecond)
	defer push.Stop()
	for {
		select {
		case err := <-done:
			return said, err
		case <-push.C:
			w.Advance(time.Second)
		}
	}
}

// operatorEntries are the lines of the audit trail that are the operator's.
func (w *Env) operatorEntries(id policy.ID) []approval.AuditEntry {
	w.t.Helper()
	var all []approval.AuditEntry
	require.NoError(w.t, w.store().Audit(w.ctx(), func(e approval.AuditEntry) error {
		if e.Request == id && e.By == service.Operator {
			all = append(all, e)
		}
		return nil
	}))
	return all
}

func TestRevokeBesideRunningBot(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	id := w.active()
	key := w.stored(id).Key.PublicKey
	require.Len(t, w.botKeys(), 1)

	said, err := w.runRevoke("--reason", "seen in a public repository", strings.ToLower(string(id)))
	require.NoError(t, err)
	assert.Equal(t, "The revocation is recorded of the key "+key+" of "+string(id)+". Its owner is U0ALICE.\n"+
		"Waiting up to 1m30s for the bot to delete it in Atlas.\n"+
		"The key "+key+" was deleted in Atlas.\n", said)
	assert.Empty(t, w.botKeys())
	w.WaitForMessage(alice, "seen in a public repository")

	said, err = w.runRevoke(string(id))
	require.ErrorContains(t, err, "the key "+key+" of "+string(id)+" is deleted already: it ended on ")
	assert.Empty(t, said)

	lines := w.operatorEntries(id)
	require.Len(t, lines, 2)
	assert.Equal(t, approval.EventRevoke, lines[0].Event)
	assert.Equal(t, approval.StateActive, lines[0].From)
	assert.Equal(t, approval.StateRevoking, lines[0].To)
	assert.Equal(t, "seen in a public repository", lines[0].Note)
	assert.Equal(t, key, lines[0].Key)
	assert.Equal(t, "not_allowed", lines[1].Refused)
	var out bytes.Buffer
	p := cli.Env{Environ: map[string]string{"DATABASE_URL": w.environ["DATABASE_URL"]}, Stdout: &out, Stderr: &out}
	assert.Zero(t, cli.Main(t.Context(), []string{"audit", "verify"}, p), out.String(), p)
}

func TestRevokeWithoutRunningBot(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	id := w.active()
	w.StopBot()
	said, err := w.runRevoke(string(id))
	require.ErrorContains(t, err, "no bot seems to be running")
	require.Equal(t, 1, cli.ExitCode(err))
	assert.Contains(t, said, "The revocation is recorded of the key ")
	require.Len(t, w.botKeys(), 1)

	said, err = w.runRevoke(string(id), "--wait", "1s")
	require.ErrorContains(t, err, "no bot seems to be running")
	assert.Contains(t, said, "is being deleted already.\n")

	w.StartBot()
	w.WaitForState(id, approval.StateEnded)
	assert.Empty(t, w.botKeys())
	assert.Len(t, w.operatorEntries(id), 1, "asking again changed nothing")
}

func TestRevokeReportsAtlasRefusal(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	id := w.active()
	w.inject(atlasError(deleteKey, 403, "ORG_REQUIRES_SOMETHING", -1))
	said, err := w.runRevoke("--wait", "3s", string(id))
	require.EqualError(t, err, "the key is not deleted yet: Atlas refuses to delete it (ORG_REQUIRES_SOMETHING). The bot keeps trying; run the same command again to see")
	assert.Contains(t, said, "Waiting up to 3s")
	require.Len(t, w.botKeys(), 1)

	w.Wire.Clear()
	said, err = w.runRevoke(string(id))
	require.NoError(t, err)
	assert.Contains(t, said, "is being deleted already.\n")
	assert.Contains(t, said, "was deleted in Atlas.\n")
	assert.Empty(t, w.botKeys())
}

func TestRevokeOfRequestWithoutKeyFails(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	waiting := w.Request()
	_, err := w.runRevoke(string(waiting))
	require.EqualError(t, err, string(waiting)+" has no key: it waits for a decision. Deny it in Slack")
	_, err = w.runRevoke("AKR-ZZZZZ")
	require.EqualError(t, err, "there is no request AKR-ZZZZZ in this database")
	require.Equal(t, 1, cli.ExitCode(err))
	assert.Equal(t, approval.StatePending, w.stored(waiting).State)
}

// The user who stops waiting reads that the key goes all the same.
func TestInterruptedRevokeIsStillRecorded(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	id := w.active()
	w.inject(wire.Fault{Side: wire.Atlas, Operation: deleteKey, Mode: wire.ResetBefore, Count: -1})
	ctx, cancel := context.WithCancel(t.Context())
	p := cli.Env{Environ: w.environ, Stdout: writerFunc(func(text string) {
		if strings.HasPrefix(text, "Waiting") {
			cancel()
		}
	}), Stderr: &bytes.Buffer{}, Now: w.Clock.Now}
	err := cli.Run(ctx, []string{"revoke", string(id)}, p)
	require.EqualError(t, err, "stopped waiting: the bot deletes the key all the same")
	require.Equal(t, 1, cli.ExitCode(err))
	w.Wire.Clear()
	w.Advance(time.Hour)
	w.WaitForState(id, approval.StateEnded)
}

type writerFunc func(string)

func (f writerFunc) Write(p []byte) (int, error) {
	f(string(p))
	return len(p), nil
}

// Atlas asked to be left alone for an hour: the operator's command has the
// deletion tried at once.
func TestRevokeRetriesDeletionImmediately(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	id := w.active()
	w.inject(wire.Fault{Side: wire.Atlas, Operation: deleteKey, Mode: wire.RateLimited, RetryAfter: 3600, Count: 1})
	said, err := w.runRevoke(string(id), "--wait", "2s")
	require.ErrorContains(t, err, "the key is not deleted yet")
	assert.Contains(t, said, "The revocation is recorded")
	require.Len(t, w.botKeys(), 1)

	said, err = w.runRevoke(string(id))
	require.NoError(t, err)
	assert.Contains(t, said, "was deleted in Atlas.\n")
	assert.Empty(t, w.botKeys())
}

func TestRevokeDeletesEveryKeyOfRotation(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	id := w.activeFor("168h0m0s")
	next := w.rotate(id)
	first, second := w.stored(id).Key.PublicKey, w.stored(next).Key.PublicKey
	said, err := w.runRevoke("--reason", "seen in a public repository", string(next))
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(said), "\n")
	require.Len(t, lines, 5)
	assert.Equal(t, []string{
		"The revocation is recorded of the key " + second + " of " + string(next) + ". Its owner is U0ALICE.",
		"Deleted with it is the key " + first + " of " + string(id) + ": a rotation connects the two.",
		"Waiting up to 1m30s for the bot to delete them in Atlas.",
	}, lines[:3])
	assert.ElementsMatch(t, []string{
		"The key " + first + " was deleted in Atlas.",
		"The key " + second + " was deleted in Atlas.",
	}, lines[3:])
	assert.Empty(t, w.botKeys())
	assert.Equal(t, approval.StateEnded, w.stored(id).State)
}

func TestRevokeByPublicKeyPrintsJSON(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	id := w.active()
	key := w.stored(id).Key.PublicKey
	said, err := w.runRevoke(key, "--output", "json")
	require.NoError(t, err)
	require.JSONEq(t, `{"keys":[{"request":"`+string(id)+`","key":"`+key+`","deleted":true}]}`, said)
	w.StopBot()
	said, err = w.runRevoke(string(id), "--output", "json")
	require.Equal(t, 1, cli.ExitCode(err))
	require.Empty(t, said, "nothing was to be revoked")
	_, err = w.runRevoke("zzzzzzzz")
	require.EqualError(t, err, "no request in this database has the key zzzzzzzz")
}

func TestRevokeOfDeletedKeyNamesActiveKeysOfItsRotation(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	id := w.activeFor("168h0m0s")
	next := w.rotate(id)
	w.ClickIn(alice, "ready/retire_predecessor", string(next))
	w.WaitForState(id, approval.StateEnded)
	first, second := w.stored(id), w.stored(next)
	said, err := w.runRevoke(string(id))
	require.EqualError(t, err, "the key "+first.Key.PublicKey+" of "+string(id)+" is deleted already: it ended on "+first.Outcome.At.UTC().Format(time.DateTime)+" UTC"+
		". Another key of its rotations is left: the key "+second.Key.PublicKey+" of "+string(next)+". To have it deleted, run atlas-key-bot revoke "+string(next))
	assert.Empty(t, said)
	assert.Equal(t, approval.StateActive, w.stored(next).State, "nothing is revoked that was not named")

	_, err = w.runRevoke(string(next))
	require.NoError(t, err)
	assert.Empty(t, w.botKeys())
	_, err = w.runRevoke(string(id))
	require.ErrorContains(t, err, "is deleted already")
	require.NotContains(t, err.Error(), "rotations")
}
