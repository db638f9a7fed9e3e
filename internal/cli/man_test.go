package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/spf13/cobra/doc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

//go:generate env UPDATE=1 go test -run TestManPages .

// manDate is the date that a page was generated.
var manDate = regexp.MustCompile(`(?m)^(\.TH "[^"]*" "1") "[^"]*"`)

// TestManPages holds docs/man in step with the commands. Generating writes the
// pages anew.
func TestManPages(t *testing.T) {
	t.Parallel()
	const dir = "../../docs/man"
	generated := t.TempDir()
	root := NewCommand(Env{})
	root.DisableAutoGenTag = true
	require.NoError(t, doc.GenManTree(root, &doc.GenManHeader{Source: "Atlas Key Bot", Manual: "Atlas Key Bot"}, generated))
	pages := map[string]string{}
	for _, file := range manPages(t, generated) {
		page, err := os.ReadFile(file)
		require.NoError(t, err)
		pages[filepath.Base(file)] = manDate.ReplaceAllString(string(page), "$1 \"\"")
	}
	if os.Getenv("UPDATE") != "" {
		require.NoError(t, os.RemoveAll(dir))
		require.NoError(t, os.MkdirAll(dir, 0o755))
		for name, page := range pages {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(page), 0o644))
		}
	}
	there := map[string]string{}
	for _, file := range manPages(t, dir) {
		page, err := os.ReadFile(file)
		require.NoError(t, err)
		there[filepath.Base(file)] = string(page)
	}
	assert.Equal(t, pages, there, "run go generate ./internal/cli")
}

func manPages(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*.1"))
	require.NoError(t, err)
	return all
}
