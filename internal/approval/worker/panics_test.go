package worker_test

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
	for call, start := range map[approvaltest.Call]func(w *env, id policy.ID){
		approvaltest.CallDelete:      func(w *env, id policy.ID) { w.Revoke(w.T.Context(), as(alice), id, "") },
		approvaltest.CallSyncMessage: func(w *env, id policy.ID) { w.Revoke(w.T.Context(), as(alice), id, "") },
		approvaltest.CallCreate:      func(w *env, id policy.ID) { w.submitApproveIssue() },
		approvaltest.CallRestrict:    func(w *env, id policy.ID) { w.submitApproveIssue() },
		approvaltest.CallRevealKey:   func(w *env, id policy.ID) { w.submitApproveIssue() },
		approvaltest.CallListTagged:  func(*env, policy.ID) {},
		approvaltest.CallInspect:     func(*env, policy.ID) {},
		approvaltest.CallDeactivated: func(*env, policy.ID) {},
	} {
		t.Run(string(call), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newEnv(t, testPolicy())
				log := &logBuffer{}
				w.Worker.Log = slog.New(slog.NewJSONHandler(log, nil))
				w.Run(func() {
					id := w.Active()
					panics := 0
					explode := func(c approvaltest.Call) {
						if c == call && panics < 3 {
							panics++
							panic(panicked)
						}
					}
					w.Keys.SetOnCall(explode)
					w.Messenger.SetOnCall(explode)
					w.Directory.SetOnCall(explode)
					start(w, id)
					other := w.SubmittedBy(carol, 7)
					w.Advance(2 * time.Hour)
					assert.Positive(t, panics)
					assert.True(t, w.HasMessage(other, approval.CardMessage))
					assert.Contains(t, log.String(), `"level":"ERROR"`)
					assert.Contains(t, log.String(), "panics_test.go", "where it was")
					assert.NotContains(t, log.String(), panicked)
					if call == approvaltest.CallDelete {
						w.RequireState(id, approval.StateEnded)
						assert.Equal(t, 3, strings.Count(log.String(), "the work on a request panicked"))
					}
				})
			})
		})
	}
}

func (w *env) submitApproveIssue() {
	w.T.Helper()
	r, err := w.Submit(w.T.Context(), as(alice), form(func(f *policy.Form) { f.IdempotencyKey = "another" }))
	require.NoError(w.T, err)
	_, err = w.Approve(w.T.Context(), as(bob), r.ID)
	require.NoError(w.T, err)
	w.WaitIdle()
	_, err = w.Issue(w.T.Context(), as(alice), r.ID)
	require.NoError(w.T, err)
	w.Advance(time.Minute)
	w.RequireState(r.ID, approval.StateApproved)
	w.Advance(20 * time.Minute)
}
