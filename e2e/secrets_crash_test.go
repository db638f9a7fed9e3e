package e2e

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/app"
	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

// envPanics makes the test binary the bot, which panics when the event of that
// name is to be stored.
const envPanics = "BOT_TEST_PANICS_AT"

func init() {
	event := os.Getenv(envPanics)
	if event == "" {
		return
	}
	config, err := config.Read(env.ToMap(os.Environ()))
	if err != nil {
		os.Exit(3)
	}
	b := &app.App{Config: config, Now: time.Now, Log: app.NewLogger(os.Stderr, config), WrapStore: func(s approval.Store) approval.Store {
		return &panickyStore{Store: s, at: approval.Event(event)}
	}}
	if b.Run(context.Background()) != nil {
		os.Exit(3)
	}
	os.Exit(0)
}

// A panickyStore ends the process at one event, while the request is in the
// hands of the goroutine that stores it. The panic is in another goroutine, since
// the worker recovers those of its own.
type panickyStore struct {
	approval.Store
	at approval.Event
}

func (s *panickyStore) Move(ctx context.Context, next approval.Request, e approval.AuditEntry) (approval.Request, error) {
	if e.Event == s.at {
		go panic(next.ID)
		<-ctx.Done()
	}
	return s.Store.Move(ctx, next, e)
}

// TestCrashDumpHoldsNoSecret: the bot dies with a private key in memory, with every
// goroutine's stack written out.
func TestCrashDumpHoldsNoSecret(t *testing.T) {
	for name, at := range map[string]approval.Event{"the key is made": approval.EventKeyCreated, "the key is shown": approval.EventDeliver} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, id := newCrashEnv(t)
			said := w.crashOnIssue(at, nil)
			assert.Contains(t, said, "panic: policy.ID")
			assert.Contains(t, said, "worker.(*Worker).attempt")
			w.requireNoTraces(id, said)
		})
	}
	t.Run("it is asked for its stacks while it shows the key", func(t *testing.T) {
		t.Parallel()
		w, id := newCrashEnv(t)
		w.inject(wire.Fault{Side: wire.Slack, Operation: "chat.postEphemeral", Mode: wire.FreezeAfter})
		said := w.crashOnIssue("never", func(p *os.Process) {
			w.WaitUntil("the note is on its way", func() bool { return w.called("chat.postEphemeral") })
			require.NoError(t, p.Signal(syscall.SIGQUIT))
		})
		assert.Contains(t, said, "SIGQUIT")
		assert.Contains(t, said, "worker.(*Worker).attempt")
		w.Wire.Clear()
		w.requireNoTraces(id, said)
	})
}

// newCrashEnv is an environment with a request that was approved, and without a bot.
func newCrashEnv(t *testing.T) (*Env, policy.ID) {
	t.Helper()
	w := newEnv(t, false, nil)
	id := w.approved()
	w.WaitIdle(id)
	w.StopBot()
	return w, id
}

// crashOnIssue runs the bot in a process of its own until that ends, with the click
// that makes the key, and returns what it wrote.
func (w *Env) crashOnIssue(at approval.Event, then func(*os.Process)) string {
	w.t.Helper()
	return w.crashAfter(at, func() {
		note := w.WaitForMessage(alice, "ready/issue")
		require.NoError(w.t, w.Slack.Click(w.ctx(), alice, slack.AppDM(alice), note.TS, "issue"))
	}, then)
}

// crashAfter does the same with something else that makes a key.
func (w *Env) crashAfter(at approval.Event, do func(), then func(*os.Process)) string {
	w.t.Helper()
	own, err := os.Executable()
	require.NoError(w.t, err)
	var output bytes.Buffer
	cmd := exec.CommandContext(w.ctx(), own)
	cmd.Env = []string{envPanics + "=" + string(at), "GOTRACEBACK=all", "LISTEN=127.0.0.1:0", "LOG_LEVEL=debug"}
	for name, value := range w.environ {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.WaitDelay = time.Second
	require.NoError(w.t, cmd.Start())
	w.WaitUntil("the bot is connected", func() bool { return w.Slack.Connections() == 1 })
	do()
	if then != nil {
		then(cmd.Process)
	}
	stuck := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	defer stuck.Stop()
	err = cmd.Wait()
	require.Error(w.t, err)
	assert.Equal(w.t, 2, cmd.ProcessState.ExitCode(), "the runtime's own code\n%s", output.String())
	return output.String()
}

func (w *Env) called(operation string) bool {
	for _, c := range w.Wire.Calls() {
		if c.Operation == operation {
			return true
		}
	}
	return false
}

// requireNoTraces asserts that neither what the bot wrote nor its files hold a
// secret, and that the next start leaves one key that a user holds.
func (w *Env) requireNoTraces(id policy.ID, said string) {
	w.t.Helper()
	require.Len(w.t, w.Atlas.Secrets(), 1+w.keysBefore(), "a key was made")
	places := w.files()
	places["the crash"] = said
	searchFor(w.secrets()).nowhere(w.t, places)
	w.StartBot()
	w.ClickUntilKeyShown(id)
	w.requireLastShownKey()
}

// keysBefore is how many keys the organization began with.
func (w *Env) keysBefore() int { return len(w.Atlas.Snapshot().Keys) - len(w.botKeys()) - 1 }
