package slackui

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"atlaskeybot/internal/approval"
)

// An App answers what people type and press. Both doors hand it deliveries.
type App struct {
	slack     *Slack
	service   *approval.Service
	screens   Screens
	log       *slog.Logger
	seen      *deduper
	updates   *viewUpdates
	paced     *paced
	responses *responder

	signatures *signatures

	semaphore chan struct{} // bounds the deliveries in hand
	inFlight  sync.WaitGroup
}

const (
	maxInFlight   = 64
	deliveryLimit = 40 * time.Second // for one delivery, with everything after its answer
	serviceLimit  = 2 * time.Second  // for the check and the disk, before Slack is answered
	viewLimit     = 2500 * time.Millisecond
)

// App answers with service. It starts nothing; open a door with [Slack.Socket]
// or [Slack.HTTP].
func (s *Slack) App(service *approval.Service) *App {
	return &App{
		signatures: &signatures{log: s.config.Log},
		slack:      s, service: service, log: s.config.Log, seen: newDeduper(s.config.Now), updates: newViewUpdates(s.config.Now), paced: newPaced(s.config.Now),
		screens: s.Messenger(service.Orgs).views, responses: newResponder(s.config.APIURL, s.client),
		semaphore: make(chan struct{}, maxInFlight),
	}
}

// An ack answers a delivery, once. A nil body says only that it was received.
type ack func(body any)

// Start runs work in a goroutine of its own and returns at once, false if too
// much is in hand already. The work outlives the connection it came over, is
// bounded in time, and a panic of it stops nobody else. If it panics before it
// acknowledges, the person sees Slack's own error rather than a false success.
func (a *App) Start(ctx context.Context, work func(context.Context)) bool {
	select {
	case a.semaphore <- struct{}{}:
	default:
		a.log.Error("too much in hand, a delivery is left to Slack")
		return false
	}
	a.inFlight.Go(func() {
		defer func() { <-a.semaphore }()
		ctx, cancel := context.WithTimeout(forDelivery(context.WithoutCancel(ctx)), deliveryLimit)
		defer cancel()
		defer logPanic(a.log, "a delivery panicked")
		work(ctx)
	})
	return true
}

// logPanic ends a panic and logs where it was. It is to be deferred, in every
// goroutine that is started: a panic in one would end the process. What panicked
// can hold what people typed, so only the place is logged.
func logPanic(log *slog.Logger, what string) {
	if p := recover(); p != nil {
		log.Error(what, "stack", string(debug.Stack()))
	}
}

// Wait returns when everything in hand is done. Close the doors first.
func (a *App) Wait() { a.inFlight.Wait() }
