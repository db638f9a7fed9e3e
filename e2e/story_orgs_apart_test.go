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
	inOrgs(t, func(t *testing.T, w *town) {
		ids := []policy.ID{w.activeInOrg(0), w.activeInOrg(1)}
		w.rests(ids...)
		require.NoError(t, w.Atlases[1].EditKey(w.request(ids[1]).Key.ID, atlas.KeyEdit{Roles: []string{"ORG_OWNER"}}))
		w.restartBot() // compares at once
		w.readsIn(carol, staging, "drift/revoke", string(ids[1]), "Organization Owner")
		assert.Zero(t, w.notices("drift/revoke"))
		assert.Zero(t, w.entries(ids[0], approval.EventDriftDetected))
		w.pressesOn(carol, "drift/revoke", string(ids[1]))
		w.becomes(ids[1], approval.StateEnded)
		assert.Empty(t, w.keysIn(1))
		require.Len(t, w.keysIn(0), 1)
	})
}

// The credential of one organization is deleted in Atlas while the bot runs: the
// other is served as before.
func TestOneCredentialIsRefused(t *testing.T) {
	inOrgs(t, func(t *testing.T, w *town) {
		stuck := w.approvedInOrg(0)
		live := w.activeInOrg(1)
		w.rests(stuck, live)
		require.NoError(t, w.Atlases[0].DeleteKey(w.ownKey(0)))
		w.pressesOn(alice, "ready/issue", string(stuck))
		w.until("it is put back", func() bool {
			r := w.request(stuck)
			if r.State == approval.StateIssuing && r.Issuance.RetryAt.After(w.Clock.Now()) {
				w.passes(r.Issuance.RetryAt.Sub(w.Clock.Now()))
			}
			return r.State == approval.StateApproved && r.Attempt == 1
		})
		w.reads(alice, "ready/issue", string(stuck), "does not accept this bot's own credential")

		another := w.activeInOrg(1)
		w.pressesOn(alice, "ready/revoke", string(live))
		w.becomes(live, approval.StateEnded)
		require.Len(t, w.keysIn(1), 1)
		w.rests(stuck, live, another)
		require.NoError(t, w.Atlases[1].EditKey(w.request(another).Key.ID, atlas.KeyEdit{Roles: []string{"ORG_OWNER"}}))
		w.passes(15 * time.Minute)
		w.readsIn(carol, staging, "drift/revoke", string(another)) // the first of the two cannot be compared
	})
}

// ownKey is the id of the bot's own credential in an organization.
func (w *town) ownKey(i int) string {
	w.t.Helper()
	for _, k := range w.Atlases[i].Snapshot().Keys {
		if k.Own {
			return k.ID
		}
	}
	w.t.Fatal("the bot has no credential there")
	return ""
}

func TestTheTrailOfOneOrganization(t *testing.T) {
	t.Parallel()
	w := newOrgsTown(t, false, nil)
	ids := []policy.ID{w.activeInOrg(0), w.activeInOrg(1)}
	for i, name := range []string{"Production", "staging"} {
		out, err := w.run(w.environ, "audit", "--org", name)
		require.NoError(t, err)
		assert.Contains(t, out, ids[i])
		assert.NotContains(t, out, ids[1-i])
		for l := range strings.Lines(out) {
			var e approval.AuditEntry
			require.NoError(t, json.Unmarshal([]byte(l), &e))
			assert.Equal(t, w.org(i), e.Org)
		}
	}
	w.passes(feedDelay + time.Minute)
	out, err := w.run(w.environ, "audit", "compare")
	require.NoError(t, err, out)
	require.NoError(t, w.Atlases[1].DeleteKey(w.request(ids[1]).Key.ID))
	_, err = w.run(w.environ, "audit", "compare", "--org", "Production")
	require.NoError(t, err)
	out, err = w.run(w.environ, "audit", "compare", "--org", "Staging")
	require.ErrorContains(t, err, "events: 1")
	assert.Contains(t, out, string(w.org(1)))
	assert.Contains(t, out, "deleted this key")
}

// withoutStaging takes the second organization out of the configuration, and returns
// what puts it back.
func (w *town) withoutStaging() (putBack func()) {
	w.t.Helper()
	kept := map[string]string{"ORGS": w.environ["ORGS"]}
	for name, value := range w.environ {
		if strings.HasPrefix(name, "ORG_STAGING_") {
			kept[name] = value
			delete(w.environ, name)
		}
	}
	w.environ["ORGS"] = "production"
	w.restartBot()
	return func() {
		w.t.Helper()
		for name, value := range kept {
			w.environ[name] = value
		}
		w.restartBot()
	}
}

func TestAnOrganizationIsTakenOut(t *testing.T) {
	inOrgs(t, func(t *testing.T, w *town) {
		pending, live := w.asksInOrg(1), w.activeInOrg(1)
		w.rests(pending, live)
		before := w.ledger()
		putBack := w.withoutStaging()
		for _, action := range []string{"card/approve", "card/deny", "card/approve_partial"} {
			w.pressesOn(carol, action, string(pending))
			w.readsIn(carol, staging, "I do not serve that Atlas organization")
			assert.Nil(t, w.Slack.Screen(carol).Modal)
		}
		w.pressesOn(carol, "card/revoke_with_reason", string(live))
		w.pressesOn(alice, "ready/extend", string(live))
		w.pressesOn(alice, "ready/rotate", string(live))
		w.readsIn(alice, slack.AppDM(alice), "I do not serve that Atlas organization")
		assert.Nil(t, w.Slack.Screen(alice).Modal)
		w.opensHome(alice, string(pending), string(live))
		w.types(alice, "list")
		w.readsIn(alice, slack.General, string(pending), string(live))
		w.types(carol, "pending")
		w.readsIn(carol, slack.General, "This is for approvers")
		w.opensForm(alice)
		assert.NotContains(t, string(w.Slack.Screen(alice).Modal.View), "Staging")
		require.NoError(t, w.Slack.CloseModal(w.ctx(), alice))
		assert.Equal(t, before, w.ledger())
		require.Len(t, w.keysIn(1), 1)

		putBack()
		w.pressesOn(carol, "card/approve", string(pending))
		w.becomes(pending, approval.StateApproved)
		w.pressesOn(alice, "ready/issue", string(pending))
		w.becomes(pending, approval.StateDelivered)
		require.Len(t, w.keysIn(1), 2)
		w.pressesOn(alice, "ready/revoke", string(live))
		w.becomes(live, approval.StateEnded)
	})
}

// A key that cannot be made is not begun.
func TestAnAbsentOrganizationMakesNoKey(t *testing.T) {
	inOrgs(t, func(t *testing.T, w *town) {
		ready := w.approvedInOrg(1)
		w.rests(ready)
		before := w.ledger()
		putBack := w.withoutStaging()
		w.pressesOn(alice, "ready/issue", string(ready))
		w.until("the press is answered", func() bool { return w.whispersIn(alice, slack.AppDM(alice), "I do not serve that Atlas organization") })
		assert.Equal(t, before, w.ledger())
		putBack()
		w.pressesOn(alice, "ready/issue", string(ready))
		w.becomes(ready, approval.StateDelivered)
		require.Len(t, w.keysIn(1), 1)
	})
}

// A key that cannot be deleted is said to be alive, and goes when it can.
func TestAnAbsentOrganizationDeletesNoKey(t *testing.T) {
	inOrgs(t, func(t *testing.T, w *town) {
		live := w.activeInOrg(1)
		w.rests(live)
		putBack := w.withoutStaging()
		w.pressesOn(alice, "ready/revoke", string(live))
		w.until("it takes long", func() bool {
			w.passes(time.Minute)
			return w.request(live).Deletion.Notified
		})
		w.readsIn(alice, slack.AppDM(alice), string(live), "still alive")
		require.Len(t, w.keysIn(1), 1)
		putBack()
		w.until("it is deleted", func() bool {
			w.passes(time.Minute)
			return w.request(live).State == approval.StateEnded
		})
		assert.Empty(t, w.keysIn(1))
	})
}

// Its time is over while the organization is away: it is deleted once that is
// back.
func TestAKeyOutlivesItsOrganizationsAbsence(t *testing.T) {
	inOrgs(t, func(t *testing.T, w *town) {
		live := w.activeInOrg(1)
		w.rests(live)
		putBack := w.withoutStaging()
		w.passes(9 * time.Hour)
		other := w.activeInOrg(0)               // which shows that the bot works
		w.becomes(live, approval.StateRevoking) // its time is over
		w.rests(other)
		w.until("it is told that the key is alive", func() bool {
			w.passes(time.Minute)
			return w.request(live).Deletion.Notified
		})
		w.reads(alice, string(live), "still alive in Atlas")
		require.Len(t, w.keysIn(1), 1)
		w.rests(live)
		putBack()
		w.until("it is deleted", func() bool {
			w.passes(time.Minute)
			return w.request(live).State == approval.StateEnded
		})
		assert.Empty(t, w.keysIn(1))
	})
}
