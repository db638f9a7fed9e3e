package internal_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestExtendingListsEveryMember compares each list of docs/extending.md with the
// table in the code.
func TestExtendingListsEveryMember(t *testing.T) {
	t.Parallel()
	text := readDocument(t, "docs/extending.md")
	for list, table := range map[string]struct{ file, within, member string }{
		"Buttons":     {"internal/slackui/view/actions.go", `(?s).*`, `(?m)^\tAction\w+ += "(\w+)"`},
		"Fields":      {"internal/approval/policy/form.go", `(?s).*`, `(?m)^\tField\w+ +Field += "(\w+)"`},
		"States":      {"internal/approval/state.go", `(?s).*`, `(?m)^\tState\w+ +State += "(\w+)"`},
		"Events":      {"internal/approval/state.go", `(?s).*`, `(?m)^\tEvent\w+ +Event += "(\w+)"`},
		"Policy keys": {"internal/policyfile/policyfile.go", `(?s)fileKeys = \[\]string\{.*?\}`, `"(\w+)"`},
		"Commands":    {"internal/cli/cli.go", `(?s)root\.AddCommand\(.*?\n\t\)`, `new(\w+)Command\(env\)`},
	} {
		var want []string
		for _, m := range regexp.MustCompile(table.member).FindAllStringSubmatch(regexp.MustCompile(table.within).FindString(readDocument(t, table.file)), -1) {
			want = append(want, strings.ToLower(m[1]))
		}
		require.Greater(t, len(want), 5, list)
		listed := regexp.MustCompile(`(?m)^` + list + `: ((?:.+\n)+)`).FindStringSubmatch(text)
		require.NotNil(t, listed, list)
		var got []string
		for _, m := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(listed[1], -1) {
			got = append(got, m[1])
		}
		assert.Equal(t, want, got, list)
	}
}

// TestExtendingNamesWhatExists looks for every file that docs/extending.md names,
// and for what it says that the file declares.
func TestExtendingNamesWhatExists(t *testing.T) {
	t.Parallel()
	text := readDocument(t, "docs/extending.md")
	named := regexp.MustCompile("`(internal/[^`]+)`(?::\\s+`(\\w+)`)?").FindAllStringSubmatch(text, -1)
	require.Greater(t, len(named), 25)
	for _, m := range named {
		if _, err := os.Stat(filepath.Join("..", m[1])); !assert.NoError(t, err) || m[2] == "" {
			continue
		}
		declared := regexp.MustCompile(`(?m)^(func ` + m[2] + `\(|(var|type|const) ` + m[2] + `\b|\t` + m[2] + `\b)`)
		assert.Regexp(t, declared, readDocument(t, m[1]), "%s declares no %s", m[1], m[2])
	}
}
