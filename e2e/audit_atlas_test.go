package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/audittrail"
	"atlaskeybot/internal/cli"
	"atlaskeybot/internal/sandbox/atlas"
	"atlaskeybot/internal/sandbox/wire"
)

// compare runs the comparison beside the bot, with nothing of the environment
// but what it is documented to need.
func (w *Env) compare(args ...string) ([]audittrail.Difference, error) {
	w.t.Helper()
	environ := map[string]string{}
	for _, name := range []string{"DATABASE_URL", "ATLAS_ORG_ID", "ATLAS_PUBLIC_KEY", "ATLAS_PRIVATE_KEY", "ATLAS_BASE_URL"} {
		environ[name] = w.environ[name]
	}
	out, err := w.runCommand(environ, append([]string{"audit", "compare"}, args...)...)
	var found []audittrail.Difference
	for l := range strings.Lines(out) {
		var d audittrail.Difference
		require.NoError(w.t, json.Unmarshal([]byte(l), &d))
		found = append(found, d)
	}
	return found, err
}

func TestAuditMatchesAtlasEvents(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	id := w.delivered()
	w.Click(alice, "key/replace")
	w.WaitUntil("another key is there", func() bool { r := w.stored(id); return r.Attempt == 2 && r.State == approval.StateDelivered })
	w.Click(alice, "key/confirm")
	w.WaitForState(id, approval.StateActive)
	w.inject(faultOn(wire.Atlas, createKey, wire.LostAfter))
	second := w.approved()
	w.ClickUntilKeyShown(second)
	w.Click(alice, "key/confirm")
	w.WaitForState(second, approval.StateActive)
	w.Advance(9 * time.Hour)
	w.WaitForState(id, approval.StateEnded)
	w.WaitForState(second, approval.StateEnded)
	w.Advance(feedDelay + time.Minute)

	found, err := w.compare()
	require.NoError(t, err)
	require.Empty(t, found)
}

func TestManualChangesAreReported(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	edited := w.active()
	editedKey := w.stored(edited).Key
	_, err := w.Atlas.AddKey(atlas.KeyInput{Desc: "another key", Roles: []string{"ORG_MEMBER"}, AccessList: []string{"192.0.2.1"}})
	require.NoError(t, err)
	w.Advance(time.Hour)
	before := w.Clock.Now()
	require.NoError(t, w.Atlas.EditKey(editedKey.ID, atlas.KeyEdit{Roles: []string{"ORG_OWNER"}, AccessList: []string{"203.0.113.7", "0.0.0.0/0"}}))
	require.NoError(t, w.Atlas.DeleteKey(editedKey.ID))

	found, err := w.compare()
	require.EqualError(t, err, "differences between the audit trail and Atlas's events: 4")
	require.Equal(t, 1, cli.ExitCode(err), "they end the command with 1")
	var events []string
	for _, d := range found {
		events = append(events, d.Event)
		assert.Equal(t, "atlas", d.Source)
		assert.Equal(t, editedKey.PublicKey, d.Key)
		assert.Equal(t, edited, d.Request)
		assert.Empty(t, d.Actor, "a person")
		assert.Regexp(t, `^[0-9a-f]{24}$`, d.Ref)
		assert.WithinDuration(t, before, d.At, time.Minute)
	}
	assert.ElementsMatch(t, []string{"API_KEY_ROLES_CHANGED", "API_KEY_ACCESS_LIST_ENTRY_ADDED", "API_KEY_ACCESS_LIST_ENTRY_DELETED", "API_KEY_DELETED"}, events)

	w.Advance(2 * time.Hour)
	found, err = w.compare("--since", "1h")
	require.NoError(t, err)
	require.Empty(t, found)
}

// Lines that no bot wrote.
func TestEventsMissingFromAtlasAreReported(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	id := w.active()
	key := w.stored(id).Key
	require.NoError(t, w.store().Record(t.Context(), approval.AuditEntry{
		At: w.Clock.Now(), Org: policy.OrgID(w.environ["ATLAS_ORG_ID"]), Request: id, Event: approval.EventDeleted,
		From: approval.StateRevoking, To: approval.StateEnded, Key: key.PublicKey, KeyID: key.ID,
	}))
	require.NoError(t, w.store().Record(t.Context(), approval.AuditEntry{
		At: w.Clock.Now(), Org: policy.OrgID(w.environ["ATLAS_ORG_ID"]), Request: "AKR-00001", Event: approval.EventKeyCreated,
		From: approval.StateIssuing, To: approval.StateIssuing, Key: "nosuchke", KeyID: "0123456789abcdef01234567",
	}))
	found, err := w.compare()
	require.NoError(t, err, "Atlas may be late")
	require.Empty(t, found)

	w.Advance(feedDelay + time.Minute)
	found, err = w.compare()
	require.ErrorContains(t, err, "events: 2")
	require.Len(t, found, 2)
	for i, want := range []audittrail.Difference{
		{Event: "deleted", Key: key.PublicKey, Request: id, Message: "the trail says that this key was deleted, and Atlas has no event about it"},
		{Event: "key_created", Key: "nosuchke", Request: "AKR-00001", Message: "the trail says that the bot created this key, and Atlas has no event about it"},
	} {
		assert.Equal(t, "bot", found[i].Source)
		assert.Regexp(t, `^\d+$`, found[i].Ref, "the number of the line")
		want.At, want.Source, want.Ref = found[i].At, found[i].Source, found[i].Ref
		want.Org = policy.OrgID(w.environ["ATLAS_ORG_ID"])
		assert.Equal(t, want, found[i])
	}
}

func TestDifferencesAsCSV(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	require.NoError(t, w.Atlas.DeleteKey(w.stored(w.active()).Key.ID))
	out, err := w.runCommand(w.environ, "audit", "compare", "--output", "csv")
	require.ErrorContains(t, err, "events: 1")
	rows := strings.Split(out, "\r\n")
	require.Len(t, rows, 3)
	require.Equal(t, `"at","source","event","key","request","actor","from","ref","message","org"`, rows[0])
	require.Contains(t, rows[1], `,"atlas","API_KEY_DELETED",`)
	require.Contains(t, rows[1], `,"an actor other than the bot deleted this key`)
}

func TestUnreadableAtlasEventsAreReported(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spoil func(w *Env)
		want  string
	}{
		"a wrong credential":   {func(w *Env) { w.environ["ATLAS_PRIVATE_KEY"] = "00000000-0000-0000-0000-000000000000" }, "Atlas refuses"},
		"a refusal":            {func(w *Env) { w.inject(atlasError("GET /orgs/{orgId}/events", 403, "ORG_REQUIRES_SOMETHING", 10)) }, "Atlas refuses with ORG_REQUIRES_SOMETHING (status 403)."},
		"unreachable":          {func(w *Env) { w.environ["ATLAS_BASE_URL"] = "http://127.0.0.1:1" }, "127.0.0.1:1"},
		"an address in clear":  {func(w *Env) { w.environ["ATLAS_BASE_URL"] = "http://atlas.example" }, `ATLAS_BASE_URL is "http://atlas.example": it must be https`},
		"no credential at all": {func(w *Env) { delete(w.environ, "ATLAS_PRIVATE_KEY") }, "set ATLAS_ORG_ID, ATLAS_PUBLIC_KEY and ATLAS_PRIVATE_KEY"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newEnv(t, false, nil)
			secret := w.environ["ATLAS_PRIVATE_KEY"]
			t.Cleanup(func() { w.environ["ATLAS_PRIVATE_KEY"] = secret }) // which the environment looks for at its end
			tt.spoil(w)
			found, err := w.compare()
			require.Equal(t, 2, cli.ExitCode(err), "it ends the command with 2, not with 1")
			require.ErrorContains(t, err, tt.want)
			require.Empty(t, found)
		})
	}
}
