package app

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/preflight"
	"atlaskeybot/internal/store"
)

const (
	// storeInterval is how often the database is checked while the bot runs.
	storeInterval = 10 * time.Second

	// storeTimeout bounds one check.
	storeTimeout = 2 * time.Second

	// largeWAL is the size of the write-ahead log, in bytes, from which on the log
	// warns that something keeps it from being emptied.
	largeWAL = 64 << 20

	// logAgainAfter is how often a problem that lasts is logged.
	logAgainAfter = 5 * time.Minute
)

// checkStore aborts the start with a database that is not whole. It warns of a new
// one, since the operator may expect another database there.
func (b *App) checkStore(ctx context.Context) error {
	if b.store.IsNew() {
		b.Log.Warn("there was no database: a new, empty one was made; if you expected requests in it, stop the bot and check DATABASE_URL", "path", b.store.Path())
		return nil
	}
	return b.probes().Database(ctx, b.store)
}

// watchStore checks the database while the bot runs, so that /readyz and the log
// report a file that is deleted, damaged or full. The returned function stops it.
func (b *App) watchStore(ctx context.Context) (stop func()) {
	b.ready.AddProbe(func() (string, string) {
		return "database", storeProblem(b.pingStore(context.WithoutCancel(ctx)))
	})
	b.ready.SetWarning(func() (string, string) { return "requests", b.unreadableReason(context.WithoutCancel(ctx)) })
	watching, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		w := storeWatcher{bot: b, now: time.Now}
		w.checkRequests(watching)
		ticker := time.NewTicker(cmp.Or(b.StoreTick, storeInterval))
		defer ticker.Stop()
		for {
			select {
			case <-watching.Done():
				return
			case <-ticker.C:
				w.check(watching)
			}
		}
	}()
	return func() { cancel(); <-done }
}

func (b *App) pingStore(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return b.store.Ping(ctx)
}

// storeProblem is the text of /readyz for an error of [store.Store.Ping].
func storeProblem(err error) string {
	if err == nil {
		return ""
	}
	for _, why := range []error{store.ErrLost, store.ErrDamaged, store.ErrFull, store.ErrReadOnly, store.ErrFailing} {
		if errors.Is(err, why) {
			return why.Error()
		}
	}
	return "it cannot be written"
}

// A storeWatcher logs problems of the database, and remembers what it has logged.
type storeWatcher struct {
	bot         *App
	now         func() time.Time
	problem     string
	loggedAt    time.Time
	walLoggedAt time.Time
	rescued     bool

	unreadable []policy.ID // requests that were logged
}

// check logs a problem of the database when it begins, now and then while it
// lasts, and when it is over.
func (w *storeWatcher) check(ctx context.Context) {
	err := w.bot.pingStore(ctx)
	if ctx.Err() != nil {
		return
	}
	why := storeProblem(err)
	switch {
	case why != "" && (why != w.problem || w.now().Sub(w.loggedAt) >= logAgainAfter):
		w.bot.Log.Error("the database cannot be used", "why", why, "path", w.bot.store.Path(), "error", err)
		w.loggedAt = w.now()
		w.rescue(ctx, err)
	case why == "" && w.problem != "":
		w.bot.Log.Info("the database can be used again", "path", w.bot.store.Path())
		w.rescued = false
	}
	w.problem = why
	if why == "" {
		w.checkRequests(ctx)
	}
	if size := w.bot.store.WALSize(); size >= largeWAL && w.now().Sub(w.walLoggedAt) >= logAgainAfter {
		w.walLoggedAt = w.now()
		w.bot.Log.Warn("the write-ahead log of the database grows: another process reads the database and does not end", "path", w.bot.store.Path()+"-wal", "bytes", size)
	}
}

// checkRequests logs each request that cannot be read, once, and each that can be
// read again. The rows are damaged, and no list has them.
func (w *storeWatcher) checkRequests(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	is, err := w.bot.store.Unreadable(ctx)
	if err != nil {
		return // the check of the database logs it
	}
	for _, id := range is {
		if !slices.Contains(w.unreadable, id) {
			w.bot.Log.Error("a request cannot be read and is in no list: its row is damaged; stop the bot and restore a backup with 'atlas-key-bot restore', or look after its key in Atlas", "request", id)
		}
	}
	for _, id := range w.unreadable {
		if !slices.Contains(is, id) {
			w.bot.Log.Info("a request can be read again", "request", id)
		}
	}
	w.unreadable = is
}

// unreadableReason is the text of /readyz for requests that cannot be read.
func (b *App) unreadableReason(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	ids, _ := b.store.Unreadable(ctx) // a database that cannot be read is reported as such
	return preflight.DescribeUnreadable(ids)
}

// rescue saves the content of a file that has lost its name. It would be gone with
// the end of this process.
func (w *storeWatcher) rescue(ctx context.Context, err error) {
	if w.rescued || !errors.Is(err, store.ErrLost) {
		return
	}
	to, err := w.bot.store.Rescue(ctx, w.now())
	if err != nil {
		w.bot.Log.Error("the database could not be saved under another name: do not stop the bot; put its file back, or make room for a copy", "error", err)
		return
	}
	w.rescued = true
	w.bot.Log.Error("everything that was recorded is saved: stop the bot and put it back with 'atlas-key-bot restore'", "file", to)
}
