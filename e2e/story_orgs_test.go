package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox"
	"atlaskeybot/internal/sandbox/atlas"
	"atlaskeybot/internal/sandbox/slack"
)

// twoOrgs is an Atlas with two organizations.
func twoOrgs(o *sandbox.Options) { o.Organizations = 2 }

// staging is where Carol approves for the second organization. For the first it
// is as everywhere: Bob and Dana, in #atlas-approvals.
const staging = slack.General

// inOrgs tells a story over both doors in a town with two organizations,
// Production and Staging, each with its own credential, channel and approvers.
func inOrgs(t *testing.T, story func(t *testing.T, w *town), edit ...func(*sandbox.Options)) {
	t.Parallel()
	for name, overHTTP := range map[string]bool{"socket": false, "http": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			story(t, newOrgsTown(t, overHTTP, nil, edit...))
		})
	}
}

func newOrgsTown(t *testing.T, overHTTP bool, environ map[string]string, edit ...func(*sandbox.Options)) *town {
	t.Helper()
	w := emptyTown(t, overHTTP, append([]func(*sandbox.Options){twoOrgs}, edit...)...)
	for name := range w.environ {
		if strings.HasPrefix(name, "ATLAS_") && name != "ATLAS_BASE_URL" {
			delete(w.environ, name)
		}
	}
	for i, word := range []string{"PRODUCTION", "STAGING"} {
		prefix := "ORG_" + word + "_"
		w.environ[prefix+"ATLAS_ORG_ID"] = string(w.org(i))
		w.environ[prefix+"ATLAS_PUBLIC_KEY"], w.environ[prefix+"ATLAS_PRIVATE_KEY"] = w.Atlases[i].Credential()
	}
	w.environ["ORGS"] = "production,staging"
	w.environ["ORG_STAGING_SLACK_APPROVAL_CHANNEL"] = staging
	w.environ["ORG_STAGING_SLACK_APPROVERS"] = security
	for name, value := range environ {
		w.environ[name] = value
	}
	w.Slack.AddBotToChannel(staging)
	w.staff()
	w.moveIn()
	return w
}

func (w *town) org(i int) policy.OrgID { return policy.OrgID(w.Atlases[i].Snapshot().ID) }

// keysIn are the keys that the bot made in an organization.
func (w *town) keysIn(i int) []atlas.Key {
	var made []atlas.Key
	for _, k := range w.Atlases[i].Snapshot().Keys {
		if strings.Contains(k.Desc, "keybot AKR-") {
			made = append(made, k)
		}
	}
	return made
}

// elsewhere makes a wish one of the second organization: what is chosen has
// names of its own there.
func elsewhere(f map[string]map[string]slack.Value) {
	for _, block := range []string{"roles", "lifetime"} {
		f[block+".1"] = map[string]slack.Value{block + ".1": f[block][block]}
		delete(f, block)
	}
}

// turnsTo chooses an organization in the open form, and waits for what can be
// asked for there.
func (w *town) turnsTo(who string, i int) slack.Modal {
	w.t.Helper()
	require.NoError(w.t, w.Slack.Fill(w.ctx(), who, map[string]map[string]slack.Value{"org": {"org": slack.Pick(string(w.org(i)))}}))
	return *w.sees(who, "the form of the other organization", func(s slack.Screen) bool {
		return s.Modal != nil && strings.Contains(string(s.Modal.View), `"roles.1"`) == (i == 1)
	}).Modal
}

// asksInOrg is a whole request of Alice's in an organization.
func (w *town) asksInOrg(i int) policy.ID {
	w.t.Helper()
	w.opensForm(alice)
	filled, channel, reader := wish(), slack.Approvals, bob
	if i == 1 {
		w.turnsTo(alice, 1)
		filled, channel, reader = wish(elsewhere), staging, carol
	}
	result, err := w.Slack.Submit(w.ctx(), alice, filled)
	require.NoError(w.t, err)
	require.Equal(w.t, slack.Closed, result.Outcome, "%+v", result)
	id := w.newest()
	w.readsIn(reader, channel, "card/approve", string(id))
	return id
}

// approvedInOrg is such a request, approved.
func (w *town) approvedInOrg(i int) policy.ID {
	w.t.Helper()
	id := w.asksInOrg(i)
	w.pressesOn([]string{bob, carol}[i], "card/approve", string(id))
	w.readsIn(alice, slack.AppDM(alice), "ready/issue", string(id))
	return id
}

// activeInOrg is such a key, saved.
func (w *town) activeInOrg(i int) policy.ID {
	w.t.Helper()
	id := w.approvedInOrg(i)
	w.pressesOn(alice, "ready/issue", string(id))
	w.becomes(id, approval.StateDelivered)
	w.pressesOn(alice, "key/confirm", string(id))
	w.becomes(id, approval.StateActive)
	return id
}

func TestTheFormAsksWhichOrganization(t *testing.T) {
	inOrgs(t, func(t *testing.T, w *town) {
		w.opensForm(alice)
		first := *w.Slack.Screen(alice).Modal
		assert.Equal(t, slack.Pick(string(w.org(0))), first.Values["org"]["org"])
		for _, name := range []string{"Production", "Staging"} {
			assert.Contains(t, string(first.View), name)
		}
		require.NoError(t, w.Slack.Fill(w.ctx(), alice, map[string]map[string]slack.Value{
			"description": {"description": slack.Text("billing export")}, "roles": {"roles": slack.Pick("ORG_READ_ONLY")},
		}))
		second := w.turnsTo(alice, 1)
		assert.Equal(t, first.ViewID, second.ViewID, "it is the same form")
		assert.Equal(t, slack.Text("billing export"), second.Values["description"]["description"], "what was typed stays")
		assert.Empty(t, second.Values["roles.1"]["roles.1"], "what was chosen for one does not stay for another")
		back := w.turnsTo(alice, 0)
		assert.Equal(t, slack.Text("billing export"), back.Values["description"]["description"])

		// Sent faster than it can follow: what is below was chosen for another one.
		result, err := w.Slack.Submit(w.ctx(), alice, wish(field("org", slack.Pick(string(w.org(1))))))
		require.NoError(t, err)
		require.Equal(t, slack.Refused, result.Outcome)
		assert.Contains(t, result.Errors, "org")
		assert.Empty(t, w.ledger())
		w.sees(alice, "what is offered there", func(s slack.Screen) bool {
			return s.Modal != nil && strings.Contains(string(s.Modal.View), `"roles.1"`)
		})
		result, err = w.Slack.Submit(w.ctx(), alice, wish(elsewhere))
		require.NoError(t, err)
		require.Equal(t, slack.Closed, result.Outcome, "%+v", result)
		assert.Equal(t, w.org(1), w.request(w.newest()).Org)
	})
}

func TestAKeyIsMadeInItsOrganization(t *testing.T) {
	inOrgs(t, func(t *testing.T, w *town) {
		id := w.asksInOrg(1)
		card := w.readsIn(carol, staging, "card/approve", string(id))
		assert.True(t, holds(card, "Staging"))
		assert.Zero(t, w.notices(string(id)), "the other approvers are not asked")
		w.pressesOn(carol, "card/approve", string(id))
		w.pressesOn(alice, "ready/issue", string(id))
		w.reads(alice, "MONGODB_ATLAS_PRIVATE_API_KEY", string(id))
		w.becomes(id, approval.StateDelivered)
		w.pressesOn(alice, "key/confirm", string(id))
		w.becomes(id, approval.StateActive)
		require.Len(t, w.keysIn(1), 1)
		assert.Equal(t, []atlas.Role{{OrgID: string(w.org(1)), Name: "ORG_BILLING_READ_ONLY"}}, w.keysIn(1)[0].Roles)
		assert.Empty(t, w.keysIn(0))
		own, _ := w.Atlases[1].Credential()
		events := w.Atlases[1].Events()
		require.NotEmpty(t, events)
		for _, e := range events {
			assert.Equal(t, own, e.By)
		}
		assert.Empty(t, w.Atlases[0].Events())

		w.opens(alice, "ready/extend", string(id))
		require.Equal(t, slack.Closed, w.fills(alice, map[string]string{"lifetime": "24h0m0s", "reason": "more"}).Outcome)
		more := w.follower(id, approval.Extension)
		w.readsIn(carol, staging, "card/approve", string(more), "Staging")
		w.pressesOn(carol, "card/approve", string(more))
		w.becomes(more, approval.StateApplied)

		other := w.activeInOrg(0)
		w.pressesOn(alice, "ready/revoke", string(id))
		w.becomes(id, approval.StateEnded)
		assert.Empty(t, w.keysIn(1))
		require.Len(t, w.keysIn(0), 1)
		assert.Equal(t, approval.StateActive, w.request(other).State)
		w.readsIn(carol, staging, string(id), "deleted")
	})
}

// Whoever approves for one organization decides nothing in the other, and sees
// nothing of it.
func TestApproversOfOneOrganization(t *testing.T) {
	inOrgs(t, func(t *testing.T, w *town) {
		ids := []policy.ID{w.asksInOrg(0), w.asksInOrg(1)}
		w.rests(ids...)
		for i, wrong := range []string{carol, bob} {
			channel := []string{slack.Approvals, staging}[i]
			for _, action := range []string{"card/approve", "card/deny", "card/approve_partial"} {
				w.pressesOn(wrong, action, string(ids[i]))
				w.until("it is refused", func() bool { return w.whispersIn(wrong, channel, "Only approvers can decide") })
				assert.Nil(t, w.Slack.Screen(wrong).Modal)
			}
			require.NoError(t, w.Slack.ForgeClick(w.ctx(), slack.Forgery{User: wrong, Payload: atHome(wrong, slack.TeamID, "home/approve", string(ids[i]))}))
			w.home(wrong, "Only approvers can decide")
			assert.Equal(t, approval.StatePending, w.request(ids[i]).State)
		}
		for i, right := range []string{bob, carol} {
			mine, theirs := string(ids[i]), string(ids[1-i])
			name := []string{"Production", "Staging"}[i]
			assert.NotContains(t, w.opensHome(right, mine, name), theirs)
			w.types(right, "pending")
			said := w.readsIn(right, slack.General, "waiting for your decision", mine, name)
			assert.False(t, holds(said, theirs))
			w.pressesAtHome(right, "home/approve", mine)
			w.becomes(ids[i], approval.StateApproved)
		}
	})
}

// whispersIn reports whether somebody reads that in a conversation, alone.
func (w *town) whispersIn(who, conversation string, words ...string) bool {
	for _, c := range w.Slack.Screen(who).Conversations {
		for _, m := range c.Messages {
			if c.ID == conversation && m.Ephemeral && holds(m, words...) {
				return true
			}
		}
	}
	return false
}

func TestOrganizationsAreNamedWhereTheyAreSeveral(t *testing.T) {
	inOrgs(t, func(t *testing.T, w *town) {
		for i, name := range []string{"Production", "Staging"} {
			id := w.activeInOrg(i)
			w.types(alice, "list")
			w.readsIn(alice, slack.General, string(id), name)
			w.opensHome(alice, string(id), name)
			right := []string{bob, carol}[i]
			assert.NotContains(t, w.opensHome(right, "Live keys", string(id), name), []string{"Staging", "Production"}[i])
		}
		both := w.request(w.newest())
		w.Slack.SetGroup(security, carol, dana) // Dana looks after both
		w.passes(20 * time.Minute)
		w.opensHome(dana, string(both.ID), "Production", "Staging")
	})
}

func TestOneOrganizationIsNotNamed(t *testing.T) {
	t.Parallel()
	for name, overHTTP := range map[string]bool{"socket": false, "http": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t, overHTTP, map[string]string{"ATLAS_ORG_NAME": "Hooli"})
			w.opensForm(alice)
			assert.NotContains(t, string(w.Slack.Screen(alice).Modal.View), `"block_id":"org"`)
			require.NoError(t, w.Slack.CloseModal(w.ctx(), alice))
			w.asks()
			w.types(bob, "pending")
			w.readsIn(bob, slack.General, "waiting for your decision")
			w.opensHome(bob, "home/approve")
			w.presses(bob, "card/approve")
			w.presses(alice, "ready/issue")
			w.becomes(w.newest(), approval.StateDelivered)
			w.presses(alice, "key/confirm")
			w.becomes(w.newest(), approval.StateActive)
			w.rests(w.newest())
			w.types(alice, "list")
			w.readsIn(alice, slack.General, "list/rotate")
			w.opensHome(alice, "home/rotate")
			w.opensHome(bob, "home/revoke_with_reason")
			for _, c := range w.Wire.Calls() {
				assert.NotContains(t, c.Request, "Hooli", c.Operation)
			}
		})
	}
}
