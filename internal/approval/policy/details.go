package policy

import (
	"maps"
	"regexp"

	"atlaskeybot/internal/plaintext"
)

// Details are what a request says beside the access that it asks for, by the name of
// the [DetailField].
type Details map[string]string

// Clone returns a copy.
func (d Details) Clone() Details { return maps.Clone(d) }

// MaxDetail is the longest value of a detail, in characters.
const MaxDetail = 100

// A DetailField is one line of text that the policy adds to the forms.
type DetailField struct {
	Field    Field  // names the detail, too
	Label    string // as requesters and approvers read it
	Pattern  *regexp.Regexp
	Example  string // a value that matches Pattern; may be empty
	Required bool
}

// checkDetails returns the details of a form that the policy has a field for.
func (p Policy) checkDetails(f Form) (Details, []Problem) {
	var problems []Problem
	details := Details{}
	for _, d := range p.DetailFields {
		value := plaintext.Line(f.Details[string(d.Field)])
		if plaintext.IsEmpty(value) && !d.Required {
			continue
		}
		found := CheckText(d.Field, value, MaxDetail, false)
		if len(found) == 0 && !d.Pattern.MatchString(value) {
			found = []Problem{{Field: d.Field, Code: NotMatching, Given: value}}
		}
		for _, problem := range found {
			problem.Label, problem.Hint = d.Label, d.Example
			problems = append(problems, problem)
		}
		details[string(d.Field)] = value
	}
	if len(problems) > 0 || len(details) == 0 {
		return nil, problems
	}
	return details, nil
}

// DetailsOf returns the details of a form that [Policy.Check] accepted.
func (p Policy) DetailsOf(f Form) Details {
	details, _ := p.checkDetails(f)
	return details
}
