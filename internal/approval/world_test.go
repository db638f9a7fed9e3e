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

// A world is the domain with stand-ins around it and time that passes only
// when nothing else can happen.
type world struct {
	t *testing.T
	*service.Service
	store     *approvaltest.Memory
	keys      *approvaltest.Keys
	screens   *approvaltest.Screens
	directory *approvaltest.Directory
	worker    *worker.Worker
}

// inWorld runs f in a bubble whose clock jumps; the worker works beside it.
func inWorld(t *testing.T, f func(w *world), edit ...func(*policy.Policy)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, testPolicy(edit...))
		w.run(func() { f(w) })
	})
}

// run lets the worker work while f does what it does.
func (w *world) run(f func()) {
	ctx, stop := context.WithCancel(w.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); w.worker.Run(ctx) }()
	f()
	stop()
	<-done
}

func newWorld(t *testing.T, p policy.Policy) *world {
	w := &world{
		t: t, store: &approvaltest.Memory{}, keys: &approvaltest.Keys{Now: time.Now},
		screens: &approvaltest.Screens{}, directory: &approvaltest.Directory{},
	}
	w.directory.Set(policy.Member, alice, bob, dana, carol)
	w.directory.Set(policy.Guest, gil)
	w.worker = worker.NewWorker(orgs(p), w.store, w.keys.Of, w.screens, w.directory, time.Now, slog.New(slog.NewTextHandler(io.Discard, nil)))
	w.Service = &service.Service{
		Store: w.store, Directory: w.directory, Orgs: orgs(p), Now: time.Now, NewID: approval.NewID, Wake: w.worker.Wake,
	}
	return w
}

// pass lets d go by, and everything happen that happens in it.
func (w *world) pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// settle lets everything happen that is due.
func (w *world) settle() { w.pass(time.Second) }

func (w *world) get(id policy.ID) approval.Request {
	w.t.Helper()
	r, err := w.store.Get(w.t.Context(), id)
	require.NoError(w.t, err)
	return r
}

func (w *world) ask() policy.ID {
	w.t.Helper()
	r, err := w.Submit(w.t.Context(), as(alice), form())
	require.NoError(w.t, err)
	w.settle()
	return r.ID
}

func (w *world) approved() policy.ID {
	w.t.Helper()
	id := w.ask()
	_, err := w.Approve(w.t.Context(), as(bob), id)
	require.NoError(w.t, err)
	w.settle()
	return id
}

func (w *world) delivered() policy.ID {
	w.t.Helper()
	id := w.approved()
	_, err := w.Issue(w.t.Context(), as(alice), id)
	require.NoError(w.t, err)
	w.settle()
	w.is(id, approval.StateDelivered)
	return id
}

func (w *world) active() policy.ID {
	w.t.Helper()
	id := w.delivered()
	_, err := w.Confirm(w.t.Context(), as(alice), id)
	require.NoError(w.t, err)
	w.settle()
	return id
}

// is asserts the state on disk and that every message shows it, but for the
// event posts, which are never drawn again.
func (w *world) is(id policy.ID, want approval.State) approval.Request {
	w.t.Helper()
	r := w.get(id)
	require.Equal(w.t, want, r.State)
	for _, m := range w.screens.Messages(id) {
		if m.Name.IsEvent() {
			require.Equal(w.t, 1, m.Drawn, "%s is drawn again", m.Name)
			continue
		}
		unread := !m.Name.ToApprovers() && !r.OwnerDeactivatedAt.IsZero()                          // drawn when its owner is back
		if slices.Contains(r.Messages, m.Name) && m.At.TS == r.MessageRefs[m.Name].TS && !unread { // not what a former owner was shown
			require.Equal(w.t, r.Version, m.Request.Version, "%s shows an old version", m.Name)
		}
	}
	return r
}

// keyIsTheLastShown asserts the promise: one key, restricted, and it is the
// one whose private half was shown last.
func (w *world) keyIsTheLastShown() {
	w.t.Helper()
	alive, shown := w.keys.Alive(), w.screens.Revealed()
	require.Len(w.t, alive, 1)
	require.True(w.t, alive[0].Restricted)
	require.NotEmpty(w.t, shown)
	require.Equal(w.t, alive[0].ID, shown[len(shown)-1].Key.ID)
}

func (w *world) noKey() {
	w.t.Helper()
	require.Empty(w.t, w.keys.Alive())
}

// shows reports whether people see a message of that name.
func (w *world) shows(id policy.ID, name approval.MessageName) bool {
	for _, m := range w.screens.Messages(id) {
		if m.Name == name {
			return true
		}
	}
	return false
}

// runUntil runs the worker in real time until done.
func runUntil(t *testing.T, w *world, done func() bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	ended := make(chan struct{})
	go func() { defer close(ended); w.worker.Run(ctx) }()
	for !done() {
		require.NoError(t, ctx.Err(), "it did not happen in time")
		w.worker.Wake()
		<-time.After(time.Millisecond)
	}
	stop()
	<-ended
}
