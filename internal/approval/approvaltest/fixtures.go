package approvaltest

import (
	"net/netip"
	"time"

	"atlaskeybot/internal/approval/policy"
)

// The people of an [Env].
const (
	Alice = policy.UserID("U_ALICE") // requests
	Bob   = policy.UserID("U_BOB")   // approves by [Policy]
	Dana  = policy.UserID("U_DANA")  // approves by [Policy]
	Carol = policy.UserID("U_CAROL") // a member of the workspace
	Gil   = policy.UserID("U_GIL")   // a guest
	Eve   = policy.UserID("U_EVE")   // of another workspace

	Frank = policy.UserID("U_FRANK") // of Platform; see [Env.SetGroups]
	Grace = policy.UserID("U_GRACE") // of Security
	Heidi = policy.UserID("U_HEIDI") // of Platform and Security
	Ivan  = policy.UserID("U_IVAN")  // of Managers
)

// The groups of an [Env]; see [Env.SetGroups].
const (
	Platform = policy.GroupID("S_PLATFORM")
	Security = policy.GroupID("S_SECURITY")
	Managers = policy.GroupID("S_MANAGERS")
	OnCall   = policy.GroupID("S_ONCALL")
)

// The projects of an [Env]; see [Env.SetProjects].
var (
	Payments = policy.Project{ID: "64b000000000000000000001", Name: "Payments"}
	Search   = policy.Project{ID: "64b000000000000000000002", Name: "Search"}
)

// Everyone names all users.
var Everyone = policy.Principals{Everyone: true}

// As returns the user as Slack's payload names them.
func As(user policy.UserID) policy.Actor { return policy.Actor{User: user, Team: "T1"} }

// Users returns the principals that are these users.
func Users(all ...policy.UserID) policy.Principals { return policy.Principals{Users: all} }

// Groups returns the principals that are these groups.
func Groups(all ...policy.GroupID) policy.Principals { return policy.Principals{Groups: all} }

// AnyOf requires the approval of one of these users.
func AnyOf(users ...policy.UserID) []policy.Requirement {
	return []policy.Requirement{{From: policy.Principals{Users: users}, Count: 1}}
}

// Prefixes parses networks.
func Prefixes(all ...string) []netip.Prefix {
	var parsed []netip.Prefix
	for _, p := range all {
		parsed = append(parsed, netip.MustParsePrefix(p))
	}
	return parsed
}

// Orgs returns one organization with the policy.
func Orgs(p policy.Policy) policy.Orgs {
	return policy.Orgs{{ID: "org", Name: "Production", Policy: p}}
}

// Policy returns a policy by which Bob or Dana approves, edited.
func Policy(edit ...func(*policy.Policy)) policy.Policy {
	p := policy.Policy{
		Requirements:  AnyOf(Bob, Dana),
		Roles:         policy.RulesFor(DefaultRoles()...),
		Lifetimes:     []time.Duration{8 * time.Hour, 24 * time.Hour},
		MinPrefixIPv4: 24, MinPrefixIPv6: 64, MaxEntries: 5,
		ExpireAfter: 24 * time.Hour, IssueWithin: 24 * time.Hour, ConfirmWithin: time.Hour,
		RemindBeforeExpiry: []time.Duration{24 * time.Hour, time.Hour}, RotationGracePeriod: 24 * time.Hour,
	}
	for _, e := range edit {
		e(&p)
	}
	return p
}

// StrictPolicy edits [Policy]: readers need one approval of Bob or Dana, owners one of
// Platform and one of Security, and billing admins two of Platform.
func StrictPolicy(p *policy.Policy) {
	p.Roles = []policy.RoleRule{
		{Role: "ORG_READ_ONLY", AllowedRequesters: Everyone},
		{Role: "ORG_BILLING_READ_ONLY", AllowedRequesters: Everyone},
		{Role: "ORG_BILLING_ADMIN", AllowedRequesters: Users(Alice), Requirements: []policy.Requirement{{From: Groups(Platform), Count: 2}}, MinPrefixIPv4: 32, MinPrefixIPv6: 128},
		{Role: "ORG_OWNER", AllowedRequesters: Groups(Platform), MaxLifetime: 8 * time.Hour,
			Requirements: []policy.Requirement{{From: Groups(Platform), Count: 1}, {From: Groups(Security), Count: 1}}},
	}
	p.NetworkPresets = []policy.NetworkPreset{
		{Name: "office", Networks: Prefixes("203.0.112.0/22")},
		{Name: "ci", Networks: Prefixes("198.51.100.7/32", "198.51.100.8/32")},
	}
	p.AutoApprovals = []policy.AutoRule{{Name: "reading from CI", AllowedRequesters: Everyone, Roles: []policy.Role{"ORG_READ_ONLY"}, NetworkPresets: []string{"ci"}, MaxLifetime: 8 * time.Hour}}
}

// AllowProjects edits [Policy]: everyone may request roles in projects.
func AllowProjects(p *policy.Policy) {
	p.ProjectRoles = []policy.RoleRule{
		{Role: "GROUP_READ_ONLY", AllowedRequesters: Everyone},
		{Role: "GROUP_OWNER", AllowedRequesters: Everyone, Requirements: []policy.Requirement{{From: Users(Dana), Count: 1}}, MaxLifetime: 8 * time.Hour},
	}
}

// AllowBreakGlass edits [Policy]: OnCall may take an owner's key for two hours.
func AllowBreakGlass(p *policy.Policy) {
	p.BreakGlass = policy.BreakGlass{AllowedRequesters: Groups(OnCall), Roles: []policy.Role{"ORG_OWNER"}, Lifetime: 2 * time.Hour}
}

// Limited edits [Policy]: it has these limits.
func Limited(l policy.Limits) func(*policy.Policy) {
	return func(p *policy.Policy) { p.Limits = l }
}

// Form returns a form that [Policy] allows, edited.
func Form(edit ...func(*policy.Form)) policy.Form {
	f := policy.Form{
		IdempotencyKey: "V1", Description: "billing export", Roles: []policy.Role{"ORG_BILLING_READ_ONLY"},
		Networks: "203.0.113.7", Lifetime: 8 * time.Hour, Reason: "invoices of October, TICKET-12",
	}
	for _, e := range edit {
		e(&f)
	}
	return f
}

// BreakGlassForm returns a form that [AllowBreakGlass] allows, edited.
func BreakGlassForm(edit ...func(*policy.Form)) policy.Form {
	return Form(append([]func(*policy.Form){func(f *policy.Form) {
		f.Roles, f.Lifetime, f.Reason = []policy.Role{"ORG_OWNER"}, 0, "production is down, INC-7"
	}}, edit...)...)
}

// WithRoles edits [Form]: it asks for these roles.
func WithRoles(roles ...policy.Role) func(*policy.Form) {
	return func(f *policy.Form) { f.Roles = roles }
}

// DefaultRoles returns the organization roles that the default policy offers: all but
// the owner's.
func DefaultRoles() []policy.Role {
	var roles []policy.Role
	for _, info := range policy.OrgRoles {
		if info.Name != "ORG_OWNER" {
			roles = append(roles, info.Name)
		}
	}
	return roles
}
