package slackui_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	sandbox "atlaskeybot/internal/sandbox/slack"
)

// getsKey makes a user an active key, from a form that v is filled into.
func (d *desk) getsKey(user string, v values) approval.Request {
	d.t.Helper()
	d.opensForm(user)
	d.fills(user, v)
	require.Equal(d.t, sandbox.Closed, d.submits(user, nil).Outcome)
	r := d.requestsOf(user)[0]
	for _, approver := range []string{bob, sandbox.Carol}[:len(r.Requirements)] {
		d.presses(approver, "card/approve")
		require.Eventually(d.t, func() bool {
			got, err := d.store.Get(d.t.Context(), r.ID)
			return err == nil && len(got.Approvals) > 0 && got.Approvals[len(got.Approvals)-1].By == policy.UserID(approver)
		}, reconnectBackoff, time.Millisecond)
	}
	d.presses(user, "ready/issue")
	d.is(r.ID, approval.StateDelivered)
	d.presses(user, "ready/confirm")
	return d.is(r.ID, approval.StateActive)
}

func TestMoreTimeSaysItsLimitAndWhoIsAsked(t *testing.T) {
	t.Parallel()
	d := openRich(t, ownersLive(24*time.Hour))
	d.Join(sandbox.Carol, sandbox.Approvals)
	d.getsKey(alice, ownersForm())
	d.presses(alice, "ready/extend")
	modal := d.seesModal(alice)
	require.Contains(t, shown(modal), "Organization Owner keys last 24 hours at most, including extensions and rotations.")
	require.NotContains(t, shown(modal), "168h0m0s")
	require.Contains(t, shown(modal), "1 approval from <!subteam^S0APPROVERS> and 1 from <!subteam^S0SECURITY> (because of Organization Owner).")
	d.clean()
}

func TestAKeyThatLivesAsLongAsItsRoleAllowsGetsNoMoreTime(t *testing.T) {
	t.Parallel()
	d := openRich(t, ownersLive(8*time.Hour))
	d.Join(sandbox.Carol, sandbox.Approvals)
	d.getsKey(alice, ownersForm())
	d.presses(alice, "ready/extend")
	d.seesText(alice, "Keys with the role Organization Owner last 8 hours at most, including extensions and rotations. Nothing was changed")
	d.clean()
}

// ownersLive sets how long keys of Organization Owners live at most.
func ownersLive(longest time.Duration) func(*setup) {
	return func(s *setup) {
		for i := range s.policy.Roles {
			if s.policy.Roles[i].Role == "ORG_OWNER" {
				s.policy.Roles[i].MaxLifetime = longest
			}
		}
	}
}

func ownersForm() values {
	return filled(func(v values) {
		v["roles"] = map[string]sandbox.Value{"roles": sandbox.Pick("ORG_OWNER")}
		v["networks"] = map[string]sandbox.Value{"networks": sandbox.Text("203.0.113.7")}
		v["reason"] = map[string]sandbox.Value{"reason": sandbox.Text("backfill")} // Carol is mentioned here, as an approver
	})
}

func TestMoreTimeFollowsWhatIsChosen(t *testing.T) {
	t.Parallel()
	d := openRich(t)
	r := d.getsKey(alice, filled(func(v values) {
		delete(v, "networks")
		v["network_presets"] = map[string]sandbox.Value{"network_presets": sandbox.Pick("office")}
	}))
	d.presses(alice, "ready/extend")
	require.Contains(t, shown(d.seesModal(alice)), "This needs 1 approval from <!subteam^S0APPROVERS>.")
	d.fills(alice, values{"reason": {"reason": sandbox.Text("backfill")}})
	d.fills(alice, pick("lifetime", "8h0m0s"))
	modal := d.seesInModal(alice, "*Auto-approved* by rule `reading from the office`")
	require.Equal(t, sandbox.Text("backfill"), modal.Values["reason"]["reason"])
	d.fills(alice, pick("lifetime", "168h0m0s"))
	d.seesInModal(alice, "This needs 1 approval")
	d.fills(alice, pick("lifetime", "8h0m0s"))
	d.seesInModal(alice, "*Auto-approved*")
	require.Equal(t, sandbox.Closed, d.submits(alice, nil).Outcome)
	d.is(d.requestsOf(alice)[0].ID, approval.StateApplied)
	require.Equal(t, r.KeyExpiresAt.Add(8*time.Hour).UnixMilli(), d.is(r.ID, approval.StateActive).KeyExpiresAt.UnixMilli())
	d.clean()
}

func TestAnotherAccessListByName(t *testing.T) {
	t.Parallel()
	d := openRich(t)
	r := d.getsKey(alice, filled())
	d.presses(alice, "ready/replace_access_list")
	modal := d.seesModal(alice)
	require.Contains(t, shown(modal), "Added addresses need 1 approval from <!subteam^S0APPROVERS>.")
	require.Equal(t, sandbox.Text("203.0.113.7\n198.51.100.0/24"), modal.Values["networks"]["networks"])
	d.fills(alice, values{"networks": {"networks": sandbox.Text("")}, "reason": {"reason": sandbox.Text("backfill")}})
	require.Contains(t, d.submits(alice, nil).Errors["networks"], "Add at least one IP address")
	d.fills(alice, pick("network_presets", "office"))
	d.seesInModal(alice, "*Auto-approved* by rule `reading from the office`")
	require.Equal(t, sandbox.Closed, d.submits(alice, nil).Outcome)
	d.is(d.requestsOf(alice)[0].ID, approval.StateApplied)
	got := d.is(r.ID, approval.StateActive)
	require.Equal(t, []netip.Prefix{netip.MustParsePrefix("192.0.2.0/28")}, got.Access.Networks)
	require.Equal(t, "office", got.Access.NetworkPresets[0].Name)

	d.presses(alice, "ready/replace_access_list")
	modal = d.seesModal(alice)
	require.Equal(t, sandbox.Pick("office"), modal.Values["network_presets"]["network_presets"])
	require.Empty(t, modal.Values["networks"]["networks"])
	d.clean()
}
