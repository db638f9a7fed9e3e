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

// overALine is a town whose bot reaches Slack over a line that can be spoilt.
func overALine(t *testing.T) (*town, *line) {
	t.Helper()
	w := newTown(t, false, nil)
	w.stopBot()
	l := newLine(t, w.URL())
	w.environ["SLACK_API_URL"] = l.url() + "/api/"
	w.Slack.SetBaseURL(l.url())
	w.startBot()
	return w, l
}

// TestAnAcknowledgmentThatIsLost: the bot did what was asked, Slack never heard
// so, and says it again over the next connection.
func TestAnAcknowledgmentThatIsLost(t *testing.T) {
	for name, tt := range map[string]struct {
		given func(*town) policy.ID
		does  func(*town, policy.ID) error
		then  approval.State
		on    approval.Event
	}{
		"of an approval": {func(w *town) policy.ID { return w.asks() }, func(w *town, id policy.ID) error {
			return w.Slack.Click(w.ctx(), bob, slack.Approvals, w.reads(bob, "approve").TS, "approve")
		}, approval.StateApproved, approval.EventApprove},
		"of a withdrawal": {func(w *town) policy.ID { return w.asks() }, func(w *town, id policy.ID) error {
			return w.Slack.Click(w.ctx(), alice, slack.AppDM(alice), w.reads(alice, "withdraw").TS, "withdraw")
		}, approval.StateWithdrawn, approval.EventWithdraw},
		"of a press for the key": {(*town).approved, func(w *town, id policy.ID) error {
			return w.Slack.Click(w.ctx(), alice, slack.AppDM(alice), w.reads(alice, "issue").TS, "issue")
		}, approval.StateDelivered, approval.EventIssue},
		"of a denial": {func(w *town) policy.ID {
			id := w.asks()
			w.presses(bob, "card/deny")
			w.sees(bob, "the form for a reason", func(s slack.Screen) bool { return s.Modal != nil })
			return id
		}, func(w *town, id policy.ID) error {
			_, err := w.Slack.Submit(w.ctx(), bob, map[string]map[string]slack.Value{"reason": {"reason": slack.Text("no")}})
			return err
		}, approval.StateDenied, approval.EventDeny},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, l := overALine(t)
			id := tt.given(w)
			l.mute()
			var person sync.WaitGroup
			person.Go(func() { assert.NoError(t, tt.does(w, id)) })
			w.becomes(id, tt.then)
			w.idle(id)
			before, keys := w.request(id), w.botKeys()
			l.cut(false)
			require.NoError(t, w.Slack.AwaitConnection(t.Context()))
			person.Wait()
			w.serves(id)
			assert.Equal(t, 1, w.entries(id, tt.on))
			assert.Equal(t, before.Version, w.request(id).Version)
			assert.Equal(t, keys, w.botKeys())
		})
	}
}

// serves asserts that commands are answered, after whatever was delivered
// before them: the workspace hands everything out in order.
func (w *town) serves(id policy.ID) {
	w.t.Helper()
	require.NoError(w.t, w.Slack.Command(w.ctx(), alice, slack.General, "/atlas-key", "list"))
	w.readsIn(alice, slack.General, string(id), "Your requests")
}

// TestAFormWhoseAcknowledgmentIsLost makes one request.
func TestAFormWhoseAcknowledgmentIsLost(t *testing.T) {
	t.Parallel()
	w, l := overALine(t)
	w.opensForm(alice)
	l.mute()
	var person sync.WaitGroup
	person.Go(func() {
		_, err := w.Slack.Submit(w.ctx(), alice, wish())
		assert.NoError(t, err)
	})
	w.reads(bob, "card/approve")
	before := w.ledger()
	l.cut(false)
	require.NoError(t, w.Slack.AwaitConnection(t.Context()))
	person.Wait()
	w.serves(w.newest())
	assert.Equal(t, before, w.ledger())
	assert.Len(t, before, 1)
	assert.Equal(t, 1, w.posts(slack.Approvals))
}

// TestACommandWhoseAcknowledgmentIsLost is answered once.
func TestACommandWhoseAcknowledgmentIsLost(t *testing.T) {
	t.Parallel()
	w, l := overALine(t)
	l.mute()
	var person sync.WaitGroup
	person.Go(func() { assert.NoError(t, w.Slack.Command(w.ctx(), alice, slack.General, "/atlas-key", "list")) })
	w.readsIn(alice, slack.General, "You have asked for no key yet")
	l.cut(false)
	require.NoError(t, w.Slack.AwaitConnection(t.Context()))
	person.Wait()
	require.NoError(t, w.Slack.Command(w.ctx(), alice, slack.General, "/atlas-key", "help"))
	w.readsIn(alice, slack.General, "/atlas-key list")
	assert.Equal(t, 1, w.toldAside(), "the list was sent once")
	assert.Equal(t, 2, w.whispers(alice))
}

// TestEveryReasonToDisconnect is followed by another connection, over which
// people are served.
func TestEveryReasonToDisconnect(t *testing.T) {
	for _, reason := range []slack.Reason{slack.Warning, slack.RefreshRequested, slack.LinkDisabled, slack.TooManyWebsockets, slack.Abrupt} {
		t.Run("reason "+string(reason), func(t *testing.T) {
			t.Parallel()
			w := newTown(t, false, nil)
			id := w.asks()
			w.Slack.Disconnect(reason)
			w.until("there is another connection", func() bool { return w.Slack.ConnectionsOpened() == 2 && isReady(w.address()) })
			w.presses(bob, "card/approve")
			w.becomes(id, approval.StateApproved)
			w.until("the old one is gone", func() bool { return w.Slack.Connections() == 1 })
			assert.Equal(t, 2, w.Slack.ConnectionsOpened())
		})
	}
}

func (w *town) address() string { return w.bot.Listener.Addr().String() }

// TestAStormOfDisconnects: whatever Slack says, the next try comes a second
// later at the earliest, and later with each.
func TestAStormOfDisconnects(t *testing.T) {
	for _, reason := range []slack.Reason{slack.TooManyWebsockets, slack.RefreshRequested, slack.LinkDisabled, slack.Abrupt} {
		t.Run("reason "+string(reason), func(t *testing.T) {
			t.Parallel()
			w := newTown(t, false, nil)
			for end := time.Now().Add(8 * time.Second); time.Now().Before(end); <-time.After(10 * time.Millisecond) {
				w.Slack.Disconnect(reason)
			}
			gaps := w.gaps("apps.connections.open")
			require.NotEmpty(t, gaps)
			for i, gap := range gaps {
				assert.GreaterOrEqual(t, gap, min(time.Second<<i, 30*time.Second)-late, "gap %d of %v", i, gaps)
			}
			assert.LessOrEqual(t, w.Slack.ConnectionsOpened(), 4, "1, 2, 4 seconds: four in eight")
			w.until("it calms down", func() bool { return isReady(w.address()) })
			w.asks()
		})
	}
}

// TestSlackIsAwayForAWhile: openings that fail are no faster.
func TestSlackIsAwayForAWhile(t *testing.T) {
	t.Parallel()
	w := newTown(t, false, nil)
	w.spoils(wire.Fault{Side: wire.Slack, Operation: "apps.connections.open", Mode: wire.HTML503, Count: 2})
	w.spoils(wire.Fault{Side: wire.Slack, Operation: "apps.connections.open", Mode: wire.RateLimited})
	w.Slack.Disconnect(slack.Abrupt)
	w.until("/readyz says so", func() bool { return !isReady(w.address()) })
	w.until("it is back", func() bool { return isReady(w.address()) })
	gaps := w.gaps("apps.connections.open")
	require.Len(t, gaps, 4)
	for i, gap := range gaps {
		assert.GreaterOrEqual(t, gap, time.Second<<i-late, "%v", gaps)
	}
	w.asks()
}

// late is how much later than the bot sent it a call may arrive: what that adds
// to one gap is missing from the next.
const late = 400 * time.Millisecond

// gaps are the times between the calls of an operation.
func (w *town) gaps(operation string) []time.Duration {
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

// TestTooMuchInHand: deliveries that take long fill the bot's hands, not its
// ears. What does not fit is left to Slack, which tells the person; pings are
// answered, and once it is over so is everybody.
func TestTooMuchInHand(t *testing.T) {
	const clicks = 200
	t.Parallel()
	w := newTown(t, false, nil, func(o *sandbox.Options) { o.Slack.PingEvery = 50 * time.Millisecond })
	id := w.asks()
	card := w.reads(bob, "card/approve")
	w.idle(id)
	before := w.ledger()
	w.spoils(wire.Fault{Side: wire.Slack, Operation: "users.info", Mode: wire.Freeze, Count: -1})
	w.spoils(wire.Fault{Side: wire.ResponseURL, Mode: wire.Freeze, Count: -1}) // so that a refusal takes long too
	var crowd sync.WaitGroup
	for range clicks {
		crowd.Go(func() {
			assert.NoError(t, w.Slack.ForgeClick(w.ctx(), slack.Forgery{User: carol, Conversation: slack.Approvals, TS: card.TS, ActionID: "approve", BlockID: blockOf("card/approve", id), Value: string(id)}))
		})
	}
	left := func() int { return strings.Count(w.log.String(), "too much in hand") }
	w.until("more came than fits", func() bool { return left() > 0 })
	crowd.Wait()
	assert.Equal(t, before, w.ledger())
	assert.GreaterOrEqual(t, len(w.Slack.Screen(carol).Notices), left(), "Slack tells those who were not answered")
	w.Wire.Clear()
	assert.Equal(t, 1, w.Slack.ConnectionsOpened(), "the connection stood all the time")
	w.until("a press counts, sooner or later", func() bool {
		if w.request(id).State == approval.StatePending {
			assert.NoError(t, w.Slack.ForgeClick(w.ctx(), slack.Forgery{User: bob, Conversation: slack.Approvals, TS: card.TS, ActionID: "approve", BlockID: blockOf("card/approve", id), Value: string(id)}))
		}
		return w.request(id).State == approval.StateApproved
	})
}

// TestStoppingWithDeliveriesInHand finishes them.
func TestStoppingWithDeliveriesInHand(t *testing.T) {
	for name, overHTTP := range map[string]bool{"socket": false, "http": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t, overHTTP, nil)
			id := w.asks()
			card := w.reads(bob, "card/approve")
			w.spoils(wire.Fault{Side: wire.Slack, Operation: "users.info", Mode: wire.Freeze})
			var person, operator sync.WaitGroup
			person.Go(func() {
				assert.NoError(t, w.Slack.Click(w.ctx(), bob, slack.Approvals, card.TS, "approve"))
			})
			w.until("the bot asks who pressed", func() bool { return w.frozen("users.info") })
			operator.Go(w.stopBot)
			w.until("the bot is stopping", func() bool { return !isReady(w.address()) })
			w.Wire.Release()
			operator.Wait()
			person.Wait()
			if overHTTP {
				assert.Empty(t, w.Slack.Screen(bob).Notices, "he was answered")
			}
			w.startBot()
			assert.Equal(t, approval.StateApproved, w.request(id).State)
			assert.Equal(t, 1, w.entries(id, approval.EventApprove))
		})
	}
}

// frozen reports whether a call waits to be released.
func (w *town) frozen(operation string) bool {
	for _, c := range w.Wire.Calls() {
		if c.Operation == operation && c.Fault == wire.Freeze && c.Status == 0 {
			return true
		}
	}
	return false
}

// TestStartsThatAreHopeless end with a code and a reason in one line.
func TestStartsThatAreHopeless(t *testing.T) {
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
			code, said := runsOnce(t, environ)
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
