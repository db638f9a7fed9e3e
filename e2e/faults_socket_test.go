package e2e

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

// newEnvBehindProxy is an environment whose bot reaches Slack over a line that can be spoilt.
func newEnvBehindProxy(t *testing.T) (*Env, *tcpProxy) {
	t.Helper()
	w := newEnv(t, false, nil)
	w.StopBot()
	l := newTCPProxy(t, w.URL())
	w.environ["SLACK_API_URL"] = l.url() + "/api/"
	w.Slack.SetBaseURL(l.url())
	w.StartBot()
	return w, l
}

// TestClickCountsOnceWhenAckIsLost: the bot did what was asked, Slack never heard
// so, and says it again over the next connection.
func TestClickCountsOnceWhenAckIsLost(t *testing.T) {
	for name, tt := range map[string]struct {
		given func(*Env) policy.ID
		does  func(*Env, policy.ID) error
		then  approval.State
		on    approval.Event
	}{
		"of an approval": {func(w *Env) policy.ID { return w.Request() }, func(w *Env, id policy.ID) error {
			return w.Slack.Click(w.ctx(), bob, slack.Approvals, w.WaitForMessage(bob, "approve").TS, "approve")
		}, approval.StateApproved, approval.EventApprove},
		"of a withdrawal": {func(w *Env) policy.ID { return w.Request() }, func(w *Env, id policy.ID) error {
			return w.Slack.Click(w.ctx(), alice, slack.AppDM(alice), w.WaitForMessage(alice, "withdraw").TS, "withdraw")
		}, approval.StateWithdrawn, approval.EventWithdraw},
		"of a press for the key": {(*Env).approved, func(w *Env, id policy.ID) error {
			return w.Slack.Click(w.ctx(), alice, slack.AppDM(alice), w.WaitForMessage(alice, "issue").TS, "issue")
		}, approval.StateDelivered, approval.EventIssue},
		"of a denial": {func(w *Env) policy.ID {
			id := w.Request()
			w.Click(bob, "card/deny")
			w.WaitForScreen(bob, "the form for a reason", func(s slack.Screen) bool { return s.Modal != nil })
			return id
		}, func(w *Env, id policy.ID) error {
			_, err := w.Slack.Submit(w.ctx(), bob, map[string]map[string]slack.Value{"reason": {"reason": slack.Text("no")}})
			return err
		}, approval.StateDenied, approval.EventDeny},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, l := newEnvBehindProxy(t)
			id := tt.given(w)
			l.mute()
			var person sync.WaitGroup
			person.Go(func() { assert.NoError(t, tt.does(w, id)) })
			w.WaitForState(id, tt.then)
			w.WaitIdle(id)
			before, keys := w.stored(id), w.botKeys()
			l.cut(false)
			require.NoError(t, w.Slack.AwaitConnection(t.Context()))
			person.Wait()
			w.requireServing(id)
			assert.Equal(t, 1, w.entries(id, tt.on))
			assert.Equal(t, before.Version, w.stored(id).Version)
			assert.Equal(t, keys, w.botKeys())
		})
	}
}

// requireServing asserts that commands are answered, after whatever was delivered
// before them: the workspace hands everything out in order.
func (w *Env) requireServing(id policy.ID) {
	w.t.Helper()
	require.NoError(w.t, w.Slack.Command(w.ctx(), alice, slack.General, "/atlas-key", "list"))
	w.WaitForMessageIn(alice, slack.General, string(id), "Your requests")
}

// TestFormCreatesOneRequestWhenAckIsLost makes one request.
func TestFormCreatesOneRequestWhenAckIsLost(t *testing.T) {
	t.Parallel()
	w, l := newEnvBehindProxy(t)
	w.OpenForm(alice)
	l.mute()
	var person sync.WaitGroup
	person.Go(func() {
		_, err := w.Slack.Submit(w.ctx(), alice, requestInput())
		assert.NoError(t, err)
	})
	w.WaitForMessage(bob, "card/approve")
	before := w.requestVersions()
	l.cut(false)
	require.NoError(t, w.Slack.AwaitConnection(t.Context()))
	person.Wait()
	w.requireServing(w.newestRequest())
	assert.Equal(t, before, w.requestVersions())
	assert.Len(t, before, 1)
	assert.Equal(t, 1, w.posts(slack.Approvals))
}

// TestCommandIsAnsweredOnceWhenAckIsLost is answered once.
func TestCommandIsAnsweredOnceWhenAckIsLost(t *testing.T) {
	t.Parallel()
	w, l := newEnvBehindProxy(t)
	l.mute()
	var person sync.WaitGroup
	person.Go(func() { assert.NoError(t, w.Slack.Command(w.ctx(), alice, slack.General, "/atlas-key", "list")) })
	w.WaitForMessageIn(alice, slack.General, "You haven't requested a key yet")
	l.cut(false)
	require.NoError(t, w.Slack.AwaitConnection(t.Context()))
	person.Wait()
	require.NoError(t, w.Slack.Command(w.ctx(), alice, slack.General, "/atlas-key", "help"))
	w.WaitForMessageIn(alice, slack.General, "/atlas-key list")
	assert.Equal(t, 1, w.countResponses(), "the list was sent once")
	assert.Equal(t, 2, w.countEphemerals(alice))
}

// TestReconnectAfterEveryDisconnectReason is followed by another connection, over which
// people are served.
func TestReconnectAfterEveryDisconnectReason(t *testing.T) {
	for _, reason := range []slack.Reason{slack.Warning, slack.RefreshRequested, slack.LinkDisabled, slack.TooManyWebsockets, slack.Abrupt} {
		t.Run("reason "+string(reason), func(t *testing.T) {
			t.Parallel()
			w := newEnv(t, false, nil)
			id := w.Request()
			w.Slack.Disconnect(reason)
			w.WaitUntil("there is another connection", func() bool { return w.Slack.ConnectionsOpened() == 2 && isReady(w.address()) })
			w.Click(bob, "card/approve")
			w.WaitForState(id, approval.StateApproved)
			w.WaitUntil("the old one is gone", func() bool { return w.Slack.Connections() == 1 })
			assert.Equal(t, 2, w.Slack.ConnectionsOpened())
		})
	}
}

func (w *Env) address() string { return w.bot.Listener.Addr().String() }

// TestSocketReconnectBackoff: whatever Slack says, the next try comes a second
// later at the earliest, and later with each.
func TestSocketReconnectBackoff(t *testing.T) {
	for _, reason := range []slack.Reason{slack.TooManyWebsockets, slack.RefreshRequested, slack.LinkDisabled, slack.Abrupt} {
		t.Run("reason "+string(reason), func(t *testing.T) {
			t.Parallel()
			w := newEnv(t, false, nil)
			for end := time.Now().Add(8 * time.Second); time.Now().Before(end); <-time.After(10 * time.Millisecond) {
				w.Slack.Disconnect(reason)
			}
			gaps := w.gaps("apps.connections.open")
			require.NotEmpty(t, gaps)
			for i, gap := range gaps {
				assert.GreaterOrEqual(t, gap, min(time.Second<<i, 30*time.Second)-maxDelay, "gap %d of %v", i, gaps)
			}
			assert.LessOrEqual(t, w.Slack.ConnectionsOpened(), 4, "1, 2, 4 seconds: four in eight")
			w.WaitUntil("it calms down", func() bool { return isReady(w.address()) })
			w.Request()
		})
	}
}

// TestSocketReconnectAfterFailedOpenings: openings that fail are no faster.
func TestSocketReconnectAfterFailedOpenings(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	w.inject(wire.Fault{Side: wire.Slack, Operation: "apps.connections.open", Mode: wire.HTML503, Count: 2})
	w.inject(wire.Fault{Side: wire.Slack, Operation: "apps.connections.open", Mode: wire.RateLimited})
	w.Slack.Disconnect(slack.Abrupt)
	w.WaitUntil("/readyz says so", func() bool { return !isReady(w.address()) })
	w.WaitUntil("it is back", func() bool { return isReady(w.address()) })
	gaps := w.gaps("apps.connections.open")
	require.Len(t, gaps, 4)
	for i, gap := range gaps {
		assert.GreaterOrEqual(t, gap, time.Second<<i-maxDelay, "%v", gaps)
	}
	w.Request()
}

// maxDelay is how much later than the bot sent it a call may arrive: what that adds
// to one gap is missing from the next.
const maxDelay = 400 * time.Millisecond

// gaps are the times between the calls of an operation.
func (w *Env) gaps(operation string) []time.Duration {
	var all []time.Duration
	var last time.Time
	for _, c := range w.Wire.Calls() {
		if c.Operation != operation {
			continue
		}
		if !last.IsZero() {
			all = append(all, c.At.Sub(last))
		}
		last = c.At
	}
	return all
}

// TestInFlightLimit: deliveries that take long fill the bot's hands, not its
// ears. What does not fit is left to Slack, which tells the person; pings are
// answered, and once it is over so is everyone.
func TestInFlightLimit(t *testing.T) {
	const clicks = 200
	t.Parallel()
	w := newEnv(t, false, nil, func(o *sandbox.Options) { o.Slack.PingEvery = 50 * time.Millisecond })
	id := w.Request()
	card := w.WaitForMessage(bob, "card/approve")
	w.WaitIdle(id)
	before := w.requestVersions()
	w.inject(wire.Fault{Side: wire.Slack, Operation: "users.info", Mode: wire.Freeze, Count: -1})
	w.inject(wire.Fault{Side: wire.ResponseURL, Mode: wire.Freeze, Count: -1}) // so that a refusal takes long too
	var crowd sync.WaitGroup
	for range clicks {
		crowd.Go(func() {
			assert.NoError(t, w.Slack.ForgeClick(w.ctx(), slack.Forgery{User: carol, Conversation: slack.Approvals, TS: card.TS, ActionID: "approve", BlockID: blockOf("card/approve", id), Value: string(id)}))
		})
	}
	left := func() int { return strings.Count(w.log.String(), "too much in hand") }
	w.WaitUntil("more came than fits", func() bool { return left() > 0 })
	crowd.Wait()
	assert.Equal(t, before, w.requestVersions())
	assert.GreaterOrEqual(t, len(w.Slack.Screen(carol).Notices), left(), "Slack tells those who were not answered")
	w.Wire.Clear()
	assert.Equal(t, 1, w.Slack.ConnectionsOpened(), "the connection stood all the time")
	w.WaitUntil("a press counts, sooner or later", func() bool {
		if w.stored(id).State == approval.StatePending {
			assert.NoError(t, w.Slack.ForgeClick(w.ctx(), slack.Forgery{User: bob, Conversation: slack.Approvals, TS: card.TS, ActionID: "approve", BlockID: blockOf("card/approve", id), Value: string(id)}))
		}
		return w.stored(id).State == approval.StateApproved
	})
}

// TestShutdownFinishesDeliveries finishes them.
func TestShutdownFinishesDeliveries(t *testing.T) {
	for name, overHTTP := range map[string]bool{"socket": false, "http": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newEnv(t, overHTTP, nil)
			id := w.Request()
			card := w.WaitForMessage(bob, "card/approve")
			w.inject(wire.Fault{Side: wire.Slack, Operation: "users.info", Mode: wire.Freeze})
			var person, operator sync.WaitGroup
			person.Go(func() {
				assert.NoError(t, w.Slack.Click(w.ctx(), bob, slack.Approvals, card.TS, "approve"))
			})
			w.WaitUntil("the bot asks who pressed", func() bool { return w.frozen("users.info") })
			operator.Go(w.StopBot)
			w.WaitUntil("the bot is stopping", func() bool { return !isReady(w.address()) })
			w.Wire.Release()
			operator.Wait()
			person.Wait()
			if overHTTP {
				assert.Empty(t, w.Slack.Screen(bob).Notices, "he was answered")
			}
			w.StartBot()
			assert.Equal(t, approval.StateApproved, w.stored(id).State)
			assert.Equal(t, 1, w.entries(id, approval.EventApprove))
		})
	}
}

// frozen reports whether a call waits to be released.
func (w *Env) frozen(operation string) bool {
	for _, c := range w.Wire.Calls() {
		if c.Operation == operation && c.Fault == wire.Freeze && c.Status == 0 {
			return true
		}
	}
	return false
}

// TestStartFailsWithReason end with a code and a reason in one line.
func TestStartFailsWithReason(t *testing.T) {
	opening := func(code string) func(*sandbox.Sandbox, map[string]string) {
		return func(s *sandbox.Sandbox, _ map[string]string) {
			if err := s.Wire.Set(wire.Fault{Side: wire.Slack, Operation: "apps.connections.open", Mode: wire.SlackError, Error: code, Count: -1}); err != nil {
				panic(err)
			}
		}
	}
	for name, tt := range map[string]struct {
		given func(*sandbox.Sandbox, map[string]string)
		says  []string
	}{
		"the bot token is revoked":         {func(s *sandbox.Sandbox, _ map[string]string) { s.Slack.RevokeToken() }, []string{"SLACK_BOT_TOKEN", "token_revoked"}},
		"the bot token is another's":       {func(_ *sandbox.Sandbox, e map[string]string) { e["SLACK_BOT_TOKEN"] = "xoxb-" + canary }, []string{"SLACK_BOT_TOKEN", "invalid_auth"}},
		"the account is inactive":          {func(s *sandbox.Sandbox, _ map[string]string) { s.Slack.SetAuthError("account_inactive") }, []string{"slack bot token", "account_inactive"}},
		"the bot token lacks scopes":       {func(s *sandbox.Sandbox, _ map[string]string) { s.Slack.SetScopes("commands", "channels:read") }, []string{"slack scopes", "chat:write", "users:read"}},
		"the app token is another's":       {func(_ *sandbox.Sandbox, e map[string]string) { e["SLACK_APP_TOKEN"] = "xapp-" + canary }, []string{"Socket Mode", "invalid_auth"}},
		"the app token is a bot's":         {func(_ *sandbox.Sandbox, e map[string]string) { e["SLACK_APP_TOKEN"] = e["SLACK_BOT_TOKEN"] }, []string{"SLACK_APP_TOKEN"}},
		"the app token is of no such kind": {opening("not_allowed_token_type"), []string{"Socket Mode", "not_allowed_token_type"}},
		"the app token lacks its scope":    {opening("missing_scope"), []string{"Socket Mode", "missing_scope"}},
		"the app token is revoked":         {opening("token_revoked"), []string{"Socket Mode", "token_revoked"}},
		"the team is disabled":             {opening("team_disabled"), []string{"Socket Mode", "team_disabled"}},
		"the key of Atlas is wrong": {func(_ *sandbox.Sandbox, e map[string]string) {
			e["ATLAS_PRIVATE_KEY"] = "00000000-0000-4000-8000-" + canary
		}, []string{"ATLAS_PUBLIC_KEY", "ATLAS_PRIVATE_KEY"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSandbox(t)
			environ := s.Environment()
			tt.given(s, environ)
			code, said := runUntilExit(t, environ)
			assert.Equal(t, 1, code)
			for _, word := range tt.says {
				assert.Contains(t, said, word)
			}
			reason := strings.TrimPrefix(said, "atlas-key-bot: the configuration has problems:\n")
			assert.NotContains(t, reason, "\n", fmt.Sprintf("one line, not %q", said))
			assert.NotContains(t, said, canary)
			for _, secret := range []string{"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "ATLAS_PRIVATE_KEY"} {
				assert.NotContains(t, said, environ[secret])
			}
		})
	}
}
