package e2e

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
)

const namedNetworks = `
network_presets:
  office: [203.0.112.0/20, "2001:db8::/48"]
  ci: [198.51.100.7, 198.51.100.8]
`

// limitedOwner may be asked for by everyone, and not for much.
const limitedOwner = `
roles:
  ORG_READ_ONLY: {}
  ORG_BILLING_READ_ONLY: {}
  ORG_GROUP_CREATOR: {allowed_requesters: [S0MANAGERS]}
  ORG_OWNER:
    required_approvals: [{from: [S0APPROVERS]}, {from: [S0SECURITY]}]
    max_lifetime: 8h
    min_prefix_ipv4: /32
    min_prefix_ipv6: /128
`

func fromNetworks(names ...string) func(map[string]map[string]slack.Value) {
	return field("network_presets", slack.Pick(names...))
}

func TestPolicyNamedNetworks(t *testing.T) {
	for name, tt := range map[string]struct {
		named    []string
		typed    string
		networks []string // as Atlas writes them
		said     string
	}{
		"one by its name":                  {[]string{"ci"}, "", []string{"198.51.100.7", "198.51.100.8"}, "ci (198.51.100.7, 198.51.100.8)"},
		"one wider than what can be typed": {[]string{"office"}, "", []string{"203.0.112.0/20", "2001:db8:0:0:0:0:0:0/48"}, "office (203.0.112.0/20, 2001:db8::/48)"},
		"a name and an address":            {[]string{"ci"}, "192.0.2.1", []string{"198.51.100.7", "198.51.100.8", "192.0.2.1"}, "ci (198.51.100.7, 198.51.100.8), 192.0.2.1"},
		"an address alone":                 {nil, "192.0.2.1", []string{"192.0.2.1"}, "192.0.2.1"},
		"an address within the network":    {[]string{"ci"}, "198.51.100.7", []string{"198.51.100.7", "198.51.100.8"}, "ci (198.51.100.7, 198.51.100.8)"},
	} {
		t.Run(name, func(t *testing.T) {
			withPolicy(t, namedNetworks, func(t *testing.T, w *Env) {
				id := w.Request(fromNetworks(tt.named...), withAddresses(tt.typed))
				assert.True(t, contains(w.card(id), tt.said), "%s", w.card(id).Text)
				assert.True(t, contains(w.WaitForMessage(alice, "requested/withdraw"), tt.said))
				w.approve(bob, id)
				w.Click(alice, "ready/issue")
				w.WaitForState(id, approval.StateDelivered)
				w.requireKey([]string{"ORG_BILLING_READ_ONLY"}, tt.networks...)
			})
		})
	}
}

func TestPolicyWithoutNetworks(t *testing.T) {
	withPolicy(t, namedNetworks, func(t *testing.T, w *Env) {
		result := w.submitForm(alice, fromNetworks(), withAddresses(" ,\n "))
		require.Equal(t, slack.Refused, result.Outcome)
		assert.False(t, result.Local, "Slack lets the empty fields pass")
		assert.NotEmpty(t, result.Errors["networks"])
		assert.Len(t, result.Errors, 1)
		result, err := w.Slack.Submit(w.ctx(), alice, requestInput(fromNetworks("ci"), withAddresses("203.0.112.0/20")))
		require.NoError(t, err)
		assert.Contains(t, result.Errors["networks"], "/24", "typed, the same network is too wide")
	})
}

// The operator took a network out of the rules while a user filled in a form.
func TestPolicyRemovedNetworkIsRefused(t *testing.T) {
	t.Parallel()
	w := newPolicyEnv(t, false, namedNetworks, nil)
	w.OpenForm(alice)
	require.NoError(t, os.WriteFile(w.environ["POLICY_FILE"], []byte("network_presets: {office: [203.0.112.0/20]}\n"), 0o600))
	w.RestartBot()
	result, err := w.Slack.Submit(w.ctx(), alice, requestInput(fromNetworks("ci"), withAddresses("")))
	require.NoError(t, err)
	require.Equal(t, slack.Refused, result.Outcome)
	assert.Contains(t, result.Errors["network_presets"], "ci")
}

func TestPolicyRoleLimits(t *testing.T) {
	withPolicy(t, limitedOwner+namedNetworks, func(t *testing.T, w *Env) {
		for name, tt := range map[string]struct {
			wish func(map[string]map[string]slack.Value)
			at   string
			says string
		}{
			"too long":              {withLifetime("24h0m0s"), "lifetime", "8 hours at most"},
			"too wide":              {withAddresses("198.51.100.0/24"), "networks", "/32"},
			"too wide, IPv6":        {withAddresses("2001:db8:1::/64"), "networks", "/128"},
			"too wide, by its name": {fromNetworks("office"), "network_presets", "office"},
		} {
			result := w.submitForm(alice, withRoles("ORG_READ_ONLY", "ORG_OWNER"), withAddresses("203.0.113.7"), tt.wish)
			require.Equal(t, slack.Refused, result.Outcome, name)
			assert.Contains(t, result.Errors[tt.at], tt.says, name)
			assert.Len(t, result.Errors, 1, name)
			require.NoError(t, w.Slack.CloseModal(w.ctx(), alice))
		}
		id := w.Request(withRoles("ORG_OWNER"), fromNetworks("ci"), withAddresses("203.0.113.7"))
		w.approve(bob, id)
		w.waitForApprovals(id, 1)
		w.approve(carol, id)
		w.Click(alice, "ready/issue")
		w.WaitForState(id, approval.StateDelivered)
		w.requireKey([]string{"ORG_OWNER"}, "198.51.100.7", "198.51.100.8", "203.0.113.7")
	})
}

// The form says what sending it would come to while it is filled in, and what
// was typed stays.
func TestPolicyFormPreviewsApprovals(t *testing.T) {
	withPolicy(t, limitedOwner+namedNetworks, func(t *testing.T, w *Env) {
		w.OpenForm(alice)
		w.modalShows(alice, "This needs", ofApprovers)
		w.choose(alice, map[string]slack.Value{
			"description": slack.Text("half a sent"), "reason": slack.Text("TICKET-"), "networks": slack.Text("203.0.113."),
		})
		w.choose(alice, map[string]slack.Value{"roles": slack.Pick("ORG_OWNER"), "lifetime": slack.Pick("24h0m0s")})
		modal := w.modalShows(alice, "Fix before submitting", "Organization Owner keys last 8 hours at most", ofApprovers, ofSecurity)
		for block, typed := range map[string]string{"description": "half a sent", "reason": "TICKET-", "networks": "203.0.113."} {
			assert.Equal(t, slack.Text(typed), modal.Values[block][block])
		}
		assert.Equal(t, slack.Pick("ORG_OWNER"), modal.Values["roles"]["roles"])
		assert.False(t, modalHolds(modal, "isn't an address"), "what is being typed is not judged")

		w.choose(alice, map[string]slack.Value{"lifetime": slack.Pick("8h0m0s"), "network_presets": slack.Pick("office")})
		modal = w.modalShows(alice, "Fix before submitting", "office", "/32")
		assert.False(t, modalHolds(modal, "keys last"))
		w.choose(alice, map[string]slack.Value{"network_presets": slack.Pick("ci")})
		w.WaitForScreen(alice, "that it can be sent", func(s slack.Screen) bool {
			return s.Modal != nil && !modalHolds(*s.Modal, "Fix before submitting") && modalHolds(*s.Modal, ofSecurity)
		})
		w.choose(alice, map[string]slack.Value{"roles": slack.Pick("ORG_READ_ONLY")})
		modal = *w.WaitForScreen(alice, "that security is not asked", func(s slack.Screen) bool {
			return s.Modal != nil && !modalHolds(*s.Modal, ofSecurity) && modalHolds(*s.Modal, ofApprovers)
		}).Modal
		assert.Equal(t, slack.Text("half a sent"), modal.Values["description"]["description"])

		w.choose(alice, map[string]slack.Value{"networks": slack.Text("")})
		result, err := w.Slack.Submit(w.ctx(), alice, nil)
		require.NoError(t, err)
		require.Equal(t, slack.Closed, result.Outcome, "%+v", result)
		r := w.stored(w.newestRequest())
		assert.Equal(t, "half a sent", r.Access.Description)
		assert.Equal(t, []policy.Role{"ORG_READ_ONLY"}, r.Access.Roles)
	})
}

func TestPolicyRoleIsLimitedToGroup(t *testing.T) {
	withPolicy(t, limitedOwner, func(t *testing.T, w *Env) {
		w.OpenForm(alice)
		modal := *w.Slack.Screen(alice).Modal
		assert.False(t, modalHolds(modal, "ORG_GROUP_CREATOR"), "it is not offered")
		answer := w.forgeSubmission(alice, "form", modal, filled(put("roles", pickedMany("ORG_READ_ONLY", "ORG_GROUP_CREATOR"))))
		assert.Contains(t, answer, `"response_action":"errors"`)
		assert.Contains(t, answer, `"roles"`)
		assert.Contains(t, answer, "Organization Project Creator")
		assert.Empty(t, w.requestVersions(), "nothing was recorded")
		require.NoError(t, w.Slack.CloseModal(w.ctx(), alice))

		w.OpenForm(carol)
		w.modalShows(carol, "ORG_GROUP_CREATOR")
		require.NoError(t, w.Slack.CloseModal(w.ctx(), carol))
		id := w.requestAs(carol, withRoles("ORG_GROUP_CREATOR"))
		w.approve(bob, id)
		w.WaitForState(id, approval.StateApproved)
	})
}

// Carol leaves the group while her form is open.
func TestPolicyRoleWithdrawnFromRequester(t *testing.T) {
	withPolicy(t, limitedOwner, func(t *testing.T, w *Env) {
		w.OpenForm(carol)
		w.Slack.SetGroup(managers)
		w.Advance(20 * time.Minute)
		result, err := w.Slack.Submit(w.ctx(), carol, requestInput(withRoles("ORG_GROUP_CREATOR")))
		require.NoError(t, err)
		require.Equal(t, slack.Refused, result.Outcome)
		assert.Contains(t, result.Errors["roles"], "You may not request Organization Project Creator")
		assert.Empty(t, w.requestVersions())
	})
}
