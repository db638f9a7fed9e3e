package policy

import (
	"slices"
	"time"
)

// forBreakGlass is the policy with what break-glass allows in the place of what
// people can ask for. The limits of roles go for their networks still.
func (p Policy) ForBreakGlass() Policy {
	var rules []RoleRule
	for _, role := range p.BreakGlass.Roles {
		rule, known := p.rule(role)
		if !known {
			rule = RoleRule{Role: role}
		}
		rule.MaxLifetime = 0
		rules = append(rules, rule)
	}
	p.Roles, p.ProjectRoles, p.Lifetimes = rules, nil, []time.Duration{p.BreakGlass.Lifetime}
	return p
}

// Policy is what an organization allows. All durations are positive unless
// said otherwise.
type Policy struct {
	// Requirements are the approvals that a request takes, unless a role that it asks
	// for has needs of its own. At least one.
	Requirements []Requirement

	// ExcludedApprovers are those who may not approve whatever else is said.
	ExcludedApprovers Principals

	// AllowSelfApproval lets an approver decide on their own request: for a
	// one-person try. The card says so.
	AllowSelfApproval bool

	// Roles may be asked for, in the order in which they are offered.
	Roles []RoleRule

	// ProjectRoles may be asked for in projects. None: no access to projects.
	ProjectRoles []RoleRule

	Lifetimes     []time.Duration // the choices, shortest first
	MinPrefixIPv4 int             // the smallest prefix length allowed, in bits
	MinPrefixIPv6 int
	MaxEntries    int // addresses and blocks on one key's list

	// NetworkPresets networks can be picked by their name. They may be wider than other
	// networks, but not than a chosen role's rule says.
	NetworkPresets []NetworkPreset

	// AutoApprovals are the cases that take nobody's approval.
	AutoApprovals []AutoRule

	BreakGlass BreakGlass

	Limits Limits

	ExpireAfter   time.Duration // from asking to a decision
	IssueWithin   time.Duration // from approval to the first press
	ConfirmWithin time.Duration // from showing the key to "I saved it"

	// RemindApproversAfter are the times from asking at which an undecided request is
	// brought up again under its card, shortest first.
	RemindApproversAfter []time.Duration

	// EscalateAfter is the time from asking at which an undecided request goes
	// to EscalateTo as well, any of whom then counts for whoever is missing.
	// Zero: never.
	EscalateAfter time.Duration
	EscalateTo    Principals

	// RemindBeforeExpiry is how long before its end the owner of a key is told, longest
	// first. A key that lives short is told of at a quarter of its life.
	RemindBeforeExpiry []time.Duration

	// RotationGracePeriod is how long a key stays after its successor was taken into use.
	RotationGracePeriod time.Duration
}

// A Requirement is a number of approvals that must come from certain people. One
// person counts for one need only.
type Requirement struct {
	From  Principals `json:"from"`
	Count int        `json:"count"`
	For   []Role     `json:"for,omitempty"` // the roles that ask for it; none: every request does
}

// A RoleRule is what goes for one role. Where a request asks for several roles
// the strictest of their rules goes.
type RoleRule struct {
	Role              Role
	AllowedRequesters Principals    // who may ask for it
	Requirements      []Requirement // the approvals that it takes; none: the policy's
	MaxLifetime       time.Duration // a key with this role lives at most in all, with extensions and rotations; zero: as long as any

	// MinPrefixIPv4 and MinPrefixIPv6 are the smallest prefix lengths, in bits, from
	// which a key with this role may be used; zero: the policy's.
	MinPrefixIPv4 int
	MinPrefixIPv6 int
}

// RulesFor are rules that let everybody ask for each of roles.
func RulesFor(roles ...Role) []RoleRule {
	rules := make([]RoleRule, len(roles))
	for i, r := range roles {
		rules[i] = RoleRule{Role: r, AllowedRequesters: Principals{Everyone: true}}
	}
	return rules
}

// An AutoRule is a case that takes nobody's approval. It is recorded and
// announced like every other.
type AutoRule struct {
	Name              string
	AllowedRequesters Principals
	Roles             []Role        // a request asks for no others
	NetworkPresets    []string      // and from no other network presets; none: from anywhere allowed
	MaxLifetime       time.Duration // and for no longer
	Projects          bool          // whether it may ask for access to projects; ProjectRoles are among Roles then
}

// BreakGlass lets named people have a short-lived key at once, to be reviewed
// by somebody else afterwards. Nobody named: nobody can.
type BreakGlass struct {
	AllowedRequesters Principals
	Roles             []Role
	Lifetime          time.Duration
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
	named := [][]GroupID{p.ExcludedApprovers.Groups, p.EscalateTo.Groups, p.BreakGlass.AllowedRequesters.Groups}
	for _, n := range p.Requirements {
		named = append(named, n.From.Groups)
	}
	for _, rule := range slices.Concat(p.Roles, p.ProjectRoles) {
		named = append(named, rule.AllowedRequesters.Groups)
		for _, n := range rule.Requirements {
			named = append(named, n.From.Groups)
		}
	}
	for _, auto := range p.AutoApprovals {
		named = append(named, auto.AllowedRequesters.Groups)
	}
	all := slices.Concat(named...)
	slices.Sort(all)
	return slices.Compact(all)
}

// Approvers names everybody whom some rule lets approve. Those who never may
// are not taken out.
func (p Policy) Approvers() Principals {
	var all Principals
	needs := slices.Clone(p.Requirements)
	for _, rule := range slices.Concat(p.Roles, p.ProjectRoles) {
		needs = append(needs, rule.Requirements...)
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

func whoOf(needs []Requirement) []Principals {
	var all []Principals
	for _, n := range needs {
		all = append(all, n.From)
	}
	return all
}
