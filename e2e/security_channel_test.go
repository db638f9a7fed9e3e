package e2e

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/cli"
	"atlaskeybot/internal/sandbox"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

// TestStartFailsOnUnusableChannel ends the start in one line that says why.
func TestStartFailsOnUnusableChannel(t *testing.T) {
	for name, tt := range map[string]struct {
		given func(*slack.Workspace)
		says  string
	}{
		"shared with another company": {func(w *slack.Workspace) { w.ShareChannel(slack.Approvals, true) }, "shared with another company"},
		"archived":                    {func(w *slack.Workspace) { w.Archive(slack.Approvals, true) }, "archived"},
		"without the bot":             {func(w *slack.Workspace) { w.RemoveBotFromChannel(slack.Approvals) }, "not a member"},
		"private, without the bot": {func(w *slack.Workspace) {
			w.SetPrivate(slack.Approvals, true)
			w.RemoveBotFromChannel(slack.Approvals)
		}, "no such channel"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSandbox(t)
			tt.given(s.Slack)
			code, said := runUntilExit(t, s.Environment())
			assert.Equal(t, 1, code)
			assert.Contains(t, said, "atlas-key-bot: approvals channel: Channel "+slack.Approvals)
			assert.Contains(t, said, tt.says)
			assert.NotContains(t, said, "\n", "one line")
		})
	}
}

// newSandbox is an environment without a bot.
func newSandbox(t *testing.T, edit ...func(*sandbox.Options)) *sandbox.Sandbox {
	t.Helper()
	opts := sandbox.Options{Seed: 1}
	for _, e := range edit {
		e(&opts)
	}
	s, err := sandbox.New(opts)
	require.NoError(t, err)
	t.Cleanup(func() { closeSandbox(s) })
	return s
}

// runUntilExit runs the bot as an operator does, on a database of its own, until it
// ends by itself. It returns the exit code and what is on stderr that is not
// the log.
func runUntilExit(t *testing.T, environ map[string]string) (code int, said string) {
	t.Helper()
	environ["DATABASE_URL"] = "sqlite:" + t.TempDir() + "/bot.db"
	environ["LISTEN"] = "127.0.0.1:0"
	var stderr logBuffer
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Main(t.Context(), []string{"run"}, cli.Env{Environ: environ, Stdout: &bytes.Buffer{}, Stderr: &stderr})
	}()
	select {
	case code = <-ended:
	case <-time.After(waitTimeout):
		t.Fatalf("the bot did not end\n%s", &stderr)
	}
	var lines []string
	for line := range strings.Lines(stderr.String()) {
		if !strings.HasPrefix(line, "{") {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	return code, strings.Join(lines, "\n")
}

// TestChannelSharedLaterStopsPosts: nothing is posted where another company reads,
// the requester reads that the approvers cannot be reached, and what waits goes
// out once the channel is the approvers' own again.
func TestChannelSharedLaterStopsPosts(t *testing.T) {
	for name, tt := range map[string]struct {
		code        string
		spoil, mend func(*slack.Workspace)
	}{
		"shared": {"channel_shared",
			func(w *slack.Workspace) { w.ShareChannel(slack.Approvals, true) }, func(w *slack.Workspace) { w.ShareChannel(slack.Approvals, false) }},
		"archived": {"channel_archived",
			func(w *slack.Workspace) { w.Archive(slack.Approvals, true) }, func(w *slack.Workspace) { w.Archive(slack.Approvals, false) }},
	} {
		t.Run(name, func(t *testing.T) {
			onTransport(t, func(t *testing.T, w *Env) {
				w.Request() // before, so that the channel is known to be fine
				w.Advance(2 * time.Minute)
				tt.spoil(w.Slack)
				posted := w.posts(slack.Approvals)
				w.OpenForm(alice)
				result, err := w.Slack.Submit(t.Context(), alice, requestInput())
				require.NoError(t, err)
				require.Equal(t, slack.Closed, result.Outcome)
				id := w.newestRequest()
				w.WaitForMessage(alice, string(id), "can't reach the approvers")
				w.WaitUntil("the operator reads why", func() bool {
					return strings.Contains(w.log.String(), `"level":"ERROR","msg":"approvers cannot be asked in their channel"`)
				})
				assert.Contains(t, w.log.String(), tt.code)
				w.WaitUntil("it is known where the message is", func() bool { return w.stored(id).MessageRefs[approval.RequestedMessage].TS != "" })
				for range 5 {
					w.advanceUntil(func() bool { return false })
				}
				assert.Equal(t, posted, w.posts(slack.Approvals), "nothing was posted there")
				assert.Equal(t, 1, strings.Count(w.log.String(), `"level":"ERROR","msg":"approvers cannot be asked`), "said once, not with every try")
				_, _, shown := find(w.Slack.Screen(eve), string(id))
				assert.False(t, shown, "no user of the other company saw it")

				tt.mend(w.Slack)
				w.WaitUntil("the card is posted", func() bool {
					return w.advanceUntil(func() bool { _, _, ok := find(w.Slack.Screen(bob), "card/approve", string(id)); return ok })
				})
				w.WaitForScreen(alice, "that the approvers were reached", func(s slack.Screen) bool { _, _, still := find(s, string(id), "could not"); return !still })
				card := w.WaitForMessage(bob, "card/approve", string(id))
				require.NoError(t, w.Slack.Click(t.Context(), bob, slack.Approvals, card.TS, "approve"))
				w.WaitForState(id, approval.StateApproved)
			})
		})
	}
}

// posts counts the messages posted in a channel that Slack took.
func (w *Env) posts(channel string) int {
	n := 0
	for _, c := range w.Wire.Calls() {
		if c.Side == wire.Slack && c.Operation == "chat.postMessage" && strings.Contains(c.Request, "channel="+channel) && strings.Contains(c.Response, `"ok":true`) {
			n++
		}
	}
	return n
}

// TestChannelStateIsCached: Slack allows about fifty such calls a
// minute.
func TestChannelStateIsCached(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	looks := func() (n int) {
		for _, c := range w.Wire.Calls() {
			if c.Operation == "conversations.info" {
				n++
			}
		}
		return n
	}
	atStart := looks()
	for range 5 {
		w.WaitIdle(w.Request())
	}
	w.WaitUntil("five cards are posted", func() bool { return w.posts(slack.Approvals) == 5 })
	assert.LessOrEqual(t, looks(), atStart+1)
	w.Advance(61 * time.Second)
	w.Request()
	w.WaitUntil("the sixth card is posted", func() bool { return w.posts(slack.Approvals) == 6 })
	assert.Equal(t, atStart+2, looks())
}

// TestUnknownChannelSharingDelaysPosts: then nothing is posted yet.
func TestUnknownChannelSharingDelaysPosts(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	w.inject(wire.Fault{Side: wire.Slack, Operation: "conversations.info", Mode: wire.Error500Before, Count: -1})
	w.OpenForm(alice)
	_, err := w.Slack.Submit(t.Context(), alice, requestInput())
	require.NoError(t, err)
	w.WaitForMessage(alice, "can't reach the approvers")
	assert.Zero(t, w.posts(slack.Approvals))
	w.Wire.Clear()
	w.WaitUntil("the card is posted", func() bool { return w.advanceUntil(func() bool { return w.posts(slack.Approvals) == 1 }) })
}

// advanceUntil lets ten seconds of the environment pass, and a moment for what they bring: a
// clock that runs ahead of the work takes a drawing in hand for one given up.
func (w *Env) advanceUntil(holds func() bool) bool {
	w.Advance(10 * time.Second)
	for deadline := time.Now().Add(300 * time.Millisecond); time.Now().Before(deadline); <-time.After(5 * time.Millisecond) {
		if holds() {
			return true
		}
	}
	return holds()
}
