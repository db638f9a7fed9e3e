package approvaltest

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

var working = map[string]contract{
	"nothing is due in an empty store":                            nothingToWork,
	"work is due at its time and not before":                      workAtItsTime,
	"a request that never needs the worker is never due":          neverDue,
	"only a request in one of the given states is given":          claimInStates,
	"what waits for longer than anything may is due":              claimAfterClockWentBack,
	"a lease that lasts longer than any is over":                  leaseAfterClockWentBack,
	"what is longest past is given first":                         longestPastFirst,
	"of many that claim at once each gets another request":        claimsDoNotMeet,
	"a leased request is given again when the lease is over":      leaseEnds,
	"a released request is due as before":                         releasedIsDue,
	"a release with a time puts the work off, or earlier":         releaseWithTime,
	"a release of an old version ends the lease and nothing else": releaseStale,
	"a move sets the time of the work anew":                       moveSetsWork,
	"a claimed request comes with its places":                     claimHasPlaces,
	"what is not there cannot be released":                        releaseNothing,
}

// inAnHour is when the worker is due for an unedited request.
var inAnHour = Epoch.Add(time.Hour)

const lease = time.Minute

// claim wants the work on a request to be given at now.
func claim(t *testing.T, s approval.Store, now time.Time) policy.ID {
	t.Helper()
	r, err := s.ClaimWork(t.Context(), now, now.Add(lease))
	require.NoError(t, err)
	return r.ID
}

// noWork wants none to be given at now.
func noWork(t *testing.T, s approval.Store, now time.Time) {
	t.Helper()
	_, err := s.ClaimWork(t.Context(), now, now.Add(lease))
	require.ErrorIs(t, err, approval.ErrNothingDue)
}

func nothingToWork(t *testing.T, s approval.Store) { noWork(t, s, inAnHour) }

func workAtItsTime(t *testing.T, s approval.Store) {
	r := create(t, s)
	noWork(t, s, inAnHour.Add(-time.Millisecond))
	got, err := s.ClaimWork(t.Context(), inAnHour, inAnHour.Add(lease))
	require.NoError(t, err)
	require.Equal(t, r, got)
}

func neverDue(t *testing.T, s approval.Store) {
	create(t, s, due(time.Time{}))
	noWork(t, s, Epoch.AddDate(100, 0, 0))
}

func claimInStates(t *testing.T, s approval.Store) {
	create(t, s, named("AKR-FIRST"), due(Epoch.Add(time.Second)))
	r := create(t, s, named("AKR-OTHER"), due(Epoch.Add(2*time.Second)))
	now := Epoch.AddDate(0, 0, 2)
	move(t, s, r)
	got, err := s.ClaimWork(t.Context(), now, now.Add(lease), approval.StateApproved, approval.StateRevoking)
	require.NoError(t, err)
	require.EqualValues(t, "AKR-OTHER", got.ID)
	_, err = s.ClaimWork(t.Context(), now, now.Add(lease), approval.StateApproved, approval.StateRevoking)
	require.ErrorIs(t, err, approval.ErrNothingDue)
	require.EqualValues(t, "AKR-FIRST", claim(t, s, now))
}

// claimAfterClockWentBack: a request whose key is to be deleted waits for ten
// minutes at most, whatever its row says; one that waits for a date does not.
func claimAfterClockWentBack(t *testing.T, s approval.Store) {
	create(t, s, named("AKR-WAITS"), due(inAnHour))
	create(t, s, named("AKR-SOON0"), func(r *approval.Request) {
		r.State, r.Deletion = approval.StateRevoking, approval.Deletion{RetryAt: Epoch.Add(10 * time.Minute)}
	})
	noWork(t, s, Epoch)
	require.EqualValues(t, "AKR-SOON0", claim(t, s, Epoch.Add(-time.Second)))
	noWork(t, s, Epoch.Add(-time.Second))
}

func leaseAfterClockWentBack(t *testing.T, s approval.Store) {
	create(t, s)
	_, err := s.ClaimWork(t.Context(), inAnHour, inAnHour.Add(3*time.Hour))
	require.NoError(t, err)
	claim(t, s, inAnHour)
}

func longestPastFirst(t *testing.T, s approval.Store) {
	create(t, s, named("AKR-BBBBB"), due(Epoch.Add(2*time.Second)))
	create(t, s, named("AKR-CCCCC"), due(Epoch.Add(1*time.Second)))
	create(t, s, named("AKR-AAAAA"), due(Epoch.Add(3*time.Second)))
	create(t, s, named("AKR-LATER"), due(Epoch.Add(time.Hour)))
	now := Epoch.Add(time.Minute)
	require.EqualValues(t, "AKR-CCCCC", claim(t, s, now))
	require.EqualValues(t, "AKR-BBBBB", claim(t, s, now))
	require.EqualValues(t, "AKR-AAAAA", claim(t, s, now))
	noWork(t, s, now)
}

func claimsDoNotMeet(t *testing.T, s approval.Store) {
	for _, id := range []policy.ID{"AKR-AAAAA", "AKR-BBBBB", "AKR-CCCCC"} {
		create(t, s, named(id))
	}
	var mu sync.Mutex
	given := map[policy.ID]int{}
	var wg sync.WaitGroup
	for range racers {
		wg.Go(func() {
			r, err := s.ClaimWork(t.Context(), inAnHour, inAnHour.Add(lease))
			if err != nil {
				assert.ErrorIs(t, err, approval.ErrNothingDue)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			given[r.ID]++
		})
	}
	wg.Wait()
	require.Equal(t, map[policy.ID]int{"AKR-AAAAA": 1, "AKR-BBBBB": 1, "AKR-CCCCC": 1}, given)
}

func leaseEnds(t *testing.T, s approval.Store) {
	create(t, s)
	claim(t, s, inAnHour)
	noWork(t, s, inAnHour.Add(lease-time.Millisecond))
	claim(t, s, inAnHour.Add(lease))
	noWork(t, s, inAnHour.Add(lease))
}

func releasedIsDue(t *testing.T, s approval.Store) {
	r := create(t, s)
	claim(t, s, inAnHour)
	require.NoError(t, s.ReleaseWork(t.Context(), r.ID, r.Version, time.Time{}))
	claim(t, s, inAnHour)
}

func releaseWithTime(t *testing.T, s approval.Store) {
	r := create(t, s)
	claim(t, s, inAnHour)
	later := inAnHour.Add(10 * time.Second)
	require.NoError(t, s.ReleaseWork(t.Context(), r.ID, r.Version, later))
	noWork(t, s, later.Add(-time.Millisecond))
	claim(t, s, later)

	earlier := Epoch.Add(time.Second)
	require.NoError(t, s.ReleaseWork(t.Context(), r.ID, r.Version, earlier))
	claim(t, s, earlier)
}

func releaseStale(t *testing.T, s approval.Store) {
	r := create(t, s)
	claim(t, s, inAnHour)
	moved := move(t, s, r)
	noWork(t, s, inAnHour.Add(lease-time.Millisecond)) // a move does not end a lease
	require.NoError(t, s.ReleaseWork(t.Context(), r.ID, r.Version, inAnHour))
	noWork(t, s, moved.WorkAt().Add(-time.Millisecond))
	claim(t, s, moved.WorkAt())
}

func moveSetsWork(t *testing.T, s approval.Store) {
	r := create(t, s)
	require.NoError(t, s.ReleaseWork(t.Context(), r.ID, r.Version, Epoch))
	moved := move(t, s, r)
	noWork(t, s, moved.WorkAt().Add(-time.Millisecond))
	claim(t, s, moved.WorkAt())
}

func claimHasPlaces(t *testing.T, s approval.Store) {
	r := create(t, s)
	card := approval.MessageRef{Channel: "C1", TS: "1.1", Digest: "d"}
	require.NoError(t, s.SaveMessageRef(t.Context(), r.ID, approval.CardMessage, card))
	got, err := s.ClaimWork(t.Context(), inAnHour, inAnHour.Add(lease))
	require.NoError(t, err)
	require.Equal(t, card, got.MessageRefs[approval.CardMessage])
}

func releaseNothing(t *testing.T, s approval.Store) {
	require.ErrorIs(t, s.ReleaseWork(t.Context(), "AKR-NOONE", 1, Epoch), approval.ErrNotFound)
	require.ErrorIs(t, s.ReleaseSync(t.Context(), "AKR-NOONE", 1, Epoch, nil), approval.ErrNotFound)
	require.ErrorIs(t, s.SaveMessageRef(t.Context(), "AKR-NOONE", approval.CardMessage, approval.MessageRef{}), approval.ErrNotFound)
}
