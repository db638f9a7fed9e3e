package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/store"
)

const (
	// storeTick is how often the database is looked at while the bot runs.
	storeTick = 10 * time.Second

	// storeLimit bounds one look.
	storeLimit = 2 * time.Second

	// largeWAL is the size of the write-ahead log, in bytes, from which on the
	// operator is told that something keeps it from being emptied.
	largeWAL = 64 << 20

	// sayAgain is how long what is still wrong with the database is not repeated.
	sayAgain = 5 * time.Minute
)

// databaseURL is the database that a command is about if no flag names another.
func (p process) databaseURL() string {
	return cmp.Or(unquote(p.environ["DATABASE_URL"]), defaultDatabase)
}

// checkStore ends a start with a database that is not whole, and says if it is
// a new one: somebody may expect another there.
func (b *bot) checkStore(ctx context.Context) error {
	if b.store.IsNew() {
		b.log.Warn("there was no database: a new, empty one was made; if you expected requests in it, stop the bot and look at DATABASE_URL", "path", b.store.Path())
		return nil
	}
	if err := b.store.QuickCheck(ctx); err != nil {
		return fmt.Errorf("checking the database %s: %w", b.store.Path(), err)
	}
	if _, err := b.store.FindUnreadable(ctx); err != nil {
		return fmt.Errorf("checking the database %s: %w", b.store.Path(), err)
	}
	return nil
}

// watchStore looks at the database for as long as the bot runs, so that /readyz
// and the log say when its file is deleted, damaged or full. The returned
// function ends that.
func (b *bot) watchStore(ctx context.Context) (stop func()) {
	b.status.check(func() (string, string) {
		return "database", whyUnusable(b.lookAtStore(context.WithoutCancel(ctx)))
	})
	b.status.warns(func() (string, string) { return "requests", b.whyUnreadable(context.WithoutCancel(ctx)) })
	watching, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		w := storeWatch{bot: b, now: time.Now}
		w.lookAtRequests(watching)
		ticker := time.NewTicker(cmp.Or(b.storeTick, storeTick))
		defer ticker.Stop()
		for {
			select {
			case <-watching.Done():
				return
			case <-ticker.C:
				w.look(watching)
			}
		}
	}()
	return func() { cancel(); <-done }
}

func (b *bot) lookAtStore(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, storeLimit)
	defer cancel()
	return b.store.Ping(ctx)
}

// whyUnusable is what /readyz says of an error of [store.Store.Ping].
func whyUnusable(err error) string {
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

// A storeWatch remembers what it has said.
type storeWatch struct {
	bot     *bot
	now     func() time.Time
	why     string
	saidAt  time.Time
	walAt   time.Time
	rescued bool

	unreadable []policy.ID // what was said of requests
}

// look says in the log what is wrong with the database, when it begins, now and
// then while it lasts, and when it is over.
func (w *storeWatch) look(ctx context.Context) {
	err := w.bot.lookAtStore(ctx)
	if ctx.Err() != nil {
		return
	}
	why := whyUnusable(err)
	switch {
	case why != "" && (why != w.why || w.now().Sub(w.saidAt) >= sayAgain):
		w.bot.log.Error("the database cannot be used", "why", why, "path", w.bot.store.Path(), "error", err)
		w.saidAt = w.now()
		w.rescue(ctx, err)
	case why == "" && w.why != "":
		w.bot.log.Info("the database can be used again", "path", w.bot.store.Path())
		w.rescued = false
	}
	w.why = why
	if why == "" {
		w.lookAtRequests(ctx)
	}
	if size := w.bot.store.WALSize(); size >= largeWAL && w.now().Sub(w.walAt) >= sayAgain {
		w.walAt = w.now()
		w.bot.log.Warn("the write-ahead log of the database grows: another process reads the database and does not end", "path", w.bot.store.Path()+"-wal", "bytes", size)
	}
}

// lookAtRequests says which requests cannot be read, once each, and which can be
// again. They are damaged in the database, and no list has them.
func (w *storeWatch) lookAtRequests(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, storeLimit)
	defer cancel()
	is, err := w.bot.store.Unreadable(ctx)
	if err != nil {
		return // which the look at the database says
	}
	for _, id := range is {
		if !slices.Contains(w.unreadable, id) {
			w.bot.log.Error("a request cannot be read and is in no list: its row is damaged; stop the bot and restore a backup with 'bot restore', or look after its key in Atlas", "request", id)
		}
	}
	for _, id := range w.unreadable {
		if !slices.Contains(is, id) {
			w.bot.log.Info("a request can be read again", "request", id)
		}
	}
	w.unreadable = is
}

// whyUnreadable is what /readyz says of requests that cannot be read.
func (b *bot) whyUnreadable(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, storeLimit)
	defer cancel()
	ids, _ := b.store.Unreadable(ctx) // if the database cannot be read, that is said instead
	return unreadableRequests(ids)
}

// unreadableRequests names the first of ids; or "" if there are none.
func unreadableRequests(ids []policy.ID) string {
	const named = 5
	if len(ids) == 0 {
		return ""
	}
	var names []string
	for _, id := range ids[:min(len(ids), named)] {
		names = append(names, string(id))
	}
	if more := len(ids) - named; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return "damaged in the database and in no list: " + strings.Join(names, ", ")
}

// rescue saves what is in a file that has lost its name: with the end of this
// process it would be gone.
func (w *storeWatch) rescue(ctx context.Context, err error) {
	if w.rescued || !errors.Is(err, store.ErrLost) {
		return
	}
	to, err := w.bot.store.Rescue(ctx, w.now())
	if err != nil {
		w.bot.log.Error("the database could not be saved under another name: do not stop the bot; put its file back, or make room for a copy", "error", err)
		return
	}
	w.rescued = true
	w.bot.log.Error("everything that was recorded is saved: stop the bot and put it back with 'bot restore'", "file", to)
}
