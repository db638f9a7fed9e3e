package model_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/approval/worker"
)

var (
	errCrashed = errors.New("the process is no more")
	errDisk    = errors.New("the disk is full")
)

// A process is one run of the bot, from its start to a stop or a crash. Once it
// has crashed every port it holds is an error, so that nothing it still does
// has an effect.
type process struct {
	run     *run
	service *service.Service
	stop    context.CancelFunc // asks the worker to finish
	done    chan struct{}      // closed when it has

	died  chan struct{}
	dying sync.Once

	mu   sync.Mutex
	fuse plannedCrash
}

// A plannedCrash is a crash to come.
type plannedCrash struct {
	calls   int           // to that call from now; 0: none
	of      string        // the calls that count; empty: all
	happens bool          // whether that call still does what it should
	down    time.Duration // before the bot is started again
}

// start starts the bot on what the last one left behind.
func (tr *run) start() {
	ctx, stop := context.WithCancel(context.Background())
	p := &process{run: tr, stop: stop, done: make(chan struct{}), died: make(chan struct{})}
	store := guardedStore{p}
	worker := worker.NewWorker(tr.orgs, store, p.keysOf, guardedMessenger{p}, guardedDirectory{p}, time.Now, slog.New(slog.NewTextHandler(io.Discard, nil)))
	p.service = &service.Service{
		Store: store, Directory: guardedDirectory{p}, Orgs: tr.orgs,
		Projects: &service.ProjectCache{KeysOf: p.keysOf, Now: time.Now}, Now: time.Now, NewID: tr.newID, Wake: worker.Wake, UserActive: worker.UserActive,
	}
	tr.process = p
	go func() { defer close(p.done); worker.Run(ctx) }()
}

// restart ends the bot, lets time pass and starts it again.
func (tr *run) restart(crash bool, down time.Duration) {
	if crash {
		tr.process.crash()
	}
	tr.process.stop()
	<-tr.process.done
	tr.reopen()
	<-time.After(down)
	tr.start()
}

func (p *process) crash() { p.dying.Do(func() { close(p.died) }) }

func (p *process) isDead() bool {
	select {
	case <-p.died:
		return true
	default:
		return false
	}
}

// call is the way of everything the process does to the world. It may be the
// process's last, and it is when another user clicks a button.
func (p *process) call(what string, happen func()) error {
	p.run.interrupt()
	p.run.write("  %s", what)
	if p.isDead() {
		return errCrashed
	}
	switch last, happens := p.burn(what); {
	case last && happens:
		happen()
		p.crash()
	case last:
		p.crash()
	default:
		happen()
	}
	if p.isDead() {
		return errCrashed
	}
	return nil
}

// burn reports whether this call is the last one, and whether it happens.
func (p *process) burn(what string) (last, happens bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fuse.calls == 0 || p.fuse.of != "" && p.fuse.of != what {
		return false, false
	}
	p.fuse.calls--
	return p.fuse.calls == 0, p.fuse.happens
}

// talk is a call to Atlas or Slack: it takes its time, half of it on the way
// there, and may outlast the patience of the caller.
func (p *process) talk(ctx context.Context, name approvaltest.Call, happen func() error) error {
	if err := p.wait(ctx, name); err != nil {
		return err
	}
	var err error
	if crashed := p.call(string(name), func() { err = happen() }); crashed != nil {
		return crashed
	}
	if late := p.wait(ctx, name); late != nil {
		return late
	}
	return err
}

func (p *process) wait(ctx context.Context, name approvaltest.Call) error {
	if d := p.run.faults.latency(name) / 2; d > 0 {
		select {
		case <-ctx.Done():
		case <-p.died:
		case <-time.After(d):
		}
	}
	if p.isDead() {
		return errCrashed
	}
	if ctx.Err() != nil {
		return &approval.CallError{Class: approval.Indeterminate, Cause: approval.CauseAtlasUnavailable, Err: ctx.Err()}
	}
	return nil
}

type guardedKeys struct {
	p    *process
	keys approval.Keys
}

func (p *process) keysOf(org policy.OrgID) approval.Keys { return guardedKeys{p, p.run.keys.Of(org)} }

func (g guardedKeys) Create(ctx context.Context, o approval.KeySpec, made func(approval.Key) error) (c approval.Credential, err error) {
	err = g.p.talk(ctx, approvaltest.CallCreate, func() error {
		c, err = g.keys.Create(ctx, o, func(k approval.Key) error {
			if err := made(k); err != nil {
				return err
			}
			return g.p.wait(ctx, approvaltest.CallRestrict)
		})
		return err
	})
	return c, err
}

func (g guardedKeys) Delete(ctx context.Context, id string) error {
	return g.p.talk(ctx, approvaltest.CallDelete, func() error { return g.keys.Delete(ctx, id) })
}

func (g guardedKeys) FindTagged(ctx context.Context, id policy.ID) (found []approval.TaggedKey, err error) {
	err = g.p.talk(ctx, approvaltest.CallFindTagged, func() error { found, err = g.keys.FindTagged(ctx, id); return err })
	return found, err
}

func (g guardedKeys) ListTagged(ctx context.Context) (found []approval.TaggedKey, err error) {
	err = g.p.talk(ctx, approvaltest.CallListTagged, func() error { found, err = g.keys.ListTagged(ctx); return err })
	return found, err
}

func (g guardedKeys) CreatedButUnlisted(ctx context.Context, since time.Time) (is bool, err error) {
	err = g.p.talk(ctx, approvaltest.CallCreatedButUnlisted, func() error { is, err = g.keys.CreatedButUnlisted(ctx, since); return err })
	return is && err == nil, err
}

// Inspect also tells an access list that is not as ordered.
func (g guardedKeys) Inspect(ctx context.Context, o approval.KeySpec, id string) (d approval.Drift, err error) {
	err = g.p.talk(ctx, approvaltest.CallInspect, func() error {
		d, err = g.keys.Inspect(ctx, o, id)
		for _, k := range g.p.run.keys.Alive() {
			if k.ID == id && err == nil && !d.NetworksChanged && !isSame(k.Access.Networks, o.Access.Networks) {
				d.NetworksChanged, d.Networks = true, k.Access.Networks
			}
		}
		return err
	})
	return d, err
}

func (g guardedKeys) AddAccess(ctx context.Context, id string, networks []netip.Prefix) error {
	return g.p.talk(ctx, approvaltest.CallAddAccess, func() error { return g.keys.AddAccess(ctx, id, networks) })
}

func (g guardedKeys) KeepAccess(ctx context.Context, id string, keep, drop []netip.Prefix) error {
	return g.p.talk(ctx, approvaltest.CallKeepAccess, func() error { return g.keys.KeepAccess(ctx, id, keep, drop) })
}

func (g guardedKeys) Projects(ctx context.Context) (all []policy.Project, err error) {
	err = g.p.talk(ctx, approvaltest.CallProjects, func() error { all, err = g.keys.Projects(ctx); return err })
	return all, err
}

func (g guardedKeys) WasUsed(ctx context.Context, id string) (used bool, err error) {
	err = g.p.talk(ctx, approvaltest.CallWasUsed, func() error { used, err = g.keys.WasUsed(ctx, id); return err })
	return used && err == nil, err
}

type guardedMessenger struct{ p *process }

func (g guardedMessenger) SyncMessage(ctx context.Context, r approval.Request, m approval.MessageName) (at approval.MessageRef, err error) {
	err = g.p.talk(ctx, approvaltest.CallSyncMessage, func() error { at, err = g.p.run.screens.SyncMessage(ctx, r, m); return err })
	return at, err
}

func (g guardedMessenger) RevealKey(ctx context.Context, r approval.Request, c approval.Credential) error {
	return g.p.talk(ctx, approvaltest.CallRevealKey, func() error {
		g.p.run.revealed(r, c)
		return g.p.run.screens.RevealKey(ctx, r, c)
	})
}

// guardedDirectory takes no time: what a press comes to is known beforehand.
type guardedDirectory struct{ p *process }

func (g guardedDirectory) MemberStatus(ctx context.Context, who policy.Actor) (s policy.MemberStatus, err error) {
	if crashed := g.p.call("standing", func() { s, err = g.p.run.directory.MemberStatus(ctx, who) }); crashed != nil {
		return "", crashed
	}
	return s, err
}

func (g guardedDirectory) Deactivated(ctx context.Context, user policy.UserID) (gone bool, err error) {
	if crashed := g.p.call("account", func() { gone, err = g.p.run.directory.Deactivated(ctx, user) }); crashed != nil {
		return false, crashed
	}
	return gone, err
}

func (g guardedDirectory) Members(ctx context.Context, group policy.GroupID) (all []policy.UserID, err error) {
	if crashed := g.p.call("members", func() { all, err = g.p.run.directory.Members(ctx, group) }); crashed != nil {
		return nil, crashed
	}
	return all, err
}
