package store

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
)

// readsAll are parts of the queries of tables with one row, and of the schema.
var readsAll = []string{"FROM audit_head", "UPDATE audit_head", "FROM sqlite_master", "SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT"}

// Every statement that a running bot prepares finds its rows by an index. The
// statements are those that the connection kept.
func TestEveryQueryUsesIndex(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), "sqlite:"+t.TempDir()+"/bot.db", Options{})
	require.NoError(t, err)
	defer s.Close()
	useEveryMethod(t, s)
	queries := keptStatements(t, s)
	require.Greater(t, len(queries), 25)
	for _, query := range queries {
		if slices.ContainsFunc(readsAll, func(part string) bool { return strings.Contains(query, part) }) {
			continue
		}
		for _, step := range planOf(t, s, query) {
			_, table, scans := strings.Cut(step, "SCAN ")
			if !scans || table == "CONSTANT ROW" || strings.HasPrefix(table, "(subquery") || strings.Contains(table, "USING COVERING INDEX request_by_work") || strings.Contains(table, "USING COVERING INDEX request_by_sync") {
				continue // the index of what is due is read in its order, up to the first that can be used
			}
			assert.Fail(t, "a query reads a whole table", "%s\n%s", step, query)
		}
	}
}

// useEveryMethod runs the queries of all ports.
func useEveryMethod(t *testing.T, s *Store) {
	t.Helper()
	ctx, now := t.Context(), approvaltest.Epoch
	r := approval.Request{
		ID: "AKR-00001", Org: "o", State: approval.StatePending, Requester: "U_bo", IdempotencyKey: "k", RequestedAt: now,
		Type: approval.Rotation, ParentID: "AKR-00000", ExpiresAt: now, Messages: []approval.MessageName{approval.CardMessage},
	}
	e := approval.AuditEntry{At: now, Request: r.ID, Event: approval.EventSubmit, To: r.State}
	r, err := s.Create(ctx, r, e)
	require.NoError(t, err)
	_, err = s.Create(ctx, r, e)
	require.ErrorIs(t, err, approval.ErrDuplicate)
	require.NoError(t, s.SaveMessageRef(ctx, r.ID, approval.CardMessage, approval.MessageRef{TS: "1"}))
	r.Messages, e.From = nil, r.State
	_, err = s.Move(ctx, r, e)
	require.NoError(t, err)
	for _, in := range [][]approval.State{nil, {approval.StatePending}} {
		_, err = s.ClaimWork(ctx, now.Add(-time.Minute), now, in...)
		require.ErrorIs(t, err, approval.ErrNothingDue)
	}
	_, err = s.ClaimSync(ctx, now, now)
	require.ErrorIs(t, err, approval.ErrNothingDue)
	require.NoError(t, s.ReleaseWork(ctx, r.ID, 2, now.Add(time.Hour)))
	require.NoError(t, s.ReleaseSync(ctx, r.ID, 2, now.Add(time.Hour), map[approval.MessageName]string{approval.CardMessage: "d"}))
	list := func(_ any, err error) { t.Helper(); require.NoError(t, err) }
	list(s.NextDue(ctx))
	list(s.Get(ctx, r.ID))
	list(s.ByIdempotencyKey(ctx, "k"))
	list(s.ListByRequester(ctx, "U_bo"))
	list(s.OpenByRequester(ctx, "U_bo"))
	for _, newer := range []bool{false, true} {
		_, _, err = s.PageByRequester(ctx, "U_bo", approval.Cursor{RequestedAt: now, ID: r.ID, Newer: newer}, 10)
		require.NoError(t, err)
	}
	list(s.Successors(ctx, r.ID))
	list(s.ListActive(ctx))
	list(s.ListPending(ctx))
	for _, which := range []approval.KeySearch{{}, {Owner: "U_bo"}, {Role: "ORG_OWNER"}, {ExpiresBy: now}} {
		which.Orgs = []policy.OrgID{"o", "p"}
		_, _, err = s.PageActive(ctx, which, 10, 10)
		require.NoError(t, err)
	}
	_, _, err = s.PagePending(ctx, approval.Cursor{}, 10)
	require.NoError(t, err)
	list(s.AwaitingReview(ctx))
	list(s.Usage(ctx, "U_bo", "o", now))
	require.NoError(t, s.Audit(ctx, func(approval.AuditEntry) error { return nil }))
}

// keptStatements are the texts of the statements that the connection of s prepared.
func keptStatements(t *testing.T, s *Store) []string {
	t.Helper()
	conn, err := s.db.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	var kept []string
	require.NoError(t, conn.Raw(func(c any) error {
		kept = slices.Sorted(maps.Keys(c.(*connection).statements))
		return nil
	}))
	return kept
}

// planOf is how SQLite runs a query.
func planOf(t *testing.T, s *Store, query string) []string {
	t.Helper()
	args := make([]any, 20)
	rows, err := s.db.QueryContext(context.WithoutCancel(t.Context()), "EXPLAIN QUERY PLAN "+query, args...)
	require.NoError(t, err, query)
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
		plan = append(plan, detail)
	}
	require.NoError(t, rows.Err())
	return plan
}
