package approvaltest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

var chaining = map[string]contract{
	"what is created, moved and recorded is one chain from the empty hash on": oneChain,
	"a line carries the hash of what was written, with its times as stored":   hashOfWritten,
	"a line's place in the chain is the store's, whatever the caller says":    storesOwnPlace,
	"what was refused or lost a race leaves no gap":                           noGap,
	"many who write at once make one chain":                                   manyWriters,
}

// unbroken follows the trail and returns its lines.
func unbroken(t *testing.T, s approval.Store) []approval.AuditEntry {
	t.Helper()
	all := trail(t, s)
	var c approval.Chain
	for _, e := range all {
		require.NoError(t, c.Next(e))
	}
	return all
}

func oneChain(t *testing.T, s approval.Store) {
	r := create(t, s)
	require.NoError(t, s.Record(t.Context(), refused()))
	move(t, s, r)
	all := unbroken(t, s)
	require.Len(t, all, 3)
	require.Empty(t, all[0].Prev)
	require.Equal(t, all[0].Hash, all[1].Prev)
	require.Equal(t, all[1].Hash, all[2].Prev)
	for _, e := range all {
		require.Regexp(t, `^[0-9a-f]{64}$`, e.Hash)
	}
}

func hashOfWritten(t *testing.T, s approval.Store) {
	e := refused()
	e.At = Epoch.Add(1234567 * time.Microsecond).In(time.FixedZone("far", 3600))
	require.NoError(t, s.Record(t.Context(), e))
	e.Seq, e.At = 1, Epoch.Add(1234*time.Millisecond)
	require.Equal(t, []approval.AuditEntry{e.Linked("")}, unbroken(t, s))
}

func storesOwnPlace(t *testing.T, s approval.Store) {
	e := refused()
	e.Seq, e.Prev, e.Hash = 77, "of", "another"
	require.NoError(t, s.Record(t.Context(), e))
	require.NoError(t, s.Record(t.Context(), e))
	require.Len(t, unbroken(t, s), 2)
}

func noGap(t *testing.T, s approval.Store) {
	r := create(t, s)
	again := asked(named("AKR-00002"))
	again.IdempotencyKey = r.IdempotencyKey
	_, err := s.Create(t.Context(), again, submitted(again))
	require.ErrorIs(t, err, approval.ErrDuplicate)
	next, e := approve(r)
	next.Version++
	_, err = s.Move(t.Context(), next, e)
	require.ErrorIs(t, err, approval.ErrConflict)
	next, e = approve(r)
	e.At = time.Time{}
	_, err = s.Move(t.Context(), next, e)
	require.Error(t, err)

	move(t, s, r)
	all := unbroken(t, s)
	require.Len(t, all, 2)
	require.Equal(t, all[0].Seq+1, all[1].Seq)
}

func manyWriters(t *testing.T, s approval.Store) {
	const requests = 4
	var wg sync.WaitGroup
	for i := range requests {
		r := create(t, s, named(policy.ID(fmt.Sprintf("AKR-0000%d", i))))
		for range racers {
			wg.Go(func() {
				next, e := approve(r)
				if _, err := s.Move(t.Context(), next, e); err != nil {
					assert.ErrorIs(t, err, approval.ErrConflict)
				}
			})
			wg.Go(func() { assert.NoError(t, s.Record(t.Context(), refused())) })
		}
	}
	wg.Wait()
	all := unbroken(t, s)
	require.Len(t, all, requests*(1+1+racers), "submitted, moved once, refused")
	require.EqualValues(t, len(all), all[len(all)-1].Seq, "no number is left out")
}
