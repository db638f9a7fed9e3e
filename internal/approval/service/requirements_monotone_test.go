package service_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// The property: a request for more needs the approvals of a request for
// less, and perhaps others. A set of approvers that is enough for the greater
// request is enough for the smaller one. What is enough is worked out a second
// time by trying every assignment of people to approvals.

var (
	approverPool = []policy.UserID{bob, dana, frank, grace, heidi}
	orgRoles     = []policy.Role{"ORG_MEMBER", "ORG_READ_ONLY", "ORG_BILLING_ADMIN", "ORG_OWNER"}
	projectRoles = []policy.Role{"GROUP_READ_ONLY", "GROUP_OWNER"}
	lifetimes    = []time.Duration{8 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour}
	typedNets    = []string{"198.51.100.7", "203.0.113.7", "203.0.113.0/28", "192.0.2.0/24"}
)

// subset draws some of all, in the order of all.
func subset[T any](t *rapid.T, label string, all []T) []T {
	var some []T
	for i, one := range all {
		if rapid.Bool().Draw(t, fmt.Sprintf("%s %d", label, i)) {
			some = append(some, one)
		}
	}
	return some
}

func oneAtLeast[T any](t *rapid.T, label string, all []T) []T {
	if some := subset(t, label, all); len(some) > 0 {
		return some
	}
	return []T{rapid.SampledFrom(all).Draw(t, label)}
}

// drawPeople draws from few, so that two rules often name the same people.
func drawPeople(t *rapid.T, label string) policy.Principals {
	return rapid.SampledFrom([]policy.Principals{
		users(bob), users(dana), groups(platform), groups(security), users(bob, dana), users(dana, bob),
		{Users: []policy.UserID{heidi}, Groups: []policy.GroupID{platform}},
	}).Draw(t, label)
}

func drawNeeds(t *rapid.T, label string, mayBeUsual bool) []policy.Requirement {
	if mayBeUsual && rapid.Bool().Draw(t, label+": the usual") {
		return nil
	}
	needs := make([]policy.Requirement, rapid.IntRange(1, 2).Draw(t, label))
	for i := range needs {
		name := fmt.Sprintf("%s %d", label, i)
		needs[i] = policy.Requirement{From: drawPeople(t, name), Count: rapid.SampledFrom([]int{1, 1, 1, 2}).Draw(t, name+" count")}
	}
	return needs
}

func drawRules(t *rapid.T, roles []policy.Role) []policy.RoleRule {
	rules := make([]policy.RoleRule, len(roles))
	for i, role := range roles {
		rules[i] = policy.RoleRule{
			Role: role, AllowedRequesters: everyone, Requirements: drawNeeds(t, string(role), true),
			MaxLifetime:   rapid.SampledFrom([]time.Duration{0, 0, 0, 24 * time.Hour}).Draw(t, string(role)+" longest"),
			MinPrefixIPv4: rapid.SampledFrom([]int{0, 0, 0, 28}).Draw(t, string(role)+" widest"),
		}
	}
	return rules
}

func drawPolicy(t *rapid.T) policy.Policy {
	p := testPolicy()
	p.AllowSelfApproval = false
	p.Requirements = drawNeeds(t, "usual", false)
	p.Roles, p.ProjectRoles = drawRules(t, orgRoles), drawRules(t, projectRoles)
	p.Lifetimes, p.MinPrefixIPv4, p.MaxEntries = lifetimes, 24, 10
	p.NetworkPresets = []policy.NetworkPreset{{Name: "ci", Networks: prefixes("198.51.100.0/24")}, {Name: "office", Networks: prefixes("203.0.112.0/22")}}
	if rapid.Bool().Draw(t, "with an excluded approver") {
		p.ExcludedApprovers = users(rapid.SampledFrom(approverPool).Draw(t, "never"))
	}
	p.EscalateTo, p.EscalateAfter = drawPeople(t, "escalate to"), time.Hour
	for i := range rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "rules") {
		name := fmt.Sprintf("rule %d", i)
		rule := policy.AutoRule{
			Name: name, AllowedRequesters: rapid.SampledFrom([]policy.Principals{everyone, users(alice), users(carol), users(carol)}).Draw(t, name+" for"),
			Roles:          oneAtLeast(t, name+" roles", slices.Concat(orgRoles, projectRoles)),
			NetworkPresets: subset(t, name+" networks", []string{"ci", "office"}),
			MaxLifetime:    rapid.SampledFrom(lifetimes).Draw(t, name+" longest"),
			Projects:       rapid.Bool().Draw(t, name+" projects"),
		}
		p.AutoApprovals = append(p.AutoApprovals, rule)
	}
	return p
}

// A wanted access is a form in parts that can be added to.
type wantedAccess struct {
	roles, inProjects []policy.Role
	projects          []policy.ProjectID
	typed, named      []string
	lifetime          int // an index of lifetimes
}

func (w wantedAccess) fill(f *policy.Form) {
	f.Roles, f.ProjectRoles, f.Projects = w.roles, w.inProjects, w.projects
	f.Networks, f.NetworkPresets, f.Lifetime = strings.Join(w.typed, " "), w.named, lifetimes[w.lifetime]
}

func drawSmaller(t *rapid.T) wantedAccess {
	w := wantedAccess{
		roles: oneAtLeast(t, "roles", orgRoles), typed: oneAtLeast(t, "typed", typedNets),
		named: subset(t, "named", []string{"ci", "office"}), lifetime: rapid.IntRange(0, 2).Draw(t, "lifetime"),
	}
	if rapid.Bool().Draw(t, "in projects") {
		w.projects, w.inProjects = []policy.ProjectID{payments.ID}, oneAtLeast(t, "project roles", projectRoles)
	}
	return w
}

// more is w and something else.
func (w wantedAccess) more(t *rapid.T) wantedAccess {
	w.roles = union(w.roles, subset(t, "more roles", orgRoles))
	w.typed = union(w.typed, subset(t, "more typed", typedNets))
	w.named = union(w.named, subset(t, "more named", []string{"ci", "office"}))
	w.lifetime = rapid.IntRange(w.lifetime, 2).Draw(t, "longer")
	if len(w.projects) > 0 || rapid.Bool().Draw(t, "in projects now") {
		w.projects = union(w.projects, oneAtLeast(t, "more projects", []policy.ProjectID{payments.ID, search.ID}))
		w.inProjects = union(w.inProjects, oneAtLeast(t, "more project roles", projectRoles))
	}
	return w
}

func union[T comparable](a, b []T) []T {
	all := slices.Clone(a)
	for _, one := range b {
		if !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	return all
}

// An outcome is what comes of one request, for each set of approvers.
type outcome struct {
	refused bool // the form was
	rule    string
	enough  []bool // by the bits of the set's index
}

// outcomeOf asks once for each set of approvers, lets all of the set press
// Approve, and looks whether the request was approved.
func outcomeOf(t *rapid.T, w *env, of wantedAccess, isEscalated bool) outcome {
	var out outcome
	for set := range 1 << len(approverPool) {
		f := form(of.fill, func(f *policy.Form) { f.IdempotencyKey = string(approval.NewID()) })
		preview, err := w.Preview(t.Context(), as(alice), f)
		require.NoError(t, err)
		r, err := w.Submit(t.Context(), as(alice), f)
		if len(preview.Problems) > 0 {
			require.Error(t, err, "the preview sees problems: %+v", preview.Problems)
			return outcome{refused: true}
		}
		require.NoError(t, err)
		require.Equal(t, preview.Requirements, r.Requirements, "form and card say the same")
		require.Equal(t, preview.Rule, r.Decision.Rule, "form and decision say the same")
		out.rule = preview.Rule
		if isEscalated && r.State == approval.StatePending {
			r.EscalatedAt = time.Now()
			r, err = w.Store.Move(t.Context(), r, approval.AuditEntry{At: time.Now(), Org: "org", Request: r.ID, Event: approval.EventEscalate, From: r.State, To: r.State})
			require.NoError(t, err)
		}
		for i, approver := range approverPool {
			if set&(1<<i) != 0 && r.State == approval.StatePending {
				r, _ = w.Approve(t.Context(), as(approver), r.ID)
			}
		}
		out.enough = append(out.enough, r.State == approval.StateApproved)
	}
	return out
}

// byHand says which sets are enough, from the policy's words alone.
func byHand(p policy.Policy, of wantedAccess, isEscalated bool, groups map[policy.GroupID][]policy.UserID) []bool {
	among := func(who policy.Principals, user policy.UserID) bool {
		return slices.Contains(who.Users, user) || slices.ContainsFunc(who.Groups, func(g policy.GroupID) bool { return slices.Contains(groups[g], user) })
	}
	nameOf := func(who policy.Principals) string {
		names := map[string]bool{}
		for _, u := range who.Users {
			names[string(u)] = true
		}
		for _, g := range who.Groups {
			names[string(g)] = true
		}
		return strings.Join(slices.Sorted(maps.Keys(names)), " ")
	}
	// Of each list so many of the same people; of several lists the most.
	most, whose := map[string]int{}, map[string]policy.Principals{}
	addList := func(list []policy.Requirement) {
		inThis := map[string]int{}
		for _, n := range list {
			inThis[nameOf(n.From)] += n.Count
			whose[nameOf(n.From)] = n.From
		}
		for name, n := range inThis {
			most[name] = max(most[name], n)
		}
	}
	for _, rule := range slices.Concat(p.Roles, p.ProjectRoles) {
		if !slices.Contains(of.roles, rule.Role) && !slices.Contains(of.inProjects, rule.Role) {
			continue
		}
		if len(rule.Requirements) == 0 {
			addList(p.Requirements)
		} else {
			addList(rule.Requirements)
		}
	}
	var seats []policy.Principals
	for name, n := range most {
		seats = append(seats, slices.Repeat([]policy.Principals{whose[name]}, n)...)
	}
	var seated func(seat int, free []policy.UserID) bool
	seated = func(seat int, free []policy.UserID) bool {
		if seat == len(seats) {
			return true
		}
		return slices.ContainsFunc(free, func(user policy.UserID) bool {
			fits := among(seats[seat], user) || isEscalated && among(p.EscalateTo, user)
			return fits && !among(p.ExcludedApprovers, user) &&
				seated(seat+1, slices.DeleteFunc(slices.Clone(free), func(u policy.UserID) bool { return u == user }))
		})
	}
	var enough []bool
	for set := range 1 << len(approverPool) {
		var free []policy.UserID
		for i, approver := range approverPool {
			if set&(1<<i) != 0 {
				free = append(free, approver)
			}
		}
		enough = append(enough, seated(0, free))
	}
	return enough
}

func TestRequirementsAreMonotone(t *testing.T) {
	t.Parallel()
	outer := t
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy(t)
		w := newEnv(outer, p)
		w.SetGroups()
		w.SetProjects()
		smaller := drawSmaller(t)
		greater := smaller.more(t)
		isEscalated := rapid.Bool().Draw(t, "escalated")
		groups := map[policy.GroupID][]policy.UserID{platform: {frank, heidi}, security: {grace, heidi}}

		less, more := outcomeOf(t, w, smaller, isEscalated), outcomeOf(t, w, greater, isEscalated)
		if less.refused {
			require.True(t, more.refused, "%+v may not be asked for, and %+v may", smaller, greater)
		}
		for _, one := range []struct {
			of  wantedAccess
			got outcome
		}{{smaller, less}, {greater, more}} {
			if !one.got.refused && one.got.rule == "" {
				require.Equal(t, byHand(p, one.of, isEscalated, groups), one.got.enough, "%+v", one.of)
			}
		}
		if more.refused {
			return
		}
		if more.rule != "" {
			require.NotEmpty(t, less.rule, "%+v takes no approval, and %+v does", greater, smaller)
		}
		for set, isEnough := range more.enough {
			require.True(t, less.enough[set] || !isEnough, "approvers %05b are enough for %+v, and not for %+v", set, greater, smaller)
		}
	})
}

// oneForMembers are two people for everything, but one for members.
func oneForMembers(p *policy.Policy) {
	p.Requirements = []policy.Requirement{{From: users(bob), Count: 1}, {From: users(dana), Count: 1}}
	p.Roles = []policy.RoleRule{
		{Role: "ORG_BILLING_ADMIN", AllowedRequesters: everyone},
		{Role: "ORG_OWNER", AllowedRequesters: everyone},
		{Role: "ORG_MEMBER", AllowedRequesters: everyone, Requirements: []policy.Requirement{{From: users(bob), Count: 1}}},
	}
}

func TestMinorRoleRemovesNoRequirement(t *testing.T) {
	t.Parallel()
	for _, powerful := range []policy.Role{"ORG_BILLING_ADMIN", "ORG_OWNER"} {
		w := newEnv(t, testPolicy(oneForMembers))
		r, err := w.Submit(t.Context(), as(alice), form(withRoles(powerful, "ORG_MEMBER")))
		require.NoError(t, err)
		assert.Equal(t, []policy.Requirement{
			{From: users(bob), Count: 1, For: []policy.Role{"ORG_MEMBER"}}, {From: users(dana), Count: 1},
		}, r.Requirements)
		r, err = w.Approve(t.Context(), as(bob), r.ID)
		require.NoError(t, err)
		require.Equal(t, approval.StatePending, r.State, "%s takes dana's approval", powerful)
		r, err = w.Approve(t.Context(), as(dana), r.ID)
		require.NoError(t, err)
		require.Equal(t, approval.StateApproved, r.State)
	}
}

func TestEqualRequirementsAreMerged(t *testing.T) {
	t.Parallel()
	w := newEnv(t, testPolicy(func(p *policy.Policy) {
		p.Requirements = []policy.Requirement{{From: users(bob, dana), Count: 2}}
		p.Roles = []policy.RoleRule{
			{Role: "ORG_READ_ONLY", AllowedRequesters: everyone},
			{Role: "ORG_MEMBER", AllowedRequesters: everyone, Requirements: []policy.Requirement{{From: users(dana, bob), Count: 1}}},
		}
	}))
	got, err := w.Preview(t.Context(), as(alice), form(withRoles("ORG_READ_ONLY", "ORG_MEMBER")))
	require.NoError(t, err)
	assert.Equal(t, []policy.Requirement{{From: users(dana, bob), Count: 2}}, got.Requirements, "the usual rule asks for the second, not the role's")
}
