package slackui

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/isolate"
	"atlaskeybot/internal/slackui/client"
	"atlaskeybot/internal/slackui/pace"
	"atlaskeybot/internal/slackui/transport"
	"atlaskeybot/internal/slackui/view"
)

// An App answers what people type and press. Both doors hand it deliveries.
type App struct {
	slack     *client.Slack
	service   *service.Service
	screens   view.Screens
	log       *slog.Logger
	seen      *transport.Deduper
	updates   *viewUpdates
	paced     *pace.Limiter
	responses *client.Responder

	emergencies *emergencies

	semaphore chan struct{} // bounds the deliveries in hand
	inFlight  sync.WaitGroup
}

const (
	maxInFlight   = 64
	deliveryLimit = 40 * time.Second // for one delivery, with everything after its answer
	serviceLimit  = 2 * time.Second  // for the check and the disk, before Slack is answered
	viewLimit     = 2500 * time.Millisecond
)

// New returns the handlers of what people type and click, on top of service.
// It starts nothing; a transport delivers to it.
func New(s *client.Slack, service *service.Service) *App {
	return &App{
		slack: s, service: service, log: s.Config.Log, seen: transport.NewDeduper(s.Config.Now), updates: newViewUpdates(s.Config.Now), paced: pace.New(s.Config.Now),
		screens: s.Messenger(service.Orgs).Views, responses: client.NewResponder(s.Config.APIURL, s.Client),
		emergencies: newEmergencies(s.Config.Now), semaphore: make(chan struct{}, maxInFlight),
	}
}

// Start runs work in a goroutine of its own and returns at once, false if too
// much is in hand already. The work outlives the connection it came over, is
// bounded in time, and its panic stops no other delivery. If it panics before it
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
		ctx, cancel := context.WithTimeout(client.ForDelivery(context.WithoutCancel(ctx)), deliveryLimit)
		defer cancel()
		defer isolate.LogPanic(a.log, "a delivery panicked")
		work(ctx)
	})
	return true
}

// Wait returns when everything in hand is done. Close the doors first.
func (a *App) Wait() { a.inFlight.Wait() }
