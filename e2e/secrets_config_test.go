package e2e

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/app"
	"atlaskeybot/internal/config"
)

// credentials are what an operator copies from two web pages into four
// variables.
var credentials = map[string]string{
	"SLACK_BOT_TOKEN":      "xoxb-100000000001-200000000002-AbCdEfGhIjKlMnOpQrStUvWx",
	"SLACK_APP_TOKEN":      "xapp-1-A0123456789-300000000003-0123456789abcdef0123456789abcdef",
	"SLACK_SIGNING_SECRET": "8f742231b10e8888abcd99eeee777785",
	"ATLAS_PRIVATE_KEY":    "0b5a9d5e-7a1c-4a52-9b8e-6f1d2c3b4a59",
}

// TestConfigErrorsDoNotRevealCredentials: an operator who pastes a credential into the
// wrong variable, whichever, reads that this is wrong, and the log that
// everyone reads does not say what was pasted.
func TestConfigErrorsDoNotRevealCredentials(t *testing.T) {
	t.Parallel()
	s := searchFor(credentials)
	for variable := range environment() {
		for name, credential := range credentials {
			for how, value := range map[string]string{"alone": credential, "in quotes": `"` + credential + `"`, "after a space": " " + credential, "twice": credential + "," + credential} {
				e := environment()
				maps.Copy(e, credentials)
				e[variable] = value
				if variable != name {
					e[name] = "x" // where it should be is something else
				}
				s.nowhere(t, map[string]string{variable + " holds " + name + " " + how: startupError(t, e)})
			}
		}
	}
}

// TestMisplacedCredentialIsNotLogged does the same to those that have a default.
func TestMisplacedCredentialIsNotLogged(t *testing.T) {
	t.Parallel()
	s := searchFor(credentials)
	for _, variable := range variables(t) {
		for name, credential := range credentials {
			e := environment()
			maps.Copy(e, credentials)
			e[variable] = credential
			for what, more := range map[string]string{"": "", " in a URL": "https://user:" + credential + "@host/", " in a query": "https://host/?token=" + credential, " in a path": "sqlite:/no/such/" + credential + "/bot.db"} {
				if more != "" {
					e[variable] = more
				}
				s.nowhere(t, map[string]string{variable + " holds " + name + what: startupError(t, e)})
			}
		}
	}
}

// variables are all that the bot reads: .env.example lists them.
func variables(t *testing.T) []string {
	t.Helper()
	file, err := os.ReadFile("../.env.example")
	require.NoError(t, err)
	var all []string
	for _, m := range regexp.MustCompile(`(?m)^#? ?([A-Z][A-Z0-9_]+)=`).FindAllStringSubmatch(string(file), -1) {
		all = append(all, strings.Replace(m[1], "ORG_PRODUCTION_", "ORG_STAGING_", 1))
	}
	require.Greater(t, len(all), 20)
	return all
}

// TestMisplacedOrganizationCredentialIsNotLogged does the same where each has its
// own.
func TestMisplacedOrganizationCredentialIsNotLogged(t *testing.T) {
	t.Parallel()
	s := searchFor(credentials)
	for _, variable := range variables(t) {
		for name, credential := range credentials {
			e := severalOrganizations()
			maps.Copy(e, map[string]string{
				"SLACK_BOT_TOKEN": credentials["SLACK_BOT_TOKEN"], "SLACK_APP_TOKEN": credentials["SLACK_APP_TOKEN"],
				"ORG_STAGING_ATLAS_PRIVATE_KEY": credentials["ATLAS_PRIVATE_KEY"],
			})
			e[variable] = credential
			s.nowhere(t, map[string]string{variable + " holds " + name: startupError(t, e)})
		}
	}
}

// startupError checks a configuration, as every start does, and returns what an
// operator reads about it.
func startupError(t *testing.T, environ map[string]string) string {
	t.Helper()
	_, err := config.Read(environ)
	var said bytes.Buffer
	if err != nil {
		said.WriteString(err.Error())
	}
	app.NewLogger(&said, config.Config{Variables: config.Variables{LogFormat: "text", LogLevel: "debug"}}).Error("starting", "error", err)
	return said.String()
}

// TestDebugLoggingOfSlackLibraryIsUnreachable: the Slack library can write whole requests to the
// log, private keys included. Nothing in the bot switches that on, and no
// variable does.
func TestDebugLoggingOfSlackLibraryIsUnreachable(t *testing.T) {
	t.Parallel()
	files := 0
	require.NoError(t, filepath.WalkDir("..", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		files++
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				if n.Name == "pprof" && strings.HasPrefix(filepath.ToSlash(file), "../internal/bench/") {
					return true // a profile of the processor, by a program of its own that has no real credential
				}
				assert.NotContains(t, []string{"OptionDebug", "SetDebug", "DumpRequest", "DumpRequestOut", "DumpResponse", "pprof", "expvar"}, n.Name, file)
			case *ast.ImportSpec:
				path, err := strconv.Unquote(n.Path.Value)
				assert.NoError(t, err)
				assert.NotContains(t, []string{"net/http/pprof", "expvar", "net/http/httputil"}, path, file)
			}
			return true
		})
		return nil
	}))
	assert.Greater(t, files, 50, "the sources were looked at")
	for _, name := range variables(t) {
		assert.NotContains(t, name, "DEBUG")
	}
}

// TestOnlyConfigReadsEnvironment, so that no variable that is not
// listed changes what is logged.
func TestOnlyConfigReadsEnvironment(t *testing.T) {
	t.Parallel()
	var readers []string
	require.NoError(t, filepath.WalkDir("..", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			name, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			of, ok := name.X.(*ast.Ident)
			if ok && of.Name == "os" && slices.Contains([]string{"Getenv", "LookupEnv", "Environ"}, name.Sel.Name) {
				readers = append(readers, filepath.ToSlash(file))
			}
			return true
		})
		return nil
	}))
	assert.Equal(t, []string{"../internal/config/lookup.go"}, readers)
}

// A policy file that is another file says nothing of what is in it that looks
// like a credential.
func TestInvalidPolicyFileDoesNotRevealCredentials(t *testing.T) {
	s := searchFor(credentials)
	for name, credential := range credentials {
		for _, text := range []string{credential, name + "=" + credential, name + ": " + credential, "excluded_approvers: [" + credential + "]", "lifetimes: [" + credential + "]"} {
			said := startupError(t, environment(set("POLICY_FILE", policyOf(t, text))))
			assert.NotEmpty(t, said)
			s.nowhere(t, map[string]string{name + " as " + text: said})
		}
	}
}
