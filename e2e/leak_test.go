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

// TestNothingLeaks tells whole stories, good and bad, and then looks for every
// secret in every place that outlives the moment or that others can read.
func TestNothingLeaks(t *testing.T) {
	for name, overHTTP := range map[string]bool{"socket": false, "http": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t, overHTTP, nil)
			logs := w.logsEverything()
			for _, story := range []func(*town){
				happyStory, replaceStory, lostNoteStory, accessListStory, refusedStory, deniedStory, debtStory, stuckStory,
			} {
				story(w)
			}
			places := w.answers()
			maps.Copy(places, w.files()) // while it runs: what is in the WAL is not in the database yet
			w.stopBot()
			maps.Copy(places, w.files())
			for name, log := range logs {
				places["the log "+name] = log.String()
			}
			assert.NotEmpty(t, places["the log debug json"])
			assert.NotEmpty(t, places["the log info text"])

			require.Greater(t, len(w.Atlas.Secrets()), 8, "the stories made keys")
			s := searchFor(w.secrets())
			s.nowhere(t, places)
			w.trafficIsClean(s)
		})
	}
}

// logsEverything starts the bot anew with a log of every level in every format,
// each made as the bot makes its own.
func (w *town) logsEverything() map[string]*journal {
	w.t.Helper()
	logs := map[string]*journal{}
	var handlers []slog.Handler
	for _, level := range []string{"debug", "info", "warn", "error"} {
		for _, format := range []string{"json", "text"} {
			j := &journal{}
			logs[level+" "+format] = j
			handlers = append(handlers, app.NewLogger(j, config.Config{Variables: config.Variables{LogLevel: level, LogFormat: format}}).Handler())
		}
	}
	w.restartsWith(slog.New(slog.NewMultiHandler(handlers...)))
	return logs
}

// restartsWith starts the bot again in its place, with another log.
func (w *town) restartsWith(log *slog.Logger) {
	w.t.Helper()
	address, config := w.address(), w.config()
	w.stopBot()
	var err error
	w.door, err = net.Listen("tcp", address) // where the workspace delivers to
	require.NoError(w.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	w.bot = &app.App{Config: config, Now: w.Clock.Now, Listener: w.door, Log: log, OnStart: func(wake func()) { w.Clock.Subscribe(wake) }, WrapStore: w.wrapStore}
	done := make(chan error, 1)
	go func() { done <- w.bot.Run(ctx) }()
	w.stopBot = sync.OnceFunc(func() {
		cancel()
		assert.NoError(w.t, <-done)
		w.door = nil
	})
	w.until("the bot is ready", func() bool { return isReady(address) })
}

// answers are what the bot says to whoever asks its port.
func (w *town) answers() map[string]string {
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
func (w *town) files() map[string]string {
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

// trafficIsClean looks through all that went over the wire. A private key comes
// once in Atlas's answer to its creation and goes once into a note; the bot's
// token is in what the bot sends to Slack, and nowhere in answers.
func (w *town) trafficIsClean(s search) {
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

// The stories. Each leaves nothing to press that the next could mistake for
// its own.

func happyStory(w *town) { w.endsIt(w.shown()) }

// shown is a request of Alice's whose key was shown, in a town where there were
// others before.
func (w *town) shown() policy.ID {
	w.t.Helper()
	id := w.ready()
	w.pressesUntilShown(id)
	return id
}

// ready is a request that was approved.
func (w *town) ready() policy.ID {
	w.t.Helper()
	id := w.asks()
	w.until("it is approved", func() bool { // a press may come to nothing when Slack is slow to say who pressed
		if _, card, ok := find(w.Slack.Screen(bob), "card/approve", string(id)); ok {
			err := w.Slack.Click(w.ctx(), bob, slack.Approvals, card.TS, "approve")
			assert.True(w.t, err == nil || errors.Is(err, slack.ErrCannot), "%v", err)
		}
		return w.request(id).State == approval.StateApproved
	})
	w.reads(alice, "ready/issue", string(id))
	return id
}

func (w *town) endsIt(id policy.ID) {
	w.t.Helper()
	w.presses(alice, "key/confirm")
	w.becomes(id, approval.StateActive)
	w.presses(alice, "ready/revoke")
	w.becomes(id, approval.StateEnded)
	w.idle(id)
}

func replaceStory(w *town) {
	id := w.shown()
	attempt := w.request(id).Attempt
	w.presses(alice, "key/replace")
	w.until("another key was shown", func() bool { r := w.request(id); return r.State == approval.StateDelivered && r.Attempt > attempt })
	w.endsIt(id)
}

func lostNoteStory(w *town) {
	id := w.ready()
	w.spoils(goesWrong(wire.Slack, "chat.postEphemeral", wire.LostAfter))
	w.spoils(goesWrong(wire.Slack, "chat.postEphemeral", wire.Error500After))
	w.spoils(wire.Fault{Side: wire.Slack, Operation: "chat.postEphemeral", Mode: wire.SlackError, Error: "invalid_blocks"})
	w.pressesUntilShown(id)
	w.endsIt(id)
}

func accessListStory(w *town) {
	id := w.ready()
	w.spoils(goesWrong(wire.Atlas, addAccess, wire.Error500After))
	w.spoils(goesWrong(wire.Atlas, addAccess, wire.TruncatedAfter))
	w.pressesUntilShown(id)
	w.endsIt(id)
}

func refusedStory(w *town) {
	for _, f := range []wire.Fault{
		atlasSays(createKey, 400, "MAX_API_KEYS_PER_ORG_EXCEEDED", 1),
		atlasSays(addAccess, 400, "CANNOT_ADD_IP_ADDRESS_TO_API_KEY_ACCESS_LIST", 1),
	} {
		id := w.ready()
		w.spoils(f)
		w.presses(alice, "ready/issue")
		w.becomes(id, approval.StateFailed)
		w.idle(id)
	}
}

func deniedStory(w *town) {
	id := w.asks()
	card := w.reads(bob, "card/deny", string(id))
	require.NoError(w.t, w.Slack.Click(w.ctx(), bob, slack.Approvals, card.TS, "deny"))
	w.sees(bob, "the form for a reason", func(s slack.Screen) bool { return s.Modal != nil })
	w.submits(bob, "reason", "use the dashboard")
	w.becomes(id, approval.StateDenied)
	w.idle(id)
}

// debtStory: keys that nobody was shown, and whose private halves were on their
// way when the line broke.
func debtStory(w *town) {
	id := w.ready()
	w.spoils(goesWrong(wire.Atlas, createKey, wire.LostAfter))
	w.spoils(goesWrong(wire.Atlas, createKey, wire.TruncatedAfter))
	w.spoils(goesWrong(wire.Atlas, createKey, wire.Error500After))
	w.pressesUntilShown(id)
	w.until("every look is done", func() bool {
		w.passes(10 * time.Second)
		return len(w.request(id).UnresolvedCreates) == 0
	})
	w.endsIt(id)
}

func stuckStory(w *town) {
	id := w.shown()
	w.presses(alice, "key/confirm")
	w.becomes(id, approval.StateActive)
	w.spoils(wire.Fault{Side: wire.Atlas, Operation: deleteKey, Mode: wire.HTML503, Count: -1})
	w.presses(alice, "ready/revoke")
	w.until("it takes long", func() bool { w.passes(time.Minute); return w.request(id).Deletion.Notified })
	w.Wire.Clear()
	w.until("it is gone", func() bool { w.passes(time.Minute); return w.request(id).State == approval.StateEnded })
}
