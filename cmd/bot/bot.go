package main

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
	"atlaskeybot/internal/slackui"
	"atlaskeybot/internal/slackui/client"
	"atlaskeybot/internal/slackui/transport"
	"atlaskeybot/internal/store"
)

// A bot is everything that runs in one process. The sandbox runs it with
// another clock, and with nothing else different but addresses and credentials.
type bot struct {
	config Config
	now    func() time.Time
	log    *slog.Logger

	// onStart, if set, is called with what wakes the worker once there is one,
	// so that a clock that jumps can tell.
	onStart func(wake func())

	// listener, if set, is used instead of listening on LISTEN.
	listener net.Listener

	// guard, if set, stands between the domain and the database.
	guard func(approval.Store) approval.Store

	// compareTick and onCompared, if set, are the worker's ReconcileTick and
	// Compared.
	compareTick time.Duration
	onCompared  func(at time.Time)

	// storeTick, if set, is used instead of [storeTick].
	storeTick time.Duration

	// transport, if set, carries every call to Atlas and to Slack, and sleep
	// waits between two tries at Atlas.
	transport *http.Transport
	sleep     func(context.Context, time.Duration) error

	status *status
	store  *store.Store
	apis   map[policy.OrgID]*atlas.Client
	slack  *client.Slack
}

// run listens, opens the database, waits for Atlas and Slack, and works until
// ctx ends; then it finishes what is in hand.
func (b *bot) run(ctx context.Context) error {
	b.status = newStatus()
	b.status.wait("start", "the bot is starting")
	if b.listener == nil {
		var err error
		if b.listener, err = net.Listen("tcp", b.config.Listen); err != nil {
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

// start brings everything up in the order in which it is needed.
func (b *bot) start(ctx context.Context, doors *http.ServeMux, stopServing func()) error {
	var err error
	if b.store, err = store.Open(ctx, b.config.DatabaseURL, store.Options{}); err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	defer b.store.Close()
	defer stopServing() // before the database is closed
	if err := b.checkStore(ctx); err != nil {
		return err
	}
	defer b.watchStore(ctx)()
	if err := b.meetAtlas(ctx); err != nil {
		return err
	}
	if err := b.meetSlack(ctx); err != nil {
		return err
	}
	return b.work(ctx, doors, stopServing)
}

// work runs the worker and the door to Slack until ctx ends or the door cannot
// be opened for good.
func (b *bot) work(ctx context.Context, doors *http.ServeMux, stopServing func()) error {
	orgs := b.config.orgs()
	keys := b.keys()
	var kept approval.Store = b.store
	if b.guard != nil {
		kept = b.guard(kept)
	}
	directory := b.slack.Directory()
	worker := worker.NewWorker(orgs, kept, keys, b.slack.Messenger(orgs), directory, b.now, b.log)
	worker.ReconcileTick, worker.OnReconciled = cmp.Or(b.compareTick, worker.ReconcileTick), b.onCompared
	service := &service.Service{
		Store: kept, Directory: directory, Orgs: orgs,
		Now: b.now, NewID: approval.NewID, Wake: worker.Wake,
	}
	service.Projects = b.catalog(orgs, keys)
	defer service.Projects.Close() // after the deliveries that search it
	if b.onStart != nil {
		b.onStart(worker.Wake)
	}
	app := slackui.New(b.slack, service)
	defer app.Wait()
	defer stopServing() // first: what came in after the wait would be nobody's to finish

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { worker.Run(ctx); return nil })
	b.status.check(func() (string, string) { return "slack messages", b.slack.Trouble() })
	door := b.door(app, doors)
	group.Go(func() error { return door(ctx) })
	b.status.done("start")
	return group.Wait()
}

// keys makes keys in every organization, marked as this installation's.
func (b *bot) keys() approval.Keys {
	fleet := atlas.MultiOrg{}
	for id, api := range b.apis {
		fleet[id] = atlas.NewKeys(api, b.slack.Team+"/"+b.slack.BotUser)
	}
	return fleet
}

// catalog is nil unless projects can be asked for somewhere. Their lists are
// fetched now, before somebody types a name.
func (b *bot) catalog(orgs policy.Orgs, keys approval.Keys) *service.ProjectCache {
	var c *service.ProjectCache
	for _, org := range orgs {
		if len(org.Policy.ProjectRoles) == 0 {
			continue
		}
		if c == nil {
			c = &service.ProjectCache{Keys: keys, Now: b.now}
		}
		c.Prefetch(org.ID)
	}
	return c
}

// door prepares the door that the configuration names, so that /readyz asks for
// it from then on, and returns what keeps it open. Socket Mode wins if both are
// given.
func (b *bot) door(app *slackui.App, doors *http.ServeMux) func(context.Context) error {
	if b.config.SlackAppToken.IsZero() {
		door := transport.NewHTTP(b.slack, app)
		doors.Handle("/slack/", door)
		b.status.check(func() (string, string) { return "slack", door.Why() })
		b.log.Info("ready for Slack's requests", "door", "http", "address", b.listener.Addr().String())
		return func(ctx context.Context) error { <-ctx.Done(); return nil }
	}
	if !b.config.SlackSigningSecret.IsZero() {
		b.log.Info("SLACK_APP_TOKEN is set: Socket Mode is used, and SLACK_SIGNING_SECRET is not")
	}
	socket := transport.NewSocket(b.slack, app)
	b.status.check(func() (string, string) {
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
func (b *bot) serve(doors *http.ServeMux) func() {
	doors.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) })
	doors.Handle("GET /readyz", b.status)
	server := &http.Server{
		Handler: doors, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(b.log.Handler(), slog.LevelDebug),
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(netutil.LimitListener(b.listener, maxConnections)); !errors.Is(err, http.ErrServerClosed) {
			b.log.Error("serving", "error", err)
		}
	}()
	b.log.Info("listening", "address", b.listener.Addr().String())
	return sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		server.Shutdown(ctx)
		<-done
	})
}
