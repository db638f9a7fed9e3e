package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/app"
	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/cli"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/sandbox"
	"atlaskeybot/internal/sandbox/atlas"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

const alice, bob, dana, carol, eve, gil = slack.Alice, slack.Bob, slack.Dana, slack.Carol, slack.Eve, slack.Gil

// patience bounds every wait for something that must happen.
const patience = 20 * time.Second

// A town is a sandbox with the bot living in it. Every story ends by checking
// what must hold in all of them.
type town struct {
	*sandbox.Sandbox
	t        *testing.T
	database string
	environ  map[string]string
	log      *journal
	door     net.Listener
	stopBot  func()

	storeTick time.Duration // how often the bot checks its database; 0: as for an operator
	bot       *app.App
	kept      atomic.Pointer[talliedStore] // the bot's; nil before it has one
}

// A journal is a log that can be read while it is written.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

// bothDoors tells a story over Socket Mode and over HTTP.
func bothDoors(t *testing.T, story func(t *testing.T, w *town), edit ...func(*sandbox.Options)) {
	t.Parallel()
	for name, overHTTP := range map[string]bool{"socket": false, "http": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			story(t, newTown(t, overHTTP, nil, edit...))
		})
	}
}

// newTown starts a sandbox and the bot in it, and waits until the bot is ready.
func newTown(t *testing.T, overHTTP bool, environ map[string]string, edit ...func(*sandbox.Options)) *town {
	t.Helper()
	w := emptyTown(t, overHTTP, edit...)
	maps.Copy(w.environ, environ)
	w.moveIn()
	return w
}

// emptyTown starts a sandbox in which no bot lives yet.
func emptyTown(t *testing.T, overHTTP bool, edit ...func(*sandbox.Options)) *town {
	t.Helper()
	door, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	opts := sandbox.Options{Seed: 1}
	opts.Slack.RateLimits = os.Getenv("STORY_RATE_LIMITS") != ""
	if overHTTP {
		opts.HTTPTarget = "http://" + door.Addr().String()
	}
	for _, e := range edit {
		e(&opts)
	}
	s, err := sandbox.New(opts)
	require.NoError(t, err)
	w := &town{Sandbox: s, t: t, database: filepath.Join(t.TempDir(), "bot.db"), environ: s.Environment(), log: &journal{}, door: door}
	w.environ["DATABASE_URL"] = "sqlite:" + w.database
	return w
}

// moveIn starts the bot, and at the end of the story looks at what must hold in
// all of them.
func (w *town) moveIn() {
	w.t.Helper()
	w.startBot()
	w.t.Cleanup(func() {
		w.stopBot()
		w.nothingLeaked()
		w.nothingFound()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		w.Sandbox.Close(ctx)
	})
}

// startBot runs the bot as it would run for an operator, but for its clock.
func (w *town) startBot() {
	w.t.Helper()
	config, err := config.Read(w.environ)
	require.NoError(w.t, err)
	if w.door == nil {
		w.door, err = net.Listen("tcp", "127.0.0.1:0")
		require.NoError(w.t, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.bot = &app.App{
		Config: config, Now: w.Clock.Now, Listener: w.door,
		Log:       slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		OnStart:   func(wake func()) { w.Clock.Subscribe(wake) },
		WrapStore: w.wrapStore, StoreTick: w.storeTick,
	}
	done := make(chan error, 1)
	address := w.door.Addr().String()
	go func() { done <- w.bot.Run(ctx) }()
	w.stopBot = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("the bot ended with: %v", err)
		}
		w.door = nil
	})
	w.until("the bot is ready", func() bool { return isReady(address) })
	soon, release := context.WithTimeout(w.ctx(), patience)
	defer release()
	require.NoError(w.t, w.Slack.AwaitConnection(soon)) // Slack counts it a moment after its hello
}

// wrapStore counts what the bot has in hand.
func (w *town) wrapStore(s approval.Store) approval.Store {
	kept := &talliedStore{inner: s, counts: map[string]int{}}
	w.kept.Store(kept)
	return kept
}

// store is the database of the bot that was started last.
func (w *town) store() approval.Store {
	w.t.Helper()
	kept := w.kept.Load()
	require.NotNil(w.t, kept, "the bot has no database yet")
	return kept.inner
}

// run runs a command with the clock of the sandbox.
func (w *town) run(environ map[string]string, args ...string) (stdout string, err error) {
	w.t.Helper()
	var out, errs bytes.Buffer
	err = cli.Run(w.ctx(), args, cli.Env{Environ: environ, Stdout: &out, Stderr: &errs, Now: w.Clock.Now})
	w.t.Log(errs.String())
	return out.String(), err
}

// restartBot stops the bot and starts it again on the same database, behind the
// same door: Slack would not find it at another one.
func (w *town) restartBot() {
	w.t.Helper()
	kept, err := w.door.(*net.TCPListener).File() // the bot closes its own
	require.NoError(w.t, err)
	w.stopBot()
	w.door, err = net.FileListener(kept)
	require.NoError(w.t, err)
	require.NoError(w.t, kept.Close())
	w.startBot()
}

// until waits for a condition that nobody announces.
func (w *town) until(what string, holds func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			w.t.Fatalf("it never came about that %s\n%s", what, w.log)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// sees waits until somebody's screen shows what is looked for.
func (w *town) sees(who, what string, seen func(slack.Screen) bool) slack.Screen {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	screen, err := w.Slack.Wait(ctx, who, seen)
	if err != nil {
		w.t.Fatalf("%s never saw %s\n%s\n%s", who, what, told(screen), w.log)
	}
	return screen
}

// told is a screen in a few lines, for a test that failed.
func told(screen slack.Screen) string {
	var b strings.Builder
	for _, c := range screen.Conversations {
		for _, m := range c.Messages {
			var buttons []string
			for _, part := range strings.Split(string(m.Blocks), `"action_id":"`)[1:] {
				button, _, _ := strings.Cut(part, `"`)
				buttons = append(buttons, button)
			}
			fmt.Fprintf(&b, "%s ephemeral=%v %q %v\n", c.Name, m.Ephemeral, m.Text, buttons)
		}
	}
	for _, n := range screen.Notices {
		fmt.Fprintf(&b, "notice: %s\n", n.Text)
	}
	return b.String()
}

// find returns the newest message on a screen that holds all the words.
func find(screen slack.Screen, words ...string) (slack.Conversation, slack.Message, bool) {
	for _, c := range screen.Conversations {
		for i := len(c.Messages) - 1; i >= 0; i-- {
			if holds(c.Messages[i], words...) {
				return c, c.Messages[i], true
			}
		}
	}
	return slack.Conversation{}, slack.Message{}, false
}

func holds(m slack.Message, words ...string) bool {
	var blocks bytes.Buffer
	if len(m.Blocks) > 0 {
		json.Indent(&blocks, m.Blocks, "", " ")
	}
	all := m.Text + "\n" + blocks.String()
	for _, word := range words {
		if isButton.MatchString(word) {
			if !offersButton(m.Blocks, word) {
				return false
			}
			continue
		}
		if !strings.Contains(all, word) {
			return false
		}
	}
	return true
}

// reads waits until somebody sees a message with all the words.
func (w *town) reads(who string, words ...string) slack.Message {
	w.t.Helper()
	var found slack.Message
	w.sees(who, strings.Join(words, " + "), func(s slack.Screen) bool {
		var ok bool
		_, found, ok = find(s, words...)
		return ok
	})
	return found
}

// presses waits for a message with a button and uses it.
func (w *town) presses(who, action string) {
	w.t.Helper()
	var c slack.Conversation
	var m slack.Message
	w.sees(who, "the button "+action, func(s slack.Screen) bool {
		var ok bool
		c, m, ok = find(s, action)
		return ok
	})
	require.NoError(w.t, w.Slack.Click(w.ctx(), who, c.ID, m.TS, verbOf(action)))
}

func (w *town) ctx() context.Context { return w.t.Context() }

// wish is a filled-in form.
func wish(edit ...func(map[string]map[string]slack.Value)) map[string]map[string]slack.Value {
	f := map[string]map[string]slack.Value{}
	for block, v := range map[string]slack.Value{
		"description": slack.Text("billing export"),
		"roles":       slack.Pick("ORG_BILLING_READ_ONLY"),
		"networks":    slack.Text("203.0.113.7, 198.51.100.0/24"),
		"lifetime":    slack.Pick("8h0m0s"),
		"reason":      slack.Text("invoices of October, TICKET-12"),
	} {
		f[block] = map[string]slack.Value{block: v}
	}
	for _, e := range edit {
		e(f)
	}
	return f
}

// opensForm types the command and waits for the modal.
func (w *town) opensForm(who string) {
	w.t.Helper()
	require.NoError(w.t, w.Slack.Command(w.ctx(), who, slack.General, "/atlas-key", ""))
	w.sees(who, "the form", func(s slack.Screen) bool { return s.Modal != nil })
}

// asks is a whole request of Alice's; it returns its id.
func (w *town) asks(edit ...func(map[string]map[string]slack.Value)) policy.ID {
	w.t.Helper()
	w.opensForm(alice)
	result, err := w.Slack.Submit(w.ctx(), alice, wish(edit...))
	require.NoError(w.t, err)
	require.Equal(w.t, slack.Closed, result.Outcome, "%+v", result)
	w.reads(bob, "card/approve")
	w.reads(alice, "requested/withdraw")
	return w.newest()
}

// newest is the id of the latest request.
func (w *town) newest() policy.ID {
	w.t.Helper()
	all, err := w.store().ListByRequester(w.ctx(), alice)
	require.NoError(w.t, err)
	require.NotEmpty(w.t, all)
	return all[0].ID
}

func (w *town) request(id policy.ID) approval.Request {
	w.t.Helper()
	r, err := w.store().Get(w.ctx(), id)
	require.NoError(w.t, err)
	return r
}

// becomes waits until the request is in a state.
func (w *town) becomes(id policy.ID, state approval.State) approval.Request {
	w.t.Helper()
	w.until(string(id)+" is "+string(state), func() bool { return w.request(id).State == state })
	return w.request(id)
}

func (w *town) approved() policy.ID {
	w.t.Helper()
	id := w.asks()
	w.presses(bob, "card/approve")
	w.reads(alice, "ready/issue")
	return id
}

func (w *town) delivered() policy.ID {
	w.t.Helper()
	id := w.approved()
	w.presses(alice, "ready/issue")
	w.reads(alice, "MONGODB_ATLAS_PRIVATE_API_KEY")
	w.becomes(id, approval.StateDelivered)
	return id
}

func (w *town) active() policy.ID {
	w.t.Helper()
	id := w.delivered()
	w.presses(alice, "key/confirm")
	w.becomes(id, approval.StateActive)
	return id
}

// passes moves the clock of the whole town, if possible while the bot has
// nothing in hand: that would seem to take so long, and its lease to be over.
func (w *town) passes(d time.Duration) {
	if kept := w.kept.Load(); kept != nil {
		for giveUp := time.Now().Add(inHandFor); !kept.hold() && time.Now().Before(giveUp); {
			<-time.After(5 * time.Millisecond)
		}
		defer kept.letGo()
	}
	w.Clock.Advance(d)
}

// inHandFor bounds, in real time, the wait for what is in hand: in bad weather
// it can take longer, and that is what some stories are about.
const inHandFor = 300 * time.Millisecond

// spoils plans a fault.
func (w *town) spoils(f wire.Fault) {
	w.t.Helper()
	require.NoError(w.t, w.Wire.Set(f))
}

// botKeys are the keys in Atlas that the bot made.
func (w *town) botKeys() []atlas.Key {
	var made []atlas.Key
	for _, k := range w.Atlas.Snapshot().Keys {
		if strings.Contains(k.Desc, "keybot AKR-") {
			made = append(made, k)
		}
	}
	return made
}
