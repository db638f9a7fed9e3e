package slackui

import (
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestUserTextIsNeverFormatted looks at every screen that hostile people,
// projects, networks, rules and organizations are on. Their words and addresses
// are in rich text, in plain text without emoji, and in code, and nowhere else.
func TestUserTextIsNeverFormatted(t *testing.T) {
	t.Parallel()
	for name, screen := range everything() {
		walk(screen, "", func(path string, n node) {
			text, ok := n["text"].(string)
			switch {
			case !ok:
			case n["type"] == "mrkdwn", path == "":
				assertNotOfPeople(t, name+path, outsideCode(t, name+path, text))
			case n["type"] == "plain_text" && n["emoji"] != false:
				assertNotOfPeople(t, name+path, text)
			}
		})
	}
}

func assertNotOfPeople(t *testing.T, where, text string) {
	t.Helper()
	for _, word := range []string{"evil", "bold", "~old", "_under", ":bomb", "invoices", "backfill", "@here", "U123"} {
		assert.NotContains(t, text, word, where)
	}
	assert.NotRegexp(t, `[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+|[0-9a-f]+:[0-9a-f]*:[0-9a-f]*:`, text, where)
}

// outsideCode returns what Slack formats of a mrkdwn text. Code begins and ends
// at a backtick that no letter or digit stands next to outside of it.
func outsideCode(t *testing.T, where, text string) string {
	t.Helper()
	parts := strings.Split(text, "`")
	assert.Equal(t, 1, len(parts)%2, "%s: a code span is open: %s", where, text)
	var outside strings.Builder
	for i, part := range parts {
		if i%2 == 1 {
			assert.NotContains(t, part, "\n", "%s: code is one line", where)
			assert.NotEmpty(t, strings.TrimSpace(part), where)
			continue
		}
		first, _ := utf8.DecodeRuneInString(part)
		last, _ := utf8.DecodeLastRuneInString(part)
		assert.False(t, i > 0 && isWordy(first), "%s: %q follows code", where, part)
		assert.False(t, i < len(parts)-1 && isWordy(last), "%s: code follows %q", where, part)
		outside.WriteString(part + "\x00")
	}
	return outside.String()
}

func isWordy(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// TestOnlyBotTextIsMarkedAsFormatted reads the packages that write messages: what skips [code] is
// made of the bot's own words.
func TestOnlyBotTextIsMarkedAsFormatted(t *testing.T) {
	t.Parallel()
	own := regexp.MustCompile(`^(mrkdwn\.Truncate\(|orNone\()*(mrkdwn\.Duration|mrkdwn\.Count|(view\.)?Titles|powers|RolesLabel|rolesLabel|v\.Channel|fmt\.Sprint)\(` +
		`|^(v|a\.screens)\.Command$|^(at\.Channel|s\.Channel|v\.Channels\[org\.ID\]|v\.KeysPages\[org\])$|^t\.UTC\(\)\.Format\(|^policy\.Role\(s\.[lL]imit\.Given\)\.Info\(\)\.Title$`)
	var files []string
	for _, pattern := range []string{"*.go", "view/*.go", "client/*.go"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, found)
		files = append(files, found...)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		positions := token.NewFileSet()
		parsed, err := parser.ParseFile(positions, file, nil, 0)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 {
				return true
			}
			var function, argument strings.Builder
			require.NoError(t, printer.Fprint(&function, positions, call.Fun))
			require.NoError(t, printer.Fprint(&argument, positions, call.Args[0]))
			_, isLiteral := call.Args[0].(*ast.BasicLit)
			switch function.String() {
			case "mrkdwn.BotText":
				assert.Regexp(t, own, argument.String(), "%s: is this the bot's own text?", positions.Position(n.Pos()))
			case "mrkdwn.Text":
				assert.True(t, isLiteral, "%s: make mrkdwn of %s with say or code", positions.Position(n.Pos()), argument.String())
			}
			return true
		})
	}
}
