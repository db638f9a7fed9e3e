package slackui_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	sandbox "atlaskeybot/internal/sandbox/slack"
)

// withBreakGlass lets Alice take keys in both organizations, and Bob in one.
func withBreakGlass(s *envOptions) {
	rule := policy.BreakGlass{AllowedRequesters: policy.Principals{Users: []policy.UserID{alice}}, Roles: []policy.Role{"ORG_OWNER"}, Lifetime: 2 * time.Hour}
	s.policy.BreakGlass, s.more[0].Policy.BreakGlass = rule, rule
	s.MayCallCrowds = true // who watches the channel is to look at it
	s.policy.BreakGlass.AllowedRequesters.Users = []policy.UserID{alice, bob}
}

func breakGlassForm(edits ...func(values)) values {
	v := values{
		"description": {"description": sandbox.Text("invoices")},
		"roles":       {"roles": sandbox.Pick("ORG_OWNER")},
		"networks":    {"networks": sandbox.Text("203.0.113.7")},
		"reason":      {"reason": sandbox.Text("backfill: production is down <!channel>")},
	}
	for _, e := range edits {
		e(v)
	}
	return v
}

func TestBreakGlassIssuesKeyWithoutApproval(t *testing.T) {
	t.Parallel()
	for name, edits := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newRichEnv(t, append(edits, withBreakGlass)...)
			d.command(alice, "emergency")
			modal := d.waitForModal(alice)
			require.Contains(t, modalText(modal), "at once, without approval")
			require.Contains(t, modalText(modal), "deleted after 2 hours")

			result := d.submit(alice, breakGlassForm(func(v values) { v["networks"]["networks"] = sandbox.Text("203.0.113.0/24") }))
			require.Contains(t, result.Errors["networks"], "allow no network wider than /32")
			require.Equal(t, sandbox.Text("invoices"), d.waitForModal(alice).Values["description"]["description"])
			result = d.submit(alice, breakGlassForm(func(v values) { v["reason"]["reason"] = nil }))
			require.True(t, result.Local, "a reason must be there")

			require.NoError(t, d.View(alice, aliceDM))
			require.Equal(t, sandbox.Closed, d.submit(alice, breakGlassForm()).Outcome)
			again, err := d.SubmitAgain(t.Context(), alice)
			require.NoError(t, err)
			require.Equal(t, sandbox.Closed, again.Outcome)
			require.Len(t, d.requestsOf(alice), 1, "one form is one key")
			d.click(alice, "ready/issue")
			r := d.waitForState(d.requestsOf(alice)[0].ID, approval.StateDelivered)
			require.True(t, r.BreakGlass)
			require.Equal(t, 2*time.Hour, r.Access.Lifetime)
			_, note := d.waitForButton(alice, "key/confirm")
			require.True(t, note.Ephemeral)
			d.waitForButton(bob, "review/review")
			d.requireClean()
		})
	}
}

func TestBreakGlassInOtherOrganization(t *testing.T) {
	t.Parallel()
	d := newRichEnv(t, withBreakGlass, func(s *envOptions) {
		s.more[0].Policy.NetworkPresets = []policy.NetworkPreset{{Name: "vpn", Networks: s.policy.NetworkPresets[0].Networks}}
	})
	d.command(alice, "emergency")
	d.waitForModal(alice)
	d.fill(alice, breakGlassForm())
	d.fill(alice, pick("org", string(stagingOrg)))
	modal := d.waitForModalText(alice, "roles.1")
	require.Empty(t, modal.Values["roles.1"]["roles.1"])
	require.Equal(t, sandbox.Text("invoices"), modal.Values["description"]["description"])
	result := d.submit(alice, values{
		"roles.1": {"roles.1": sandbox.Pick("ORG_OWNER")}, "network_presets.1": {"network_presets.1": sandbox.Pick("vpn")},
		"networks": {"networks": sandbox.Text("")},
	})
	require.Equal(t, sandbox.Closed, result.Outcome, "%+v", result)
	r := d.requestsOf(alice)[0]
	require.Equal(t, stagingOrg, r.Org)
	require.Equal(t, "vpn", r.Access.NetworkPresets[0].Name)
	d.click(alice, "ready/issue")
	d.waitForState(r.ID, approval.StateDelivered)
}

func TestBreakGlassIsRefusedToOthers(t *testing.T) {
	t.Parallel()
	d := newRichEnv(t, withBreakGlass)
	d.command(sandbox.Carol, "EMERGENCY")
	d.waitForMessage(sandbox.Carol, "Use `/atlas-key` and put the urgency")
	d.command(sandbox.Gil, "emergency")
	d.waitForMessage(sandbox.Gil, "Guests can't use this bot")
	d.faults.add(fault{method: "users.info", answer: connectionReset})
	d.command(dana, "emergency")
	d.waitForMessage(dana, "didn't tell me in time who you are")
	d.faults.add(fault{method: "views.open", answer: connectionReset})
	d.command(alice, "emergency")
	d.waitForMessage(alice, "didn't say whether the form is open")

	d.command(bob, "emergency")
	require.NotContains(t, modalText(d.waitForModal(bob)), `"block_id":"org"`, "there is one where he may")
	require.Zero(t, d.keys.Made())
	d.requireClean()
}

func TestBreakGlassFormStaysOpenWhenStoreFails(t *testing.T) {
	t.Parallel()
	d := newRichEnv(t, withBreakGlass)
	d.command(bob, "emergency")
	d.waitForModal(bob)
	d.faults.add(fault{method: "users.info", answer: status(500, "")})
	result := d.submit(bob, breakGlassForm())
	require.Contains(t, result.Errors["description"], "press Create emergency key again")
	require.Zero(t, d.keys.Made())
	require.Equal(t, sandbox.Closed, d.submit(bob, nil).Outcome)
	d.click(bob, "ready/issue")
	d.waitForState(d.requestsOf(bob)[0].ID, approval.StateDelivered)
}

// TestBreakGlassNamesEveryApprover: <!here> reaches no user who is away, and a
// workspace can forbid it.
func TestBreakGlassNamesEveryApprover(t *testing.T) {
	t.Parallel()
	d := newRichEnv(t, withBreakGlass, func(s *envOptions) {
		s.policy.Requirements = []policy.Requirement{
			{From: policy.Principals{Groups: []policy.GroupID{sandbox.Bob}}, Count: 1},
			{From: policy.Principals{Users: []policy.UserID{carol}}, Count: 1},
		}
	})
	d.command(alice, "emergency")
	d.waitForModal(alice)
	require.Equal(t, sandbox.Closed, d.submit(alice, breakGlassForm()).Outcome)
	card := d.waitForMessage(bob, "took an Atlas API key without approval")
	for _, called := range []string{"<!here>", "<!subteam^" + sandbox.Bob + ">", "<@" + carol + ">"} {
		require.Contains(t, card.Text, called)
	}
}
