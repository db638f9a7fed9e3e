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
	"atlaskeybot/internal/sandbox/atlas"
	"atlaskeybot/internal/sandbox/slack"
)

// What is changed by hand in one organization is told to its approvers.
func TestEachOrganizationIsCompared(t *testing.T) {
	withTwoOrgs(t, func(t *testing.T, w *Env) {
		ids := []policy.ID{w.activeInOrg(0), w.activeInOrg(1)}
		w.WaitIdle(ids...)
		require.NoError(t, w.Atlases[1].EditKey(w.stored(ids[1]).Key.ID, atlas.KeyEdit{Roles: []string{"ORG_OWNER"}}))
		w.RestartBot() // compares at once
		w.WaitForMessageIn(carol, staging, "drift/revoke", string(ids[1]), "Organization Owner")
		assert.Zero(t, w.notices("drift/revoke"))
		assert.Zero(t, w.entries(ids[0], approval.EventDriftDetected))
		w.ClickIn(carol, "drift/revoke", string(ids[1]))
		w.WaitForState(ids[1], approval.StateEnded)
		assert.Empty(t, w.keysIn(1))
		require.Len(t, w.keysIn(0), 1)
	})
}

// The credential of one organization is deleted in Atlas while the bot runs: the
// other is served as before.
func TestRejectedCredentialIsNamed(t *testing.T) {
	withTwoOrgs(t, func(t *testing.T, w *Env) {
		stuck := w.approvedInOrg(0)
		live := w.activeInOrg(1)
		w.WaitIdle(stuck, live)
		require.NoError(t, w.Atlases[0].DeleteKey(w.ownKey(0)))
		w.ClickIn(alice, "ready/issue", string(stuck))
		w.WaitUntil("it is put back", func() bool {
			r := w.stored(stuck)
			if r.State == approval.StateIssuing && r.Issuance.RetryAt.After(w.Clock.Now()) {
				w.Advance(r.Issuance.RetryAt.Sub(w.Clock.Now()))
			}
			return r.State == approval.StateApproved && r.Attempt == 1
		})
		w.WaitForMessage(alice, "ready/issue", string(stuck), "doesn't accept this bot's own credential")

		another := w.activeInOrg(1)
		w.ClickIn(alice, "ready/revoke", string(live))
		w.WaitForState(live, approval.StateEnded)
		require.Len(t, w.keysIn(1), 1)
		w.WaitIdle(stuck, live, another)
		require.NoError(t, w.Atlases[1].EditKey(w.stored(another).Key.ID, atlas.KeyEdit{Roles: []string{"ORG_OWNER"}}))
		w.Advance(15 * time.Minute)
		w.WaitForMessageIn(carol, staging, "drift/revoke", string(another)) // the first of the two cannot be compared
	})
}

// ownKey is the id of the bot's own credential in an organization.
func (w *Env) ownKey(i int) string {
	w.t.Helper()
	for _, k := range w.Atlases[i].Snapshot().Keys {
		if k.Own {
			return k.ID
		}
	}
	w.t.Fatal("the bot has no credential there")
	return ""
}

func TestAuditOfOneOrganization(t *testing.T) {
	t.Parallel()
	w := newOrgsEnv(t, false, nil)
	ids := []policy.ID{w.activeInOrg(0), w.activeInOrg(1)}
	for i, name := range []string{"Production", "staging"} {
		out, err := w.runCommand(w.environ, "audit", "--org", name)
		require.NoError(t, err)
		assert.Contains(t, out, ids[i])
		assert.NotContains(t, out, ids[1-i])
		for l := range strings.Lines(out) {
			var e approval.AuditEntry
			require.NoError(t, json.Unmarshal([]byte(l), &e))
			assert.Equal(t, w.org(i), e.Org)
		}
	}
	w.Advance(feedDelay + time.Minute)
	out, err := w.runCommand(w.environ, "audit", "compare")
	require.NoError(t, err, out)
	require.NoError(t, w.Atlases[1].DeleteKey(w.stored(ids[1]).Key.ID))
	_, err = w.runCommand(w.environ, "audit", "compare", "--org", "Production")
	require.NoError(t, err)
	out, err = w.runCommand(w.environ, "audit", "compare", "--org", "Staging")
	require.ErrorContains(t, err, "events: 1")
	assert.Contains(t, out, string(w.org(1)))
	assert.Contains(t, out, "deleted this key")
}

// withoutStaging takes the second organization out of the configuration, and returns
// what puts it back.
func (w *Env) withoutStaging() (putBack func()) {
	w.t.Helper()
	kept := map[string]string{"ORGS": w.environ["ORGS"]}
	for name, value := range w.environ {
		if strings.HasPrefix(name, "ORG_STAGING_") {
			kept[name] = value
			delete(w.environ, name)
		}
	}
	w.environ["ORGS"] = "production"
	w.RestartBot()
	return func() {
		w.t.Helper()
		for name, value := range kept {
			w.environ[name] = value
		}
		w.RestartBot()
	}
}

func TestRemovedOrganizationKeepsOthersServed(t *testing.T) {
	withTwoOrgs(t, func(t *testing.T, w *Env) {
		pending, live := w.requestInOrg(1), w.activeInOrg(1)
		w.WaitIdle(pending, live)
		before := w.requestVersions()
		putBack := w.withoutStaging()
		for _, action := range []string{"card/approve", "card/deny", "card/approve_partial"} {
			w.ClickIn(carol, action, string(pending))
			w.WaitForMessageIn(carol, staging, "I don't manage that Atlas organization")
			assert.Nil(t, w.Slack.Screen(carol).Modal)
		}
		w.ClickIn(carol, "card/revoke_with_reason", string(live))
		w.ClickIn(alice, "ready/extend", string(live))
		w.ClickIn(alice, "ready/rotate", string(live))
		w.WaitForMessageIn(alice, slack.AppDM(alice), "I don't manage that Atlas organization")
		assert.Nil(t, w.Slack.Screen(alice).Modal)
		w.OpenHome(alice, string(pending), string(live))
		w.Command(alice, "list")
		w.WaitForMessageIn(alice, slack.General, string(pending), string(live))
		w.Command(carol, "pending")
		w.WaitForMessageIn(carol, slack.General, "This is for approvers")
		w.OpenForm(alice)
		assert.NotContains(t, string(w.Slack.Screen(alice).Modal.View), "Staging")
		require.NoError(t, w.Slack.CloseModal(w.ctx(), alice))
		assert.Equal(t, before, w.requestVersions())
		require.Len(t, w.keysIn(1), 1)

		putBack()
		w.ClickIn(carol, "card/approve", string(pending))
		w.WaitForState(pending, approval.StateApproved)
		w.ClickIn(alice, "ready/issue", string(pending))
		w.WaitForState(pending, approval.StateDelivered)
		require.Len(t, w.keysIn(1), 2)
		w.ClickIn(alice, "ready/revoke", string(live))
		w.WaitForState(live, approval.StateEnded)
	})
}

// A key that cannot be made is not begun.
func TestRemovedOrganizationIssuesNoKey(t *testing.T) {
	withTwoOrgs(t, func(t *testing.T, w *Env) {
		ready := w.approvedInOrg(1)
		w.WaitIdle(ready)
		before := w.requestVersions()
		putBack := w.withoutStaging()
		w.ClickIn(alice, "ready/issue", string(ready))
		w.WaitUntil("the press is answered", func() bool {
			return w.hasEphemeralIn(alice, slack.AppDM(alice), "I don't manage that Atlas organization")
		})
		assert.Equal(t, before, w.requestVersions())
		putBack()
		w.ClickIn(alice, "ready/issue", string(ready))
		w.WaitForState(ready, approval.StateDelivered)
		require.Len(t, w.keysIn(1), 1)
	})
}

// A key that cannot be deleted is said to be alive, and goes when it can.
func TestRemovedOrganizationDelaysDeletion(t *testing.T) {
	withTwoOrgs(t, func(t *testing.T, w *Env) {
		live := w.activeInOrg(1)
		w.WaitIdle(live)
		putBack := w.withoutStaging()
		w.ClickIn(alice, "ready/revoke", string(live))
		w.WaitUntil("it takes long", func() bool {
			w.Advance(time.Minute)
			return w.stored(live).Deletion.Notified
		})
		w.WaitForMessageIn(alice, slack.AppDM(alice), string(live), "still active")
		require.Len(t, w.keysIn(1), 1)
		putBack()
		w.WaitUntil("it is deleted", func() bool {
			w.Advance(time.Minute)
			return w.stored(live).State == approval.StateEnded
		})
		assert.Empty(t, w.keysIn(1))
	})
}

// Its time is over while the organization is away: it is deleted once that is
// back.
func TestKeyIsDeletedOnceOrganizationReturns(t *testing.T) {
	withTwoOrgs(t, func(t *testing.T, w *Env) {
		live := w.activeInOrg(1)
		w.WaitIdle(live)
		putBack := w.withoutStaging()
		w.Advance(9 * time.Hour)
		other := w.activeInOrg(0)                    // which shows that the bot works
		w.WaitForState(live, approval.StateRevoking) // its time is over
		w.WaitIdle(other)
		w.WaitUntil("it is told that the key is alive", func() bool {
			w.Advance(time.Minute)
			return w.stored(live).Deletion.Notified
		})
		w.WaitForMessage(alice, string(live), "still active in Atlas")
		require.Len(t, w.keysIn(1), 1)
		w.WaitIdle(live)
		putBack()
		w.WaitUntil("it is deleted", func() bool {
			w.Advance(time.Minute)
			return w.stored(live).State == approval.StateEnded
		})
		assert.Empty(t, w.keysIn(1))
	})
}
