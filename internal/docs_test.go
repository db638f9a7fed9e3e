package internal_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// documents are the texts that people read, by their paths from the root of the
// repository.
func documents(t *testing.T) []string {
	all := []string{"README.md", "internal/sandbox/README.md"}
	for _, pattern := range []string{"docs/*.md", "docs/*/*.md"} {
		found, err := filepath.Glob(filepath.Join("..", pattern))
		require.NoError(t, err)
		for _, f := range found {
			all = append(all, strings.TrimPrefix(filepath.ToSlash(f), "../"))
		}
	}
	require.Greater(t, len(all), 20)
	return all
}

func TestLinksInDocumentsResolve(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	checked := 0
	for _, document := range documents(t) {
		for _, found := range link.FindAllStringSubmatch(readDocument(t, document), -1) {
			target := found[1]
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			checked++
			file, anchor, hasAnchor := strings.Cut(target, "#")
			linked := document
			if file != "" {
				linked = filepath.ToSlash(filepath.Join(filepath.Dir(document), file))
			}
			_, err := os.Stat(filepath.Join("..", linked))
			if !assert.NoError(t, err, "%s links to %s", document, target) || !hasAnchor {
				continue
			}
			assert.Contains(t, anchorsOf(readDocument(t, linked)), anchor, "%s links to %s", document, target)
		}
	}
	assert.Greater(t, checked, 50)
}

// The architecture names the file of everything that it describes, and in its
// tables also what the file declares.
func TestArchitectureNamesWhatExists(t *testing.T) {
	t.Parallel()
	text := readDocument(t, "docs/architecture.md")

	tree := regexp.MustCompile(`(?m)^    ((?:cmd|e2e|internal)/\S*)  `).FindAllStringSubmatch(text, -1)
	var listed []string
	for _, line := range tree {
		assert.DirExists(t, filepath.Join("..", line[1]))
		listed = append(listed, strings.TrimSuffix(line[1], "/"))
	}
	for pkg := range arrows {
		if !strings.HasPrefix(pkg, "internal/sandbox/") {
			assert.Contains(t, listed, pkg, "the tree leaves out a package")
		}
	}

	declared := regexp.MustCompile("`(internal/[^`]+\\.go)`((?:[:,] `[A-Za-z.]+`)*)").FindAllStringSubmatch(text, -1)
	assert.Greater(t, len(declared), 20)
	for _, named := range declared {
		if !assert.FileExists(t, filepath.Join("..", named[1])) {
			continue
		}
		source := readDocument(t, named[1])
		for _, name := range regexp.MustCompile("`([A-Za-z.]+)`").FindAllStringSubmatch(named[2], -1) {
			owner, method, isMethod := strings.Cut(name[1], ".")
			pattern := `(?m)^(func ` + owner + `\(|(var|type|const) ` + owner + `\b|\t` + owner + `\b)`
			if isMethod {
				pattern = `(?m)^func \(\w+ \*?` + owner + `\) ` + method + `\(`
			}
			assert.True(t, regexp.MustCompile(pattern).MatchString(source), "%s declares no %s", named[1], name[1])
		}
	}
}

func readDocument(t *testing.T, file string) string {
	text, err := os.ReadFile(filepath.Join("..", file))
	require.NoError(t, err)
	return string(text)
}

// anchorsOf lists the anchors of a document's headings, as GitHub makes them.
func anchorsOf(text string) []string {
	var all []string
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(text, -1) {
		all = append(all, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, heading[1]))
	}
	return all
}

func TestDocumentsNameExistingTests(t *testing.T) {
	t.Parallel()
	declared := map[string]bool{}
	require.NoError(t, filepath.WalkDir("..", func(file string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(file, "_test.go") {
			return err
		}
		source, err := os.ReadFile(file)
		for _, found := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllStringSubmatch(string(source), -1) {
			declared[found[1]] = true
		}
		return err
	}))
	named := 0
	for _, document := range documents(t) {
		for _, name := range regexp.MustCompile(`\b(Test|Fuzz)[A-Z]\w+`).FindAllString(readDocument(t, document), -1) {
			named++
			assert.True(t, declared[name], "%s names %s, which does not exist", document, name)
		}
	}
	assert.Greater(t, named, 10)
}
