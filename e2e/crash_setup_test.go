package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox"
	"atlaskeybot/internal/sandbox/slack"
)

// newCrashRun opens a sandbox and plans what goes wrong; nothing is running yet.
func newCrashRun(t *testing.T, f flow, plan ...injection) *crashRun {
	t.Helper()
	door, address := listenForProcess(t)
	opts := sandbox.Options{Seed: 1}
	opts.Slack.AckWithin = ackWithin
	for _, s := range plan {
		if s.what.how == listLag {
			f.lag = lag
		}
	}
	opts.Slack.MayCallCrowds = strings.Contains(f.policy, "break_glass") // its card mentions @here
	opts.Atlas.Lag, opts.Organizations = f.lag, f.orgs
	if f.overHTTP {
		opts.HTTPTarget = "http://" + address
	}
	s, err := sandbox.New(opts)
	require.NoError(t, err)
	t.Cleanup(func() { closeSandbox(s) })
	dir := t.TempDir()
	w := &crashRun{
		Env:  &Env{Sandbox: s, t: t, database: filepath.Join(dir, "bot.db"), environ: s.Environment(), log: &logBuffer{}},
		flow: f, plan: plan, began: s.Clock.Now(), listener: door, logFile: filepath.Join(dir, "bot.log"),
		counts: map[injectionPoint]int{}, people: newPeople(), keyEnds: map[policy.ID][]time.Time{},
	}
	w.environ["DATABASE_URL"] = "sqlite:" + w.database
	w.environ["LOG_LEVEL"] = "debug"
	w.configure(f)
	for _, s := range plan {
		if s.what.fault.Mode != "" {
			w.inject(s.what.fault)
		}
	}
	w.Wire.OnCall(w.onCall)
	return w
}

// configure gives the bot the rules of a flow and its organizations, and lets
// everyone see the approvers' channel.
func (w *crashRun) configure(f flow) {
	w.t.Helper()
	for _, p := range f.people {
		w.Slack.Join(p.who, slack.Approvals)
	}
	if f.policy != "" {
		w.environ["POLICY_FILE"] = filepath.Join(filepath.Dir(w.database), "policy.yaml")
		require.NoError(w.t, os.WriteFile(w.environ["POLICY_FILE"], []byte(f.policy), 0o600))
	}
	if f.orgs < 2 {
		return
	}
	for _, name := range []string{"ATLAS_ORG_ID", "ATLAS_PUBLIC_KEY", "ATLAS_PRIVATE_KEY"} {
		delete(w.environ, name)
	}
	var all []string
	for i, o := range w.Atlases {
		word := fmt.Sprintf("org%d", i+1)
		all = append(all, word)
		prefix := "ORG_" + strings.ToUpper(word) + "_"
		w.environ[prefix+"ATLAS_ORG_ID"] = o.Snapshot().ID
		w.environ[prefix+"ATLAS_PUBLIC_KEY"], w.environ[prefix+"ATLAS_PRIVATE_KEY"] = o.Credential()
	}
	w.environ["ORGS"] = strings.Join(all, ",")
}
