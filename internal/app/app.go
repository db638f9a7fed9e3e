package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/approval/worker"
	"atlaskeybot/internal/atlas"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/slackui"
	"atlaskeybot/internal/slackui/client"
	"atlaskeybot/internal/store"
)

// An App is the running bot. The sandbox runs the same App with another clock,
// other addresses and other credentials.
type App struct {
	Config config.Config
	Now    func() time.Time
	Log    *slog.Logger

	// OnStart, if set, is called once there is a worker, with the function that
	// wakes it. A clock that jumps calls that function.
	OnStart func(wake func())

	// Listener, if set, is used instead of a listener on LISTEN.
	Listener net.Listener

	// WrapStore, if set, returns the store that the domain uses.
	WrapStore func(approval.Store) approval.Store

	// ReconcileTick and OnReconciled, if set, are the fields of [worker.Worker].
	ReconcileTick time.Duration
	OnReconciled  func(at time.Time)

	// StoreTick, if set, is how often the database is checked.
	StoreTick time.Duration

	// Transport, if set, carries every call to Atlas and to Slack. Sleep, if set,
	// waits between two attempts of a call to Atlas.
	Transport *http.Transport
	Sleep     func(context.Context, time.Duration) error

	ready *readiness
	store *store.Store
	atlas map[policy.OrgID]*atlas.Client
	slack *client.Slack
}

// Run listens, opens the database, waits for Atlas and Slack, and works until
// ctx ends; then it finishes the work in flight.
func (b *App) Run(ctx context.Context) error {
	b.ready = newReadiness()
	b.ready.SetPending("start", "the bot is starting")
	if b.Listener == nil {
		var err error
		if b.Listener, err = net.Listen("tcp", b.Config.Listen); err != nil {
			return fmt.Errorf("listening on LISTEN: %w", err)
		}
	}
	mux := http.NewServeMux()
	stopServing := b.serve(mux)
	defer stopServing()
	err := b.start(ctx, mux, stopServing)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// Pending returns what keeps the bot from being ready, and why.
func (b *App) Pending() map[string]string { return b.ready.Pending() }

// start connects everything in the order in which it is needed.
func (b *App) start(ctx context.Context, mux *http.ServeMux, stopServing func()) error {
	var err error
	if b.store, err = store.Open(ctx, b.Config.DatabaseURL, store.Options{}); err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	defer b.store.Close()
	defer stopServing() // before the database is closed
	if err := b.checkStore(ctx); err != nil {
		return err
	}
	defer b.watchStore(ctx)()
	if err := b.connectAtlas(ctx); err != nil {
		return err
	}
	if err := b.connectSlack(ctx); err != nil {
		return err
	}
	return b.work(ctx, mux, stopServing)
}

// work runs the worker and the transport to Slack until ctx ends, or until Slack
// refuses the transport permanently.
func (b *App) work(ctx context.Context, mux *http.ServeMux, stopServing func()) error {
	orgs := b.Config.Orgs()
	keys := b.keys()
	var kept approval.Store = b.store
	if b.WrapStore != nil {
		kept = b.WrapStore(kept)
	}
	directory := b.slack.Directory()
	worker := worker.NewWorker(orgs, kept, keys.Of, b.slack.Messenger(orgs), directory, b.Now, b.Log)
	worker.ReconcileTick, worker.OnReconciled = cmp.Or(b.ReconcileTick, worker.ReconcileTick), b.OnReconciled
	service := &service.Service{
		Store: kept, Directory: directory, Orgs: orgs,
		Now: b.Now, NewID: approval.NewID, Wake: worker.Wake, UserActive: worker.UserActive,
	}
	service.Projects = b.projectCache(orgs, keys)
	defer service.Projects.Close() // after the deliveries that search it
	if b.OnStart != nil {
		b.OnStart(worker.Wake)
	}
	app := slackui.New(b.slack, service)
	defer app.Wait()
	defer stopServing() // before the wait, which would miss a delivery that comes later

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { worker.Run(ctx); return nil })
	b.ready.AddProbe(func() (string, string) { return "slack messages", b.slack.Trouble() })
	run := b.transport(app, mux)
	group.Go(func() error { return run(ctx) })
	b.ready.SetReady("start")
	return group.Wait()
}

// keys returns the keys of every organization. The tag on a key names this
// installation.
func (b *App) keys() approval.KeysByOrg {
	keys := approval.KeysByOrg{}
	for id, api := range b.atlas {
		keys[id] = atlas.NewKeys(api, b.slack.Team+"/"+b.slack.BotUser)
	}
	return keys
}

// projectCache returns nil unless a policy has project roles. It fetches the lists
// of projects now, so that the first search finds them.
func (b *App) projectCache(orgs policy.Orgs, keys approval.KeysByOrg) *service.ProjectCache {
	var c *service.ProjectCache
	for _, org := range orgs {
		if len(org.Policy.ProjectRoles) == 0 {
			continue
		}
		if c == nil {
			c = &service.ProjectCache{KeysOf: keys.Of, Now: b.Now}
		}
		c.Prefetch(org.ID)
	}
	return c
}
