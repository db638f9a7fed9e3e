package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
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

// waitTimeout bounds every wait for something that must happen.
const waitTimeout = 20 * time.Second

// An Env is a sandbox with the bot living in it. Every scenario ends by checking
// what must hold in all of them.
type Env struct {
	*sandbox.Sandbox
	t        *testing.T
	database string
	environ  map[string]string
	log      *logBuffer
	listener net.Listener
	StopBot  func()

	storeTick time.Duration // how often the bot checks its database; 0: as for an operator
	bot       *app.App
	botStore  atomic.Pointer[countingStore] // the bot's; nil before it has one
}

// A logBuffer is a log that can be read while it is written.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *logBuffer) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

func (j *logBuffer) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

// onTransport runs a scenario over the one transport that [transports] gives it.
func onTransport(t *testing.T, scenario func(t *testing.T, w *Env), edit ...func(*sandbox.Options)) {
	overEach(t, transports(t), func(t *testing.T, overHTTP bool) { scenario(t, newEnv(t, overHTTP, nil, edit...)) })
}

// onBothTransports runs a scenario over Socket Mode and over HTTP.
func onBothTransports(t *testing.T, scenario func(t *testing.T, w *Env), edit ...func(*sandbox.Options)) {
	overEach(t, bothTransports, func(t *testing.T, overHTTP bool) { scenario(t, newEnv(t, overHTTP, nil, edit...)) })
}

var bothTransports = map[string]bool{"socket": false, "http": true}

// transports returns the transport of a scenario: the same in every run, Socket
// Mode for half of the scenarios and HTTP for the other half. With
// E2E_TRANSPORTS=both every scenario runs over both.
func transports(t *testing.T) map[string]bool {
	t.Helper()
	if os.Getenv("E2E_TRANSPORTS") == "both" {
		return bothTransports
	}
	hash := fnv.New32a()
	_, err := hash.Write([]byte(t.Name()))
	require.NoError(t, err)
	if hash.Sum32()%2 == 0 {
		return map[string]bool{"socket": false}
	}
	return map[string]bool{"http": true}
}

// overEach runs a subtest for each of the transports.
func overEach(t *testing.T, transports map[string]bool, run func(t *testing.T, overHTTP bool)) {
	t.Helper()
	t.Parallel()
	for name, overHTTP := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, overHTTP)
		})
	}
}

// newEnv starts a sandbox and the bot in it, and waits until the bot is ready.
func newEnv(t *testing.T, overHTTP bool, environ map[string]string, edit ...func(*sandbox.Options)) *Env {
	t.Helper()
	w := newEnvWithoutBot(t, overHTTP, edit...)
	maps.Copy(w.environ, environ)
	w.StartBotForTest()
	return w
}

// newEnvWithoutBot starts a sandbox in which no bot lives yet.
func newEnvWithoutBot(t *testing.T, overHTTP bool, edit ...func(*sandbox.Options)) *Env {
	t.Helper()
	door, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	opts := sandbox.Options{Seed: 1}
	opts.Slack.RateLimits = os.Getenv("E2E_RATE_LIMITS") != ""
	if overHTTP {
		opts.HTTPTarget = "http://" + door.Addr().String()
	}
	for _, e := range edit {
		e(&opts)
	}
	s, err := sandbox.New(opts)
	require.NoError(t, err)
	w := &Env{Sandbox: s, t: t, database: filepath.Join(t.TempDir(), "bot.db"), environ: s.Environment(), log: &logBuffer{}, listener: door}
	w.environ["DATABASE_URL"] = "sqlite:" + w.database
	return w
}

// StartBotForTest starts the bot, and at the end of the scenario looks at what must hold in
// all of them.
func (w *Env) StartBotForTest() {
	w.t.Helper()
	w.StartBot()
	w.t.Cleanup(func() {
		w.StopBot()
		w.requireNoSecretLeaked()
		w.requireNoFindings()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		w.Sandbox.Close(ctx)
	})
}

// StartBot runs the bot as it would run for an operator, but for its clock.
func (w *Env) StartBot() {
	w.t.Helper()
	config, err := config.Read(w.environ)
	require.NoError(w.t, err)
	if w.listener == nil {
		w.listener, err = net.Listen("tcp", "127.0.0.1:0")
		require.NoError(w.t, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.bot = &app.App{
		Config: config, Now: w.Clock.Now, Listener: w.listener,
		Log:       slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		OnStart:   func(wake func()) { w.Clock.Subscribe(wake) },
		WrapStore: w.wrapStore, StoreTick: w.storeTick,
	}
	done := make(chan error, 1)
	address := w.listener.Addr().String()
	go func() { done <- w.bot.Run(ctx) }()
	w.StopBot = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("the bot ended with: %v", err)
		}
		w.listener = nil
	})
	w.WaitUntil("the bot is ready", func() bool { return isReady(address) })
	soon, release := context.WithTimeout(w.ctx(), waitTimeout)
	defer release()
	require.NoError(w.t, w.Slack.AwaitConnection(soon)) // Slack counts it a moment after its hello
}

// wrapStore counts what the bot has in hand.
func (w *Env) wrapStore(s approval.Store) approval.Store {
	kept := &countingStore{inner: s, counts: map[string]int{}}
	w.botStore.Store(kept)
	return kept
}

// store is the database of the bot that was started last.
func (w *Env) store() approval.Store {
	w.t.Helper()
	kept := w.botStore.Load()
	require.NotNil(w.t, kept, "the bot has no database yet")
	return kept.inner
}

// runCommand runs a command with the clock of the sandbox.
func (w *Env) runCommand(environ map[string]string, args ...string) (stdout string, err error) {
	w.t.Helper()
	var out, errs bytes.Buffer
	err = cli.Run(w.ctx(), args, cli.Env{Environ: environ, Stdout: &out, Stderr: &errs, Now: w.Clock.Now})
	w.t.Log(errs.String())
	return out.String(), err
}

// RestartBot stops the bot and starts it again on the same database, behind the
// same address: Slack would not find it at another one.
func (w *Env) RestartBot() {
	w.t.Helper()
	kept, err := w.listener.(*net.TCPListener).File() // the bot closes its own
	require.NoError(w.t, err)
	w.StopBot()
	w.listener, err = net.FileListener(kept)
	require.NoError(w.t, err)
	require.NoError(w.t, kept.Close())
	w.StartBot()
}

// WaitUntil waits for a condition that no one announces.
func (w *Env) WaitUntil(what string, holds func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(waitTimeout)
	for !holds() {
		if time.Now().After(deadline) {
			w.t.Fatalf("timed out waiting until %s\n%s", what, w.log)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// WaitForScreen waits until a user's screen shows what is looked for.
func (w *Env) WaitForScreen(who, what string, seen func(slack.Screen) bool) slack.Screen {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), waitTimeout)
	defer cancel()
	screen, err := w.Slack.Wait(ctx, who, seen)
	if err != nil {
		w.t.Fatalf("%s did not see %s\n%s\n%s", who, what, describe(screen), w.log)
	}
	return screen
}

// describe is a screen in a few lines, for a test that failed.
func describe(screen slack.Screen) string {
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
			if contains(c.Messages[i], words...) {
				return c, c.Messages[i], true
			}
		}
	}
	return slack.Conversation{}, slack.Message{}, false
}

func contains(m slack.Message, words ...string) bool {
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
		if !strings.Contains(all, word) && !strings.Contains(all, naming(word)) {
			return false
		}
	}
	return true
}

// naming is a word as it stands in a message that must not notify the person in it: with
// their name and without a mention.
func naming(word string) string {
	for id, name := range names {
		for _, mention := range []string{"<@" + id + ">", "<@" + id, "@" + id, id} {
			word = strings.ReplaceAll(word, mention, name)
		}
	}
	return word
}

var names = map[string]string{
	slack.Alice: "Alice Ames", slack.Bob: "Bob Birch", slack.Carol: "Carol Cohen", slack.Dana: "Dana Diaz", slack.Dee: "Dee Departed",
}

// WaitForMessage waits until a user sees a message with all the words.
func (w *Env) WaitForMessage(who string, words ...string) slack.Message {
	w.t.Helper()
	var found slack.Message
	w.WaitForScreen(who, strings.Join(words, " + "), func(s slack.Screen) bool {
		var ok bool
		_, found, ok = find(s, words...)
		return ok
	})
	return found
}

// Click waits for a message with a button and uses it.
func (w *Env) Click(who, action string) {
	w.t.Helper()
	var c slack.Conversation
	var m slack.Message
	w.WaitForScreen(who, "the button "+action, func(s slack.Screen) bool {
		var ok bool
		c, m, ok = find(s, action)
		return ok
	})
	require.NoError(w.t, w.Slack.Click(w.ctx(), who, c.ID, m.TS, verbOf(action)))
}

func (w *Env) ctx() context.Context { return w.t.Context() }

// requestInput is a filled-in form.
func requestInput(edit ...func(map[string]map[string]slack.Value)) map[string]map[string]slack.Value {
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

// OpenForm types the command and waits for the modal.
func (w *Env) OpenForm(who string) {
	w.t.Helper()
	require.NoError(w.t, w.Slack.Command(w.ctx(), who, slack.General, "/atlas-key", ""))
	w.WaitForScreen(who, "the form", func(s slack.Screen) bool { return s.Modal != nil })
}

// Request is a whole request of Alice's; it returns its id.
func (w *Env) Request(edit ...func(map[string]map[string]slack.Value)) policy.ID {
	w.t.Helper()
	w.OpenForm(alice)
	result, err := w.Slack.Submit(w.ctx(), alice, requestInput(edit...))
	require.NoError(w.t, err)
	require.Equal(w.t, slack.Closed, result.Outcome, "%+v", result)
	w.WaitForMessage(bob, "card/approve")
	w.WaitForMessage(alice, "requested/withdraw")
	return w.newestRequest()
}

// newestRequest is the id of the latest request.
func (w *Env) newestRequest() policy.ID {
	w.t.Helper()
	all, err := w.store().ListByRequester(w.ctx(), alice)
	require.NoError(w.t, err)
	require.NotEmpty(w.t, all)
	return all[0].ID
}

func (w *Env) stored(id policy.ID) approval.Request {
	w.t.Helper()
	r, err := w.store().Get(w.ctx(), id)
	require.NoError(w.t, err)
	return r
}

// WaitForState waits until the request is in a state. No request leaves a final one:
// from there the wait fails at once.
func (w *Env) WaitForState(id policy.ID, state approval.State) approval.Request {
	w.t.Helper()
	w.WaitUntil(string(id)+" is "+string(state), func() bool {
		r := w.stored(id)
		if r.State != state && r.State.Final() {
			w.t.Fatalf("%s is %s for good, and not %s (%+v)\n%s", id, r.State, state, r.Outcome, w.log)
		}
		return r.State == state
	})
	return w.stored(id)
}

func (w *Env) approved() policy.ID {
	w.t.Helper()
	id := w.Request()
	w.Click(bob, "card/approve")
	w.WaitForMessage(alice, "ready/issue")
	return id
}

func (w *Env) delivered() policy.ID {
	w.t.Helper()
	id := w.approved()
	w.Click(alice, "ready/issue")
	w.WaitForMessage(alice, "MONGODB_ATLAS_PRIVATE_API_KEY")
	w.WaitForState(id, approval.StateDelivered)
	return id
}

func (w *Env) active() policy.ID {
	w.t.Helper()
	id := w.delivered()
	w.Click(alice, "key/confirm")
	w.WaitForState(id, approval.StateActive)
	return id
}

// Advance moves the clock of the whole environment, if possible while the bot has
// nothing in hand: that would seem to take so long, and its lease to be over.
func (w *Env) Advance(d time.Duration) {
	if kept := w.botStore.Load(); kept != nil {
		for giveUp := time.Now().Add(inFlightTimeout); !kept.hold() && time.Now().Before(giveUp); {
			<-time.After(5 * time.Millisecond)
		}
		defer kept.release()
	}
	w.Clock.Advance(d)
}

// inFlightTimeout bounds, in real time, the wait for what is in hand: in faults
// it can take longer, and that is what some scenarios are about.
const inFlightTimeout = 300 * time.Millisecond

// inject plans a fault.
func (w *Env) inject(f wire.Fault) {
	w.t.Helper()
	require.NoError(w.t, w.Wire.Set(f))
}

// botKeys are the keys in Atlas that the bot made.
func (w *Env) botKeys() []atlas.Key {
	var made []atlas.Key
	for _, k := range w.Atlas.Snapshot().Keys {
		if strings.Contains(k.Desc, "keybot AKR-") {
			made = append(made, k)
		}
	}
	return made
}
