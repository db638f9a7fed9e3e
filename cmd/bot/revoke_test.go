package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/sandbox/wire"
)

// revokes runs the command beside whatever runs, with nothing of the environment
// but the database. The town's clock goes on meanwhile, so that the bot looks at
// its rows.
func (w *town) revokes(args ...string) (said string, err error) {
	w.t.Helper()
	var out bytes.Buffer
	p := process{environ: map[string]string{"DATABASE_URL": w.environ["DATABASE_URL"]}, stdout: &out, stderr: &bytes.Buffer{}}
	done := make(chan error, 1)
	go func() { done <- p.revokeAt(w.ctx(), args, w.Clock.Now) }()
	push := time.NewTicker(100 * time.Millisecond)
	defer push.Stop()
	for {
		select {
		case err := <-done:
			return out.String(), err
		case <-push.C:
			w.passes(time.Second)
		}
	}
}

// operated are the lines of the audit trail that are the operator's.
func (w *town) operated(id policy.ID) []approval.AuditEntry {
	w.t.Helper()
	var all []approval.AuditEntry
	require.NoError(w.t, w.bot.store.Audit(w.ctx(), func(e approval.AuditEntry) error {
		if e.Request == id && e.By == service.Operator {
			all = append(all, e)
		}
		return nil
	}))
	return all
}

func TestRevokeBesideARunningBot(t *testing.T) {
	t.Parallel()
	w := newTown(t, false, nil)
	id := w.active()
	key := w.request(id).Key.PublicKey
	require.Len(t, w.botKeys(), 1)

	said, err := w.revokes("-reason", "seen in a public repository", strings.ToLower(string(id)))
	require.NoError(t, err)
	assert.Equal(t, "It is recorded that the key "+key+" of "+string(id)+" has to go. Its owner is U0ALICE.\n"+
		"Waiting up to 1m30s for the bot to delete it in Atlas.\n"+
		"The key "+key+" is gone: it was deleted in Atlas.\n", said)
	assert.Empty(t, w.botKeys())
	w.reads(alice, "seen in a public repository")

	said, err = w.revokes(string(id))
	require.ErrorContains(t, err, "the key "+key+" of "+string(id)+" is gone already: it had to go on ")
	assert.Empty(t, said)

	lines := w.operated(id)
	require.Len(t, lines, 2)
	assert.Equal(t, approval.EventRevoke, lines[0].Event)
	assert.Equal(t, approval.StateActive, lines[0].From)
	assert.Equal(t, approval.StateRevoking, lines[0].To)
	assert.Equal(t, "seen in a public repository", lines[0].Note)
	assert.Equal(t, key, lines[0].Key)
	assert.Equal(t, "not_allowed", lines[1].Refused)
	var out bytes.Buffer
	p := process{environ: map[string]string{"DATABASE_URL": w.environ["DATABASE_URL"]}, stdout: &out, stderr: &out}
	assert.Zero(t, p.main(t.Context(), []string{"audit", "--verify"}), out.String())
}

func TestRevokeWithoutARunningBot(t *testing.T) {
	t.Parallel()
	w := newTown(t, false, nil)
	id := w.active()
	w.stopBot()
	said, err := w.revokes(string(id))
	require.ErrorIs(t, err, errNoBot)
	require.NotErrorIs(t, err, errUsage, "it ends the command with 1")
	assert.Contains(t, said, "It is recorded that the key ")
	require.Len(t, w.botKeys(), 1)

	said, err = w.revokes(string(id), "-wait", "1s")
	require.ErrorIs(t, err, errNoBot)
	assert.Contains(t, said, "is being deleted already.\n")

	w.startBot()
	w.becomes(id, approval.StateEnded)
	assert.Empty(t, w.botKeys())
	assert.Len(t, w.operated(id), 1, "asking again changed nothing")
}

func TestRevokeThatAtlasRefuses(t *testing.T) {
	t.Parallel()
	w := newTown(t, false, nil)
	id := w.active()
	w.spoils(atlasSays(deleteKey, 403, "ORG_REQUIRES_SOMETHING", -1))
	said, err := w.revokes("--wait", "3s", string(id))
	require.EqualError(t, err, "the key is not gone yet: Atlas refuses to delete it (ORG_REQUIRES_SOMETHING). The bot goes on trying; to see, run the same command again")
	assert.Contains(t, said, "Waiting up to 3s")
	require.Len(t, w.botKeys(), 1)

	w.Wire.Clear()
	said, err = w.revokes(string(id))
	require.NoError(t, err)
	assert.Contains(t, said, "is being deleted already.\n")
	assert.Contains(t, said, "is gone: it was deleted in Atlas.\n")
	assert.Empty(t, w.botKeys())
}

func TestRevokeOfWhatHasNoKey(t *testing.T) {
	t.Parallel()
	w := newTown(t, false, nil)
	waiting := w.asks()
	_, err := w.revokes(string(waiting))
	require.EqualError(t, err, string(waiting)+" has no key: it waits for a decision. Deny it in Slack")
	_, err = w.revokes("AKR-ZZZZZ")
	require.EqualError(t, err, "there is no request AKR-ZZZZZ in this database")
	require.NotErrorIs(t, err, errUsage)
	assert.Equal(t, approval.StatePending, w.request(waiting).State)
}

func TestWhyThereIsNoKey(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 16, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		r    approval.Request
		want string
	}{
		"approved": {approval.Request{State: approval.StateApproved, ExpiresAt: at}, "AKR-00001 has no key: it is approved, and its requester may have one made until 2026-11-23 16:00:00 UTC. Revoke it then"},
		"minting":  {approval.Request{State: approval.StateIssuing}, "the key of AKR-00001 is being made at this moment: try again in a minute"},
		"begun": {approval.Request{State: approval.StateIssuing, Org: "o1", Issuance: approval.Issuance{Stage: approval.StageStarted}},
			"the key of AKR-00001 is being made at this moment: try again in a minute. If nothing changes, a bot that is set up for the organization o1 has to be started: it clears up"},
		"unresolved": {approval.Request{State: approval.StateApproved, Org: "o1", UnresolvedCreates: []approval.UnresolvedCreate{{Attempt: 1}}},
			"Atlas never said whether it made a key for AKR-00001: a running bot that is set up for the organization o1 looks for one and deletes it. If it cannot wait, look in Atlas for a key whose description contains AKR-00001"},
		"leftover": {approval.Request{State: approval.StateEnded, Leftover: approval.Leftover{Key: approval.Key{PublicKey: "abcdefgh"}, SearchAt: at}},
			"Atlas said that the key abcdefgh of AKR-00001 was deleted, and lists it again: a running bot goes on deleting it. If it cannot wait, delete it in Atlas"},
		"denied":    {approval.Request{State: approval.StateDenied}, "AKR-00001 has no key: it was denied"},
		"withdrawn": {approval.Request{State: approval.StateWithdrawn}, "AKR-00001 has no key: its requester took it back"},
		"expired":   {approval.Request{State: approval.StateExpired}, "AKR-00001 has no key: it lapsed"},
		"failed":    {approval.Request{State: approval.StateFailed}, "AKR-00001 has no key: none could be made"},
		"a change":  {approval.Request{State: approval.StateApplied, Type: approval.Extension, ParentID: "AKR-00002"}, "AKR-00001 is about a change of the key of AKR-00002: revoke that one"},
	} {
		tt.r.ID = "AKR-00001"
		assert.Equal(t, tt.want, whyNoKey(tt.r), name)
	}
	for want, m := range map[string]approval.Deletion{
		"the bot has not come to it":                                    {},
		"Atlas does not answer, or asks to be left alone for a while":   {Cause: approval.CauseAtlasUnavailable},
		"Atlas does not accept the bot's own credential (UNAUTHORIZED)": {Cause: approval.CauseInvalidCredential, Code: "UNAUTHORIZED"},
		"Atlas does not allow the bot to delete it":                     {Cause: approval.CauseNotPermitted},
		"Atlas refuses to delete it (SOME_CODE)":                        {Cause: approval.CauseRefused, Code: "SOME_CODE"},
	} {
		assert.Equal(t, want, whyAlive(m))
	}
}

func TestRevokeIsAskedWrongly(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		args []string
		code int
		says string
	}{
		"nothing":          {nil, 2, "bot revoke [-reason TEXT] ID, as in bot revoke AKR-7F3K2"},
		"two ids":          {[]string{"AKR-7F3K2", "AKR-7F3K3"}, 2, "bot revoke [-reason TEXT] ID"},
		"no id":            {[]string{"alice"}, 2, "an id looks like AKR-7F3K2"},
		"an unknown flag":  {[]string{"-force", "AKR-7F3K2"}, 2, "bot revoke [-reason TEXT] ID"},
		"a long reason":    {[]string{"-reason", strings.Repeat("x", 1001), "AKR-7F3K2"}, 2, "-reason has more than 1000 characters"},
		"a hidden reason":  {[]string{"-reason", "\u202eno", "AKR-7F3K2"}, 2, "-reason is one line of plain text"},
		"no database":      {[]string{"-database", "sqlite:/no/such/bot.db", "AKR-7F3K2"}, 1, "opening the database: opening database /no/such/bot.db: there is no such file"},
		"memory's own one": {[]string{"-database", "sqlite::memory:", "AKR-7F3K2"}, 1, "one in memory is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			code := process{environ: map[string]string{}, stdout: &out, stderr: &errs}.main(t.Context(), append([]string{"revoke"}, tt.args...))
			assert.Equal(t, tt.code, code)
			assert.Empty(t, out.String())
			assert.Contains(t, errs.String(), tt.says)
		})
	}
}

// Whoever stops waiting reads that the key goes all the same.
func TestRevokeInterrupted(t *testing.T) {
	t.Parallel()
	w := newTown(t, false, nil)
	id := w.active()
	w.spoils(wire.Fault{Side: wire.Atlas, Operation: deleteKey, Mode: wire.ResetBefore, Count: -1})
	ctx, cancel := context.WithCancel(t.Context())
	p := process{environ: w.environ, stdout: writerFunc(func(text string) {
		if strings.HasPrefix(text, "Waiting") {
			cancel()
		}
	}), stderr: &bytes.Buffer{}}
	err := p.revokeAt(ctx, []string{string(id)}, w.Clock.Now)
	require.EqualError(t, err, "stopped waiting: the bot deletes the key all the same")
	require.False(t, errors.Is(err, errUsage))
	w.Wire.Clear()
	w.passes(time.Hour)
	w.becomes(id, approval.StateEnded)
}

type writerFunc func(string)

func (f writerFunc) Write(p []byte) (int, error) {
	f(string(p))
	return len(p), nil
}

// Atlas asked to be left alone for an hour: the operator's command has the
// deletion tried at once.
func TestRevokeTriesAgainAtOnce(t *testing.T) {
	t.Parallel()
	w := newTown(t, false, nil)
	id := w.active()
	w.spoils(wire.Fault{Side: wire.Atlas, Operation: deleteKey, Mode: wire.RateLimited, RetryAfter: 3600, Count: 1})
	said, err := w.revokes(string(id), "-wait", "2s")
	require.ErrorContains(t, err, "the key is not gone yet")
	assert.Contains(t, said, "It is recorded")
	require.Len(t, w.botKeys(), 1)

	said, err = w.revokes(string(id))
	require.NoError(t, err)
	assert.Contains(t, said, "is gone: it was deleted in Atlas.\n")
	assert.Empty(t, w.botKeys())
}

func TestRevokeNamesAndWaitsForEveryKeyOfTheRotation(t *testing.T) {
	t.Parallel()
	w := newTown(t, false, nil)
	id := w.activeFor("168h0m0s")
	next := w.rotates(id)
	first, second := w.request(id).Key.PublicKey, w.request(next).Key.PublicKey
	said, err := w.revokes("-reason", "seen in a public repository", string(next))
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(said), "\n")
	require.Len(t, lines, 5)
	assert.Equal(t, []string{
		"It is recorded that the key " + second + " of " + string(next) + " has to go. Its owner is U0ALICE.",
		"The key " + first + " of " + string(id) + " goes with it: a rotation connects the two.",
		"Waiting up to 1m30s for the bot to delete them in Atlas.",
	}, lines[:3])
	assert.ElementsMatch(t, []string{
		"The key " + first + " is gone: it was deleted in Atlas.",
		"The key " + second + " is gone: it was deleted in Atlas.",
	}, lines[3:])
	assert.Empty(t, w.botKeys())
	assert.Equal(t, approval.StateEnded, w.request(id).State)
}
