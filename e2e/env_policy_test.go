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

// Groups that environments with rules have beside the approvers (Bob and Dana).
const (
	security = "S0SECURITY" // Carol
	managers = "S0MANAGERS" // Carol
	onCall   = "S0ONCALL"   // Alice
)

// withPolicy runs a scenario over the transports in an environment with a policy file.
func withPolicy(t *testing.T, current string, scenario func(t *testing.T, w *Env), edit ...func(*sandbox.Options)) {
	overEach(t, transports(t), func(t *testing.T, overHTTP bool) { scenario(t, newPolicyEnv(t, overHTTP, current, nil, edit...)) })
}

// newPolicyEnv is newEnv with a policy file and with groups for it. Carol is in
// the approvers' channel there.
func newPolicyEnv(t *testing.T, overHTTP bool, current string, environ map[string]string, edit ...func(*sandbox.Options)) *Env {
	t.Helper()
	file := filepath.Join(t.TempDir(), "policy.yaml")
	require.NoError(t, os.WriteFile(file, []byte(strings.TrimSpace(current)+"\n"), 0o600))
	all := map[string]string{"POLICY_FILE": file}
	for name, value := range environ {
		all[name] = value
	}
	staffed := func(o *sandbox.Options) { o.Slack.MayCallCrowds = true }
	w := newEnv(t, overHTTP, all, append([]func(*sandbox.Options){staffed}, edit...)...)
	w.fillGroups()
	return w
}

// fillGroups puts people into the groups. The bot asks for a group's members when
// a user clicks, so this may come after its start.
func (w *Env) fillGroups() {
	for group, members := range map[string][]string{security: {carol}, managers: {carol}, onCall: {alice}} {
		w.Slack.NameGroup(group, strings.ToLower(strings.TrimPrefix(group, "S0")))
		w.Slack.SetGroup(group, members...)
	}
	w.Slack.Join(carol, slack.Approvals)
}

// notices counts the messages in the approvers' channel with all the words.
func (w *Env) notices(words ...string) int {
	n := 0
	for _, c := range w.Slack.Screen(bob).Conversations {
		for _, m := range c.Messages {
			if c.ID == slack.Approvals && contains(m, words...) {
				n++
			}
		}
	}
	return n
}

// WaitForRequest reads a request until it is as wanted.
func (w *Env) WaitForRequest(id policy.ID, what string, is func(approval.Request) bool) approval.Request {
	w.t.Helper()
	w.WaitUntil(string(id)+" "+what, func() bool { return is(w.stored(id)) })
	return w.stored(id)
}
