package approvaltest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
)

var auditing = map[string]contract{
	"an empty store has an empty trail":                       emptyTrail,
	"everything done and refused is there, oldest first":      wholeTrail,
	"a refused attempt changes nothing but the trail":         refusedEntry,
	"a line about a request that is not there is kept":        entryOfNothing,
	"a line without a time is refused":                        entryWithoutTime,
	"reading stops at the first error, which comes back":      trailStops,
	"the store can be used while its trail is read":           trailYields,
	"a long trail is read whole":                              longTrail,
	"lines written by many at once all have their own number": manyEntries,
}

// refused is the audit line of a stranger's press.
func refused() approval.AuditEntry {
	return approval.AuditEntry{
		At: Epoch.Add(30 * time.Second), Org: asked().Org, Request: asked().ID, Event: approval.EventApprove,
		From: approval.StatePending, To: approval.StatePending, By: "U_cy", Note: "from the card", Refused: "not_approver", Key: "abcdefgh", KeyID: "0123456789abcdef01234567",
	}
}

func emptyTrail(t *testing.T, s approval.Store) { require.Empty(t, trail(t, s)) }

func wholeTrail(t *testing.T, s approval.Store) {
	r := create(t, s)
	require.NoError(t, s.Record(t.Context(), refused()))
	move(t, s, r)

	got := trail(t, s)
	require.Len(t, got, 3)
	require.Less(t, got[0].Seq, got[1].Seq)
	require.Less(t, got[1].Seq, got[2].Seq)
	for i := range got {
		got[i].Seq, got[i].Prev, got[i].Hash = 0, "", ""
	}
	require.Equal(t, []approval.AuditEntry{
		{At: Epoch, Org: r.Org, Request: "AKR-00001", Event: "submit", From: "", To: "pending", By: "U_bo"},
		{At: Epoch.Add(30 * time.Second), Org: r.Org, Request: "AKR-00001", Event: "approve", From: "pending", To: "pending", By: "U_cy", Note: "from the card", Refused: "not_approver", Key: "abcdefgh", KeyID: "0123456789abcdef01234567"},
		{At: Epoch.Add(time.Minute), Org: r.Org, Request: "AKR-00001", Event: "approve", From: "pending", To: "approved", By: "U_ana"},
	}, got)
}

func refusedEntry(t *testing.T, s approval.Store) {
	r := create(t, s)
	markSynced(t, s, r)
	require.NoError(t, s.Record(t.Context(), refused()))
	got, err := s.Get(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, r, got)
	noSync(t, s, inAnHour)
}

func entryOfNothing(t *testing.T, s approval.Store) {
	e := refused()
	e.Request = ""
	require.NoError(t, s.Record(t.Context(), e))
	require.Len(t, trail(t, s), 1)
}

func entryWithoutTime(t *testing.T, s approval.Store) {
	e := refused()
	e.At = time.Time{}
	require.Error(t, s.Record(t.Context(), e))
	require.Empty(t, trail(t, s))
}

func trailStops(t *testing.T, s approval.Store) {
	for range 3 {
		require.NoError(t, s.Record(t.Context(), refused()))
	}
	enough := errors.New("enough")
	seen := 0
	err := s.Audit(t.Context(), func(approval.AuditEntry) error {
		seen++
		if seen == 2 {
			return enough
		}
		return nil
	})
	require.ErrorIs(t, err, enough)
	require.Equal(t, 2, seen)
}

func trailYields(t *testing.T, s approval.Store) {
	r := create(t, s)
	seen := 0
	require.NoError(t, s.Audit(t.Context(), func(e approval.AuditEntry) error {
		seen++
		_, err := s.Get(t.Context(), r.ID)
		return err
	}))
	require.Equal(t, 1, seen)
}

func longTrail(t *testing.T, s approval.Store) {
	const many = 1200
	for i := range many {
		e := refused()
		e.At = Epoch.Add(time.Duration(i) * time.Second)
		e.Seq = 7 // the store numbers lines
		require.NoError(t, s.Record(t.Context(), e))
	}
	got := trail(t, s)
	require.Len(t, got, many)
	for i, e := range got {
		require.Equal(t, Epoch.Add(time.Duration(i)*time.Second), e.At)
	}
}

func manyEntries(t *testing.T, s approval.Store) {
	var wg sync.WaitGroup
	for range racers {
		wg.Go(func() { assert.NoError(t, s.Record(t.Context(), refused())) })
	}
	wg.Wait()
	numbers := map[int64]bool{}
	for _, e := range trail(t, s) {
		numbers[e.Seq] = true
	}
	require.Len(t, numbers, racers)
}
