package approvaltest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/approval/worker"
)

// An Env is the domain with fakes around it. In the bubble of [InEnv], time
// advances only when nothing else can happen.
type Env struct {
	T *testing.T
	*service.Service
	Store     *Memory
	Keys      *Keys
	Messenger *Messenger
	Directory *Directory
	Worker    *worker.Worker
}

// InEnv runs f in a bubble whose clock jumps, beside a running worker.
func InEnv(t *testing.T, f func(e *Env), edit ...func(*policy.Policy)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e := NewEnv(t, Policy(edit...))
		e.Run(func() { f(e) })
	})
}

// NewEnv returns an Env with the policy, whose worker does not run yet.
func NewEnv(t *testing.T, p policy.Policy) *Env {
	e := &Env{
		T: t, Store: &Memory{}, Keys: &Keys{Now: time.Now},
		Messenger: &Messenger{}, Directory: &Directory{},
	}
	e.Directory.Set(policy.Member, Alice, Bob, Dana, Carol)
	e.Directory.Set(policy.Guest, Gil)
	e.Worker = worker.NewWorker(Orgs(p), e.Store, e.Keys.Of, e.Messenger, e.Directory, time.Now, slog.New(slog.NewTextHandler(io.Discard, nil)))
	e.Service = &service.Service{
		Store: e.Store, Directory: e.Directory, Orgs: Orgs(p), Now: time.Now, NewID: approval.NewID, Wake: e.Worker.Wake,
	}
	return e
}

// Run lets the worker work while f runs.
func (e *Env) Run(f func()) {
	ctx, stop := context.WithCancel(e.T.Context())
	done := make(chan struct{})
	go func() { defer close(done); e.Worker.Run(ctx) }()
	f()
	stop()
	<-done
}

// SetGroups puts people into their groups.
func (e *Env) SetGroups() {
	e.Directory.Set(policy.Member, Frank, Grace, Heidi, Ivan)
	e.Directory.SetGroup(Platform, Frank, Heidi)
	e.Directory.SetGroup(Security, Grace, Heidi)
	e.Directory.SetGroup(Managers, Ivan)
	e.Directory.SetGroup(OnCall, Carol)
}

// SetProjects gives the organization two projects, and the service a cache of them.
func (e *Env) SetProjects() *service.ProjectCache {
	e.Keys.Have("org", Payments, Search)
	e.Projects = &service.ProjectCache{KeysOf: e.Keys.Of, Now: time.Now}
	return e.Projects
}

// Advance lets d pass, and everything happen that happens in it.
func (e *Env) Advance(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// WaitIdle lets everything happen that is due.
func (e *Env) WaitIdle() { e.Advance(time.Second) }

// Stored returns the request as it is on disk.
func (e *Env) Stored(id policy.ID) approval.Request {
	e.T.Helper()
	r, err := e.Store.Get(e.T.Context(), id)
	require.NoError(e.T, err)
	return r
}

// Submitted returns a pending request of Alice's.
func (e *Env) Submitted() policy.ID {
	e.T.Helper()
	r, err := e.Submit(e.T.Context(), As(Alice), Form())
	require.NoError(e.T, err)
	e.WaitIdle()
	return r.ID
}

// SubmittedBy returns a pending request, of the n-th form of that user.
func (e *Env) SubmittedBy(user policy.UserID, n int) policy.ID {
	e.T.Helper()
	r, err := e.Submit(e.T.Context(), As(user), Form(func(f *policy.Form) { f.IdempotencyKey = fmt.Sprintf("form %d", n) }))
	require.NoError(e.T, err)
	return r.ID
}

// Approved returns an approved request of Alice's.
func (e *Env) Approved() policy.ID {
	e.T.Helper()
	id := e.Submitted()
	_, err := e.Approve(e.T.Context(), As(Bob), id)
	require.NoError(e.T, err)
	e.WaitIdle()
	return id
}

// Delivered returns a request of Alice's whose key was shown.
func (e *Env) Delivered() policy.ID {
	e.T.Helper()
	id := e.Approved()
	_, err := e.Issue(e.T.Context(), As(Alice), id)
	require.NoError(e.T, err)
	e.WaitIdle()
	e.RequireState(id, approval.StateDelivered)
	return id
}

// Active returns the request of an active key of Alice's.
func (e *Env) Active() policy.ID {
	e.T.Helper()
	id := e.Delivered()
	_, err := e.Confirm(e.T.Context(), As(Alice), id)
	require.NoError(e.T, err)
	e.WaitIdle()
	return id
}

// ActiveFor is Active with the given lifetime, which the policy then allows, and
// edits of the form.
func (e *Env) ActiveFor(lifetime time.Duration, edit ...func(*policy.Form)) policy.ID {
	e.T.Helper()
	e.Orgs[0].Policy.Lifetimes = append(e.Orgs[0].Policy.Lifetimes, lifetime)
	r, err := e.Submit(e.T.Context(), As(Alice), Form(append(edit, func(f *policy.Form) { f.Lifetime = lifetime })...))
	require.NoError(e.T, err)
	_, err = e.Approve(e.T.Context(), As(Bob), r.ID)
	require.NoError(e.T, err)
	_, err = e.Issue(e.T.Context(), As(Alice), r.ID)
	require.NoError(e.T, err)
	e.WaitIdle()
	_, err = e.Confirm(e.T.Context(), As(Alice), r.ID)
	require.NoError(e.T, err)
	e.WaitIdle()
	e.RequireState(r.ID, approval.StateActive)
	return r.ID
}

// RequireState requires the state on disk, and that every message shows it, except
// the event posts, which are posted once.
func (e *Env) RequireState(id policy.ID, want approval.State) approval.Request {
	e.T.Helper()
	r := e.Stored(id)
	require.Equal(e.T, want, r.State)
	for _, m := range e.Messenger.Messages(id) {
		if m.Name.IsEvent() {
			require.Equal(e.T, 1, m.Synced, "%s is posted once", m.Name)
			continue
		}
		isOutOfReach := !m.Name.ToApprovers() && !r.OwnerDeactivatedAt.IsZero() // synced when the owner is reactivated
		isCurrent := slices.Contains(r.Messages, m.Name) && m.At.TS == r.MessageRefs[m.Name].TS
		if isCurrent && !isOutOfReach {
			require.Equal(e.T, r.Version, m.Request.Version, "%s shows an old version", m.Name)
		}
	}
	return r
}

// RequireLastShownKeyOnly requires that one key exists, with its access list, and
// that it is the one whose private half was shown last.
func (e *Env) RequireLastShownKeyOnly() {
	e.T.Helper()
	alive, shown := e.Keys.Alive(), e.Messenger.Revealed()
	require.Len(e.T, alive, 1)
	require.True(e.T, alive[0].Restricted)
	require.NotEmpty(e.T, shown)
	require.Equal(e.T, alive[0].ID, shown[len(shown)-1].Key.ID)
}

// RequireNoKeys requires that no key exists.
func (e *Env) RequireNoKeys() {
	e.T.Helper()
	require.Empty(e.T, e.Keys.Alive())
}

// HasMessage reports whether people see a message of that name.
func (e *Env) HasMessage(id policy.ID, name approval.MessageName) bool {
	return slices.ContainsFunc(e.Messenger.Messages(id), func(m Message) bool { return m.Name == name })
}

// CountEvents counts the entries of an event in the audit trail.
func (e *Env) CountEvents(on approval.Event) int {
	n := 0
	for _, entry := range e.Store.Entries() {
		if entry.Event == on {
			n++
		}
	}
	return n
}
