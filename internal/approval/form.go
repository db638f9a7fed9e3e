package approval

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A Form is what somebody filled in, as typed.
type Form struct {
	// Origin is the same each time one form is sent; see [Request.Origin].
	Origin string

	Description string
	Roles       []Role
	Networks    string
	Lifetime    time.Duration
	Reason      string
}

// MaxDescription leaves room for the mark in Atlas's 250 characters.
const (
	MaxDescription = 200 // characters
	MaxReason      = 1000
	MaxNetworks    = 3000
)

// A Field of the form.
type Field string

const (
	FieldDescription Field = "description"
	FieldRoles       Field = "roles"
	FieldNetworks    Field = "networks"
	FieldLifetime    Field = "lifetime"
	FieldReason      Field = "reason"
)

// A ProblemCode is a mistake of a closed list.
type ProblemCode string

const (
	Missing            ProblemCode = "missing"
	TooLong            ProblemCode = "too_long"         // Limit: characters
	Unprintable        ProblemCode = "unprintable"      // control characters
	NotAnAddress       ProblemCode = "not_an_address"   // Given
	HostBits           ProblemCode = "host_bits"        // Given; Hint: the network it would be
	TooWide            ProblemCode = "too_wide"         // Given; Hint: the widest mask, as in "/24"
	NotPublic          ProblemCode = "not_public"       // Given; Hint: private, loopback, link-local, multicast, unspecified, reserved
	SecurityGroup      ProblemCode = "security_group"   // Given
	TooMany            ProblemCode = "too_many"         // Given: how many; Limit
	RoleNotAllowed     ProblemCode = "role_not_allowed" // Given
	LifetimeNotAllowed ProblemCode = "lifetime_not_allowed"
	Unchanged          ProblemCode = "unchanged" // nothing would be different
)

// A Problem is one mistake in a form, told in the place where it was made.
type Problem struct {
	Field Field
	Code  ProblemCode
	Given string
	Hint  string
	Limit int
}

// A FormError carries all problems of a form.
type FormError struct{ Problems []Problem }

func (e *FormError) Error() string { return "the form has mistakes" }

// Check turns a form into what it asks for, or returns a *[FormError] that
// tells everything that is wrong with it.
func (p Policy) Check(f Form) (Access, error) {
	access := Access{
		Description: strings.TrimSpace(f.Description),
		Roles:       withoutRepeats(f.Roles),
		Lifetime:    f.Lifetime,
	}
	problems := checkText(FieldDescription, access.Description, MaxDescription, false)
	problems = append(problems, p.checkRoles(access.Roles)...)
	networks, wrong := p.Networks(f.Networks)
	access.Networks = networks
	problems = append(problems, wrong...)
	if !slices.Contains(p.Lifetimes, f.Lifetime) {
		problems = append(problems, Problem{Field: FieldLifetime, Code: LifetimeNotAllowed})
	}
	problems = append(problems, checkText(FieldReason, strings.TrimSpace(f.Reason), MaxReason, true)...)
	if len(problems) > 0 {
		return Access{}, &FormError{Problems: problems}
	}
	return access, nil
}

func (p Policy) checkRoles(roles []Role) []Problem {
	if len(roles) == 0 {
		return []Problem{{Field: FieldRoles, Code: Missing}}
	}
	var problems []Problem
	for _, r := range roles {
		if !slices.Contains(p.AllowedRoles, r) {
			problems = append(problems, Problem{Field: FieldRoles, Code: RoleNotAllowed, Given: string(r)})
		}
	}
	return problems
}

func checkText(field Field, text string, limit int, lines bool) []Problem {
	switch {
	case text == "":
		return []Problem{{Field: field, Code: Missing}}
	case utf8.RuneCountInString(text) > limit:
		return []Problem{{Field: field, Code: TooLong, Limit: limit}}
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unprintable(lines)):
		return []Problem{{Field: field, Code: Unprintable}}
	}
	return nil
}

// unprintable finds what could rearrange or hide text: control characters and
// the marks that turn the writing direction.
func unprintable(lines bool) func(rune) bool {
	return func(r rune) bool {
		if lines && (r == '\n' || r == '\r' || r == '\t') {
			return false
		}
		return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == utf8.RuneError
	}
}

func withoutRepeats(roles []Role) []Role {
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
