package approval_test

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/approval/worker"
)

const (
	alice = policy.UserID("U_ALICE") // asks
	bob   = policy.UserID("U_BOB")   // approves
	dana  = policy.UserID("U_DANA")  // approves
	carol = policy.UserID("U_CAROL") // nobody special
	gil   = policy.UserID("U_GIL")   // a guest
	eve   = policy.UserID("U_EVE")   // of another workspace
)

func as(u policy.UserID) policy.Actor { return policy.Actor{User: u, Team: "T1"} }

// A env is the domain with stand-ins around it and time that passes only
// when nothing else can happen.
type env struct {
	T *testing.T
	*service.Service
	Store     *approvaltest.Memory
	Keys      *approvaltest.Keys
	Messenger   *approvaltest.Messenger
	Directory *approvaltest.Directory
	Worker    *worker.Worker
}

// inEnv runs f in a bubble whose clock jumps; the worker works beside it.
func inEnv(t *testing.T, f func(w *env), edit ...func(*policy.Policy)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newEnv(t, testPolicy(edit...))
		w.Run(func() { f(w) })
	})
}

// Run lets the worker work while f does what it does.
func (w *env) Run(f func()) {
	ctx, stop := context.WithCancel(w.T.Context())
	done := make(chan struct{})
	go func() { defer close(done); w.Worker.Run(ctx) }()
	f()
	stop()
	<-done
}

func newEnv(t *testing.T, p policy.Policy) *env {
	w := &env{
		T: t, Store: &approvaltest.Memory{}, Keys: &approvaltest.Keys{Now: time.Now},
		Messenger: &approvaltest.Messenger{}, Directory: &approvaltest.Directory{},
	}
	w.Directory.Set(policy.Member, alice, bob, dana, carol)
	w.Directory.Set(policy.Guest, gil)
	w.Worker = worker.NewWorker(orgs(p), w.Store, w.Keys.Of, w.Messenger, w.Directory, time.Now, slog.New(slog.NewTextHandler(io.Discard, nil)))
	w.Service = &service.Service{
		Store: w.Store, Directory: w.Directory, Orgs: orgs(p), Now: time.Now, NewID: approval.NewID, Wake: w.Worker.Wake,
	}
	return w
}

// Advance lets d go by, and everything happen that happens in it.
func (w *env) Advance(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// WaitIdle lets everything happen that is due.
func (w *env) WaitIdle() { w.Advance(time.Second) }

func (w *env) Stored(id policy.ID) approval.Request {
	w.T.Helper()
	r, err := w.Store.Get(w.T.Context(), id)
	require.NoError(w.T, err)
	return r
}

func (w *env) Submitted() policy.ID {
	w.T.Helper()
	r, err := w.Submit(w.T.Context(), as(alice), form())
	require.NoError(w.T, err)
	w.WaitIdle()
	return r.ID
}

func (w *env) Approved() policy.ID {
	w.T.Helper()
	id := w.Submitted()
	_, err := w.Approve(w.T.Context(), as(bob), id)
	require.NoError(w.T, err)
	w.WaitIdle()
	return id
}

func (w *env) Delivered() policy.ID {
	w.T.Helper()
	id := w.Approved()
	_, err := w.Issue(w.T.Context(), as(alice), id)
	require.NoError(w.T, err)
	w.WaitIdle()
	w.RequireState(id, approval.StateDelivered)
	return id
}

func (w *env) Active() policy.ID {
	w.T.Helper()
	id := w.Delivered()
	_, err := w.Confirm(w.T.Context(), as(alice), id)
	require.NoError(w.T, err)
	w.WaitIdle()
	return id
}

// RequireState asserts the state on disk and that every message shows it, but for the
// event posts, which are never drawn again.
func (w *env) RequireState(id policy.ID, want approval.State) approval.Request {
	w.T.Helper()
	r := w.Stored(id)
	require.Equal(w.T, want, r.State)
	for _, m := range w.Messenger.Messages(id) {
		if m.Name.IsEvent() {
			require.Equal(w.T, 1, m.Drawn, "%s is drawn again", m.Name)
			continue
		}
		unread := !m.Name.ToApprovers() && !r.OwnerDeactivatedAt.IsZero()                          // drawn when its owner is back
		if slices.Contains(r.Messages, m.Name) && m.At.TS == r.MessageRefs[m.Name].TS && !unread { // not what a former owner was shown
			require.Equal(w.T, r.Version, m.Request.Version, "%s shows an old version", m.Name)
		}
	}
	return r
}

// RequireLastShownKeyOnly asserts the promise: one key, restricted, and it is the
// one whose private half was shown last.
func (w *env) RequireLastShownKeyOnly() {
	w.T.Helper()
	alive, shown := w.Keys.Alive(), w.Messenger.Revealed()
	require.Len(w.T, alive, 1)
	require.True(w.T, alive[0].Restricted)
	require.NotEmpty(w.T, shown)
	require.Equal(w.T, alive[0].ID, shown[len(shown)-1].Key.ID)
}

func (w *env) RequireNoKeys() {
	w.T.Helper()
	require.Empty(w.T, w.Keys.Alive())
}

// HasMessage reports whether people see a message of that name.
func (w *env) HasMessage(id policy.ID, name approval.MessageName) bool {
	for _, m := range w.Messenger.Messages(id) {
		if m.Name == name {
			return true
		}
	}
	return false
}

// runUntil runs the worker in real time until done.
func runUntil(t *testing.T, w *env, done func() bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	ended := make(chan struct{})
	go func() { defer close(ended); w.Worker.Run(ctx) }()
	for !done() {
		require.NoError(t, ctx.Err(), "it did not happen in time")
		w.Worker.Wake()
		<-time.After(time.Millisecond)
	}
	stop()
	<-ended
}
