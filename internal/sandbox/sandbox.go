// Package sandbox emulates Slack and Atlas on one machine: a workspace and
// organizations on one loopback port, with a web page for people and an API for
// scripts. It is stricter than they are: it refuses what they might refuse. It
// keeps nothing between runs and is for development only.
package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"atlaskeybot/internal/sandbox/atlas"
	"atlaskeybot/internal/sandbox/control"
	"atlaskeybot/internal/sandbox/page"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

// Options shape a Sandbox. The zero value is usable.
type Options struct {
	// Listen is a loopback address with a port; default 127.0.0.1:0.
	Listen string

	// Seed seeds all randomness. Zero chooses one; see [Sandbox.Seed].
	Seed uint64

	// Redeliver is the share of commands, clicks and submissions, 0 to 1, that
	// arrive a second time.
	Redeliver float64
	// ProxyRepeats is the share of requests over HTTP, 0 to 1, that a proxy in
	// front of the app sends a second time, as they were signed.
	ProxyRepeats float64

	// HTTPTarget is the base URL of the bot in HTTP mode. Empty: Socket Mode.
	HTTPTarget string

	// Organizations is how many organizations Atlas has, at most 256; default 1.
	Organizations int

	// Slack and Atlas are the other options. Atlas applies to every organization,
	// except that all after the first get a name and an id of their own. New sets
	// clock, seed, addresses and the fields above.
	Slack slack.Options
	Atlas atlas.Options
}

// A Sandbox serves one workspace and its organizations. Call [Sandbox.Close].
type Sandbox struct {
	Slack   *slack.Workspace
	Atlas   *atlas.Organization   // the first, and mostly the only one
	Atlases []*atlas.Organization // all of them, at one address, each with its own credential
	Wire    *wire.Recorder
	Clock   *wire.Clock

	seed     uint64
	url      string
	http     bool // commands and clicks are POSTed
	server   *http.Server
	endPages context.CancelFunc // ends the event streams of browsers
	served   sync.WaitGroup
}

// New starts a sandbox. It refuses to listen beyond loopback.
func New(opts Options) (*Sandbox, error) {
	listener, err := listen(cmp.Or(opts.Listen, "127.0.0.1:0"))
	if err != nil {
		return nil, fmt.Errorf("starting the sandbox: %w", err)
	}
	s := &Sandbox{
		Clock: &wire.Clock{},
		seed:  cmp.Or(opts.Seed, rand.Uint64()|1),
		url:   "http://" + listener.Addr().String(),
		http:  opts.HTTPTarget != "",
	}
	s.Wire = wire.NewRecorder(s.Clock.Now)
	s.Atlases = s.newAtlas(opts).Organizations()
	s.Atlas = s.Atlases[0]
	s.Slack = s.newSlack(opts)

	ctx, cancel := context.WithCancel(context.Background()) // of the pages; Close ends it
	s.endPages = cancel
	s.server = &http.Server{
		Handler:           s.routes(opts.Slack.Command),
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          log.New(io.Discard, "", 0), // it breaks connections on purpose
	}
	s.served.Go(func() { _ = s.server.Serve(listener) }) // ErrServerClosed, after Close
	return s, nil
}

// listen binds a loopback address, given as an IP address or as localhost.
func listen(address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("reading address %q: %w", address, err)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || !addr.IsLoopback() {
		return nil, fmt.Errorf("address %q is not loopback: every client of a sandbox can do everything in it", address)
	}
	return net.Listen("tcp", net.JoinHostPort(host, port))
}

func (s *Sandbox) newAtlas(opts Options) *atlas.Cloud {
	o := opts.Atlas
	o.Now, o.Seed = s.Clock.Now, s.seed
	return atlas.NewCloud(opts.Organizations, o)
}

func (s *Sandbox) newSlack(opts Options) *slack.Workspace {
	o := opts.Slack
	o.Now, o.Seed, o.BaseURL = s.Clock.Now, s.seed, s.url
	o.Redeliver, o.ProxyRepeats = opts.Redeliver, opts.ProxyRepeats
	o.Secrets = s.secrets
	if s.http {
		o.Deliver, o.HTTPTarget = slack.HTTPMode, opts.HTTPTarget
	}
	return slack.New(o)
}

// secrets are the private keys, which Slack may only see in one ephemeral message.
func (s *Sandbox) secrets() []string {
	var secrets []string
	for _, o := range s.Atlases {
		_, own := o.Credential()
		secrets = append(append(secrets, o.Secrets()...), own)
	}
	return secrets
}

// routes serves both platforms, the control API and the page on one port.
// WebSockets bypass the recorder, which buffers responses. Control and page refuse
// other origins; the platforms require credentials.
func (s *Sandbox) routes(command string) http.Handler {
	toSlack := s.Slack.Handler()
	toAtlas := s.Wire.Handler(wire.Atlas, atlas.Operation, s.Atlas.Cloud)
	mux := http.NewServeMux()
	mux.Handle("/api/", s.Wire.Handler(wire.Slack, slack.Operation, toSlack))
	mux.Handle("/api/atlas/", toAtlas)
	mux.Handle("/api/private/", toAtlas)
	mux.Handle("/link/", toSlack)
	mux.Handle("/response/", s.Wire.Handler(wire.ResponseURL, slack.Operation, toSlack))
	mux.Handle("/control/", control.New(control.API{Slack: s.Slack, Atlas: s.Atlas, Wire: s.Wire, Clock: s.Clock}))
	mux.Handle("/", page.New(page.Options{Slack: s.Slack, Atlas: s.Atlas, Clock: s.Clock, Wire: s.Wire, Command: command}))
	return mux
}

// URL is where the sandbox is served, without a slash at the end.
func (s *Sandbox) URL() string { return s.url }

// Seed is the seed of this run's randomness.
func (s *Sandbox) Seed() uint64 { return s.seed }

// Environment returns the variables for a bot in the first organization. For
// another one, use its Snapshot's ID and its Credential; the address is the same.
func (s *Sandbox) Environment() map[string]string {
	public, private := s.Atlas.Credential()
	environ := map[string]string{
		"SLACK_BOT_TOKEN":        s.Slack.BotToken(),
		"SLACK_APPROVAL_CHANNEL": slack.Approvals,
		"SLACK_APPROVERS":        slack.Approvers,
		"SLACK_API_URL":          s.url + "/api/",
		"ATLAS_ORG_ID":           s.Atlas.Snapshot().ID,
		"ATLAS_PUBLIC_KEY":       public,
		"ATLAS_PRIVATE_KEY":      private,
		"ATLAS_BASE_URL":         s.url,
	}
	if s.http {
		environ["SLACK_SIGNING_SECRET"] = s.Slack.SigningSecret()
	} else {
		environ["SLACK_APP_TOKEN"] = s.Slack.AppToken()
	}
	return environ
}

// Close ends every connection. When ctx ends, it aborts the requests in progress.
func (s *Sandbox) Close(ctx context.Context) error {
	s.Wire.Close()
	s.endPages()
	s.Slack.Close()
	err := s.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("closing the sandbox: %w", err), s.server.Close())
	}
	s.served.Wait()
	return err
}
