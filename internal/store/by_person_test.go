package store

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
)

// What is over is never read to count or list what one person has open: every
// query finds its rows by an index that begins with the person, and none scans.
func TestQueriesOfOnePersonUseAnIndex(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), "sqlite:"+t.TempDir()+"/bot.db", Options{})
	require.NoError(t, err)
	defer s.Close()
	for name, query := range map[string]string{
		"open requests": `SELECT id FROM request WHERE requester = 'U_bo' AND ` + openOrLive + ` ORDER BY asked_at DESC, id LIMIT 100`,
		"live keys":     `SELECT COUNT(*) FROM request WHERE requester = 'U_bo' AND ` + stateIn(approval.Delivered, approval.Active),
		"the last hour": `SELECT COUNT(*) FROM request WHERE requester = 'U_bo' AND asked_at > 1 AND org = 'o'`,
		"the newest":    `SELECT id FROM request WHERE requester = 'U_bo' ORDER BY asked_at DESC, id LIMIT 100`,
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
		if name == "the newest" {
			assert.NotContains(t, strings.Join(plan, "\n"), "USE TEMP B-TREE FOR ORDER BY", "%s: all would be sorted", name)
		}
	}
}
