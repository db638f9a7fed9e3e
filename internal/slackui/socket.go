package slackui

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"atlaskeybot/internal/proxy"
)

// Socket is the door of Socket Mode: we call Slack, and it hands us deliveries
// over that connection.
type Socket struct {
	app     *App
	api     *slack.Client
	backoff *reconnectBackoff
	log     *slog.Logger
	dialer  *websocket.Dialer
	ready   atomic.Bool

	helloLimit, pingLimit time.Duration          // shorter in tests
	why                   atomic.Pointer[string] // see [Socket.Why]
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

// Socket opens the Socket Mode door to app, once it is run.
func (s *Slack) Socket(app *App) *Socket {
	p := &reconnectBackoff{next: s.client.Transport, now: s.config.Now}
	client := &http.Client{Transport: p, Timeout: reconnectMax + callLimit, CheckRedirect: noRedirects}
	return &Socket{app: app, api: newAPI(s.config, client), backoff: p, log: s.config.Log, dialer: dialer(s.config.Proxy), helloLimit: helloLimit, pingLimit: pingLimit}
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

// dialer opens the WebSocket through the proxy, if there is one. The library's
// own words for a proxy that refuses do not name it; SOCKS it speaks itself.
func dialer(p proxy.Settings) *websocket.Dialer {
	d := &websocket.Dialer{HandshakeTimeout: dialLimit, WriteBufferSize: frameSize}
	if p.IsSOCKS(SocketHost) {
		d.Proxy = func(r *http.Request) (*url.URL, error) { return p.For(r.URL), nil }
	} else {
		d.NetDialTLSContext = p.DialTLS
	}
	return d
}

// Why says what keeps the connection from being opened, if it is known: a proxy
// that refuses. An operator reads it.
func (d *Socket) Why() string {
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
		if slices.Contains(fatalErrors, codeOf(err)) {
			return fmt.Errorf("opening a Socket Mode connection: %w", callError(err))
		}
		if err != nil && ctx.Err() == nil {
			d.log.Warn("the Socket Mode connection is lost, to be opened again", "error", callError(err))
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
	client := socketmode.New(d.api, socketmode.OptionLog(log.New(io.Discard, "", 0)), socketmode.OptionDialer(d.dialer), socketmode.OptionReadLimit(maxFrame), socketmode.OptionPingInterval(d.pingLimit))
	ended := make(chan error, 1)
	go func() {
		err := errors.New("the connection's own code panicked")
		defer func() { ended <- err }()
		defer logPanic(d.log, "the Socket Mode connection panicked")
		err = client.RunContext(ctx)
	}()
	silence := time.NewTimer(d.helloLimit)
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
				silence.Reset(d.helloLimit)
			case socketmode.EventTypeHello, socketmode.EventTypeConnecting:
				silence.Stop()
			}
			d.handle(ctx, client, e, cancel)
		}
	}
}

// handle never blocks: while it does, the library answers no ping.
func (d *Socket) handle(ctx context.Context, client *socketmode.Client, e socketmode.Event, stop context.CancelCauseFunc) {
	defer logPanic(d.log, "a frame of Socket Mode panicked")
	switch e.Type {
	case socketmode.EventTypeConnecting:
		d.ready.Store(false)
	case socketmode.EventTypeHello:
		d.backoff.connected()
		d.ready.Store(true)
		d.log.Info("Socket Mode connection is open")
	case socketmode.EventTypeConnectionError:
		failed, _ := e.Data.(*slack.ConnectionErrorEvent)
		stop(connectionError(failed))
	case socketmode.EventTypeErrorBadMessage:
		bad, _ := e.Data.(*socketmode.ErrorBadMessage)
		d.unreadable(ctx, client, bad)
	case socketmode.EventTypeErrorWriteFailed:
		d.log.Warn("an acknowledgment could not be sent; Slack delivers again")
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
		d.app.seen.do(ctx, r.EnvelopeID, answer, func(answer ack) { d.handOn(ctx, r, answer) })
	})
}

func (d *Socket) handOn(ctx context.Context, r socketmode.Request, answer ack) {
	switch r.Type {
	case socketmode.RequestTypeSlashCommands:
		c, err := commandFromJSON(r.Payload)
		if err != nil {
			d.leave(answer, err)
			return
		}
		d.app.Command(ctx, c, answer)
	case socketmode.RequestTypeInteractive:
		i, err := decodeInteraction(r.Payload)
		if err != nil {
			d.leave(answer, err)
			return
		}
		d.app.Interact(ctx, i, answer)
	case socketmode.RequestTypeEventsAPI:
		e, err := decodeEvent(r.Payload)
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
func (d *Socket) leave(answer ack, err error) {
	d.log.Warn("a delivery could not be read", "error", err)
	answer(nil)
}

// unreadable does the same for what the library could not read.
func (d *Socket) unreadable(ctx context.Context, client *socketmode.Client, bad *socketmode.ErrorBadMessage) {
	var envelope socketmode.Request
	if bad == nil || json.Unmarshal(bad.Message, &envelope) != nil || envelope.EnvelopeID == "" {
		d.log.Warn("a frame could not be read")
		return
	}
	d.deliver(ctx, client, envelope)
}

// answer acknowledges an envelope. An answer that is too large for Slack, or not
// wanted, becomes a bare one.
func (d *Socket) answer(ctx context.Context, client *socketmode.Client, r socketmode.Request) ack {
	return func(body any) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ackLimit)
		defer cancel()
		if !r.AcceptsResponsePayload {
			body = nil
		}
		err := client.AckCtx(ctx, r.EnvelopeID, body)
		if err != nil && body != nil && ctx.Err() == nil {
			d.log.Error("an answer is too large and is left out", "error", err)
			err = client.AckCtx(ctx, r.EnvelopeID, nil)
		}
		if err != nil {
			d.log.Warn("an acknowledgment could not be sent; Slack delivers again", "error", err)
		}
	}
}
