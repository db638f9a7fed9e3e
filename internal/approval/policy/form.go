package policy

import (
	"slices"
	"time"
	"unicode/utf8"

	"atlaskeybot/internal/plaintext"
)

// A Form is a request for a new key, as typed.
type Form struct {
	// IdempotencyKey is the same each time one form is sent, so that a form sent
	// twice makes one request.
	IdempotencyKey string

	// Org may be empty if one organization is configured.
	Org OrgID

	Description    string
	Roles          []Role
	Projects       []ProjectID
	ProjectRoles   []Role   // in each of Projects
	NetworkPresets []string // names of [Policy.NetworkPresets]
	Networks       string
	Lifetime       time.Duration
	Reason         string
	Details        Details
}

// The longest texts of a form, in characters.
const (
	MaxDescription = 200 // leaves room for the tag in Atlas's 250 characters
	MaxReason      = 1000
	MaxNetworks    = 3000
)

// A Field names a field of a form.
type Field string

// The fields of the forms.
const (
	FieldOrg            Field = "org"
	FieldDescription    Field = "description"
	FieldRoles          Field = "roles"
	FieldProjects       Field = "projects"
	FieldProjectRoles   Field = "project_roles"
	FieldNetworkPresets Field = "network_presets"
	FieldNetworks       Field = "networks"
	FieldLifetime       Field = "lifetime"
	FieldReason         Field = "reason"
	FieldTicket         Field = "ticket" // a [DetailField]
)

// A ProblemCode names a kind of mistake in a form.
type ProblemCode string

const (
	Missing             ProblemCode = "missing"
	TooLong             ProblemCode = "too_long"               // Limit: characters
	Unprintable         ProblemCode = "unprintable"            // Given: the character, by its name
	NotAnAddress        ProblemCode = "not_an_address"         // Given; Hint: the address in it, if there is one
	IsRange             ProblemCode = "is_range"               // Given; Hint: the blocks that it is
	IsMask              ProblemCode = "is_mask"                // Given; Hint: the block that it is
	HostBits            ProblemCode = "host_bits"              // Given; Hint: the network it would be, empty if that is not allowed
	TooWide             ProblemCode = "too_wide"               // Given; Hint: the widest mask, as in "/24"; Role: that allows no wider one, if a role does
	NotPublic           ProblemCode = "not_public"             // Given; Hint: the purpose, as in "private"
	SecurityGroup       ProblemCode = "security_group"         // Given
	TooMany             ProblemCode = "too_many"               // Given: how many; Limit
	RoleNotAllowed      ProblemCode = "role_not_allowed"       // Given
	RoleNotForRequester ProblemCode = "role_not_for_requester" // Given
	LifetimeNotAllowed  ProblemCode = "lifetime_not_allowed"
	LifetimeTooLong     ProblemCode = "lifetime_too_long"  // Given: the role that allows less; Most
	ExtensionTooLong    ProblemCode = "extension_too_long" // Given: the role that allows less; Most: in all
	NoSuchNetwork       ProblemCode = "no_such_network"    // Given
	NoSuchProject       ProblemCode = "no_such_project"    // Given
	TooManyProjects     ProblemCode = "too_many_projects"  // Limit
	TooManyOpen         ProblemCode = "too_many_open"      // Limit: requests that are open
	TooManyKeys         ProblemCode = "too_many_keys"      // Limit: live keys
	TooManyPerHour      ProblemCode = "too_many_per_hour"  // Limit: requests in an hour
	NotASubset          ProblemCode = "not_a_subset"       // Given: more than was asked for
	Unchanged           ProblemCode = "unchanged"          // nothing would be different
	NotMatching         ProblemCode = "not_matching"       // Given; Hint: an example, if there is one; Label
)

// A Problem is one mistake in a form, shown at its field.
type Problem struct {
	Field Field
	Code  ProblemCode // says which of the following are set
	Given string
	Hint  string
	Label string // of a field that the policy adds
	Role  Role   // whose rule it is
	Limit int
	Most  time.Duration
}

// A FormError lists all mistakes in a form.
type FormError struct{ Problems []Problem }

func (e *FormError) Error() string { return "the form has mistakes" }

// MaxProjects bounds the projects of one request: each costs a call while the
// requester waits for their key.
const MaxProjects = 10

// Check returns the access that a form asks for, or a *[FormError] with everything
// that is wrong with it. The requester is not checked; see
// [ResolvedPolicy.CheckAsker]. Projects have their ids only.
func (p Policy) Check(f Form) (Access, error) {
	access, problems := p.CheckForm(f)
	return access, NewFormError(problems)
}

// CheckForm is Check with the mistakes as a list.
func (p Policy) CheckForm(f Form) (Access, []Problem) {
	access := Access{
		Description: plaintext.Line(f.Description),
		Roles:       dedupe(f.Roles),
		Lifetime:    f.Lifetime,
	}
	problems := CheckText(FieldDescription, access.Description, MaxDescription, false)
	problems = append(problems, checkRoles(FieldRoles, access.Roles, p.Roles)...)
	projects, more := p.checkProjects(f)
	access.Projects, problems = projects, append(problems, more...)
	named, more := p.CheckNamed(f.NetworkPresets, access.AllRoles())
	access.NetworkPresets, problems = named, append(problems, more...)
	networks, more := p.ParseNetworks(f.Networks, named, access.AllRoles())
	access.Networks, problems = networks, append(problems, more...)
	problems = append(problems, p.checkLifetime(f.Lifetime, access.AllRoles())...)
	problems = append(problems, CheckText(FieldReason, plaintext.Lines(f.Reason), MaxReason, true)...)
	_, more = p.checkDetails(f)
	problems = append(problems, more...)
	if len(problems) > 0 {
		return Access{}, problems
	}
	return access, nil
}

// NewFormError returns a *[FormError] with the problems, or nil if there are none.
func NewFormError(problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	return &FormError{Problems: problems}
}

func checkRoles(field Field, roles []Role, rules []RoleRule) []Problem {
	if len(roles) == 0 {
		return []Problem{{Field: field, Code: Missing}}
	}
	var problems []Problem
	for _, r := range roles {
		if !slices.ContainsFunc(rules, func(rule RoleRule) bool { return rule.Role == r }) {
			problems = append(problems, Problem{Field: field, Code: RoleNotAllowed, Given: string(r)})
		}
	}
	return problems
}

// checkProjects reads projects and the roles in them: a form has both or neither.
func (p Policy) checkProjects(f Form) ([]ProjectAccess, []Problem) {
	roles := dedupe(f.ProjectRoles)
	switch {
	case len(f.Projects) == 0 && len(roles) == 0:
		return nil, nil
	case len(f.Projects) == 0:
		return nil, []Problem{{Field: FieldProjects, Code: Missing}}
	case len(f.Projects) > MaxProjects:
		return nil, []Problem{{Field: FieldProjects, Code: TooManyProjects, Limit: MaxProjects}}
	}
	var projects []ProjectAccess
	for _, id := range f.Projects {
		if !slices.ContainsFunc(projects, func(have ProjectAccess) bool { return have.ID == id }) {
			projects = append(projects, ProjectAccess{Project: Project{ID: id}, Roles: slices.Clone(roles)})
		}
	}
	return projects, checkRoles(FieldProjectRoles, roles, p.ProjectRoles)
}

// checkLifetime checks a lifetime against the choices and the roles' limits.
func (p Policy) checkLifetime(d time.Duration, roles []Role) []Problem {
	if !slices.Contains(p.Lifetimes, d) {
		return []Problem{{Field: FieldLifetime, Code: LifetimeNotAllowed}}
	}
	if most, role := p.MaxLifetime(roles); most > 0 && d > most {
		return []Problem{{Field: FieldLifetime, Code: LifetimeTooLong, Given: string(role), Most: most}}
	}
	return nil
}

// CheckText checks a text that [plaintext.Line] or [plaintext.Lines] returned.
func CheckText(field Field, text string, limit int, lines bool) []Problem {
	bad, refused := plaintext.Refused(text, lines)
	switch {
	case plaintext.IsEmpty(text):
		return []Problem{{Field: field, Code: Missing}}
	case utf8.RuneCountInString(text) > limit:
		return []Problem{{Field: field, Code: TooLong, Limit: limit}}
	case refused:
		return []Problem{{Field: field, Code: Unprintable, Given: plaintext.Name(bad)}}
	}
	return nil
}

// OptionalText returns the visible text of s, or "" if there is none.
func OptionalText(s string) string {
	if s = plaintext.ForeignLines(s); plaintext.IsEmpty(s) {
		return ""
	}
	return s
}

func dedupe(roles []Role) []Role {
	var kept []Role
	seen := map[Role]bool{}
	for _, r := range roles {
		if !seen[r] {
			kept = append(kept, r)
		}
		seen[r] = true
	}
	return kept
}

// CheckAsker returns the roles of a form that the requester may not request.
func (p ResolvedPolicy) CheckAsker(requester UserID, f Form) ([]Problem, error) {
	var problems []Problem
	for field, roles := range map[Field][]Role{FieldRoles: f.Roles, FieldProjectRoles: f.ProjectRoles} {
		for _, role := range dedupe(roles) {
			if _, known := p.rule(role); !known {
				continue
			}
			may, err := p.mayRequest(requester, role)
			if err != nil {
				return nil, err
			}
			if !may {
				problems = append(problems, Problem{Field: field, Code: RoleNotForRequester, Given: string(role)})
			}
		}
	}
	return problems, nil
}
