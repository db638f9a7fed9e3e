package slackui_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/approval/worker"
	sandbox "atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/secret"
	"atlaskeybot/internal/slackui"
	"atlaskeybot/internal/slackui/client"
	"atlaskeybot/internal/slackui/transport"
	"atlaskeybot/internal/slackui/view"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	alice = sandbox.Alice
	bob   = sandbox.Bob
	dana  = sandbox.Dana
)

var aliceDM = sandbox.AppDM(alice)

// An env is the whole conversation: an emulated workspace, the app in front of
// it, and the domain behind it with an Atlas in memory.
type env struct {
	*sandbox.Workspace
	t       *testing.T
	slack   *client.Slack
	app     *slackui.App
	http    *transport.HTTP // nil in Socket Mode
	service *service.Service
	store   *approvaltest.Memory
	keys    *approvaltest.Keys
	faults  *faultyTransport
	ahead   *atomic.Int64 // of the bot's clock, in nanoseconds
	log     *syncLog
}

// envOptions is what a test may change before the env is started.
type envOptions struct {
	sandbox.Options
	policy policy.Policy
	more   policy.Orgs // beside the one with policy
	onMove func(approval.AuditEntry) (bool, error)
}

func newEnv(t *testing.T, edits ...func(*envOptions)) *env {
	t.Helper()
	s := envOptions{Options: sandbox.Options{Seed: 7, Deliver: sandbox.SocketMode}, policy: testPolicy()}
	for _, e := range edits {
		e(&s)
	}
	d := &env{t: t, store: &approvaltest.Memory{}, ahead: new(atomic.Int64), log: &syncLog{}}
	d.keys = &approvaltest.Keys{Now: d.now}
	d.store.SetOnMove(s.onMove)
	s.Secrets = d.secrets

	var handler http.Handler = http.NotFoundHandler()
	ours := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(ours.Close)
	s.HTTPTarget = ours.URL
	d.Workspace = sandbox.New(s.Options)
	theirs := httptest.NewServer(d.Handler())
	d.SetBaseURL(theirs.URL)
	d.faults = &faultyTransport{next: &http.Transport{}}
	t.Cleanup(func() {
		d.Close()
		d.faults.next.(*http.Transport).CloseIdleConnections()
		theirs.Close()
	})
	d.start(theirs.URL+"/api/", s)
	if s.Deliver == sandbox.HTTPMode {
		d.http = transport.NewHTTP(d.slack, d.app)
		handler = d.http
	} else {
		d.runSocket()
	}
	return d
}

const org = policy.OrgID("65a1b2c3d4e5f60718293a4b")

func (d *env) start(api string, s envOptions) {
	logger := slog.New(slog.NewTextHandler(d.log, nil))
	orgs := append(policy.Orgs{{ID: org, Name: "Production", Policy: s.policy}}, s.more...)
	channels := map[policy.OrgID]string{}
	for _, o := range orgs {
		channels[o.ID] = sandbox.Approvals
	}
	var err error
	d.slack, err = client.Connect(d.t.Context(), client.Config{
		Token: secret.New(d.BotToken()), AppToken: secret.New(d.AppToken()), SigningSecret: secret.New(d.SigningSecret()),
		APIURL: api, Channels: channels, Command: "/atlas-key", Log: logger, Now: d.now, Transport: d.faults,
	})
	require.NoError(d.t, err)
	worker := worker.NewWorker(orgs, d.store, d.keys.Of, d.slack.Messenger(orgs), d.slack.Directory(), d.now, logger)
	d.service = &service.Service{
		Store: d.store, Directory: d.slack.Directory(), Orgs: orgs,
		Projects: &service.ProjectCache{KeysOf: d.keys.Of, Now: d.now},
		Now:      d.now, NewID: approval.NewID, Wake: worker.Wake,
	}
	d.app = slackui.New(d.slack, d.service)
	d.runInBackground(worker.Run)
	d.t.Cleanup(d.app.Wait)
}

// runInBackground runs f beside the test and ends it with the test.
func (d *env) runInBackground(f func(context.Context)) {
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { f(ctx) })
	d.t.Cleanup(func() { stop(); running.Wait() })
}

func (d *env) runSocket() {
	socket := transport.NewSocket(d.slack, d.app)
	d.runInBackground(func(ctx context.Context) { _ = socket.Run(ctx) })
	require.Eventually(d.t, socket.Ready, maxWait, time.Millisecond, "log: %s", d.log)
	require.NoError(d.t, d.AwaitConnection(d.t.Context())) // Slack counts it a moment after its hello
}

// now is the bot's time: ours, and what [env.advanceUntil] added.
func (d *env) now() time.Time { return time.Now().Add(time.Duration(d.ahead.Load())) }

// advanceUntil lets time pass for the bot, a second at a time, until holds.
func (d *env) advanceUntil(holds func() bool, what string) {
	d.t.Helper()
	require.Eventually(d.t, func() bool {
		if holds() {
			return true
		}
		d.ahead.Add(int64(time.Second))
		d.service.Wake()
		return false
	}, maxWait, 10*time.Millisecond, "%s; log: %s", what, d.log)
}

func testPolicy() policy.Policy {
	return policy.Policy{
		Requirements: []policy.Requirement{{From: policy.Principals{Groups: []policy.GroupID{sandbox.Approvers}}, Count: 1}},
		Roles:        policy.RulesFor(approvaltest.DefaultRoles()...), Lifetimes: []time.Duration{8 * time.Hour, 7 * 24 * time.Hour},
		MinPrefixIPv4: 24, MinPrefixIPv6: 64, MaxEntries: 20,
		ExpireAfter: 24 * time.Hour, IssueWithin: 24 * time.Hour, ConfirmWithin: time.Hour,
	}
}

func overHTTP(s *envOptions) { s.Deliver = sandbox.HTTPMode }

// secrets are the private keys made so far, for the workspace to look out for.
func (d *env) secrets() []string {
	var all []string
	for _, k := range d.keys.Alive() {
		all = append(all, approvaltest.PrivateKey(k.ID).Reveal())
	}
	return all
}

// What people do.

func (d *env) command(user, text string) {
	d.t.Helper()
	require.NoError(d.t, d.Command(d.t.Context(), user, sandbox.General, "/atlas-key", text))
}

type values = map[string]map[string]sandbox.Value

func filled(edits ...func(values)) values {
	v := values{
		"description": {"description": sandbox.Text("invoices <!channel>")},
		"roles":       {"roles": sandbox.Pick("ORG_READ_ONLY")},
		"networks":    {"networks": sandbox.Text("203.0.113.7, 198.51.100.0/24")},
		"lifetime":    {"lifetime": sandbox.Pick("8h0m0s")},
		"reason":      {"reason": sandbox.Text("backfill <@U0CAROL> @here")},
	}
	for _, e := range edits {
		e(v)
	}
	return v
}

// request fills in the form and returns the request as it was stored.
func (d *env) request(user string) approval.Request {
	d.t.Helper()
	d.command(user, "")
	d.waitForModal(user)
	result, err := d.Submit(d.t.Context(), user, filled())
	require.NoError(d.t, err)
	require.Equal(d.t, sandbox.Closed, result.Outcome, "%+v", result)
	mine, err := d.store.ListByRequester(d.t.Context(), policy.UserID(user))
	require.NoError(d.t, err)
	require.NotEmpty(d.t, mine)
	return mine[0]
}

// click clicks a button that the user sees in some conversation.
func (d *env) click(user, action string) {
	d.t.Helper()
	for {
		conversation, m := d.waitForButton(user, action)
		_, verb, _ := strings.Cut(action, "/")
		err := d.Click(d.t.Context(), user, conversation, m.TS, verb)
		if errors.Is(err, sandbox.ErrCannot) {
			continue // it was redrawn in this moment; waitForButton waits, and not for ever
		}
		require.NoError(d.t, err)
		return
	}
}

// What people see.

const maxWait = 20 * time.Second

func (d *env) waitForScreen(user, what string, seen func(sandbox.Screen) bool) sandbox.Screen {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), maxWait)
	defer cancel()
	s, err := d.Wait(ctx, user, seen)
	require.NoError(d.t, err, "%s does not see %s; screen: %s\nlog: %s", user, what, describe(s), d.log)
	return s
}

func (d *env) waitForModal(user string) *sandbox.Modal {
	d.t.Helper()
	return d.waitForScreen(user, "a modal", func(s sandbox.Screen) bool { return s.Modal != nil }).Modal
}

// waitForMessage waits for a message with these words.
func (d *env) waitForMessage(user, words string) sandbox.Message {
	d.t.Helper()
	var found sandbox.Message
	d.waitForScreen(user, fmt.Sprintf("%q", words), func(s sandbox.Screen) bool {
		_, m, ok := find(s, func(m sandbox.Message) bool { return strings.Contains(m.Text, words) })
		found = m
		return ok
	})
	return found
}

func (d *env) waitForButton(user, action string) (string, sandbox.Message) {
	d.t.Helper()
	var where string
	var found sandbox.Message
	d.waitForScreen(user, "the button "+action, func(s sandbox.Screen) bool {
		conversation, m, ok := find(s, hasButton(action))
		where, found = conversation, m
		return ok
	})
	return where, found
}

func (d *env) waitForNoButton(user, action string) {
	d.t.Helper()
	d.waitForScreen(user, "that "+action+" is gone", func(s sandbox.Screen) bool {
		_, _, ok := find(s, hasButton(action))
		return !ok
	})
}

// hasButton finds a message by one of its buttons, written as surface/verb.
func hasButton(button string) func(sandbox.Message) bool {
	on, verb, _ := strings.Cut(button, "/")
	return func(m sandbox.Message) bool { return slices.Contains(verbsOn(on, m.Blocks), verb) }
}

var surfaceNames = map[string]view.Surface{
	"requested": view.RequestedSurface, "deletion_overdue": view.DeletionOverdueSurface, "unknown_key": view.UnknownKeySurface,
	"expiry_reminder": view.ExpiryReminderSurface, "owner_deactivated": view.OwnerDeactivatedSurface, "owned_projects": view.OwnedProjectsSurface,
}

// verbsOn are the actions in those blocks that say that they are on a surface.
func verbsOn(on string, blocks []byte) []string {
	var all []struct {
		BlockID   string `json:"block_id"`
		Accessory struct {
			ActionID string `json:"action_id"`
		} `json:"accessory"`
		Elements json.RawMessage `json:"elements"`
	}
	_ = json.Unmarshal(blocks, &all)
	var verbs []string
	for _, b := range all {
		if in, _ := view.ParseBlockID(b.BlockID); view.SurfaceOf(approval.MessageName(in)) != cmp.Or(surfaceNames[on], view.Surface(on)) {
			continue
		}
		var elements []struct {
			ActionID string `json:"action_id"`
		}
		_ = json.Unmarshal(b.Elements, &elements)
		verbs = append(verbs, b.Accessory.ActionID)
		for _, e := range elements {
			verbs = append(verbs, e.ActionID)
		}
	}
	return verbs
}

func find(s sandbox.Screen, is func(sandbox.Message) bool) (string, sandbox.Message, bool) {
	for _, c := range s.Conversations {
		for _, m := range c.Messages {
			if is(m) {
				return c.ID, m, true
			}
		}
	}
	return "", sandbox.Message{}, false
}

func describe(s sandbox.Screen) string {
	all, _ := json.MarshalIndent(s, "", " ")
	return string(all)
}

// waitForState waits until a request is in a state. No request leaves a final one: from
// there the wait fails at once.
func (d *env) waitForState(id policy.ID, state approval.State) approval.Request {
	d.t.Helper()
	for until := time.Now().Add(maxWait); ; <-time.After(time.Millisecond) {
		r, err := d.store.Get(context.Background(), id)
		switch {
		case err == nil && r.State == state:
			return r
		case err == nil && r.State.Final():
			d.t.Fatalf("%s is %s for good, and not %s (%+v); log: %s", id, r.State, state, r.Outcome, d.log)
		case time.Now().After(until):
			d.t.Fatalf("%s is %s, and not yet %s (%v); log: %s", id, r.State, state, err, d.log)
		}
	}
}

// requireClean asserts that nothing was done that Slack merely tolerates, and that
// nothing private was logged.
func (d *env) requireClean() {
	d.t.Helper()
	require.Empty(d.t, d.Findings())
	for _, s := range append(d.secrets(), "invoices", "backfill", d.BotToken(), d.AppToken(), d.SigningSecret()) {
		require.NotContains(d.t, d.log.String(), s)
	}
}

// faultyTransport injects faults into the calls to Slack, and counts the calls.
type faultyTransport struct {
	next http.RoundTripper

	mu     sync.Mutex
	faults []fault
	calls  map[string]int
}

// A fault changes the next call of a method.
type fault struct {
	method string
	about  string // if set, only a call whose body holds this
	after  bool   // the call reaches Slack; only the answer is lost
	answer func() (*http.Response, error)
}

func (w *faultyTransport) add(f fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, f)
}

func (w *faultyTransport) count(method string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls[method]
}

func (w *faultyTransport) take(r *http.Request) (fault, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	if w.calls == nil {
		w.calls = map[string]int{}
	}
	w.calls[method]++
	for i, f := range w.faults {
		if (f.method == method || f.method == "response_url" && strings.HasPrefix(r.URL.Path, "/response/")) && holdsInBody(r, f.about) {
			w.faults = append(w.faults[:i:i], w.faults[i+1:]...)
			return f, true
		}
	}
	return fault{}, false
}

func holdsInBody(r *http.Request, text string) bool {
	if text == "" || r.GetBody == nil {
		return text == ""
	}
	body, err := r.GetBody()
	if err != nil {
		return false
	}
	content, err := io.ReadAll(body)
	return err == nil && strings.Contains(string(content), text)
}

func (w *faultyTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	f, ok := w.take(r)
	if !ok {
		return w.next.RoundTrip(r)
	}
	if f.after {
		res, err := w.next.RoundTrip(r)
		if err == nil {
			res.Body.Close()
		}
	}
	return f.answer()
}

// syncLog keeps what was logged.
type syncLog struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *syncLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *syncLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
