package app

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"atlaskeybot/internal/slackui"
	"atlaskeybot/internal/slackui/transport"
)

// transport prepares the transport that the configuration names, and adds it to
// /readyz. The returned function runs it until ctx ends. Socket Mode wins if both
// are configured.
func (b *App) transport(app *slackui.App, mux *http.ServeMux) func(context.Context) error {
	if b.Config.SlackAppToken.IsZero() {
		return b.httpTransport(app, mux)
	}
	if !b.Config.SlackSigningSecret.IsZero() {
		b.Log.Info("SLACK_APP_TOKEN is set: Socket Mode is used, and SLACK_SIGNING_SECRET is not")
	}
	return b.socketTransport(app)
}

func (b *App) httpTransport(app *slackui.App, mux *http.ServeMux) func(context.Context) error {
	handler := transport.NewHTTP(b.slack, app)
	mux.Handle("/slack/", handler)
	b.ready.AddProbe(func() (string, string) { return "slack", handler.Problem() })
	b.Log.Info("ready for Slack's requests", "transport", "http", "address", b.Listener.Addr().String())
	return func(ctx context.Context) error { <-ctx.Done(); return nil }
}

func (b *App) socketTransport(app *slackui.App) func(context.Context) error {
	socket := transport.NewSocket(b.slack, app)
	b.ready.AddProbe(func() (string, string) {
		if !socket.Ready() {
			return "slack", strings.TrimSuffix("Socket Mode is not connected: "+socket.Problem(), ": ")
		}
		return "slack", ""
	})
	return func(ctx context.Context) error {
		if err := socket.Run(ctx); err != nil {
			return fmt.Errorf("opening Socket Mode: %w", err)
		}
		return nil
	}
}
