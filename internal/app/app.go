package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/netutil"
	"golang.org/x/sync/errgroup"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/approval/worker"
	"atlaskeybot/internal/atlas"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/slackui"
	"atlaskeybot/internal/slackui/client"
	"atlaskeybot/internal/slackui/transport"
	"atlaskeybot/internal/store"
)

// An App is everything that runs in one process. The sandbox runs it with
// another clock, and with nothing else different but addresses and credentials.
type App struct {
	Config config.Config
	Now    func() time.Time
	Log    *slog.Logger

	// OnStart, if set, is called with what wakes the worker once there is one,
	// so that a clock that jumps can tell.
	OnStart func(wake func())

	// Listener, if set, is used instead of listening on LISTEN.
	Listener net.Listener

	// WrapStore, if set, stands between the domain and the database.
	WrapStore func(approval.Store) approval.Store

	// ReconcileTick and OnReconciled, if set, are the worker's ReconcileTick and
	// Compared.
	ReconcileTick time.Duration
	OnReconciled  func(at time.Time)

	// StoreTick, if set, is used instead of [StoreTick].
	StoreTick time.Duration

	// Transport, if set, carries every call to Atlas and to Slack, and sleep
	// waits between two tries at Atlas.
	Transport *http.Transport
	Sleep     func(context.Context, time.Duration) error

	readiness *Readiness
	store     *store.Store
	atlas     map[policy.OrgID]*atlas.Client
	slack     *client.Slack
}

// Run listens, opens the database, waits for Atlas and Slack, and works until
// ctx ends; then it finishes what is in hand.
func (b *App) Run(ctx context.Context) error {
	b.readiness = newReadiness()
	b.readiness.SetPending("start", "the bot is starting")
	if b.Listener == nil {
		var err error
		if b.Listener, err = net.Listen("tcp", b.Config.Listen); err != nil {
			return fmt.Errorf("listening on LISTEN: %w", err)
		}
	}
	doors := http.NewServeMux()
	stopServing := b.serve(doors)
	defer stopServing()
	err := b.start(ctx, doors, stopServing)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// Pending is what keeps the bot from being ready, and why, as /readyz says.
func (b *App) Pending() map[string]string { return b.readiness.Pending() }

// start brings everything up in the order in which it is needed.
func (b *App) start(ctx context.Context, doors *http.ServeMux, stopServing func()) error {
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
	return b.work(ctx, doors, stopServing)
}

// work runs the worker and the door to Slack until ctx ends or the door cannot
// be opened for good.
func (b *App) work(ctx context.Context, doors *http.ServeMux, stopServing func()) error {
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
		Now: b.Now, NewID: approval.NewID, Wake: worker.Wake,
	}
	service.Projects = b.projectCache(orgs, keys)
	defer service.Projects.Close() // after the deliveries that search it
	if b.OnStart != nil {
		b.OnStart(worker.Wake)
	}
	app := slackui.New(b.slack, service)
	defer app.Wait()
	defer stopServing() // first: what came in after the wait would be nobody's to finish

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { worker.Run(ctx); return nil })
	b.readiness.AddProbe(func() (string, string) { return "slack messages", b.slack.Trouble() })
	door := b.openTransport(app, doors)
	group.Go(func() error { return door(ctx) })
	b.readiness.SetReady("start")
	return group.Wait()
}

// keys makes keys in every organization, marked as this installation's.
func (b *App) keys() approval.KeysByOrg {
	keys := approval.KeysByOrg{}
	for id, api := range b.atlas {
		keys[id] = atlas.NewKeys(api, b.slack.Team+"/"+b.slack.BotUser)
	}
	return keys
}

// projectCache is nil unless projects can be asked for somewhere. Their lists are
// fetched now, before somebody types a name.
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

// openTransport prepares the door that the configuration names, so that /readyz asks for
// it from then on, and returns what keeps it open. Socket Mode wins if both are
// given.
func (b *App) openTransport(app *slackui.App, doors *http.ServeMux) func(context.Context) error {
	if b.Config.SlackAppToken.IsZero() {
		door := transport.NewHTTP(b.slack, app)
		doors.Handle("/slack/", door)
		b.readiness.AddProbe(func() (string, string) { return "slack", door.Why() })
		b.Log.Info("ready for Slack's requests", "door", "http", "address", b.Listener.Addr().String())
		return func(ctx context.Context) error { <-ctx.Done(); return nil }
	}
	if !b.Config.SlackSigningSecret.IsZero() {
		b.Log.Info("SLACK_APP_TOKEN is set: Socket Mode is used, and SLACK_SIGNING_SECRET is not")
	}
	socket := transport.NewSocket(b.slack, app)
	b.readiness.AddProbe(func() (string, string) {
		if !socket.Ready() {
			return "slack", strings.TrimSuffix("Socket Mode is not connected: "+socket.Why(), ": ")
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

// maxConnections bounds what is open at once. Slack uses a few.
const maxConnections = 1000

// serve answers /healthz and /readyz from the first moment, and whatever doors
// are opened later. The returned function finishes the requests in hand.
func (b *App) serve(doors *http.ServeMux) func() {
	doors.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) })
	doors.Handle("GET /readyz", b.readiness)
	server := &http.Server{
		Handler: doors, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(b.Log.Handler(), slog.LevelDebug),
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(netutil.LimitListener(b.Listener, maxConnections)); !errors.Is(err, http.ErrServerClosed) {
			b.Log.Error("serving", "error", err)
		}
	}()
	b.Log.Info("listening", "address", b.Listener.Addr().String())
	return sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		server.Shutdown(ctx)
		<-done
	})
}
