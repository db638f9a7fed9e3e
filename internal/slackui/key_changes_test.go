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

// activeKey makes a user an active key, from a form that v is filled into.
func (d *env) activeKey(user string, v values) approval.Request {
	d.t.Helper()
	d.openForm(user)
	d.fill(user, v)
	require.Equal(d.t, sandbox.Closed, d.submit(user, nil).Outcome)
	r := d.requestsOf(user)[0]
	for _, approver := range []string{bob, sandbox.Carol}[:len(r.Requirements)] {
		d.click(approver, "card/approve")
		require.Eventually(d.t, func() bool {
			got, err := d.store.Get(d.t.Context(), r.ID)
			return err == nil && len(got.Approvals) > 0 && got.Approvals[len(got.Approvals)-1].By == policy.UserID(approver)
		}, maxWait, time.Millisecond)
	}
	d.click(user, "ready/issue")
	d.waitForState(r.ID, approval.StateDelivered)
	d.click(user, "ready/confirm")
	return d.waitForState(r.ID, approval.StateActive)
}

func TestExtendFormNamesLimitAndApprovers(t *testing.T) {
	t.Parallel()
	d := newRichEnv(t, limitOwnerLifetime(24*time.Hour))
	d.Join(sandbox.Carol, sandbox.Approvals)
	d.activeKey(alice, ownerForm())
	d.click(alice, "ready/extend")
	modal := d.waitForModal(alice)
	require.Contains(t, modalText(modal), "Organization Owner keys last 24 hours at most, including extensions and rotations.")
	require.NotContains(t, modalText(modal), "168h0m0s")
	require.Contains(t, modalText(modal), "1 approval from <!subteam^S0APPROVERS> and 1 from <!subteam^S0SECURITY> (because of Organization Owner).")
	d.requireClean()
}

func TestExtendIsRefusedAtLifetimeLimit(t *testing.T) {
	t.Parallel()
	d := newRichEnv(t, limitOwnerLifetime(8*time.Hour))
	d.Join(sandbox.Carol, sandbox.Approvals)
	d.activeKey(alice, ownerForm())
	d.click(alice, "ready/extend")
	d.waitForMessage(alice, "Keys with the role Organization Owner last 8 hours at most, including extensions and rotations. Nothing was changed")
	d.requireClean()
}

// limitOwnerLifetime sets how long keys of Organization Owners live at most.
func limitOwnerLifetime(longest time.Duration) func(*envOptions) {
	return func(s *envOptions) {
		for i := range s.policy.Roles {
			if s.policy.Roles[i].Role == "ORG_OWNER" {
				s.policy.Roles[i].MaxLifetime = longest
			}
		}
	}
}

func ownerForm() values {
	return filled(func(v values) {
		v["roles"] = map[string]sandbox.Value{"roles": sandbox.Pick("ORG_OWNER")}
		v["networks"] = map[string]sandbox.Value{"networks": sandbox.Text("203.0.113.7")}
		v["reason"] = map[string]sandbox.Value{"reason": sandbox.Text("backfill")} // Carol is mentioned here, as an approver
	})
}

func TestExtendFormFollowsInput(t *testing.T) {
	t.Parallel()
	d := newRichEnv(t)
	r := d.activeKey(alice, filled(func(v values) {
		delete(v, "networks")
		v["network_presets"] = map[string]sandbox.Value{"network_presets": sandbox.Pick("office")}
	}))
	d.click(alice, "ready/extend")
	require.Contains(t, modalText(d.waitForModal(alice)), "This needs 1 approval from <!subteam^S0APPROVERS>.")
	d.fill(alice, values{"reason": {"reason": sandbox.Text("backfill")}})
	d.fill(alice, pick("lifetime", "8h0m0s"))
	modal := d.waitForModalText(alice, "*Auto-approved* by rule `reading from the office`")
	require.Equal(t, sandbox.Text("backfill"), modal.Values["reason"]["reason"])
	d.fill(alice, pick("lifetime", "168h0m0s"))
	d.waitForModalText(alice, "This needs 1 approval")
	d.fill(alice, pick("lifetime", "8h0m0s"))
	d.waitForModalText(alice, "*Auto-approved*")
	require.Equal(t, sandbox.Closed, d.submit(alice, nil).Outcome)
	d.waitForState(d.requestsOf(alice)[0].ID, approval.StateApplied)
	require.Equal(t, r.KeyExpiresAt.Add(8*time.Hour).UnixMilli(), d.waitForState(r.ID, approval.StateActive).KeyExpiresAt.UnixMilli())
	d.requireClean()
}

func TestAccessListChangeByPreset(t *testing.T) {
	t.Parallel()
	d := newRichEnv(t)
	r := d.activeKey(alice, filled())
	d.click(alice, "ready/replace_access_list")
	modal := d.waitForModal(alice)
	require.Contains(t, modalText(modal), "Added addresses need 1 approval from <!subteam^S0APPROVERS>.")
	require.Equal(t, sandbox.Text("203.0.113.7\n198.51.100.0/24"), modal.Values["networks"]["networks"])
	d.fill(alice, values{"networks": {"networks": sandbox.Text("")}, "reason": {"reason": sandbox.Text("backfill")}})
	require.Contains(t, d.submit(alice, nil).Errors["networks"], "Add at least one IP address")
	d.fill(alice, pick("network_presets", "office"))
	d.waitForModalText(alice, "*Auto-approved* by rule `reading from the office`")
	require.Equal(t, sandbox.Closed, d.submit(alice, nil).Outcome)
	d.waitForState(d.requestsOf(alice)[0].ID, approval.StateApplied)
	got := d.waitForState(r.ID, approval.StateActive)
	require.Equal(t, []netip.Prefix{netip.MustParsePrefix("192.0.2.0/28")}, got.Access.Networks)
	require.Equal(t, "office", got.Access.NetworkPresets[0].Name)

	d.click(alice, "ready/replace_access_list")
	modal = d.waitForModal(alice)
	require.Equal(t, sandbox.Pick("office"), modal.Values["network_presets"]["network_presets"])
	require.Empty(t, modal.Values["networks"]["networks"])
	d.requireClean()
}
