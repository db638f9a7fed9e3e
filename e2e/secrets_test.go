package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/app"
	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

// TestScenariosLeakNoSecret tells whole scenarios, good and bad, and then looks for every
// secret in every place that outlives the moment or that others can read.
func TestScenariosLeakNoSecret(t *testing.T) {
	for name, overHTTP := range map[string]bool{"socket": false, "http": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newEnv(t, overHTTP, nil)
			logs := w.logEverything()
			for _, scenario := range []func(*Env){
				happyScenario, replaceScenario, lostMessageScenario, accessListScenario, refusedScenario, deniedScenario, orphanScenario, stuckScenario,
			} {
				scenario(w)
			}
			places := w.httpAnswers()
			maps.Copy(places, w.files()) // while it runs: what is in the WAL is not in the database yet
			w.StopBot()
			maps.Copy(places, w.files())
			for name, log := range logs {
				places["the log "+name] = log.String()
			}
			assert.NotEmpty(t, places["the log debug json"])
			assert.NotEmpty(t, places["the log info text"])

			require.Greater(t, len(w.Atlas.Secrets()), 8, "the scenarios made keys")
			s := searchFor(w.secrets())
			s.nowhere(t, places)
			w.requireCleanTraffic(s)
		})
	}
}

// logEverything starts the bot anew with a log of every level in every format,
// each made as the bot makes its own.
func (w *Env) logEverything() map[string]*logBuffer {
	w.t.Helper()
	logs := map[string]*logBuffer{}
	var handlers []slog.Handler
	for _, level := range []string{"debug", "info", "warn", "error"} {
		for _, format := range []string{"json", "text"} {
			j := &logBuffer{}
			logs[level+" "+format] = j
			handlers = append(handlers, app.NewLogger(j, config.Config{Variables: config.Variables{LogLevel: level, LogFormat: format}}).Handler())
		}
	}
	w.restartWithLog(slog.New(slog.NewMultiHandler(handlers...)))
	return logs
}

// restartWithLog starts the bot again in its place, with another log.
func (w *Env) restartWithLog(log *slog.Logger) {
	w.t.Helper()
	address, config := w.address(), w.config()
	w.StopBot()
	var err error
	w.listener, err = net.Listen("tcp", address) // where the workspace delivers to
	require.NoError(w.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	w.bot = &app.App{Config: config, Now: w.Clock.Now, Listener: w.listener, Log: log, OnStart: func(wake func()) { w.Clock.Subscribe(wake) }, WrapStore: w.wrapStore}
	done := make(chan error, 1)
	go func() { done <- w.bot.Run(ctx) }()
	w.StopBot = sync.OnceFunc(func() {
		cancel()
		assert.NoError(w.t, <-done)
		w.listener = nil
	})
	w.WaitUntil("the bot is ready", func() bool { return isReady(address) })
}

// httpAnswers are what the bot answers on its port.
func (w *Env) httpAnswers() map[string]string {
	w.t.Helper()
	said := map[string]string{}
	for _, path := range []string{"/readyz", "/healthz", "/metrics", "/debug/pprof/", "/debug/vars", "/", "/slack/commands"} {
		req, err := http.NewRequestWithContext(w.ctx(), http.MethodGet, "http://"+w.address()+path, nil)
		require.NoError(w.t, err)
		res, err := http.DefaultClient.Do(req)
		require.NoError(w.t, err)
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		require.NoError(w.t, err)
		said["the answer to "+path] = fmt.Sprint(res.Header) + string(body)
		if strings.HasPrefix(path, "/debug") || path == "/" {
			assert.Equal(w.t, http.StatusNotFound, res.StatusCode, path)
		}
	}
	return said
}

// files are the database and all that lies beside it.
func (w *Env) files() map[string]string {
	w.t.Helper()
	found := map[string]string{}
	names, err := filepath.Glob(filepath.Join(filepath.Dir(w.database), "*"))
	require.NoError(w.t, err)
	require.NotEmpty(w.t, names)
	for _, name := range names {
		content, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) && name != w.database {
			continue // SQLite takes its own files away when the bot closes the database
		}
		require.NoError(w.t, err)
		found[filepath.Base(name)+" "+time.Now().Format("05.000000")] = string(content)
	}
	return found
}

// requireCleanTraffic looks through all that went over the wire. A private key comes
// once in Atlas's answer to its creation and goes once into a note; the bot's
// token is in what the bot sends to Slack, and nowhere in answers.
func (w *Env) requireCleanTraffic(s search) {
	w.t.Helper()
	own := s
	own.byHead = maps.Clone(s.byHead)
	for _, d := range disguises(w.secrets()["SLACK_BOT_TOKEN"]) {
		if len(d) >= head {
			delete(own.byHead, d[:head])
		}
	}
	notes, creations := 0, 0
	for _, c := range w.Wire.Calls() {
		where := fmt.Sprintf("call %d, %s", c.Seq, c.Operation)
		places := map[string]string{where + ": the path": c.Path, where + ": the request": c.Request, where + ": the answer": c.Response}
		if c.Operation == "chat.postEphemeral" {
			notes++
			delete(places, where+": the request")
		}
		if c.Operation == createKey && c.Status == http.StatusOK {
			creations++
			delete(places, where+": the answer")
		}
		if c.Side == wire.Slack {
			own.nowhere(w.t, places)
			continue
		}
		s.nowhere(w.t, places)
	}
	assert.Positive(w.t, notes)
	assert.Positive(w.t, creations)
}

// The scenarios. Each leaves nothing to click that the next could mistake for
// its own.

func happyScenario(w *Env) { w.endKey(w.shown()) }

// shown is a request of Alice's whose key was shown, in an environment where there were
// others before.
func (w *Env) shown() policy.ID {
	w.t.Helper()
	id := w.ready()
	w.ClickUntilKeyShown(id)
	return id
}

// ready is a request that was approved.
func (w *Env) ready() policy.ID {
	w.t.Helper()
	id := w.Request()
	w.WaitUntil("it is approved", func() bool { // a click may come to nothing when Slack is slow to say who clicked
		if _, card, ok := find(w.Slack.Screen(bob), "card/approve", string(id)); ok {
			err := w.Slack.Click(w.ctx(), bob, slack.Approvals, card.TS, "approve")
			assert.True(w.t, err == nil || errors.Is(err, slack.ErrCannot), "%v", err)
		}
		return w.stored(id).State == approval.StateApproved
	})
	w.WaitForMessage(alice, "ready/issue", string(id))
	return id
}

func (w *Env) endKey(id policy.ID) {
	w.t.Helper()
	w.Click(alice, "key/confirm")
	w.WaitForState(id, approval.StateActive)
	w.Click(alice, "ready/revoke")
	w.WaitForState(id, approval.StateEnded)
	w.WaitIdle(id)
}

func replaceScenario(w *Env) {
	id := w.shown()
	attempt := w.stored(id).Attempt
	w.Click(alice, "key/replace")
	w.WaitUntil("another key was shown", func() bool { r := w.stored(id); return r.State == approval.StateDelivered && r.Attempt > attempt })
	w.endKey(id)
}

func lostMessageScenario(w *Env) {
	id := w.ready()
	w.inject(faultOn(wire.Slack, "chat.postEphemeral", wire.LostAfter))
	w.inject(faultOn(wire.Slack, "chat.postEphemeral", wire.Error500After))
	w.inject(wire.Fault{Side: wire.Slack, Operation: "chat.postEphemeral", Mode: wire.SlackError, Error: "invalid_blocks"})
	w.ClickUntilKeyShown(id)
	w.endKey(id)
}

func accessListScenario(w *Env) {
	id := w.ready()
	w.inject(faultOn(wire.Atlas, addAccess, wire.Error500After))
	w.inject(faultOn(wire.Atlas, addAccess, wire.TruncatedAfter))
	w.ClickUntilKeyShown(id)
	w.endKey(id)
}

func refusedScenario(w *Env) {
	for _, f := range []wire.Fault{
		atlasError(createKey, 400, "MAX_API_KEYS_PER_ORG_EXCEEDED", 1),
		atlasError(addAccess, 400, "CANNOT_ADD_IP_ADDRESS_TO_API_KEY_ACCESS_LIST", 1),
	} {
		id := w.ready()
		w.inject(f)
		w.Click(alice, "ready/issue")
		w.WaitForState(id, approval.StateFailed)
		w.WaitIdle(id)
	}
}

func deniedScenario(w *Env) {
	id := w.Request()
	card := w.WaitForMessage(bob, "card/deny", string(id))
	require.NoError(w.t, w.Slack.Click(w.ctx(), bob, slack.Approvals, card.TS, "deny"))
	w.WaitForScreen(bob, "the form for a reason", func(s slack.Screen) bool { return s.Modal != nil })
	w.SubmitText(bob, "reason", "use the dashboard")
	w.WaitForState(id, approval.StateDenied)
	w.WaitIdle(id)
}

// orphanScenario: keys that no one was shown, and whose private halves were on their
// way when the line broke.
func orphanScenario(w *Env) {
	id := w.ready()
	w.inject(faultOn(wire.Atlas, createKey, wire.LostAfter))
	w.inject(faultOn(wire.Atlas, createKey, wire.TruncatedAfter))
	w.inject(faultOn(wire.Atlas, createKey, wire.Error500After))
	w.ClickUntilKeyShown(id)
	w.WaitUntil("every look is done", func() bool {
		w.Advance(10 * time.Second)
		return len(w.stored(id).UnresolvedCreates) == 0
	})
	w.endKey(id)
}

func stuckScenario(w *Env) {
	id := w.shown()
	w.Click(alice, "key/confirm")
	w.WaitForState(id, approval.StateActive)
	w.inject(wire.Fault{Side: wire.Atlas, Operation: deleteKey, Mode: wire.HTML503, Count: -1})
	w.Click(alice, "ready/revoke")
	w.WaitUntil("it takes long", func() bool { w.Advance(time.Minute); return w.stored(id).Deletion.Notified })
	w.Wire.Clear()
	w.WaitUntil("it is gone", func() bool { w.Advance(time.Minute); return w.stored(id).State == approval.StateEnded })
}
