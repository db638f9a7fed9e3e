package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox"
	"atlaskeybot/internal/sandbox/slack"
)

// Groups that towns with rules have beside the approvers (Bob and Dana).
const (
	security = "S0SECURITY" // Carol
	managers = "S0MANAGERS" // Carol
	oncall   = "S0ONCALL"   // Alice
)

// underRules tells a story over both doors in a town with a policy file.
func underRules(t *testing.T, current string, story func(t *testing.T, w *town), edit ...func(*sandbox.Options)) {
	t.Parallel()
	for name, overHTTP := range map[string]bool{"socket": false, "http": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			story(t, newRuledTown(t, overHTTP, current, nil, edit...))
		})
	}
}

// newRuledTown is newTown with a policy file and with groups for it. Carol is in
// the approvers' channel there.
func newRuledTown(t *testing.T, overHTTP bool, current string, environ map[string]string, edit ...func(*sandbox.Options)) *town {
	t.Helper()
	file := filepath.Join(t.TempDir(), "policy.yaml")
	require.NoError(t, os.WriteFile(file, []byte(strings.TrimSpace(current)+"\n"), 0o600))
	all := map[string]string{"POLICY_FILE": file}
	for name, value := range environ {
		all[name] = value
	}
	staffed := func(o *sandbox.Options) { o.Slack.MayCallCrowds = true }
	w := newTown(t, overHTTP, all, append([]func(*sandbox.Options){staffed}, edit...)...)
	w.staff()
	return w
}

// staff puts people into the groups. The bot asks for a group's members when
// somebody presses, so this may come after its start.
func (w *town) staff() {
	for group, members := range map[string][]string{security: {carol}, managers: {carol}, oncall: {alice}} {
		w.Slack.NameGroup(group, strings.ToLower(strings.TrimPrefix(group, "S0")))
		w.Slack.SetGroup(group, members...)
	}
	w.Slack.Join(carol, slack.Approvals)
}

// notices counts the messages in the approvers' channel with all the words.
func (w *town) notices(words ...string) int {
	n := 0
	for _, c := range w.Slack.Screen(bob).Conversations {
		for _, m := range c.Messages {
			if c.ID == slack.Approvals && holds(m, words...) {
				n++
			}
		}
	}
	return n
}

// onDisk reads a request until it is as wanted.
func (w *town) onDisk(id policy.ID, what string, is func(approval.Request) bool) approval.Request {
	w.t.Helper()
	w.until(string(id)+" "+what, func() bool { return is(w.request(id)) })
	return w.request(id)
}
