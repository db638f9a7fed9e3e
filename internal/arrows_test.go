package internal_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// arrows says who may import whom, beside the standard library. Adapters never
// import one another; the sandbox imports no package of the bot and no Slack
// library, so that a client and a server built on one library cannot agree
// where both are wrong. A package that is not listed does not belong here yet.
var arrows = map[string][]string{
	"internal/backoff":               {},
	"internal/cache":                 {},
	"internal/secret":                {},
	"internal/isolate":               {},
	"internal/retryafter":            {},
	"internal/proxy":                 {"golang.org/x/net/http/httpproxy", "golang.org/x/net/proxy"},
	"internal/plaintext":             {"golang.org/x/text/unicode/norm", "golang.org/x/text/unicode/runenames"},
	"internal/approval/policy":       {"internal/isolate", "internal/plaintext"},
	"internal/approval":              {"internal/approval/policy", "internal/backoff", "internal/plaintext", "internal/secret"},
	"internal/approval/service":      {"internal/approval", "internal/approval/policy", "internal/cache", "internal/isolate", "internal/plaintext", "golang.org/x/time/rate"},
	"internal/approval/worker":       {"internal/approval", "internal/approval/policy", "internal/isolate", "golang.org/x/time/rate"},
	"internal/approval/approvaltest": {"internal/approval", "internal/approval/policy", "internal/approval/service", "internal/approval/worker", "internal/secret", "github.com/stretchr/testify/assert", "github.com/stretchr/testify/require"},
	"internal/policyfile":            {"internal/approval/policy", "internal/plaintext", "go.yaml.in/yaml/v3"},
	"internal/atlas":                 {"internal/approval", "internal/approval/policy", "internal/backoff", "internal/proxy", "internal/retryafter", "internal/secret", "github.com/icholy/digest", "golang.org/x/text/unicode/norm"},
	"internal/store":                 {"internal/approval", "internal/approval/policy", "modernc.org/sqlite", "modernc.org/sqlite/lib"},
	"internal/slackui/mrkdwn":        {"internal/approval", "internal/approval/policy", "github.com/slack-go/slack"},
	"internal/slackui/payload":       {"internal/approval/policy", "github.com/slack-go/slack"},
	"internal/slackui/pace":          {"internal/approval", "internal/approval/policy", "internal/cache", "golang.org/x/time/rate"},
	"internal/slackui/view":          {"internal/approval", "internal/approval/policy", "internal/approval/service", "internal/plaintext", "internal/slackui/mrkdwn", "internal/slackui/pace", "internal/slackui/payload", "github.com/slack-go/slack"},
	"internal/slackui/client":        {"internal/approval", "internal/approval/policy", "internal/backoff", "internal/cache", "internal/proxy", "internal/retryafter", "internal/secret", "internal/slackui/mrkdwn", "internal/slackui/pace", "internal/slackui/view", "github.com/slack-go/slack", "golang.org/x/net/publicsuffix", "golang.org/x/time/rate"},
	"internal/slackui/transport":     {"internal/backoff", "internal/cache", "internal/isolate", "internal/proxy", "internal/secret", "internal/slackui/client", "internal/slackui/payload", "github.com/gorilla/websocket", "github.com/slack-go/slack", "github.com/slack-go/slack/socketmode"},
	"internal/slackui":               {"internal/approval", "internal/approval/policy", "internal/approval/service", "internal/cache", "internal/isolate", "internal/plaintext", "internal/slackui/client", "internal/slackui/mrkdwn", "internal/slackui/pace", "internal/slackui/payload", "internal/slackui/transport", "internal/slackui/view", "github.com/slack-go/slack"},
	"cmd/bot":                        {"internal/cli", "internal/config"},
	"cmd/sandbox":                    {"internal/demo"},
	"cmd/bench":                      {"internal/bench"},
	"internal/bench":                 {"internal/approval", "internal/approval/policy", "internal/cli", "internal/config", "internal/sandbox", "internal/sandbox/slack", "internal/store", "github.com/spf13/cobra", "golang.org/x/sync/errgroup"},
	"internal/config":                {"internal/approval/policy", "internal/policyfile", "internal/proxy", "internal/secret", "github.com/caarlos0/env/v11"},
	"internal/config/configtest":     {"github.com/stretchr/testify/require"},
	"internal/app":                   {"internal/approval", "internal/approval/policy", "internal/approval/service", "internal/approval/worker", "internal/atlas", "internal/backoff", "internal/config", "internal/preflight", "internal/proxy", "internal/slackui", "internal/slackui/client", "internal/slackui/transport", "internal/store", "golang.org/x/net/netutil", "golang.org/x/sync/errgroup"},
	"internal/preflight":             {"internal/approval", "internal/approval/policy", "internal/atlas", "internal/config", "internal/policyfile", "internal/proxy", "internal/slackui/client", "internal/slackui/transport", "internal/store", "internal/version"},
	"internal/audittrail":            {"internal/approval", "internal/approval/policy", "internal/atlas", "internal/config", "internal/plaintext", "internal/store"},
	"internal/cli":                   {"internal/app", "internal/approval", "internal/approval/policy", "internal/approval/service", "internal/approval/worker", "internal/audittrail", "internal/config", "internal/plaintext", "internal/policyfile", "internal/preflight", "internal/slackui/client", "internal/store", "internal/version", "github.com/spf13/cobra", "github.com/spf13/pflag"},
	"internal/demo":                  {"internal/app", "internal/config", "internal/sandbox", "internal/sandbox/slack", "github.com/spf13/cobra"},
	"internal/version":               {},
	"internal/sandbox":               {"internal/sandbox/atlas", "internal/sandbox/control", "internal/sandbox/page", "internal/sandbox/slack", "internal/sandbox/wire"},
	"internal/sandbox/atlas":         {},
	"internal/sandbox/control":       {"internal/sandbox/atlas", "internal/sandbox/slack", "internal/sandbox/wire"},
	"internal/sandbox/page":          {"internal/sandbox/atlas", "internal/sandbox/slack", "internal/sandbox/wire"},
	"internal/sandbox/slack":         {"github.com/coder/websocket"},
	"internal/sandbox/wire":          {},
}

func TestArrows(t *testing.T) {
	t.Parallel()
	const root = ".."
	seen := map[string]bool{}
	require.NoError(t, filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		relative, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		pkg := path.Dir(filepath.ToSlash(relative))
		seen[pkg] = true
		allowed, listed := arrows[pkg]
		assert.True(t, listed, "%s is not listed", pkg)
		for _, imported := range importsOf(t, file) {
			assert.True(t, slices.Contains(allowed, imported), "%s imports %s", relative, imported)
		}
		return nil
	}))
	for pkg := range arrows {
		assert.True(t, seen[pkg], "%s is listed and does not exist", pkg)
	}
}

// importsOf lists what a file imports beside the standard library, our own
// packages without the module's name.
func importsOf(t *testing.T, file string) []string {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	require.NoError(t, err)
	var all []string
	for _, spec := range parsed.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		require.NoError(t, err)
		first, _, _ := strings.Cut(name, "/")
		switch own, isOwn := strings.CutPrefix(name, "atlaskeybot/"); {
		case isOwn:
			all = append(all, own)
		case strings.Contains(first, "."):
			all = append(all, name)
		}
	}
	return all
}
