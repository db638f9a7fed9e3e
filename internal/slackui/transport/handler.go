package transport

import (
	"context"

	"atlaskeybot/internal/slackui/payload"
)

// A Handler does what Slack delivers. Each method but Start answers once, in
// time for Slack, and goes on after it.
type Handler interface {
	// Start runs work in a goroutine of its own, or returns false if too many
	// deliveries are in flight.
	Start(ctx context.Context, work func(context.Context)) bool

	Command(ctx context.Context, c payload.Command, answer payload.Ack)
	Interact(ctx context.Context, i payload.Interaction, answer payload.Ack)
	LoadOptions(ctx context.Context, i payload.Interaction, answer payload.Ack)
	HomeOpened(ctx context.Context, e payload.Event, answer payload.Ack)
}
