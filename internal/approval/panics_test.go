package approval_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
)

// A logBuffer keeps what is logged.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

const panicked = "xoxb-a-secret-in-a-panic"

// A panic in one request's work, whatever it was about, ends that work alone: it
// is logged without what panicked, the process goes on, others are served, and
// the request is tried again with growing pauses.
func TestPanicIsIsolated(t *testing.T) {
	t.Parallel()
	for call, start := range map[approvaltest.Call]func(w *world, id policy.ID){
		approvaltest.CallRemove:   func(w *world, id policy.ID) { w.Revoke(w.t.Context(), as(alice), id, "") },
		approvaltest.CallDraw:     func(w *world, id policy.ID) { w.Revoke(w.t.Context(), as(alice), id, "") },
		approvaltest.CallCreate:   func(w *world, id policy.ID) { w.askApproveCollect() },
		approvaltest.CallRestrict: func(w *world, id policy.ID) { w.askApproveCollect() },
		approvaltest.CallReveal:   func(w *world, id policy.ID) { w.askApproveCollect() },
		approvaltest.CallMarked:   func(*world, policy.ID) {},
		approvaltest.CallInspect:  func(*world, policy.ID) {},
		approvaltest.CallAccount:  func(*world, policy.ID) {},
	} {
		t.Run(string(call), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, testPolicy())
				log := &logBuffer{}
				w.worker.Log = slog.New(slog.NewJSONHandler(log, nil))
				w.run(func() {
					id := w.active()
					panics := 0
					explode := func(c approvaltest.Call) {
						if c == call && panics < 3 {
							panics++
							panic(panicked)
						}
					}
					w.keys.SetOnCall(explode)
					w.screens.SetOnCall(explode)
					w.directory.SetOnCall(explode)
					start(w, id)
					other := w.askAs(carol, 7)
					w.pass(2 * time.Hour)
					assert.Positive(t, panics)
					assert.True(t, w.shows(other, approval.CardMessage))
					assert.Contains(t, log.String(), `"level":"ERROR"`)
					assert.Contains(t, log.String(), "panics_test.go", "where it was")
					assert.NotContains(t, log.String(), panicked)
					if call == approvaltest.CallRemove {
						w.is(id, approval.StateEnded)
						assert.Equal(t, 3, strings.Count(log.String(), "the work on a request panicked"))
					}
				})
			})
		})
	}
}

func (w *world) askApproveCollect() {
	w.t.Helper()
	r, err := w.Submit(w.t.Context(), as(alice), form(func(f *policy.Form) { f.IdempotencyKey = "another" }))
	require.NoError(w.t, err)
	_, err = w.Approve(w.t.Context(), as(bob), r.ID)
	require.NoError(w.t, err)
	w.settle()
	_, err = w.Issue(w.t.Context(), as(alice), r.ID)
	require.NoError(w.t, err)
	w.pass(time.Minute)
	w.is(r.ID, approval.StateApproved)
	w.pass(20 * time.Minute)
}
