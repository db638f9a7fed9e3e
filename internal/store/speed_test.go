package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/store"
)

// BenchmarkMove changes requests, each writer its own.
func BenchmarkMove(b *testing.B) {
	for _, writers := range []int{1, 8, 32} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s := filled(b, 100)
			var left atomic.Int64
			left.Store(int64(b.N))
			requests := make([]approval.Request, writers)
			for i := range requests {
				requests[i] = add(b, s, fmt.Sprintf("AKR-W%04d", i), approval.StateActive)
			}
			b.ResetTimer()
			var writing errgroup.Group
			for _, r := range requests {
				writing.Go(func() (err error) {
					for left.Add(-1) >= 0 && err == nil {
						r, err = s.Move(b.Context(), r, approval.AuditEntry{At: approvaltest.Epoch, Org: r.Org, Request: r.ID, Event: approval.EventTransfer, From: r.State, To: r.State})
					}
					return err
				})
			}
			require.NoError(b, writing.Wait())
		})
	}
}

// What the worker and the Home tab read does not depend on how many requests are over.
func BenchmarkRead(b *testing.B) {
	for _, finished := range []int{100, 10_000, 100_000} {
		s := filled(b, finished)
		for i := range 20 {
			add(b, s, fmt.Sprintf("AKR-A%04d", i), approval.StateActive)
			add(b, s, fmt.Sprintf("AKR-P%04d", i), approval.StatePending)
		}
		now := approvaltest.Epoch.Add(time.Minute)
		for name, read := range map[string]func(context.Context) error{
			"claim and release": func(ctx context.Context) error {
				r, err := s.ClaimSync(ctx, now, now.Add(time.Minute))
				if err != nil {
					return err
				}
				return s.ReleaseSync(ctx, r.ID, r.Version, approvaltest.Epoch, nil)
			},
			"claim of nothing": func(ctx context.Context) error {
				_, err := s.ClaimWork(ctx, now, now.Add(time.Minute), approval.StateRevoking)
				if errors.Is(err, approval.ErrNothingDue) {
					return nil
				}
				return err
			},
			"next due":   func(ctx context.Context) error { _, err := s.NextDue(ctx); return err },
			"active":     func(ctx context.Context) error { _, err := s.ListActive(ctx); return err },
			"pending":    func(ctx context.Context) error { _, err := s.ListPending(ctx); return err },
			"successors": func(ctx context.Context) error { _, err := s.Successors(ctx, "AKR-A0001"); return err },
			"record": func(ctx context.Context) error {
				return s.Record(ctx, approval.AuditEntry{At: now, Event: approval.EventApprove, Refused: "not_approver"})
			},
			"page": func(ctx context.Context) error {
				_, _, err := s.PageByRequester(ctx, "U_bo", approval.Cursor{}, 20)
				return err
			},
		} {
			b.Run(fmt.Sprintf("%s/finished=%d", name, finished), func(b *testing.B) {
				for b.Loop() {
					require.NoError(b, read(b.Context()))
				}
			})
		}
	}
}

// BenchmarkOpen is how long a start waits for the database.
func BenchmarkOpen(b *testing.B) {
	for _, finished := range []int{100, 100_000} {
		b.Run(fmt.Sprintf("finished=%d", finished), func(b *testing.B) {
			s := filled(b, finished)
			path := s.Path()
			require.NoError(b, s.Close())
			for b.Loop() {
				s, err := store.Open(b.Context(), "sqlite:"+path, store.Options{})
				require.NoError(b, err)
				require.NoError(b, s.Close())
			}
		})
	}
}

// filled is a database with so many requests that are over, of two hundred people.
func filled(b *testing.B, finished int) *store.Store {
	b.Helper()
	s, err := store.Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "bot.db"), store.Options{})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, s.Close()) })
	_, err = s.DB().ExecContext(b.Context(), `
		WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < $1 - 1)
		INSERT INTO request (id, org, kind, state, version, requester, idempotency_key, requested_at, work_at, sync_at, awaiting_review, predecessor, new_key, body)
		SELECT printf('AKR-%06d', i), 'o', 'api_key', 'ended', 1, CASE WHEN i % 200 = 0 THEN 'U_bo' ELSE 'U' || (i % 200) END, printf('old-%d', i), 1000000 + i, 0, 0, 0, '', 1,
			json_object('id', printf('AKR-%06d', i), 'reason', printf('%.1000c', 'x'))
		FROM n`, finished)
	require.NoError(b, err)
	return s
}

// add creates a request in a state.
func add(b *testing.B, s *store.Store, id string, state approval.State) approval.Request {
	b.Helper()
	r := asked(policy.ID(id))
	r.State = state
	r, err := s.Create(b.Context(), r, submitted(r))
	require.NoError(b, err)
	return r
}

// BenchmarkHome reads what the Home tab of an approver shows, with 5,000 active keys and
// 1,000 pending requests.
func BenchmarkHome(b *testing.B) {
	for _, finished := range []int{100, 100_000} {
		s := filled(b, finished)
		for state, n := range map[approval.State]int{approval.StateActive: 5000, approval.StatePending: 1000} {
			_, err := s.DB().ExecContext(b.Context(), `
				WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < $1 - 1)
				INSERT INTO request (id, org, kind, state, version, requester, idempotency_key, requested_at, work_at, sync_at, awaiting_review, predecessor, new_key, key_expires_at, roles, body)
				SELECT printf('AKR-%s%06d', $2, i), 'o', 'api_key', $2, 1, 'U' || i, printf('%s-%d', $2, i), 2000000 + i, 9000000 + i, 0, 0, '', 1, 9000000 + i, ' ORG_MEMBER ',
					json_object('id', printf('AKR-%s%06d', $2, i), 'reason', printf('%.1000c', 'x'))
				FROM n`, n, state)
			require.NoError(b, err)
		}
		for name, which := range map[string]approval.KeySearch{
			"all":       {},
			"of a role": {Role: "ORG_MEMBER"},
			"expiring":  {ExpiresBy: time.UnixMilli(9_000_100)},
		} {
			which.Orgs = []policy.OrgID{"o"}
			b.Run(fmt.Sprintf("%s/finished=%d", name, finished), func(b *testing.B) {
				for b.Loop() {
					_, err := s.OpenByRequester(b.Context(), "U_bo")
					require.NoError(b, err)
					_, _, err = s.PageActive(b.Context(), which, 0, 10)
					require.NoError(b, err)
					_, _, err = s.PagePending(b.Context(), approval.Cursor{}, 50)
					require.NoError(b, err)
					_, err = s.AwaitingReview(b.Context())
					require.NoError(b, err)
				}
			})
		}
	}
}
