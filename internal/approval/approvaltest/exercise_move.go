package approvaltest

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
)

var moving = map[string]contract{
	"a move stores the request one version higher, and its audit line": moveStores,
	"of many moves of one version one wins, the others get its result": oneWinner,
	"a move out of a state that is over changes nothing":               staleState,
	"a move of an old version changes nothing, also in the same state": staleVersion,
	"a move of a version that is yet to come changes nothing":          futureVersion,
	"a move of a request that is not there says so":                    moveNothing,
	"a move without a time in its audit line changes nothing":          moveWithoutTime,
	"a move does not touch places":                                     movePlaces,
	"what the caller does to a request later changes nothing stored":   noSharedMemory,
}

func moveStores(t *testing.T, s approval.Store) {
	r := create(t, s)
	next, e := approve(r)
	moved, err := s.Move(t.Context(), next, e)
	require.NoError(t, err)

	want := next
	want.Version = 2
	require.Equal(t, want, moved)
	got, err := s.Get(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Len(t, trail(t, s), 2)
}

func oneWinner(t *testing.T, s approval.Store) {
	r := create(t, s)
	var won atomic.Int32
	var wg sync.WaitGroup
	for range racers {
		wg.Go(func() {
			next, e := approve(r)
			got, err := s.Move(t.Context(), next, e)
			assert.Equal(t, approval.StateApproved, got.State)
			assert.EqualValues(t, 2, got.Version)
			if err == nil {
				won.Add(1)
				return
			}
			assert.ErrorIs(t, err, approval.ErrConflict)
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, won.Load())
	require.Len(t, trail(t, s), 2, "the losers left no line")
}

func staleState(t *testing.T, s approval.Store) {
	r := create(t, s)
	moved := move(t, s, r)
	next, e := approve(r) // from pending
	next.Version = moved.Version
	conflict(t, s, next, e, moved)
}

func staleVersion(t *testing.T, s approval.Store) {
	r := move(t, s, create(t, s))
	next, e := approve(r) // from approved to approved: a note
	moved, err := s.Move(t.Context(), next, e)
	require.NoError(t, err)
	next.Reason = "overwritten"
	conflict(t, s, next, e, moved)
}

func futureVersion(t *testing.T, s approval.Store) {
	r := create(t, s)
	next, e := approve(r)
	next.Version++
	conflict(t, s, next, e, r)
}

// conflict wants a Move to change nothing and to return what is there.
func conflict(t *testing.T, s approval.Store, next approval.Request, e approval.AuditEntry, there approval.Request) {
	t.Helper()
	lines := len(trail(t, s))
	got, err := s.Move(t.Context(), next, e)
	require.ErrorIs(t, err, approval.ErrConflict)
	require.Equal(t, there, got)
	got, err = s.Get(t.Context(), next.ID)
	require.NoError(t, err)
	require.Equal(t, there, got)
	require.Len(t, trail(t, s), lines)
}

func moveNothing(t *testing.T, s approval.Store) {
	next, e := approve(asked())
	next.Version = 1
	_, err := s.Move(t.Context(), next, e)
	require.ErrorIs(t, err, approval.ErrNotFound)
	require.Empty(t, trail(t, s))
}

func moveWithoutTime(t *testing.T, s approval.Store) {
	r := create(t, s)
	next, e := approve(r)
	e.At = time.Time{}
	_, err := s.Move(t.Context(), next, e)
	require.Error(t, err)
	require.NotErrorIs(t, err, approval.ErrConflict)
	got, err := s.Get(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, r, got)
}

func movePlaces(t *testing.T, s approval.Store) {
	r := create(t, s)
	card := approval.MessageRef{Channel: "C1", TS: "1772442000.000100", Digest: "d1"}
	require.NoError(t, s.SaveMessageRef(t.Context(), r.ID, approval.CardMessage, card))

	r.MessageRefs = map[approval.MessageName]approval.MessageRef{approval.CardMessage: {Channel: "elsewhere"}, approval.RequestedMessage: {TS: "1"}}
	want := map[approval.MessageName]approval.MessageRef{approval.CardMessage: card}
	require.Equal(t, want, move(t, s, r).MessageRefs, "a winner gets the places that are stored")
	next, e := approve(r)
	got, err := s.Move(t.Context(), next, e)
	require.ErrorIs(t, err, approval.ErrConflict)
	require.Equal(t, want, got.MessageRefs, "and so does a loser")
}

func noSharedMemory(t *testing.T, s approval.Store) {
	r := create(t, s)
	want := deepCopy(r)
	r.Messages[0] = "scribbled"
	r.MessageRefs["scribbled"] = approval.MessageRef{}
	got, err := s.Get(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, want, got)
	got.Messages[0] = "scribbled"
	again, err := s.Get(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, want, again)
}
