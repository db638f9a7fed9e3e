package approvaltest

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

var creating = map[string]contract{
	"a new request has version 1 and is there":                   newRequest,
	"a form sent twice returns the first request":                formSentTwice,
	"of a form sent by many at once one request is made":         formSentByMany,
	"a request may come back with its own id and origin":         sameRequestTwice,
	"an id that another request has is refused":                  idTaken,
	"a request without a time in its audit line is refused":      createWithoutTime,
	"a version, and places, that the caller made up are ignored": madeUpVersion,
}

func newRequest(t *testing.T, s approval.Store) {
	r := asked()
	created, err := s.Create(t.Context(), r, submitted(r))
	require.NoError(t, err)
	require.EqualValues(t, 1, created.Version)

	want := r
	want.Version = 1
	want.MessageRefs = map[approval.MessageName]approval.MessageRef{}
	require.Equal(t, want, created)
	got, err := s.Get(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func formSentTwice(t *testing.T, s approval.Store) {
	first := create(t, s)
	first = move(t, s, first)

	again := asked(func(r *approval.Request) { r.ID, r.Reason = "AKR-00002", "another reason" })
	got, err := s.Create(t.Context(), again, submitted(again))
	require.ErrorIs(t, err, approval.ErrDuplicate)
	require.Equal(t, first, got, "the first request, as it is now")
	_, err = s.Get(t.Context(), again.ID)
	require.ErrorIs(t, err, approval.ErrNotFound)
	require.Len(t, trail(t, s), 2, "submit and approve; the second form leaves no line")
}

func formSentByMany(t *testing.T, s approval.Store) {
	var made atomic.Int32
	var ids sync.Map
	var wg sync.WaitGroup
	for i := range racers {
		wg.Go(func() {
			r := asked(func(r *approval.Request) { r.ID = policy.ID("AKR-0000" + string(rune('A'+i))) })
			got, err := s.Create(t.Context(), r, submitted(r))
			ids.Store(got.ID, true)
			if err == nil {
				made.Add(1)
				return
			}
			assert.ErrorIs(t, err, approval.ErrDuplicate)
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, made.Load())
	seen := 0
	ids.Range(func(any, any) bool { seen++; return true })
	require.Equal(t, 1, seen, "all of them get the same request")
	require.Len(t, trail(t, s), 1)
}

func sameRequestTwice(t *testing.T, s approval.Store) {
	first := create(t, s)
	got, err := s.Create(t.Context(), asked(), submitted(asked()))
	require.ErrorIs(t, err, approval.ErrDuplicate, "the form counts before the id")
	require.Equal(t, first, got)
}

func idTaken(t *testing.T, s approval.Store) {
	first := create(t, s)
	other := asked(func(r *approval.Request) { r.IdempotencyKey, r.Reason = "form-2", "another request" })
	_, err := s.Create(t.Context(), other, submitted(other))
	require.ErrorIs(t, err, approval.ErrIDTaken)
	got, err := s.Get(t.Context(), first.ID)
	require.NoError(t, err)
	require.Equal(t, first, got, "it changed nothing")
	require.Len(t, trail(t, s), 1)
}

func createWithoutTime(t *testing.T, s approval.Store) {
	e := submitted(asked())
	e.At = time.Time{}
	_, err := s.Create(t.Context(), asked(), e)
	require.Error(t, err)
	_, err = s.Get(t.Context(), asked().ID)
	require.ErrorIs(t, err, approval.ErrNotFound, "there is no request without its audit line")
}

func madeUpVersion(t *testing.T, s approval.Store) {
	r := create(t, s, func(r *approval.Request) {
		r.Version = 41
		r.MessageRefs = map[approval.MessageName]approval.MessageRef{approval.CardMessage: {Channel: "C1", TS: "1.1"}}
	})
	require.EqualValues(t, 1, r.Version)
	require.Empty(t, r.MessageRefs)
}
