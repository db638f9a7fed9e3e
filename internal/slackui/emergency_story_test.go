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
func withBreakGlass(s *setup) {
	rule := policy.BreakGlass{AllowedRequesters: policy.Principals{Users: []policy.UserID{alice}}, Roles: []policy.Role{"ORG_OWNER"}, Lifetime: 2 * time.Hour}
	s.policy.BreakGlass, s.more[0].Policy.BreakGlass = rule, rule
	s.MayCallCrowds = true // who watches the channel is to look at it
	s.policy.BreakGlass.AllowedRequesters.Users = []policy.UserID{alice, bob}
}

func outage(edits ...func(values)) values {
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

func TestAKeyInAnEmergency(t *testing.T) {
	t.Parallel()
	for name, edits := range doors {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := openRich(t, append(edits, withBreakGlass)...)
			d.types(alice, "emergency")
			modal := d.seesModal(alice)
			require.Contains(t, shown(modal), "at once, without approval")
			require.Contains(t, shown(modal), "deleted after 2 hours")

			result := d.submits(alice, outage(func(v values) { v["networks"]["networks"] = sandbox.Text("203.0.113.0/24") }))
			require.Contains(t, result.Errors["networks"], "allow no network wider than /32")
			require.Equal(t, sandbox.Text("invoices"), d.seesModal(alice).Values["description"]["description"])
			result = d.submits(alice, outage(func(v values) { v["reason"]["reason"] = nil }))
			require.True(t, result.Local, "a reason must be there")

			require.NoError(t, d.View(alice, aliceDM))
			require.Equal(t, sandbox.Closed, d.submits(alice, outage()).Outcome)
			again, err := d.SubmitAgain(t.Context(), alice)
			require.NoError(t, err)
			require.Equal(t, sandbox.Closed, again.Outcome)
			require.Len(t, d.requestsOf(alice), 1, "one form is one key")
			d.presses(alice, "ready/issue")
			r := d.is(d.requestsOf(alice)[0].ID, approval.StateDelivered)
			require.True(t, r.BreakGlass)
			require.Equal(t, 2*time.Hour, r.Access.Lifetime)
			_, note := d.seesButton(alice, "key/confirm")
			require.True(t, note.Ephemeral)
			d.seesButton(bob, "review/review")
			d.clean()
		})
	}
}

func TestAnEmergencyElsewhere(t *testing.T) {
	t.Parallel()
	d := openRich(t, withBreakGlass, func(s *setup) {
		s.more[0].Policy.NetworkPresets = []policy.NetworkPreset{{Name: "vpn", Networks: s.policy.NetworkPresets[0].Networks}}
	})
	d.types(alice, "emergency")
	d.seesModal(alice)
	d.fills(alice, outage())
	d.fills(alice, pick("org", string(stagingOrg)))
	modal := d.seesInModal(alice, "roles.1")
	require.Empty(t, modal.Values["roles.1"]["roles.1"])
	require.Equal(t, sandbox.Text("invoices"), modal.Values["description"]["description"])
	result := d.submits(alice, values{
		"roles.1": {"roles.1": sandbox.Pick("ORG_OWNER")}, "network_presets.1": {"network_presets.1": sandbox.Pick("vpn")},
		"networks": {"networks": sandbox.Text("")},
	})
	require.Equal(t, sandbox.Closed, result.Outcome, "%+v", result)
	r := d.requestsOf(alice)[0]
	require.Equal(t, stagingOrg, r.Org)
	require.Equal(t, "vpn", r.Access.NetworkPresets[0].Name)
	d.presses(alice, "ready/issue")
	d.is(r.ID, approval.StateDelivered)
}

func TestWhoMayNotBreakTheGlass(t *testing.T) {
	t.Parallel()
	d := openRich(t, withBreakGlass)
	d.types(sandbox.Carol, "EMERGENCY")
	d.seesText(sandbox.Carol, "Use `/atlas-key` and put the urgency")
	d.types(sandbox.Gil, "emergency")
	d.seesText(sandbox.Gil, "Guests can't use this bot")
	d.weather.add(callError{method: "users.info", answer: cut})
	d.types(dana, "emergency")
	d.seesText(dana, "didn't tell me in time who you are")
	d.weather.add(callError{method: "views.open", answer: cut})
	d.types(alice, "emergency")
	d.seesText(alice, "didn't say whether the form is open")

	d.types(bob, "emergency")
	require.NotContains(t, shown(d.seesModal(bob)), `"block_id":"org"`, "there is one where he may")
	require.Zero(t, d.keys.Made())
	d.clean()
}

func TestAnEmergencyThatCouldNotBeRecorded(t *testing.T) {
	t.Parallel()
	d := openRich(t, withBreakGlass)
	d.types(bob, "emergency")
	d.seesModal(bob)
	d.weather.add(callError{method: "users.info", answer: status(500, "")})
	result := d.submits(bob, outage())
	require.Contains(t, result.Errors["description"], "press Create emergency key again")
	require.Zero(t, d.keys.Made())
	require.Equal(t, sandbox.Closed, d.submits(bob, nil).Outcome)
	d.presses(bob, "ready/issue")
	d.is(d.requestsOf(bob)[0].ID, approval.StateDelivered)
}

// TestBreakGlassNamesEveryApprover: <!here> reaches no user who is away, and a
// workspace can forbid it.
func TestBreakGlassNamesEveryApprover(t *testing.T) {
	t.Parallel()
	d := openRich(t, withBreakGlass, func(s *setup) {
		s.policy.Requirements = []policy.Requirement{
			{From: policy.Principals{Groups: []policy.GroupID{sandbox.Bob}}, Count: 1},
			{From: policy.Principals{Users: []policy.UserID{carol}}, Count: 1},
		}
	})
	d.types(alice, "emergency")
	d.seesModal(alice)
	require.Equal(t, sandbox.Closed, d.submits(alice, outage()).Outcome)
	card := d.seesText(bob, "took an Atlas API key without approval")
	for _, called := range []string{"<!here>", "<!subteam^" + sandbox.Bob + ">", "<@" + carol + ">"} {
		require.Contains(t, card.Text, called)
	}
}
