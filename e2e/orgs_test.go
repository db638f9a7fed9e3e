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

// withTwoOrgs runs a scenario over the transports in an environment with two organizations,
// Production and Staging, each with its own credential, channel and approvers.
func withTwoOrgs(t *testing.T, scenario func(t *testing.T, w *Env), edit ...func(*sandbox.Options)) {
	overEach(t, transports(t), func(t *testing.T, overHTTP bool) { scenario(t, newOrgsEnv(t, overHTTP, nil, edit...)) })
}

func newOrgsEnv(t *testing.T, overHTTP bool, environ map[string]string, edit ...func(*sandbox.Options)) *Env {
	t.Helper()
	w := newEnvWithoutBot(t, overHTTP, append([]func(*sandbox.Options){twoOrgs}, edit...)...)
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
	w.fillGroups()
	w.StartBotForTest()
	return w
}

func (w *Env) org(i int) policy.OrgID { return policy.OrgID(w.Atlases[i].Snapshot().ID) }

// keysIn are the keys that the bot made in an organization.
func (w *Env) keysIn(i int) []atlas.Key {
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

// chooseOrg chooses an organization in the open form, and waits for what can be
// asked for there.
func (w *Env) chooseOrg(who string, i int) slack.Modal {
	w.t.Helper()
	require.NoError(w.t, w.Slack.Fill(w.ctx(), who, map[string]map[string]slack.Value{"org": {"org": slack.Pick(string(w.org(i)))}}))
	return *w.WaitForScreen(who, "the form of the other organization", func(s slack.Screen) bool {
		return s.Modal != nil && strings.Contains(string(s.Modal.View), `"roles.1"`) == (i == 1)
	}).Modal
}

// requestInOrg is a whole request of Alice's in an organization.
func (w *Env) requestInOrg(i int) policy.ID {
	w.t.Helper()
	w.OpenForm(alice)
	filled, channel, reader := requestInput(), slack.Approvals, bob
	if i == 1 {
		w.chooseOrg(alice, 1)
		filled, channel, reader = requestInput(elsewhere), staging, carol
	}
	result, err := w.Slack.Submit(w.ctx(), alice, filled)
	require.NoError(w.t, err)
	require.Equal(w.t, slack.Closed, result.Outcome, "%+v", result)
	id := w.newestRequest()
	w.WaitForMessageIn(reader, channel, "card/approve", string(id))
	return id
}

// approvedInOrg is such a request, approved.
func (w *Env) approvedInOrg(i int) policy.ID {
	w.t.Helper()
	id := w.requestInOrg(i)
	w.ClickIn([]string{bob, carol}[i], "card/approve", string(id))
	w.WaitForMessageIn(alice, slack.AppDM(alice), "ready/issue", string(id))
	return id
}

// activeInOrg is such a key, saved.
func (w *Env) activeInOrg(i int) policy.ID {
	w.t.Helper()
	id := w.approvedInOrg(i)
	w.ClickIn(alice, "ready/issue", string(id))
	w.WaitForState(id, approval.StateDelivered)
	w.ClickIn(alice, "key/confirm", string(id))
	w.WaitForState(id, approval.StateActive)
	return id
}

func TestFormOffersOrganizations(t *testing.T) {
	withTwoOrgs(t, func(t *testing.T, w *Env) {
		w.OpenForm(alice)
		first := *w.Slack.Screen(alice).Modal
		assert.Equal(t, slack.Pick(string(w.org(0))), first.Values["org"]["org"])
		for _, name := range []string{"Production", "Staging"} {
			assert.Contains(t, string(first.View), name)
		}
		require.NoError(t, w.Slack.Fill(w.ctx(), alice, map[string]map[string]slack.Value{
			"description": {"description": slack.Text("billing export")}, "roles": {"roles": slack.Pick("ORG_READ_ONLY")},
		}))
		second := w.chooseOrg(alice, 1)
		assert.Equal(t, first.ViewID, second.ViewID, "it is the same form")
		assert.Equal(t, slack.Text("billing export"), second.Values["description"]["description"], "what was typed stays")
		assert.Empty(t, second.Values["roles.1"]["roles.1"], "what was chosen for one does not stay for another")
		back := w.chooseOrg(alice, 0)
		assert.Equal(t, slack.Text("billing export"), back.Values["description"]["description"])

		// Sent faster than it can follow: what is below was chosen for another one.
		result, err := w.Slack.Submit(w.ctx(), alice, requestInput(field("org", slack.Pick(string(w.org(1))))))
		require.NoError(t, err)
		require.Equal(t, slack.Refused, result.Outcome)
		assert.Contains(t, result.Errors, "org")
		assert.Empty(t, w.requestVersions())
		w.WaitForScreen(alice, "what is offered there", func(s slack.Screen) bool {
			return s.Modal != nil && strings.Contains(string(s.Modal.View), `"roles.1"`)
		})
		result, err = w.Slack.Submit(w.ctx(), alice, requestInput(elsewhere))
		require.NoError(t, err)
		require.Equal(t, slack.Closed, result.Outcome, "%+v", result)
		assert.Equal(t, w.org(1), w.stored(w.newestRequest()).Org)
	})
}

func TestKeyIsCreatedInItsOrganization(t *testing.T) {
	withTwoOrgs(t, func(t *testing.T, w *Env) {
		id := w.requestInOrg(1)
		card := w.WaitForMessageIn(carol, staging, "card/approve", string(id))
		assert.True(t, contains(card, "Staging"))
		assert.Zero(t, w.notices(string(id)), "the other approvers are not asked")
		w.ClickIn(carol, "card/approve", string(id))
		w.ClickIn(alice, "ready/issue", string(id))
		w.WaitForMessage(alice, "MONGODB_ATLAS_PRIVATE_API_KEY", string(id))
		w.WaitForState(id, approval.StateDelivered)
		w.ClickIn(alice, "key/confirm", string(id))
		w.WaitForState(id, approval.StateActive)
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

		w.ClickOpensModal(alice, "ready/extend", string(id))
		require.Equal(t, slack.Closed, w.SubmitFields(alice, map[string]string{"lifetime": "24h0m0s", "reason": "more"}).Outcome)
		more := w.successor(id, approval.Extension)
		w.WaitForMessageIn(carol, staging, "card/approve", string(more), "Staging")
		w.ClickIn(carol, "card/approve", string(more))
		w.WaitForState(more, approval.StateApplied)

		other := w.activeInOrg(0)
		w.ClickIn(alice, "ready/revoke", string(id))
		w.WaitForState(id, approval.StateEnded)
		assert.Empty(t, w.keysIn(1))
		require.Len(t, w.keysIn(0), 1)
		assert.Equal(t, approval.StateActive, w.stored(other).State)
		w.WaitForMessageIn(carol, staging, string(id), "deleted")
	})
}

// The user who approves for one organization decides nothing in the other, and sees
// nothing of it.
func TestApproversAreScopedToOrganization(t *testing.T) {
	withTwoOrgs(t, func(t *testing.T, w *Env) {
		ids := []policy.ID{w.requestInOrg(0), w.requestInOrg(1)}
		w.WaitIdle(ids...)
		for i, wrong := range []string{carol, bob} {
			channel := []string{slack.Approvals, staging}[i]
			for _, action := range []string{"card/approve", "card/deny", "card/approve_partial"} {
				w.ClickIn(wrong, action, string(ids[i]))
				w.WaitUntil("it is refused", func() bool { return w.hasEphemeralIn(wrong, channel, "Only approvers can decide") })
				assert.Nil(t, w.Slack.Screen(wrong).Modal)
			}
			require.NoError(t, w.Slack.ForgeClick(w.ctx(), slack.Forgery{User: wrong, Payload: atHome(wrong, slack.TeamID, "home/approve", string(ids[i]))}))
			w.WaitForHome(wrong, "Only approvers can decide")
			assert.Equal(t, approval.StatePending, w.stored(ids[i]).State)
		}
		for i, right := range []string{bob, carol} {
			mine, theirs := string(ids[i]), string(ids[1-i])
			name := []string{"Production", "Staging"}[i]
			assert.NotContains(t, w.OpenHome(right, mine, name), theirs)
			w.Command(right, "pending")
			said := w.WaitForMessageIn(right, slack.General, "waiting for your decision", mine, name)
			assert.False(t, contains(said, theirs))
			w.ClickInHome(right, "home/approve", mine)
			w.WaitForState(ids[i], approval.StateApproved)
		}
	})
}

// hasEphemeralIn reports whether a user reads that in a conversation, alone.
func (w *Env) hasEphemeralIn(who, conversation string, words ...string) bool {
	for _, c := range w.Slack.Screen(who).Conversations {
		for _, m := range c.Messages {
			if c.ID == conversation && m.Ephemeral && contains(m, words...) {
				return true
			}
		}
	}
	return false
}

func TestSeveralOrganizationsAreNamed(t *testing.T) {
	withTwoOrgs(t, func(t *testing.T, w *Env) {
		for i, name := range []string{"Production", "Staging"} {
			id := w.activeInOrg(i)
			w.Command(alice, "list")
			w.WaitForMessageIn(alice, slack.General, string(id), name)
			w.OpenHome(alice, string(id), name)
			right := []string{bob, carol}[i]
			assert.NotContains(t, w.OpenHome(right, "Active keys", string(id), name), []string{"Staging", "Production"}[i])
		}
		both := w.stored(w.newestRequest())
		w.Slack.SetGroup(security, carol, dana) // Dana looks after both
		w.Advance(20 * time.Minute)
		w.OpenHome(dana, string(both.ID), "Production", "Staging")
	})
}

func TestSingleOrganizationIsNotNamed(t *testing.T) {
	t.Parallel()
	for name, overHTTP := range map[string]bool{"socket": false, "http": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newEnv(t, overHTTP, map[string]string{"ATLAS_ORG_NAME": "Hooli"})
			w.OpenForm(alice)
			assert.NotContains(t, string(w.Slack.Screen(alice).Modal.View), `"block_id":"org"`)
			require.NoError(t, w.Slack.CloseModal(w.ctx(), alice))
			w.Request()
			w.Command(bob, "pending")
			w.WaitForMessageIn(bob, slack.General, "waiting for your decision")
			w.OpenHome(bob, "home/approve")
			w.Click(bob, "card/approve")
			w.Click(alice, "ready/issue")
			w.WaitForState(w.newestRequest(), approval.StateDelivered)
			w.Click(alice, "key/confirm")
			w.WaitForState(w.newestRequest(), approval.StateActive)
			w.WaitIdle(w.newestRequest())
			w.Command(alice, "list")
			w.WaitForMessageIn(alice, slack.General, "list/rotate")
			w.OpenHome(alice, "home/rotate")
			w.OpenHome(bob, "home/revoke_with_reason")
			for _, c := range w.Wire.Calls() {
				assert.NotContains(t, c.Request, "Hooli", c.Operation)
			}
		})
	}
}
