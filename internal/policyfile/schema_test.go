package policyfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"atlaskeybot/internal/approval/policy"
)

const schemaCopy = "../../docs/" + SchemaFile

// TestSchemaCopyIsCurrent holds the schema in docs in step with the code.
func TestSchemaCopyIsCurrent(t *testing.T) {
	t.Parallel()
	if os.Getenv("UPDATE") != "" {
		require.NoError(t, os.WriteFile(schemaCopy, Schema(), 0o644))
	}
	kept, err := os.ReadFile(schemaCopy)
	require.NoError(t, err)
	assert.Equal(t, string(Schema()), string(kept), "run UPDATE=1 go test ./internal/policyfile")
}

// compiled returns the schema, ready to validate.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft7)
	require.NoError(t, compiler.AddResource(SchemaFile, document))
	s, err := compiler.Compile(SchemaFile)
	require.NoError(t, err)
	return s
}

// validate reports what the schema says of a file.
func validate(t *testing.T, s *jsonschema.Schema, text string) error {
	t.Helper()
	var decoded any
	require.NoError(t, yaml.Unmarshal([]byte(text), &decoded), text)
	asJSON, err := json.Marshal(decoded)
	require.NoError(t, err, text)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	require.NoError(t, err)
	return s.Validate(value)
}

var approvers = policy.Principals{Users: []policy.UserID{"U0BOB", "U0DANA"}}

func TestSchemaAndParserAcceptTheSamePolicies(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	texts := map[string]string{
		"the default":         string(DefaultFile()),
		"the default, filled": string(Uncommented()),
		"a role that is new":  "roles: {ORG_LATER: {}, ORG_MEMBER: }",
		"project roles":       "project_roles: default",
		"plain numbers":       "networks: {min_prefix_ipv4: 32, min_prefix_ipv6: 128, max_entries: 200}",
		"no reminders":        "pending: {remind_approvers_after: []}\nremind_before_expiry: []",
		"break-glass":         "break_glass: {allowed_requesters: [W0ANA], roles: [ORG_LATER], lifetime: 90m}",
		"durations":           "issue_within: 1h30m\nconfirm_within: 1.5h\nlifetimes: [2h, 10d]",
		"nothing":             "{}",
	}
	for _, file := range []string{"../../docs/policy.example.yaml", "../demo/policy.yaml"} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		texts[file] = string(text)
	}
	for name, text := range texts {
		_, err := Parse(name, []byte(text), Default(approvers))
		assert.NoError(t, err, name)
		assert.NoError(t, validate(t, s, text), name)
	}
}

func TestSchemaAndParserRefuseTheSamePolicies(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	for _, text := range []string{
		"[]", "approvals: []", "required_approvals: []", "required_approvals: [{from: []}]", "required_approvals: [{count: 2}]",
		"required_approvals: [{from: everyone}]", "required_approvals: [{from: [S0OPS], count: 0}]", "required_approvals: [{from: [S0OPS], count: 6}]",
		"required_approvals: [{from: [S0OPS], of: 1}]", "excluded_approvers: [bob]", "excluded_approvers: U0CEO", "excluded_approvers: [U0CEO, U0CEO]",
		"allow_self_approval: maybe", "roles: {}", "roles: {GROUP_OWNER: {}}", "roles: {ORG_MEMBER: {asks: everyone}}", "roles: {ORG_MEMBER: {allowed_requesters: []}}",
		"roles: {ORG_MEMBER: {max_lifetime: long}}", "roles: {ORG_MEMBER: {min_prefix_ipv4: /33}}", "roles: {ORG_MEMBER: {min_prefix_ipv6: /129}}",
		"project_roles: all", "project_roles: {}", "project_roles: {ORG_OWNER: {}}", "lifetimes: []", "lifetimes: [soon]", "lifetimes: [0d]", "lifetimes: 8h",
		"networks: {min_prefix_ipv4: wide}", "networks: {max_entries: 0}", "networks: {max_entries: 201}", "networks: {named: {}}",
		"network_presets: {'a,b': [192.0.2.1]}", "network_presets: {ci: []}", "network_presets: {ci: [ci.example.com]}",
		"auto_approvals: [{name: x}]", "auto_approvals: [{name: x, allowed_requesters: everyone, roles: [ORG_OWNER], max_lifetime: 8h}]",
		"auto_approvals: [{name: x, allowed_requesters: everyone, roles: [], max_lifetime: 8h}]",
		"auto_approvals: [{name: x, allowed_requesters: everyone, roles: [ORG_MEMBER], max_lifetime: 8h, network_presets: []}]",
		"pending: {escalate_after: 3h}", "pending: {escalate_to: [S0BOSS]}", "pending: {lapse_after: 3h}", "issue_within: soon", "confirm_within: 5",
		"remind_before_expiry: [1h, 2h, 3h, 4h, 5h, 6h, 7h, 8h, 9h, 10h, 11h]", "rotation_grace_period: []",
		"break_glass: {allowed_requesters: everyone, roles: [ORG_OWNER], lifetime: 2h}", "break_glass: {roles: [ORG_OWNER], lifetime: 2h}",
		"break_glass: {allowed_requesters: [U0ANA], roles: [GROUP_OWNER], lifetime: 2h}", "limits: {open_requests: 0}", "limits: {active_keys: 1001}",
	} {
		_, err := Parse("policy.yaml", []byte(text), Default(approvers))
		assert.Error(t, err, text)
		assert.Error(t, validate(t, s, text), text)
	}
}

// A mapping of the file: its keys, a file in which one value of it can be replaced,
// and where the schema has it.
type mappingOfFile struct {
	keys   []string
	file   func(entry string) string
	schema string // a path in the schema
}

// within returns a file that has text around the entries of a mapping. Of the
// others, which have to be there, it leaves out the one that entry replaces.
func within(before, after string, others ...string) func(string) string {
	return func(entry string) string {
		key, _, _ := strings.Cut(entry, ":")
		entries := slices.DeleteFunc(slices.Clone(others), func(o string) bool { return strings.HasPrefix(o, key+":") })
		return before + "{" + strings.Join(append(entries, entry), ", ") + "}" + after
	}
}

func mappingsOfFile() map[string]mappingOfFile {
	return map[string]mappingOfFile{
		"the file":           {fileKeys, within("", ""), ""},
		"required_approvals": {requirementKeys, within("required_approvals: [", "]", "from: [U0BOB]"), "properties/required_approvals/items"},
		"a role":             {roleKeys, within("roles: {ORG_MEMBER: ", "}"), "definitions/role"},
		"networks":           {networksKeys, within("networks: ", ""), "properties/networks"},
		"auto_approvals": {
			autoRuleKeys, within("auto_approvals: [", "]", "name: x", "allowed_requesters: everyone", "roles: [ORG_MEMBER]", "max_lifetime: 8h"),
			"properties/auto_approvals/items",
		},
		"pending":     {pendingKeys, within("pending: ", ""), "properties/pending"},
		"break_glass": {breakGlassKeys, within("break_glass: ", "", "allowed_requesters: [U0ANA]", "roles: [ORG_OWNER]", "lifetime: 2h"), "properties/break_glass"},
		"limits":      {limitsKeys, within("limits: ", ""), "properties/limits"},
		"ticket":      {detailKeys, within("ticket: ", "", "label: Ticket", "pattern: .+"), "properties/ticket"},
	}
}

func TestSchemaAndParserKnowTheSameKeys(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	var whole map[string]any
	require.NoError(t, json.Unmarshal(Schema(), &whole))
	for name, m := range mappingsOfFile() {
		at := whole
		for step := range strings.SplitSeq(m.schema, "/") {
			if step != "" {
				at = at[step].(map[string]any)
			}
		}
		assert.Equal(t, false, at["additionalProperties"], name)
		properties := at["properties"].(map[string]any)
		assert.ElementsMatch(t, m.keys, slices.Collect(maps.Keys(properties)), name)
		for _, key := range m.keys {
			assert.NotEmpty(t, properties[key].(map[string]any)["description"], "%s of %s", key, name)
			broken := m.file(key + ": [[]]") // a value that no key has
			_, err := Parse("policy.yaml", []byte(broken), Default(approvers))
			assert.ErrorContains(t, err, key, "the parser reads %s of %s", key, name)
			assert.Error(t, validate(t, s, broken), broken)
		}
		unknown := m.file("unknown: 1")
		_, err := Parse("policy.yaml", []byte(unknown), Default(approvers))
		assert.ErrorContains(t, err, `no key "unknown"`, name)
		assert.Error(t, validate(t, s, unknown), unknown)
	}
}

// docs/policy.md and the default file have every key, and the tables name no other.
func TestKeysAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/policy.md")
	require.NoError(t, err)
	known := map[string]bool{}
	for name, m := range mappingsOfFile() {
		for _, key := range m.keys {
			known[key] = true
			assert.Regexp(t, "`(?:[a-z_]+: )?"+key+"[`:]", string(text), "%s of %s", key, name)
			assert.Regexp(t, `(?m)\b`+key+`:( |$)`, string(Uncommented()), "%s of %s", key, name)
		}
	}
	inTable := false
	rows := 0
	for line := range strings.Lines(string(text)) {
		switch {
		case strings.HasPrefix(line, "| key |"):
			inTable = true
		case !strings.HasPrefix(line, "|"):
			inTable = false
		case inTable && !strings.HasPrefix(line, "| ---"):
			cell := strings.SplitN(line, "|", 3)[1]
			for _, m := range regexp.MustCompile("`(?:[a-z_]+: )?([^`]+)`").FindAllStringSubmatch(cell, -1) {
				assert.True(t, known[m[1]], "the parser has no key %s", m[1])
				rows++
			}
		}
	}
	assert.Greater(t, rows, 30)
}

// The schema and docs/policy.md name the default of each key that has one.
func TestDefaultsAreDocumented(t *testing.T) {
	t.Parallel()
	docs, err := os.ReadFile("../../docs/policy.md")
	require.NoError(t, err)
	var schema, defaults map[string]any
	require.NoError(t, json.Unmarshal(Schema(), &schema))
	require.NoError(t, yaml.Unmarshal(defaultFile, &defaults))
	checked := 0
	var check func(parent string, properties, values map[string]any)
	check = func(parent string, properties, values map[string]any) {
		for key, value := range values {
			property := properties[key].(map[string]any)
			if nested, ok := value.(map[string]any); ok {
				if key != "roles" { // each role has an empty rule
					check(key+": ", property["properties"].(map[string]any), nested)
				}
				continue
			}
			if key == "excluded_approvers" || key == "remind_approvers_after" { // in words
				continue
			}
			text := strings.ReplaceAll(fmt.Sprint(value), " ", ", ")
			if byDefault, ok := property["default"]; ok {
				assert.Equal(t, text, fmt.Sprint(byDefault), key)
			} else {
				assert.Contains(t, property["description"], "Left out: "+text+".", key)
			}
			assert.Contains(t, lastCell(string(docs), parent, key), text, key)
			checked++
		}
	}
	check("", schema["properties"].(map[string]any), defaults)
	assert.Equal(t, 14, checked)
}

// lastCell returns the last cell of the first row of a table that is about a key of
// parent.
func lastCell(text, parent, key string) string {
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(line, "| \n"), "|")
		if strings.HasPrefix(line, "| `"+parent) && regexp.MustCompile("[` ]"+key+"`").MatchString(cells[0]) {
			return cells[len(cells)-1]
		}
	}
	return ""
}
