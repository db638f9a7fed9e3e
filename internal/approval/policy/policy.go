package policy

import (
	"slices"
	"time"
)

// ForBreakGlass returns the policy with the roles and the lifetime of break-glass
// instead of those that can be requested. The roles' limits on networks stay.
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
	// Requirements are the approvals that a request needs, unless a role that it asks
	// for has requirements of its own. At least one.
	Requirements []Requirement

	// ExcludedApprovers never approve, even if a requirement names them.
	ExcludedApprovers Principals

	// AllowSelfApproval lets an approver decide on their own request, to try the bot
	// alone. The card says so.
	AllowSelfApproval bool

	// Roles can be requested, in the order in which they are offered.
	Roles []RoleRule

	// ProjectRoles can be requested in projects. None: no access to projects.
	ProjectRoles []RoleRule

	Lifetimes     []time.Duration // the choices, shortest first
	MinPrefixIPv4 int             // the smallest prefix length allowed, in bits
	MinPrefixIPv6 int
	MaxEntries    int // addresses and blocks on one key's list

	// NetworkPresets can be picked by name. They may be wider than other networks, but
	// not wider than the rule of a requested role allows.
	NetworkPresets []NetworkPreset

	// AutoApprovals are the cases that need no approval.
	AutoApprovals []AutoRule

	BreakGlass BreakGlass

	// Notify says whom Slack notifies of a request; empty: [NotifyApprovers].
	Notify Notify

	// DetailFields are added to the forms, in this order.
	DetailFields []DetailField

	Limits Limits

	ExpireAfter   time.Duration // from the request to a decision
	IssueWithin   time.Duration // from the approval to "Create my key"
	ConfirmWithin time.Duration // from showing the key to "I saved it"

	// RemindApproversAfter are the times after a request at which its approvers are
	// reminded in the card's thread, shortest first.
	RemindApproversAfter []time.Duration

	// EscalateAfter is the time after a request at which EscalateTo is asked as well:
	// each of them then counts in place of an approver who is missing. Zero: never.
	EscalateAfter time.Duration
	EscalateTo    Principals

	// RemindBeforeExpiry are the times before the expiry of a key at which its owner is
	// reminded, longest first; at the earliest in the last quarter of its lifetime.
	RemindBeforeExpiry []time.Duration

	// RotationGracePeriod is how long a key stays active after its successor is
	// confirmed.
	RotationGracePeriod time.Duration
}

// Notify says whom Slack notifies of a request that needs approvals. The approvers are
// notified of what else they must act on in any case: break-glass, and keys that are
// not as approved.
type Notify string

// Whom Slack notifies of a request.
const (
	NotifyApprovers Notify = "approvers" // those whose approval is missing, by the card, nudges and reminders
	NotifyHere      Notify = "here"      // everyone active in the channel, by the card; then the approvers, by nudges and reminders
	NotifyNobody    Notify = "nobody"
)

// Notifies lists the values of Notify.
var Notifies = []Notify{NotifyApprovers, NotifyHere, NotifyNobody}

// A Requirement is a number of approvals by certain principals. One approver counts for
// one requirement only.
type Requirement struct {
	From  Principals `json:"from"`
	Count int        `json:"count"`
	For   []Role     `json:"for,omitempty"` // the roles that require it; none: every request does
}

// A RoleRule is what applies to one role. To a request for several roles the strictest
// of their rules applies.
type RoleRule struct {
	Role              Role
	AllowedRequesters Principals    // who may request it
	Requirements      []Requirement // none: the policy's
	MaxLifetime       time.Duration // of a key with this role in all, with extensions and rotations; zero: no limit

	// MinPrefixIPv4 and MinPrefixIPv6 are the smallest prefix lengths, in bits, from
	// which a key with this role may be used; zero: the policy's.
	MinPrefixIPv4 int
	MinPrefixIPv6 int
}

// RulesFor returns rules that let everyone request each of the roles.
func RulesFor(roles ...Role) []RoleRule {
	rules := make([]RoleRule, len(roles))
	for i, r := range roles {
		rules[i] = RoleRule{Role: r, AllowedRequesters: Principals{Everyone: true}}
	}
	return rules
}

// An AutoRule is a case that needs no approval. It is recorded and announced like every
// other.
type AutoRule struct {
	Name              string
	AllowedRequesters Principals
	Roles             []Role        // a request asks for no others
	NetworkPresets    []string      // and from no other network presets; none: from anywhere allowed
	MaxLifetime       time.Duration // and no longer lifetime
	Projects          bool          // whether it may ask for access to projects; Roles then lists ProjectRoles as well
}

// BreakGlass lets the named users take a short-lived key at once, which a second person
// reviews afterwards. Without names it is off.
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

// Approvers returns the principals of all requirements, and those that requests
// escalate to. ExcludedApprovers are not taken out.
func (p Policy) Approvers() Principals {
	requirements := slices.Clone(p.Requirements)
	for _, rule := range slices.Concat(p.Roles, p.ProjectRoles) {
		requirements = append(requirements, rule.Requirements...)
	}
	return FromAll(requirements).Union(p.EscalateTo)
}

// FromAll returns the principals of all the requirements together.
func FromAll(requirements []Requirement) Principals {
	var all Principals
	for _, from := range principalsOf(requirements) {
		all = all.Union(from)
	}
	return all
}

func principalsOf(requirements []Requirement) []Principals {
	var all []Principals
	for _, n := range requirements {
		all = append(all, n.From)
	}
	return all
}
