package slackui

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/slackui/client"
)

func TestManifestFitsSlacksSchema(t *testing.T) {
	t.Parallel()
	schema := readJSON(t, "testdata/manifest.schema.1.0.0.json")
	for _, mode := range []client.Transport{client.SocketModeTransport, client.HTTPTransport} {
		text, err := client.Manifest(mode, "/atlas-key", "https://bot.example.com/")
		require.NoError(t, err)
		var m any
		require.NoError(t, json.Unmarshal([]byte(text), &m))
		assert.Empty(t, violations(schema, schema, m, string(mode)))

		m.(node)["surprise"] = true
		assert.NotEmpty(t, violations(schema, schema, m, ""), "the validator notices nothing")
	}
}

func TestManifestHasURLsOfItsTransport(t *testing.T) {
	t.Parallel()
	socket, err := client.Manifest(client.SocketModeTransport, "/keys", "")
	require.NoError(t, err)
	assert.Contains(t, socket, `"socket_mode_enabled": true`)
	assert.NotContains(t, socket, "https://")
	assert.Contains(t, socket, `"command": "/keys"`)

	web, err := client.Manifest(client.HTTPTransport, "/keys", "https://bot.example.com/")
	require.NoError(t, err)
	assert.Contains(t, web, `"socket_mode_enabled": false`)
	assert.Contains(t, web, `"url": "https://bot.example.com/slack/commands"`)
	assert.Contains(t, web, `"request_url": "https://bot.example.com/slack/interactions"`)
	assert.Contains(t, web, `"request_url": "https://bot.example.com/slack/events"`)
	assert.Contains(t, web, `"message_menu_options_url": "https://bot.example.com/slack/options"`)
	for _, m := range []string{socket, web} {
		assert.Contains(t, m, `"messages_tab_enabled": true`, "else no user can be written to")
		assert.Contains(t, m, `"home_tab_enabled": true`)
		assert.Contains(t, m, `"app_home_opened"`, "else no user's Home tab is drawn")
	}
}

func TestManifestRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		mode          client.Transport
		command, base string
	}{
		"a command without a slash":  {client.SocketModeTransport, "atlas-key", ""},
		"a command of two words":     {client.SocketModeTransport, "/atlas key", ""},
		"no command":                 {client.SocketModeTransport, "/", ""},
		"an address that is not TLS": {client.HTTPTransport, "/atlas-key", "http://bot.example.com"},
		"no address":                 {client.HTTPTransport, "/atlas-key", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := client.Manifest(tt.mode, tt.command, tt.base)
			require.Error(t, err)
		})
	}
}

// TestManifestScopesAreThoseOfItsMethods compares them with Slack's reference.
// "commands" is the one that no method needs.
func TestManifestScopesAreThoseOfItsMethods(t *testing.T) {
	t.Parallel()
	needed := []string{"commands"}
	for _, scopes := range readJSON(t, "testdata/scopes.json") {
		for _, s := range scopes.([]any) {
			needed = append(needed, s.(string))
		}
	}
	slices.Sort(needed)
	var asked []string
	for _, s := range client.Scopes {
		asked = append(asked, s.Name)
		assert.NotEmpty(t, s.Why)
	}
	assert.ElementsMatch(t, slices.Compact(needed), asked)
}

func readJSON(t *testing.T, file string) node {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var n node
	require.NoError(t, json.Unmarshal(text, &n))
	return n
}

// violations checks v against the keywords of JSON Schema that Slack's schema
// uses.
func violations(root, schema node, v any, at string) []string {
	if ref, ok := schema["$ref"].(string); ok {
		return violations(root, resolve(root, ref), v, at)
	}
	var found []string
	complain := func(format string, args ...any) { found = append(found, at+": "+fmt.Sprintf(format, args...)) }
	for _, sub := range list(schema["allOf"]) {
		found = append(found, violations(root, sub.(node), v, at)...)
	}
	for _, key := range []string{"anyOf", "oneOf"} {
		if options := list(schema[key]); len(options) > 0 && !slices.ContainsFunc(options, func(o any) bool {
			return len(violations(root, o.(node), v, at)) == 0
		}) {
			complain("matches nothing of %s", key)
		}
	}
	if enum := list(schema["enum"]); len(enum) > 0 && !slices.Contains(enum, v) {
		complain("%v is none of %v", v, enum)
	}
	if kind, ok := schema["type"].(string); ok && !isKind(kind, v) {
		complain("%v is no %s", v, kind)
	}
	switch v := v.(type) {
	case node:
		found = append(found, objectViolations(root, schema, v, at)...)
	case []any:
		if limit, ok := schema["maxItems"].(float64); ok && len(v) > int(limit) {
			complain("too many items")
		}
		if items, ok := schema["items"].(node); ok {
			for i, item := range v {
				found = append(found, violations(root, items, item, fmt.Sprintf("%s[%d]", at, i))...)
			}
		}
	case string:
		length := float64(utf8.RuneCountInString(v))
		if limit, ok := schema["maxLength"].(float64); ok && length > limit {
			complain("too long")
		}
		if limit, ok := schema["minLength"].(float64); ok && length < limit {
			complain("too short")
		}
		if pattern, ok := schema["pattern"].(string); ok && !regexp.MustCompile(pattern).MatchString(v) {
			complain("%q does not match %s", v, pattern)
		}
	}
	return found
}

func objectViolations(root, schema, v node, at string) []string {
	var found []string
	properties, _ := schema["properties"].(node)
	for key, inner := range v {
		property, known := properties[key].(node)
		switch {
		case known:
			found = append(found, violations(root, property, inner, at+"."+key)...)
		case schema["additionalProperties"] == false:
			found = append(found, at+": "+key+" is not allowed")
		}
	}
	for _, key := range list(schema["required"]) {
		if _, ok := v[key.(string)]; !ok {
			found = append(found, at+": "+key.(string)+" is missing")
		}
	}
	return found
}

func resolve(root node, ref string) node {
	at := any(root)
	for _, step := range regexp.MustCompile(`[^#/]+`).FindAllString(ref, -1) {
		at = at.(node)[step]
	}
	return at.(node)
}

func list(v any) []any { l, _ := v.([]any); return l }

func isKind(kind string, v any) bool {
	switch v := v.(type) {
	case node:
		return kind == "object"
	case []any:
		return kind == "array"
	case string:
		return kind == "string"
	case bool:
		return kind == "boolean"
	case float64:
		return kind == "number" || kind == "integer" && v == float64(int(v))
	}
	return kind == "null"
}
