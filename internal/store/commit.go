package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"
)

// maxGroup bounds how many changes wait for one another.
const maxGroup = 64

// A writer runs statements in a transaction.
type writer interface {
	queryer
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// A change is one transaction that waits for its group, and what became of it.
type change struct {
	ctx      context.Context
	do       func(ctx context.Context, tx writer) error
	err      error
	panicked any           // by do
	leads    bool          // guarded by commits.mu
	lead     chan struct{} // closed when it is to lead
	done     chan struct{} // closed when it is committed, or has failed
}

// commits are the changes that wait to be committed. The first of them leads: it commits
// all that came until it had the connection, with one write to the disk for all of them.
type commits struct {
	mu      sync.Mutex
	queue   []*change
	isLed   bool
	reached func(point string) // for tests; nil otherwise
}

// inTx runs do in a transaction and commits it, unless do returns an error. Changes that
// wait at the same time are committed together, each in its savepoint. The change has
// survived a crash once inTx returns nil. If it returns an error of the commit, none of
// the group is stored.
//
// do gets a context that does not end: SQLite would roll the whole group back if a
// statement were interrupted.
func (s *Store) inTx(ctx context.Context, do func(ctx context.Context, tx writer) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c := &change{ctx: ctx, do: do, lead: make(chan struct{}), done: make(chan struct{})}
	if s.commits.join(c); !c.isLeading() {
		select {
		case <-c.lead:
		case <-c.done:
			return c.outcome()
		case <-ctx.Done():
			if s.commits.leave(c) {
				return ctx.Err()
			}
			<-c.done // it is being committed, and what comes of that is told
			return c.outcome()
		}
	}
	s.commitGroup(c)
	return c.outcome()
}

func (c *change) isLeading() bool {
	select {
	case <-c.lead:
		return true
	default:
		return false
	}
}

// outcome panics if do did.
func (c *change) outcome() error {
	if c.panicked != nil {
		panic(c.panicked)
	}
	return c.err
}

// run calls do, which may belong to another goroutine.
func (c *change) run(tx writer) {
	defer func() {
		if c.panicked = recover(); c.panicked != nil {
			c.err = fmt.Errorf("changing the database: panic")
		}
	}()
	c.err = c.do(context.WithoutCancel(c.ctx), tx)
}

// join adds c to the queue, and has it lead if no other does.
func (g *commits) join(c *change) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.queue = append(g.queue, c)
	if !g.isLed {
		g.handOn()
	}
}

// handOn has the first of the queue lead. mu is held.
func (g *commits) handOn() {
	g.isLed = len(g.queue) > 0
	if g.isLed {
		g.queue[0].leads = true
		close(g.queue[0].lead)
	}
}

// leave reports whether c was still in the queue, and takes it out.
func (g *commits) leave(c *change) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.queue, c)
	if i < 0 {
		return false
	}
	g.queue = slices.Delete(g.queue, i, i+1)
	if c.leads {
		g.handOn()
	}
	return true
}

// take takes the next group out of the queue; its leader is the first.
func (g *commits) take() []*change {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.queue), maxGroup)
	group := slices.Clone(g.queue[:n])
	g.queue = slices.Delete(g.queue, 0, n)
	return group
}

// end tells the group, and has the next one led.
func (g *commits) end(group []*change) {
	for _, c := range group {
		close(c.done)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.handOn()
}

// at is called at the points where a crash is tested.
func (g *commits) at(point string) {
	if g.reached != nil {
		g.reached(point)
	}
}

// commitGroup commits the group that leader leads. If the leader's context ends before
// that begins, another leads.
func (s *Store) commitGroup(leader *change) {
	conn, err := s.db.Conn(leader.ctx)
	if err == nil {
		defer conn.Close()
		if _, err = conn.ExecContext(leader.ctx, s.dialect.begin); err != nil {
			rollBack(conn)
		}
	}
	if err != nil {
		leader.err = fmt.Errorf("beginning a transaction: %w", err)
		s.commits.leave(leader)
		return
	}
	group := s.commits.take()
	defer s.commits.end(group)
	if err := s.runGroup(conn, group); err != nil {
		rollBack(conn)
		for _, c := range group {
			if c.err == nil {
				c.err = err
			}
		}
	}
}

// rollBack ends a transaction, if there still is one.
func rollBack(conn *sql.Conn) {
	conn.ExecContext(context.Background(), rollback) // fails if SQLite has rolled back by itself
}

const rollback = `ROLLBACK`

// runGroup runs the changes of a group one after another and commits them. What fails is
// rolled back alone. An error means that nothing of the group is stored.
func (s *Store) runGroup(conn *sql.Conn, group []*change) error {
	kept := 0
	for _, c := range group {
		if c.err = c.ctx.Err(); c.err != nil {
			continue
		}
		if err := s.runOne(conn, c, len(group) > 1); err != nil {
			return err
		}
		if c.err == nil {
			kept++
		}
		s.commits.at(afterChange)
	}
	if kept == 0 {
		rollBack(conn)
		return nil
	}
	s.commits.at(beforeCommit)
	if _, err := conn.ExecContext(context.Background(), `COMMIT`); err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	s.commits.at(afterCommit)
	return nil
}

// The points of a group at which a crash is tested.
const (
	afterChange  = "after a change"
	beforeCommit = "before COMMIT"
	afterCommit  = "after COMMIT"
)

// runOne runs a change, in a savepoint if others are in the transaction. SQLite rolls a
// whole transaction back after some errors, as of a full disk. Then the savepoint is
// gone, and runOne returns an error for all.
func (s *Store) runOne(conn *sql.Conn, c *change, inGroup bool) error {
	if !inGroup {
		c.run(conn)
		return nil
	}
	ctx := context.Background()
	if _, err := conn.ExecContext(ctx, `SAVEPOINT change`); err != nil {
		return fmt.Errorf("setting a savepoint: %w", err)
	}
	c.run(conn)
	if c.err != nil {
		if _, err := conn.ExecContext(ctx, `ROLLBACK TO change`); err != nil {
			return fmt.Errorf("rolling back after %w: %w", c.err, err)
		}
	}
	if _, err := conn.ExecContext(ctx, `RELEASE change`); err != nil {
		return fmt.Errorf("releasing a savepoint: %w", err)
	}
	return nil
}
