// Package slack stands in for one Slack workspace. The app side answers the Web
// API, Socket Mode and response_urls; the person side is what people see and
// press. It is stricter than Slack: what Slack might refuse, it refuses.
//
// It imports no Slack library. A client and a server built on one library
// agree with each other even where both are wrong. It keeps nothing between
// runs and is not suited to anything but development.
package slack

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// Delivery says how commands, clicks and events reach the app.
type Delivery string

const (
	// SocketMode sends envelopes over the WebSocket the app opened.
	SocketMode Delivery = "socket"
	// HTTPMode sends signed POSTs to Options.HTTPTarget.
	HTTPMode Delivery = "http"
)

// Options say how strict and how unkind the workspace is. The zero value is a
// quiet Socket Mode workspace on the real clock.
type Options struct {
	// Now is the workspace's clock: timestamps, trigger and response_url
	// lifetimes, rate limits. Nil means time.Now. The 3 s in which an app must
	// answer are always real time.
	Now func() time.Time

	// BaseURL is the public base of the port, "http://127.0.0.1:4000". It may be
	// given later, with SetBaseURL, since the port is known after listening.
	BaseURL string

	// Deliver is SocketMode if empty.
	Deliver Delivery
	// HTTPTarget is the base URL of the app in HTTPMode. The paths are
	// /slack/commands, /slack/interactions, /slack/events and, where external
	// selects load their options (message_menu_options_url), /slack/options.
	HTTPTarget string

	// Command is the app's slash command; "/atlas-key" if empty.
	Command string
	// AppName is what Slack calls the app; "Atlas Key Bot" if empty.
	AppName string

	// BotToken, AppToken and SigningSecret are made from the seed if empty.
	BotToken, AppToken, SigningSecret string
	// Scopes are what the bot token may do; DefaultScopes if nil.
	Scopes []string

	// Seed feeds every random choice. Zero picks one; Workspace.Seed reports it.
	Seed uint64
	// Redeliver is the share of commands, clicks and submissions, 0 to 1, that
	// are delivered a second time, as they were, after the app acknowledged them.
	Redeliver float64
	// ProxyRepeats is the share of requests in HTTPMode, 0 to 1, that a proxy in
	// front of the app sends a second time, byte for byte and signature for
	// signature. What the app answers to the second is what Slack gets.
	ProxyRepeats float64
	// RateLimits switches the limits of Slack's tiers on, and one message a
	// second per channel.
	RateLimits bool
	// EphemeralNeedsLook shows an ephemeral message only to people who look at
	// that very conversation. Otherwise being active is enough.
	EphemeralNeedsLook bool
	// GroupPage is how many members usergroups.users.list answers with at once;
	// all of them if zero. Slack lists invalid_cursor among the method's errors.
	GroupPage int
	// WritableMessagesTab lets people type in the app's own DM. The manifest
	// says read-only, so that no person pastes secrets there.
	WritableMessagesTab bool

	// MayCallCrowds lets the app write <!here> and the like where it means to.
	// Otherwise that is a finding.
	MayCallCrowds bool

	// AckWithin is how long the app may take to acknowledge; 3 s if zero.
	AckWithin time.Duration
	// PingEvery is the pause between WebSocket pings; 5 s if zero.
	PingEvery time.Duration
	// WarningGrace is the time between a disconnect "warning" and the close;
	// 10 s if zero.
	WarningGrace time.Duration

	// Secrets lists values that must not be seen anywhere but in the blocks of
	// an ephemeral message. Nil means none are known.
	Secrets func() []string
}

// Workspace is one emulated Slack workspace. Make one with New; Close it.
// All methods may be called from any goroutine.
type Workspace struct {
	opts      Options
	ctx       context.Context // ends with Close
	cancel    context.CancelFunc
	tasks     sync.WaitGroup // retries and timed closes
	hub       *hub
	transport transport
	client    *http.Client // towards the app, in HTTPMode

	mu       sync.Mutex // guards everything below
	closed   bool
	rng      *rand.Rand
	base     string
	scopes   []string
	authErr  string // what every call is answered with, if not empty
	lastTS   int64  // microseconds; message timestamps never repeat
	people   map[string]*Person
	rooms    map[string]*room
	order    []string // room ids as they came to be
	groups   map[string]*group
	noGroups bool // the plan has no user groups
	tabOff   bool // the Messages tab is off
	homeOff  bool // the Home tab is off
	hidden   map[string]bool
	views    map[string]*view
	stacks   map[string][]string // open modals of a person, the top one last
	homes    map[string]*view
	last     map[string]submission
	triggers map[string]*trigger
	urls     map[string]*responseURL
	sessions map[string]*session
	notices  map[string][]Notice
	typed    []string // what people wrote, to find it again in what the app posts
	lost     []Ephemeral
	found    []Finding
	buckets  map[string]*bucket
	opened   []time.Time // calls of apps.connections.open in the last minute
	openings int
	watchers map[chan struct{}]bool
}

// New makes a workspace with the fixed cast in it.
func New(o Options) *Workspace {
	o = o.withDefaults()
	ctx, cancel := context.WithCancel(context.Background()) // the workspace owns its tasks; Close ends them
	w := &Workspace{
		opts:     o,
		ctx:      ctx,
		cancel:   cancel,
		rng:      rand.New(rand.NewPCG(o.Seed, o.Seed>>1)),
		base:     o.BaseURL,
		scopes:   o.Scopes,
		hidden:   map[string]bool{},
		views:    map[string]*view{},
		stacks:   map[string][]string{},
		homes:    map[string]*view{},
		last:     map[string]submission{},
		triggers: map[string]*trigger{},
		urls:     map[string]*responseURL{},
		sessions: map[string]*session{},
		notices:  map[string][]Notice{},
		buckets:  map[string]*bucket{},
		watchers: map[chan struct{}]bool{},
	}
	w.credentials()
	w.addPeople()
	w.client = &http.Client{Transport: &http.Transport{}}
	w.hub = newHub(w)
	w.transport = w.hub
	if o.Deliver == HTTPMode {
		w.transport = &httpTransport{w: w}
	}
	return w
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Seed == 0 {
		o.Seed = rand.Uint64() | 1
	}
	if o.Scopes == nil {
		o.Scopes = DefaultScopes()
	}
	if o.Secrets == nil {
		o.Secrets = func() []string { return nil }
	}
	o.Deliver = cmp.Or(o.Deliver, SocketMode)
	o.Command = cmp.Or(o.Command, "/atlas-key")
	o.AppName = cmp.Or(o.AppName, "Atlas Key Bot")
	o.AckWithin = cmp.Or(o.AckWithin, 3*time.Second)
	o.PingEvery = cmp.Or(o.PingEvery, 5*time.Second)
	o.WarningGrace = cmp.Or(o.WarningGrace, 10*time.Second)
	return o
}

// DefaultScopes are the bot scopes of the app's manifest.
func DefaultScopes() []string {
	return []string{"commands", "chat:write", "users:read", "usergroups:read", "channels:read", "groups:read"}
}

// credentials fills in what the options left out. They open nothing but this
// workspace, so the seed is random enough.
func (w *Workspace) credentials() {
	w.opts.BotToken = cmp.Or(w.opts.BotToken, "xoxb-sandbox-"+w.random(alphanumeric, 24))
	w.opts.AppToken = cmp.Or(w.opts.AppToken, "xapp-sandbox-"+w.random(alphanumeric, 24))
	w.opts.SigningSecret = cmp.Or(w.opts.SigningSecret, w.random(hexadecimal, 32))
}

// BotToken is the xoxb token the app calls the Web API with.
func (w *Workspace) BotToken() string { return w.opts.BotToken }

// AppToken is the xapp token the app opens its WebSocket with.
func (w *Workspace) AppToken() string { return w.opts.AppToken }

// SigningSecret signs what is sent to the app in HTTPMode.
func (w *Workspace) SigningSecret() string { return w.opts.SigningSecret }

// Seed is what every random choice of this run comes from.
func (w *Workspace) Seed() uint64 { return w.opts.Seed }

// SetBaseURL says where this workspace is served, once that is known.
func (w *Workspace) SetBaseURL(base string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.base = base
}

// Close ends every connection and every retry, and waits for them.
func (w *Workspace) Close() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.cancel()
	w.hub.close()
	w.tasks.Wait()
	w.client.CloseIdleConnections()
}

// spawn runs f until the workspace closes; after that it does nothing.
func (w *Workspace) spawn(f func(context.Context)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	w.tasks.Go(func() { f(w.ctx) })
}
