package page_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/atlas"
	"atlaskeybot/internal/sandbox/page"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

// workspace is a hand-written screen, and a list of what was done to it.
type workspace struct {
	mu     sync.Mutex
	done   []string
	screen slack.Screen
	refuse error

	suggestions slack.LoadedOptions
	changes     chan struct{}
}

func (w *workspace) did(format string, args ...any) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done = append(w.done, fmt.Sprintf(format, args...))
	return w.refuse
}

func (w *workspace) acts() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string{}, w.done...)
}

func (w *workspace) People() []slack.Person {
	return []slack.Person{
		{ID: slack.Alice, Name: "alice", RealName: "Alice Ames", TeamID: slack.TeamID, Active: true},
		{ID: slack.Bob, Name: "bob", RealName: "Bob Birch", TeamID: slack.TeamID},
		{ID: slack.Dee, Name: "dee", RealName: "Dee Departed", TeamID: slack.TeamID, Deleted: true},
	}
}

func (w *workspace) Screen(user string) slack.Screen {
	s := w.screen
	s.Me = slack.Person{ID: user}
	return s
}

func (w *workspace) Lost() []slack.Ephemeral {
	return []slack.Ephemeral{{User: slack.Bob, Why: "away"}, {User: slack.Alice, Why: "reload"}, {User: slack.Bob, Why: "<b>"}}
}

func (w *workspace) Changes() (<-chan struct{}, func()) { return w.changes, func() {} }
func (w *workspace) View(user, in string) error         { return w.did("look %s %s", user, in) }
func (w *workspace) Away(user string)                   { w.did("away %s", user) }
func (w *workspace) Active(user string)                 { w.did("active %s", user) }
func (w *workspace) Reload(user string, drop bool)      { w.did("reload %s %t", user, drop) }
func (w *workspace) ShareChannel(channel string, shared bool) {
	w.did("share %s %t", channel, shared)
}
func (w *workspace) CloseModal(_ context.Context, user string) error { return w.did("close %s", user) }
func (w *workspace) OpenHome(_ context.Context, user string) error   { return w.did("home %s", user) }

func (w *workspace) Command(_ context.Context, user, in, command, text string) error {
	return w.did("command %s %s %s %q", user, in, command, text)
}

func (w *workspace) Click(_ context.Context, user, in, ts, action string, value ...string) error {
	return w.did("press %s %s %s %s %q", user, in, ts, action, value)
}

func (w *workspace) ClickInModal(_ context.Context, user, action string, value ...string) error {
	return w.did("press-in-modal %s %s %q", user, action, value)
}

func (w *workspace) ClickInHome(_ context.Context, user, action string, value ...string) error {
	return w.did("press-in-home %s %s %q", user, action, value)
}

func (w *workspace) Directory() []slack.Person {
	return append(w.People()[:2], slack.Person{ID: slack.BotUser, RealName: "Atlas Key Bot"})
}
func (w *workspace) Groups() []slack.Group {
	return []slack.Group{{ID: slack.Approvers, Handle: "atlas-approvers", Users: []string{slack.Bob}}}
}
func (w *workspace) Deactivate(user string)           { w.did("deactivate %s", user) }
func (w *workspace) Reactivate(user string)           { w.did("reactivate %s", user) }
func (w *workspace) SetGuest(user string, guest bool) { w.did("guest %s %t", user, guest) }
func (w *workspace) Fill(_ context.Context, user string, values map[string]map[string]slack.Value) error {
	return w.did("fill %s %v", user, values)
}
func (w *workspace) ClickEnter(_ context.Context, user, block, action string) error {
	return w.did("enter %s %s %s", user, block, action)
}
func (w *workspace) LoadOptions(_ context.Context, user, block, action, typed string) (slack.LoadedOptions, error) {
	return w.suggestions, w.did("suggest %s %s %s %q", user, block, action, typed)
}
func (w *workspace) Submit(_ context.Context, user string, values map[string]map[string]slack.Value) (slack.Result, error) {
	return slack.Result{}, w.did("submit %s %v", user, values)
}

// stage is a page over a double of Slack and the real rest.
type stage struct {
	slack *workspace
	atlas *atlas.Organization
	clock *wire.Clock
	wire  *wire.Recorder
	page  http.Handler
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{slack: &workspace{changes: make(chan struct{}, 1)}, clock: &wire.Clock{}}
	s.wire = wire.NewRecorder(s.clock.Now)
	t.Cleanup(s.wire.Close)
	s.atlas = atlas.New(atlas.Options{Now: s.clock.Now, Seed: 7})
	s.page = page.New(page.Options{Slack: s.slack, Atlas: s.atlas, Clock: s.clock, Wire: s.wire})
	return s
}

// says puts one message of the app, made of blocks, in front of Alice.
func (s *stage) says(blocks string) {
	s.slack.screen.Conversations = []slack.Conversation{{
		ID: slack.Approvals, Name: "atlas-approvals", Kind: slack.KindChannel,
		Messages: []slack.Message{{
			TS: "1700000000.000100", Author: slack.BotUser, Bot: true, Text: "text", Blocks: json.RawMessage(blocks),
			At: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
		}},
	}}
}

func (s *stage) get(t *testing.T, target string) string {
	t.Helper()
	w := s.do(httptest.NewRequest(http.MethodGet, target, nil))
	require.Equal(t, http.StatusOK, w.Code, w.Body.String())
	return w.Body.String()
}

func (s *stage) post(target, form string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.do(r)
}

func (s *stage) do(r *http.Request) *httptest.ResponseRecorder {
	if r.Host == "example.com" { // what httptest fills in
		r.Host = "127.0.0.1:8484"
	}
	w := httptest.NewRecorder()
	s.page.ServeHTTP(w, r)
	return w
}

// between cuts what stands between two marks out of a page.
func between(t *testing.T, html, from, to string) string {
	t.Helper()
	_, rest, found := strings.Cut(html, from)
	require.True(t, found, "the page has no %q", from)
	inner, _, found := strings.Cut(rest, to)
	require.True(t, found, "nothing ends with %q", to)
	return inner
}
