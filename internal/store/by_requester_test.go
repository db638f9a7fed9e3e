package store

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// Every query finds its rows by an index that begins with the requester, and none
// scans the table.
func TestRequesterQueriesUseIndex(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), "sqlite:"+t.TempDir()+"/bot.db", Options{})
	require.NoError(t, err)
	defer s.Close()
	for name, query := range map[string]string{
		"open requests": `SELECT id FROM request WHERE requester = 'U_bo' AND ` + openOrLive + ` ORDER BY requested_at DESC, id LIMIT 100`,
		"live keys":     `SELECT COUNT(*) FROM request WHERE requester = 'U_bo' AND ` + stateIn(approval.StateDelivered, approval.StateActive),
		"the last hour": `SELECT COUNT(*) FROM request WHERE requester = 'U_bo' AND requested_at > 1 AND org = 'o'`,
		"the newest":    withArgs(firstPage),
		"older ones":    withArgs(olderPage),
		"newer ones":    withArgs(newerPage),
		"successors":    `SELECT id FROM request WHERE predecessor = 'AKR-00001' AND predecessor <> ''`,
	} {
		rows, err := s.db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query)
		require.NoError(t, err)
		var plan []string
		for rows.Next() {
			var id, parent, unused int
			var detail string
			require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
			plan = append(plan, detail)
		}
		require.NoError(t, rows.Err())
		require.NoError(t, rows.Close())
		require.NotEmpty(t, plan, name)
		assert.Contains(t, plan[0], "SEARCH request USING", name)
		assert.False(t, strings.HasPrefix(plan[0], "SCAN"), name)
		if strings.Contains(query, "LIMIT 21") {
			assert.Len(t, plan, 1, "%s: more than the page would be read and sorted: %s", name, plan)
			assert.Contains(t, plan[0], "COVERING INDEX request_by_requester", name)
		}
	}
}

// withArgs inserts arguments into a page's query.
func withArgs(page string) string {
	return strings.NewReplacer("$1", "'U_bo'", "$2", "21", "$3", "1000", "$4", "'AKR-00001'").Replace(page)
}

// A person has 20,000 requests, a thousand of each millisecond (a tenth of that
// with -short). TestRequesterQueriesUseIndex checks what a page reads.
func TestPageByRequesterReachesAllRequests(t *testing.T) {
	t.Parallel()
	all := 20_000
	if testing.Short() {
		all = 2_000
	}
	const page = 20
	perMillisecond := all / 20
	s, err := Open(t.Context(), "sqlite:"+t.TempDir()+"/bot.db", Options{})
	require.NoError(t, err)
	defer s.Close()
	_, err = s.db.ExecContext(t.Context(), `
		WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < $1 - 1)
		INSERT INTO request (id, org, kind, state, version, requester, idempotency_key, requested_at, work_at, sync_at, awaiting_review, predecessor, new_key, body)
		SELECT printf('AKR-%05d', i), 'o', 'api_key', 'denied', 1, 'U_bo', printf('form-%d', i), 1000000 + i / $2, 0, 0, 0, '', 1,
			json_object('id', printf('AKR-%05d', i), 'requester', 'U_bo', 'requested_at', strftime('%Y-%m-%dT%H:%M:%fZ', (1000000 + i / $2) / 1000.0, 'unixepoch'))
		FROM n`, all, perMillisecond)
	require.NoError(t, err)
	var there []policy.ID
	var at approval.Cursor
	for {
		found, more, err := s.PageByRequester(t.Context(), "U_bo", at, page)
		require.NoError(t, err)
		require.Len(t, found, page)
		for _, r := range found {
			there = append(there, r.ID)
		}
		at = cursorAt(found[len(found)-1])
		if !more {
			break
		}
	}
	require.Len(t, there, all)
	require.Equal(t, policy.ID(fmt.Sprintf("AKR-%05d", all-perMillisecond)), there[0], "the first of the newest millisecond")
	require.Equal(t, policy.ID(fmt.Sprintf("AKR-%05d", perMillisecond-1)), there[all-1], "the last of the oldest")
	seen := map[policy.ID]bool{}
	for _, id := range there {
		seen[id] = true
	}
	require.Len(t, seen, all)
	for n := all - 1; n > 0; n -= page {
		at.Newer = true
		found, more, err := s.PageByRequester(t.Context(), "U_bo", at, page)
		require.NoError(t, err)
		require.Equal(t, there[n-len(found)], found[0].ID)
		require.Equal(t, n > page, more)
		at = cursorAt(found[0])
	}
	require.Equal(t, there[0], at.ID)
}

// cursorAt is the place of r in the list.
func cursorAt(r approval.Request) approval.Cursor {
	return approval.Cursor{RequestedAt: r.RequestedAt, ID: r.ID}
}
