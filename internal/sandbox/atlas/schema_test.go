package atlas_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// schema is the part of an OpenAPI schema that is checked.
type schema struct {
	Ref        string `json:"$ref"`
	Type       string
	Properties map[string]schema
	Required   []string
	Items      *schema
	Enum       []string
	Pattern    string
	MinLength  int
	MaxLength  int
	Minimum    *float64
	Maximum    *float64
	Nullable   bool
}

// waived are words of the specification that Atlas itself does not keep: the
// recorded answers break each of them.
func waived(at, word string) bool {
	switch word {
	case "minimum":
		return strings.HasSuffix(at, ".count") // 0 for an unused entry
	case "pattern":
		return strings.HasSuffix(at, ".name") // names have spaces
	case "type":
		return strings.HasPrefix(at, ".parameters[") // strings and numbers, not objects
	}
	return false
}

// validator collects what is wrong with one document.
type validator struct {
	schemas map[string]schema
	found   []string
}

// violations checks body with the named schema of testdata/schemas.json.
// A member that the schema does not know is a violation too.
func violations(t *testing.T, name, body string) []string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "schemas.json"))
	require.NoError(t, err)
	var file struct{ Schemas map[string]schema }
	require.NoError(t, json.Unmarshal(raw, &file))
	require.Contains(t, file.Schemas, name)
	var v any
	require.NoError(t, json.Unmarshal([]byte(body), &v))
	check := validator{schemas: file.Schemas}
	check.value(v, file.Schemas[name], "")
	return check.found
}

func (c *validator) wrong(at, word string, got any) {
	if !waived(at, word) {
		c.found = append(c.found, fmt.Sprintf("%s: %s: %v", at, word, got))
	}
}

func (c *validator) value(v any, s schema, at string) {
	if s.Ref != "" {
		s = c.schemas[s.Ref[strings.LastIndex(s.Ref, "/")+1:]]
	}
	if v == nil {
		if !s.Nullable {
			c.wrong(at, "null", v)
		}
		return
	}
	switch v := v.(type) {
	case map[string]any:
		c.object(v, s, at)
	case []any:
		c.typed(s, "array", at, v)
		for i, item := range v {
			if s.Items != nil {
				c.value(item, *s.Items, fmt.Sprintf("%s[%d]", at, i))
			}
		}
	case string:
		c.text(v, s, at)
	case float64:
		c.number(v, s, at)
	case bool:
		c.typed(s, "boolean", at, v)
	}
}

func (c *validator) typed(s schema, is, at string, v any) bool {
	if s.Type != is {
		c.wrong(at, "type", v)
	}
	return s.Type == is
}

func (c *validator) object(v map[string]any, s schema, at string) {
	c.typed(s, "object", at, v)
	for _, name := range s.Required {
		if _, there := v[name]; !there {
			c.wrong(at+"."+name, "required", nil)
		}
	}
	for name, member := range v {
		property, known := s.Properties[name]
		if !known {
			c.wrong(at+"."+name, "unknown", member)
			continue
		}
		c.value(member, property, at+"."+name)
	}
}

func (c *validator) text(v string, s schema, at string) {
	n := utf8.RuneCountInString(v)
	lookahead := strings.Contains(s.Pattern, "(?!") // not for Go; rules_test has these
	switch {
	case !c.typed(s, "string", at, v):
	case s.Pattern != "" && !lookahead && !regexp.MustCompile(s.Pattern).MatchString(v):
		c.wrong(at, "pattern", v)
	case n < s.MinLength || (s.MaxLength > 0 && n > s.MaxLength):
		c.wrong(at, "length", v)
	case s.Enum != nil && !slices.Contains(s.Enum, v):
		c.wrong(at, "enum", v)
	}
}

func (c *validator) number(v float64, s schema, at string) {
	switch {
	case !c.typed(s, "integer", at, v):
	case s.Minimum != nil && v < *s.Minimum, s.Maximum != nil && v > *s.Maximum:
		c.wrong(at, "minimum", v)
	}
}
