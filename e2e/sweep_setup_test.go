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

// newTrial opens a sandbox and plans what goes wrong; nothing is running yet.
func newTrial(t *testing.T, f flow, plan ...strike) *trial {
	t.Helper()
	door, address := listenForChild(t)
	opts := sandbox.Options{Seed: 1}
	opts.Slack.AckWithin = ackWithin
	for _, s := range plan {
		if s.what.how == listsLag {
			f.lag = lag
		}
	}
	opts.Slack.MayCallCrowds = strings.Contains(f.policy, "break_glass") // its card calls whoever is there
	opts.Atlas.Lag, opts.Organizations = f.lag, f.orgs
	if f.overHTTP {
		opts.HTTPTarget = "http://" + address
	}
	s, err := sandbox.New(opts)
	require.NoError(t, err)
	t.Cleanup(func() { closeSandbox(s) })
	dir := t.TempDir()
	w := &trial{
		town: &town{Sandbox: s, t: t, database: filepath.Join(dir, "bot.db"), environ: s.Environment(), log: &journal{}},
		flow: f, plan: plan, began: s.Clock.Now(), door: door, logFile: filepath.Join(dir, "bot.log"),
		counts: map[point]int{}, people: newPeople(), keyEnds: map[policy.ID][]time.Time{},
	}
	w.environ["DATABASE_URL"] = "sqlite:" + w.database
	w.environ["LOG_LEVEL"] = "debug"
	w.follows(f)
	for _, s := range plan {
		if s.what.fault.Mode != "" {
			w.spoils(s.what.fault)
		}
	}
	w.Wire.OnCall(w.onCall)
	return w
}

// follows gives the bot the rules of a flow and its organizations, and lets
// everybody see the approvers' channel.
func (w *trial) follows(f flow) {
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
