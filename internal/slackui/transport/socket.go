package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"atlaskeybot/internal/isolate"
	"atlaskeybot/internal/proxy"
	"atlaskeybot/internal/slackui/client"
	"atlaskeybot/internal/slackui/payload"
)

// Socket is the door of Socket Mode: we call Slack, and it hands us deliveries
// over that connection.
type Socket struct {
	app     Handler
	seen    *Deduper
	api     *slack.Client
	backoff *ReconnectBackoff
	Log     *slog.Logger
	dialer  *websocket.Dialer
	ready   atomic.Bool

	HelloLimit, PingLimit    time.Duration // shorter in tests
	messageLimit, writeLimit time.Duration // the same

	why atomic.Pointer[string] // see [Socket.Problem]
}

// ackLimit bounds the wait for room to acknowledge; Slack waits no longer.
const ackLimit = 3 * time.Second

const (
	// helloLimit bounds the wait for Slack's hello on a connection, and pingLimit
	// the time between two pings: without them it is half open, and another one is
	// opened. The library looks once each pingLimit.
	helloLimit = 30 * time.Second
	pingLimit  = 30 * time.Second
)

var errNoHello = errors.New("slack opened a connection and did not say hello")

// maxFrame bounds what is read of one message of Slack's, in bytes. A form with
// all its answers takes a quarter of it.
const maxFrame = 1 << 20

// NewSocket returns the Socket Mode connection, which delivers to app once it is run.
func NewSocket(s *client.Slack, app Handler) *Socket {
	p := &ReconnectBackoff{Next: s.Client.Transport, Now: s.Config.Now}
	caller := &http.Client{Transport: p, Timeout: reconnectMax + client.CallLimit, CheckRedirect: client.NoRedirects}
	d := &Socket{
		app: app, seen: NewDeduper(s.Config.Now), api: client.NewAPI(s.Config, caller), backoff: p, Log: s.Config.Log,
		HelloLimit: helloLimit, PingLimit: pingLimit, messageLimit: messageLimit, writeLimit: writeLimit,
	}
	d.dialer = d.newDialer(s.Config.Proxy)
	return d
}

const (
	// dialLimit bounds the opening of a WebSocket, and frameSize is what may be
	// sent in one frame, in bytes: Slack wants an answer in one.
	dialLimit = 45 * time.Second
	frameSize = 32 << 10
)

// SocketHost stands for the hosts that Slack names for Socket Mode, which are
// not known before it does.
const SocketHost = "https://wss-primary.slack.com"

// newDialer opens the WebSocket through the proxy, if there is one. The library's
// own words for a proxy that refuses do not name it.
func (d *Socket) newDialer(p proxy.Settings) *websocket.Dialer {
	return &websocket.Dialer{
		HandshakeTimeout: dialLimit, WriteBufferSize: frameSize,
		NetDialTLSContext: d.watched(p.DialTLS),
		NetDialContext:    d.watched((&net.Dialer{}).DialContext), // to this machine, for ws://
	}
}

// Problem says what keeps the connection from being opened, if it is known: a proxy
// that refuses. An operator reads it.
func (d *Socket) Problem() string {
	if why := d.why.Load(); why != nil && !d.Ready() {
		return *why
	}
	return ""
}

// note remembers what a proxy did to the last connection.
func (d *Socket) note(err error) {
	d.why.Store(nil)
	if e, ok := errors.AsType[*proxy.Error](err); ok {
		why := e.Error()
		d.why.Store(&why)
	}
}

// Ready reports whether Slack has said hello on the connection of now.
func (d *Socket) Ready() bool { return d.ready.Load() }

// fatalErrors are the answers to opening a connection that no waiting mends.
var fatalErrors = []string{
	"not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired",
	"not_allowed_token_type", "missing_scope", "missing_args", "user_removed_from_team",
	"team_disabled", "forbidden_team", "no_permission",
}

// Run keeps a connection until ctx ends, which is no error. An error of Slack
// that no waiting mends ends it with the reason. What is in hand then is
// [App.Wait]'s to wait for.
func (d *Socket) Run(ctx context.Context) error {
	defer d.ready.Store(false)
	for ctx.Err() == nil {
		err := d.connect(ctx)
		d.note(err)
		if slices.Contains(fatalErrors, client.CodeOf(err)) {
			return fmt.Errorf("opening a Socket Mode connection: %w", client.CallError(err))
		}
		if err != nil && ctx.Err() == nil {
			d.Log.Warn("the Socket Mode connection is lost, to be opened again", "error", client.CallError(err))
		}
	}
	return nil
}

// connect runs the library until it has a connection error of its own. It would
// wait up to five minutes after one, and for ever after a hopeless one; how long
// we wait is [reconnectBackoff]'s business.
func (d *Socket) connect(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	client := socketmode.New(d.api, socketmode.OptionLog(log.New(io.Discard, "", 0)), socketmode.OptionDialer(d.dialer), socketmode.OptionReadLimit(maxFrame), socketmode.OptionPingInterval(d.PingLimit))
	ended := make(chan error, 1)
	go func() {
		err := errors.New("the connection's own code panicked")
		defer func() { ended <- err }()
		defer isolate.LogPanic(d.Log, "the Socket Mode connection panicked")
		err = client.RunContext(ctx)
	}()
	silence := time.NewTimer(d.HelloLimit)
	silence.Stop()
	defer silence.Stop()
	for {
		select {
		case <-silence.C:
			cancel(errNoHello)
		case err := <-ended:
			d.ready.Store(false)
			if cause := context.Cause(ctx); cause != nil {
				return cause
			}
			return err
		case e := <-client.Events:
			switch e.Type {
			case socketmode.EventTypeConnected:
				silence.Reset(d.HelloLimit)
			case socketmode.EventTypeHello, socketmode.EventTypeConnecting:
				silence.Stop()
			}
			d.Handle(ctx, client, e, cancel)
		}
	}
}

// Handle never blocks: while it does, the library answers no ping.
func (d *Socket) Handle(ctx context.Context, client *socketmode.Client, e socketmode.Event, stop context.CancelCauseFunc) {
	defer isolate.LogPanic(d.Log, "a frame of Socket Mode panicked")
	switch e.Type {
	case socketmode.EventTypeConnecting:
		d.ready.Store(false)
	case socketmode.EventTypeHello:
		d.backoff.Connected()
		d.ready.Store(true)
		d.Log.Info("Socket Mode connection is open")
	case socketmode.EventTypeConnectionError:
		failed, _ := e.Data.(*slack.ConnectionErrorEvent)
		stop(connectionError(failed))
	case socketmode.EventTypeErrorBadMessage:
		bad, _ := e.Data.(*socketmode.ErrorBadMessage)
		d.Unreadable(ctx, client, bad)
	case socketmode.EventTypeErrorWriteFailed:
		d.Log.Warn("an acknowledgment could not be sent; Slack delivers again")
	case socketmode.EventTypeSlashCommand, socketmode.EventTypeInteractive, socketmode.EventTypeEventsAPI:
		d.deliver(ctx, client, *e.Request)
	}
}

func connectionError(e *slack.ConnectionErrorEvent) error {
	if e == nil || e.ErrorObj == nil {
		return errors.New("no reason was given")
	}
	return e.ErrorObj
}

// deliver hands the payload as it came to the app: the library's own decoding
// of it is not used, so that both doors read it in one way.
func (d *Socket) deliver(ctx context.Context, client *socketmode.Client, r socketmode.Request) {
	answer := d.answer(ctx, client, r)
	d.app.Start(ctx, func(ctx context.Context) {
		d.seen.Do(ctx, r.EnvelopeID, answer, func(answer payload.Ack) { d.dispatch(ctx, r, answer) })
	})
}

func (d *Socket) dispatch(ctx context.Context, r socketmode.Request, answer payload.Ack) {
	switch r.Type {
	case socketmode.RequestTypeSlashCommands:
		c, err := payload.CommandFromJSON(r.Payload)
		if err != nil {
			d.leave(answer, err)
			return
		}
		d.app.Command(ctx, c, answer)
	case socketmode.RequestTypeInteractive:
		i, err := payload.DecodeInteraction(r.Payload)
		if err != nil {
			d.leave(answer, err)
			return
		}
		d.app.Interact(ctx, i, answer)
	case socketmode.RequestTypeEventsAPI:
		e, err := payload.DecodeEvent(r.Payload)
		if err != nil {
			d.leave(answer, err)
			return
		}
		d.app.HomeOpened(ctx, e, answer)
	default:
		answer(nil)
	}
}

// leave acknowledges what cannot be read, so that Slack does not deliver it for
// ever.
func (d *Socket) leave(answer payload.Ack, err error) {
	d.Log.Warn("a delivery could not be read", "error", err)
	answer(nil)
}

// Unreadable does the same for what the library could not read.
func (d *Socket) Unreadable(ctx context.Context, client *socketmode.Client, bad *socketmode.ErrorBadMessage) {
	var envelope socketmode.Request
	if bad == nil || json.Unmarshal(bad.Message, &envelope) != nil || envelope.EnvelopeID == "" {
		d.Log.Warn("a frame could not be read")
		return
	}
	d.deliver(ctx, client, envelope)
}

// answer acknowledges an envelope. An answer that is too large for Slack, or not
// wanted, becomes a bare one.
func (d *Socket) answer(ctx context.Context, client *socketmode.Client, r socketmode.Request) payload.Ack {
	return func(body any) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ackLimit)
		defer cancel()
		if !r.AcceptsResponsePayload {
			body = nil
		}
		err := client.AckCtx(ctx, r.EnvelopeID, body)
		if err != nil && body != nil && ctx.Err() == nil {
			d.Log.Error("an answer is too large and is left out", "error", err)
			err = client.AckCtx(ctx, r.EnvelopeID, nil)
		}
		if err != nil {
			d.Log.Warn("an acknowledgment could not be sent; Slack delivers again", "error", err)
		}
	}
}
