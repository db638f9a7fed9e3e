package service_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

func newStrictEnv(t *testing.T, edit ...func(*policy.Policy)) *env {
	w := newEnv(t, testPolicy(append([]func(*policy.Policy){strictPolicy}, edit...)...))
	w.SetGroups()
	return w
}

func TestRequirementsOfRequest(t *testing.T) {
	t.Parallel()
	usual := policy.Requirement{From: users(bob, dana), Count: 1}
	for name, tt := range map[string]struct {
		roles []policy.Role
		want  []policy.Requirement
	}{
		"a role without rules of its own": {[]policy.Role{"ORG_READ_ONLY"}, []policy.Requirement{usual}},
		"two of one group": {[]policy.Role{"ORG_BILLING_ADMIN"},
			[]policy.Requirement{{From: groups(platform), Count: 2, For: []policy.Role{"ORG_BILLING_ADMIN"}}}},
		"two roles with one group: the larger number, and everybody else": {[]policy.Role{"ORG_BILLING_ADMIN", "ORG_OWNER"}, []policy.Requirement{
			{From: groups(platform), Count: 2, For: []policy.Role{"ORG_BILLING_ADMIN", "ORG_OWNER"}},
			{From: groups(security), Count: 1, For: []policy.Role{"ORG_OWNER"}},
		}},
		"a special and a usual role: both": {[]policy.Role{"ORG_READ_ONLY", "ORG_BILLING_ADMIN"}, []policy.Requirement{
			{From: groups(platform), Count: 2, For: []policy.Role{"ORG_BILLING_ADMIN"}}, usual,
		}},
		"nothing chosen yet": {nil, []policy.Requirement{usual}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newStrictEnv(t)
			got, err := w.Preview(t.Context(), as(alice), form(withRoles(tt.roles...)))
			require.NoError(t, err)
			assert.Equal(t, tt.want, got.Requirements)
		})
	}
}

func TestRoleLimits(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		by   policy.UserID
		edit func(*policy.Form)
		want []policy.Problem
	}{
		"a lifetime that only this role forbids": {frank, func(f *policy.Form) { f.Roles, f.Lifetime = []policy.Role{"ORG_OWNER"}, 24*time.Hour },
			[]policy.Problem{{Field: policy.FieldLifetime, Code: policy.LifetimeTooLong, Given: "ORG_OWNER", Most: 8 * time.Hour}}},
		"a network that only this role forbids": {alice, func(f *policy.Form) { f.Roles, f.Networks = []policy.Role{"ORG_BILLING_ADMIN"}, "203.0.113.0/24" },
			[]policy.Problem{{Field: policy.FieldNetworks, Code: policy.TooWide, Given: "203.0.113.0/24", Hint: "/32", Role: "ORG_BILLING_ADMIN"}}},
		"a named network that only this role forbids": {alice, func(f *policy.Form) {
			f.Roles, f.Networks, f.NetworkPresets = []policy.Role{"ORG_BILLING_ADMIN"}, "", []string{"office"}
		}, []policy.Problem{{Field: policy.FieldNetworkPresets, Code: policy.TooWide, Given: "office", Hint: "/32", Role: "ORG_BILLING_ADMIN"}}},
		"a named network wider than others may be": {alice, func(f *policy.Form) { f.Networks, f.NetworkPresets = "", []string{"office"} }, nil},
		"a role for others":                        {carol, withRoles("ORG_OWNER"), []policy.Problem{{Field: policy.FieldRoles, Code: policy.RoleNotForRequester, Given: "ORG_OWNER"}}},
		"a role for the asker's group":             {frank, withRoles("ORG_OWNER"), nil},
		"a role of no rule":                        {alice, withRoles("ORG_MEMBER"), []policy.Problem{{Field: policy.FieldRoles, Code: policy.RoleNotAllowed, Given: "ORG_MEMBER"}}},
		"a network of no such name":                {alice, func(f *policy.Form) { f.NetworkPresets = []string{"moon"} }, []policy.Problem{{Field: policy.FieldNetworkPresets, Code: policy.NoSuchNetwork, Given: "moon"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newStrictEnv(t)
			_, err := w.Submit(t.Context(), as(tt.by), form(tt.edit))
			if tt.want == nil {
				require.NoError(t, err)
				return
			}
			var mistakes *policy.FormError
			require.ErrorAs(t, err, &mistakes)
			assert.Equal(t, tt.want, mistakes.Problems)
		})
	}
}

func TestNetworkPresetsAreResolvedAtSubmit(t *testing.T) {
	t.Parallel()
	w := newStrictEnv(t)
	r, err := w.Submit(t.Context(), as(alice), form(func(f *policy.Form) { f.NetworkPresets = []string{"ci"} }))
	require.NoError(t, err)
	assert.Equal(t, prefixes("198.51.100.7/32", "198.51.100.8/32", "203.0.113.7/32"), r.Access.Networks)
	assert.Equal(t, []policy.NetworkPreset{{Name: "ci", Networks: prefixes("198.51.100.7/32", "198.51.100.8/32")}}, r.Access.NetworkPresets)
}

func TestAutoApproval(t *testing.T) {
	t.Parallel()
	fits := func(f *policy.Form) {
		f.Roles, f.NetworkPresets, f.Networks = []policy.Role{"ORG_READ_ONLY"}, []string{"ci"}, ""
	}
	for name, tt := range map[string]struct {
		edit func(*policy.Form)
		auto bool
	}{
		"the case it names":              {fits, true},
		"a host of that network, typed":  {func(f *policy.Form) { fits(f); f.NetworkPresets, f.Networks = nil, "198.51.100.8" }, true},
		"longer":                         {func(f *policy.Form) { fits(f); f.Lifetime = 24 * time.Hour }, false},
		"from elsewhere as well":         {func(f *policy.Form) { fits(f); f.Networks = "203.0.113.7" }, false},
		"another role":                   {func(f *policy.Form) { fits(f); f.Roles = []policy.Role{"ORG_BILLING_READ_ONLY"} }, false},
		"another role beside the one":    {func(f *policy.Form) { fits(f); f.Roles = append(f.Roles, "ORG_BILLING_READ_ONLY") }, false},
		"from a wider network around it": {func(f *policy.Form) { fits(f); f.NetworkPresets, f.Networks = nil, "198.51.100.0/24" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newStrictEnv(t)
			r, err := w.Submit(t.Context(), as(alice), form(tt.edit))
			require.NoError(t, err)
			if !tt.auto {
				assert.Equal(t, approval.StatePending, r.State)
				return
			}
			assert.Equal(t, approval.StateApproved, r.State)
			assert.Equal(t, "reading from CI", r.Decision.Rule)
			assert.Equal(t, []approval.MessageName{approval.CardMessage, approval.ReadyMessage}, r.Messages, "one card, and one message to the requester")
			assert.Equal(t, `approved by the rule "reading from CI"`, w.Store.Entries()[0].Note, "and recorded")
		})
	}
}

func TestAutoApprovedKeyIsIssued(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		w.SetGroups()
		r, err := w.Submit(t.Context(), as(alice), form(func(f *policy.Form) {
			f.Roles, f.NetworkPresets, f.Networks = []policy.Role{"ORG_READ_ONLY"}, []string{"ci"}, ""
		}))
		require.NoError(t, err)
		w.WaitIdle()
		_, err = w.Issue(t.Context(), as(alice), r.ID)
		require.NoError(t, err)
		w.WaitIdle()
		w.RequireState(r.ID, approval.StateDelivered)
		w.RequireLastShownKeyOnly()
	}, strictPolicy)
}

func TestEntitlements(t *testing.T) {
	t.Parallel()
	w := newStrictEnv(t)
	for who, want := range map[policy.UserID][]policy.Role{
		alice: {"ORG_READ_ONLY", "ORG_BILLING_READ_ONLY", "ORG_BILLING_ADMIN"},
		frank: {"ORG_READ_ONLY", "ORG_BILLING_READ_ONLY", "ORG_OWNER"},
		carol: {"ORG_READ_ONLY", "ORG_BILLING_READ_ONLY"},
	} {
		offer, err := w.Entitlements(t.Context(), as(who), "")
		require.NoError(t, err)
		assert.Equal(t, want, offer.Roles, who)
	}
	_, err := w.Entitlements(t.Context(), as(gil), "")
	require.ErrorIs(t, err, approval.ErrGuest)
	_, err = w.Entitlements(t.Context(), as(alice), "elsewhere")
	require.ErrorIs(t, err, policy.ErrNoOrg)
}

func TestPreviewReportsProblemsNotMissingFields(t *testing.T) {
	t.Parallel()
	w := newStrictEnv(t)
	got, err := w.Preview(t.Context(), as(frank), policy.Form{Roles: []policy.Role{"ORG_OWNER"}, Lifetime: 24 * time.Hour})
	require.NoError(t, err)
	assert.Equal(t, []policy.Problem{{Field: policy.FieldLifetime, Code: policy.LifetimeTooLong, Given: "ORG_OWNER", Most: 8 * time.Hour}}, got.Problems)
	assert.False(t, got.NoEligibleApprover, "heidi and grace could")
	got, err = w.Preview(t.Context(), as(alice), policy.Form{Roles: []policy.Role{"ORG_READ_ONLY"}, NetworkPresets: []string{"ci"}, Lifetime: 8 * time.Hour})
	require.NoError(t, err)
	assert.Equal(t, policy.Preview{Rule: "reading from CI"}, got)
	got, err = w.Preview(t.Context(), as(heidi), policy.Form{Roles: []policy.Role{"ORG_BILLING_ADMIN"}})
	require.NoError(t, err)
	assert.True(t, got.NoEligibleApprover, "two of platform are needed, and heidi is one of two")
}

func TestExcludedApproverIsRefused(t *testing.T) {
	t.Parallel()
	w := newStrictEnv(t, func(p *policy.Policy) { p.ExcludedApprovers = users(bob) })
	r, err := w.Submit(t.Context(), as(alice), form())
	require.NoError(t, err)
	_, err = w.Approve(t.Context(), as(bob), r.ID)
	require.ErrorIs(t, err, policy.ErrNotApprover)
	_, err = w.Deny(t.Context(), as(bob), r.ID, "")
	require.ErrorIs(t, err, policy.ErrNotApprover)
	_, err = w.ListPending(t.Context(), as(bob))
	require.ErrorIs(t, err, policy.ErrNotApprover)
	_, err = w.Approve(t.Context(), as(dana), r.ID)
	require.NoError(t, err)
}

func TestRisks(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		edit func(*approval.Request)
		want []approval.Risk
	}{
		"nothing special": {func(*approval.Request) {}, nil},
		"a powerful role": {func(r *approval.Request) { r.Access.Roles = []policy.Role{"ORG_OWNER"} }, []approval.Risk{approval.RiskRoles}},
		"one in a project": {func(r *approval.Request) {
			r.Access.Projects = []policy.ProjectAccess{{Roles: []policy.Role{"ORG_OWNER"}}}
		}, []approval.Risk{approval.RiskRoles}},
		"sixteen addresses":      {func(r *approval.Request) { r.Access.Networks = prefixes("203.0.113.0/28") }, nil},
		"a wide network":         {func(r *approval.Request) { r.Access.Networks = prefixes("203.0.113.0/27") }, []approval.Risk{approval.RiskNetwork}},
		"one IPv6 network":       {func(r *approval.Request) { r.Access.Networks = prefixes("2001:db8::/64") }, nil},
		"a site's IPv6 networks": {func(r *approval.Request) { r.Access.Networks = prefixes("2001:db8::/48") }, []approval.Risk{approval.RiskNetwork}},
		"a month":                {func(r *approval.Request) { r.Access.Lifetime = 30 * 24 * time.Hour }, nil},
		"longer than a month":    {func(r *approval.Request) { r.Access.Lifetime = 31 * 24 * time.Hour }, []approval.Risk{approval.RiskLifetime}},
		"holds keys":             {func(r *approval.Request) { r.RequesterHistory.ActiveKeys = 1 }, []approval.Risk{approval.RiskExistingKeys}},
		"never asked":            {func(r *approval.Request) { r.RequesterHistory.FirstRequest = true }, []approval.Risk{approval.RiskFirst}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := approval.Request{Access: policy.Access{Roles: []policy.Role{"ORG_READ_ONLY"}, Networks: prefixes("203.0.113.7/32"), Lifetime: 8 * time.Hour}}
			tt.edit(&r)
			assert.Equal(t, tt.want, r.Risks())
		})
	}
}

func TestRequesterHistory(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		first := w.Active()
		assert.Equal(t, approval.RequesterHistory{FirstRequest: true}, w.Stored(first).RequesterHistory)
		r, err := w.Submit(t.Context(), as(alice), form(func(f *policy.Form) { f.IdempotencyKey = "V2" }))
		require.NoError(t, err)
		assert.Equal(t, approval.RequesterHistory{ActiveKeys: 1}, r.RequesterHistory)
	})
}
