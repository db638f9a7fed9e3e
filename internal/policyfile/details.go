package policyfile

import (
	"regexp"
	"slices"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/plaintext"
)

const (
	maxLabel   = 40  // characters
	maxPattern = 200 // bytes
)

// detail reads a line of text that the forms ask for beside the access.
func (r *reader) detail(n *yaml.Node, field policy.Field) {
	if n == nil {
		return
	}
	what := string(field)
	m := r.mapping(n, what, detailKeys...)
	if n.Kind != yaml.MappingNode || r.missing(n, what, m, detailRequired...) {
		return
	}
	d := policy.DetailField{Field: field, Required: r.boolean(m["required"], "required", false)}
	d.Label = r.shortText(m["label"], "label", maxLabel)
	d.Pattern = r.pattern(m["pattern"], "pattern")
	if n := m["example"]; n != nil {
		d.Example = r.shortText(n, "example", policy.MaxDetail)
		r.problemIf(n, d.Example != "" && d.Pattern != nil && !d.Pattern.MatchString(d.Example), "example is %q, which does not match pattern", d.Example)
	}
	others := slices.DeleteFunc(slices.Clone(r.policy.DetailFields), func(o policy.DetailField) bool { return o.Field == field })
	r.policy.DetailFields = append(others, d)
}

// shortText reads one visible line.
func (r *reader) shortText(n *yaml.Node, what string, limit int) string {
	text, ok := r.scalar(n, what)
	if !ok {
		return ""
	}
	text = plaintext.Line(text)
	_, refused := plaintext.Refused(text, false)
	if r.problemIf(n, refused || plaintext.IsEmpty(text) || utf8.RuneCountInString(text) > limit, "%s is %q: one line of 1 to %d characters", what, text, limit) {
		return ""
	}
	return text
}

// pattern reads a regular expression (RE2), which a whole value has to match.
func (r *reader) pattern(n *yaml.Node, what string) *regexp.Regexp {
	text, ok := r.scalar(n, what)
	if !ok || r.problemIf(n, text == "" || len(text) > maxPattern, "%s has %d bytes: 1 to %d", what, len(text), maxPattern) {
		return nil
	}
	if _, err := regexp.Compile(text); r.problemIf(n, err != nil, "%s is no regular expression (RE2): %v", what, err) {
		return nil
	}
	whole, err := regexp.Compile(`\A(?:` + text + `)\z`)
	if r.problemIf(n, err != nil, "%s is no regular expression (RE2): %v", what, err) {
		return nil
	}
	return whole
}

func detailSchema(description string) schema {
	return object(description, schema{
		"label":    schema{"type": "string", "minLength": 1, "maxLength": maxLabel, "description": "What the field is called, in the form and on the card."},
		"pattern":  schema{"type": "string", "minLength": 1, "maxLength": maxPattern, "description": "A regular expression (RE2) that the whole value has to match."},
		"example":  schema{"type": "string", "minLength": 1, "maxLength": policy.MaxDetail, "description": "A value that matches, which the form and its error show."},
		"required": boolean("Whether a form without it is refused.", false),
	}, detailRequired...)
}
