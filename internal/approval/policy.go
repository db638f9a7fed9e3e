package approval

import (
	"context"
	"slices"
	"time"
)

// Policy is what an organization allows. All durations are positive unless
// said otherwise.
type Policy struct {
	// Needs are the approvals that a request takes, unless a role that it asks
	// for has needs of its own. At least one.
	Needs []Need

	// Never are those who may not approve whatever else is said.
	Never Who

	// AllowSelfApproval lets an approver decide on their own request: for a
	// one-person try. The card says so.
	AllowSelfApproval bool

	// Roles may be asked for, in the order in which they are offered.
	Roles []RoleRule

	// ProjectRoles may be asked for in projects. None: no access to projects.
	ProjectRoles []RoleRule

	Lifetimes  []time.Duration // the choices, shortest first
	WidestIPv4 int             // the smallest prefix length allowed, in bits
	WidestIPv6 int
	MaxEntries int // addresses and blocks on one key's list

	// Named networks can be picked by their name. They may be wider than other
	// networks, but not than a chosen role's rule says.
	Named []NamedNetwork

	// Auto are the cases that take nobody's approval.
	Auto []AutoRule

	BreakGlass BreakGlass

	Limits Limits

	PendingLapsesAfter time.Duration // from asking to a decision
	CollectWithin      time.Duration // from approval to the first press
	ConfirmWithin      time.Duration // from showing the key to "I saved it"

	// ProdAfter are the times from asking at which an undecided request is
	// brought up again under its card, shortest first.
	ProdAfter []time.Duration

	// EscalateAfter is the time from asking at which an undecided request goes
	// to EscalateTo as well, any of whom then counts for whoever is missing.
	// Zero: never.
	EscalateAfter time.Duration
	EscalateTo    Who

	// RemindBefore is how long before its end the owner of a key is told, longest
	// first. A key that lives short is told of at a quarter of its life.
	RemindBefore []time.Duration

	// Overlap is how long a key stays after its successor was taken into use.
	Overlap time.Duration
}

// A Need is a number of approvals that must come from certain people. One
// person counts for one need only.
type Need struct {
	From  Who    `json:"from"`
	Count int    `json:"count"`
	For   []Role `json:"for,omitempty"` // the roles that ask for it; none: every request does
}

// A RoleRule is what goes for one role. Where a request asks for several roles
// the strictest of their rules goes.
type RoleRule struct {
	Role    Role
	Ask     Who           // who may ask for it
	Needs   []Need        // the approvals that it takes; none: the policy's
	Longest time.Duration // a key with this role lives at most in all, with extensions and rotations; zero: as long as any

	// WidestIPv4 and WidestIPv6 are the smallest prefix lengths, in bits, from
	// which a key with this role may be used; zero: the policy's.
	WidestIPv4 int
	WidestIPv6 int
}

// RulesFor are rules that let everybody ask for each of roles.
func RulesFor(roles ...Role) []RoleRule {
	rules := make([]RoleRule, len(roles))
	for i, r := range roles {
		rules[i] = RoleRule{Role: r, Ask: Who{Everyone: true}}
	}
	return rules
}

// An AutoRule is a case that takes nobody's approval. It is recorded and
// announced like every other.
type AutoRule struct {
	Name     string
	For      Who
	Roles    []Role        // a request asks for no others
	Networks []string      // and from no other named networks; none: from anywhere allowed
	Longest  time.Duration // and for no longer
	Projects bool          // whether it may ask for access to projects; ProjectRoles are among Roles then
}

// BreakGlass lets named people have a short-lived key at once, to be reviewed
// by somebody else afterwards. Nobody named: nobody can.
type BreakGlass struct {
	People   Who
	Roles    []Role
	Lifetime time.Duration
}

// rule returns the rule for an organization role or a project role.
func (p Policy) rule(r Role) (RoleRule, bool) {
	for _, rules := range [][]RoleRule{p.Roles, p.ProjectRoles} {
		if i := slices.IndexFunc(rules, func(rule RoleRule) bool { return rule.Role == r }); i >= 0 {
			return rules[i], true
		}
	}
	return RoleRule{}, false
}

// groups lists the groups that p names anywhere, each once.
func (p Policy) groups() []GroupID {
	named := [][]GroupID{p.Never.Groups, p.EscalateTo.Groups, p.BreakGlass.People.Groups}
	for _, n := range p.Needs {
		named = append(named, n.From.Groups)
	}
	for _, rule := range slices.Concat(p.Roles, p.ProjectRoles) {
		named = append(named, rule.Ask.Groups)
		for _, n := range rule.Needs {
			named = append(named, n.From.Groups)
		}
	}
	for _, auto := range p.Auto {
		named = append(named, auto.For.Groups)
	}
	all := slices.Concat(named...)
	slices.Sort(all)
	return slices.Compact(all)
}

// Approvers names everybody whom some rule lets approve. Those who never may
// are not taken out.
func (p Policy) Approvers() Who {
	var all Who
	needs := slices.Clone(p.Needs)
	for _, rule := range slices.Concat(p.Roles, p.ProjectRoles) {
		needs = append(needs, rule.Needs...)
	}
	for _, from := range append(whoOf(needs), p.EscalateTo) {
		all.Everyone = all.Everyone || from.Everyone
		all.Users = append(all.Users, from.Users...)
		all.Groups = append(all.Groups, from.Groups...)
	}
	slices.Sort(all.Users)
	slices.Sort(all.Groups)
	all.Users, all.Groups = slices.Compact(all.Users), slices.Compact(all.Groups)
	return all
}

func whoOf(needs []Need) []Who {
	var all []Who
	for _, n := range needs {
		all = append(all, n.From)
	}
	return all
}

// isOwner reports why who may not act as r's requester, or nil.
func isOwner(ctx context.Context, d Directory, r Request, who Actor) error {
	if who.User != r.Requester {
		return ErrNotOwner
	}
	return mayAct(ctx, d, who)
}
