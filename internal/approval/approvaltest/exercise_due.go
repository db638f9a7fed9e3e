package approvaltest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
)

var waiting = map[string]contract{
	"nothing comes due in an empty store":                   nothingComes,
	"it is the earliest of all that is due":                 earliestDue,
	"it is a sync if that is earlier than the work":         syncDue,
	"what is leased comes due when its lease ends":          leasedDue,
	"what was put off comes due at the time it was put off": putOffDue,
	"nothing comes due when all is done":                    allDone,
}

// nextDue wants the store to have something at that time; zero is never.
func nextDue(t *testing.T, s approval.Store, want time.Time) {
	t.Helper()
	got, err := s.NextDue(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func nothingComes(t *testing.T, s approval.Store) { nextDue(t, s, time.Time{}) }

func earliestDue(t *testing.T, s approval.Store) {
	markSynced(t, s, create(t, s, named("AKR-LATER"), due(Epoch.Add(3*time.Hour))))
	markSynced(t, s, create(t, s, named("AKR-FIRST"), due(inAnHour)))
	markSynced(t, s, create(t, s, named("AKR-NEVER"), due(time.Time{})))
	nextDue(t, s, inAnHour)
}

func syncDue(t *testing.T, s approval.Store) {
	create(t, s)
	nextDue(t, s, Epoch)
}

func leasedDue(t *testing.T, s approval.Store) {
	r := create(t, s)
	markSynced(t, s, r)
	claim(t, s, inAnHour)
	nextDue(t, s, inAnHour.Add(lease))

	other := create(t, s, named("AKR-OTHER"), due(inAnHour.Add(time.Second)))
	markSynced(t, s, other)
	nextDue(t, s, inAnHour.Add(time.Second)) // not leased, and earlier
	require.NoError(t, s.ReleaseWork(t.Context(), r.ID, r.Version, time.Time{}))
	nextDue(t, s, inAnHour)

	r = move(t, s, r)
	claimSync(t, s, Epoch.Add(time.Minute))
	nextDue(t, s, Epoch.Add(time.Minute+lease))
}

func putOffDue(t *testing.T, s approval.Store) {
	r := create(t, s)
	require.NoError(t, s.ReleaseSync(t.Context(), r.ID, r.Version, Epoch.Add(5*time.Second), nil))
	nextDue(t, s, Epoch.Add(5*time.Second))
	markSynced(t, s, r)
	claim(t, s, inAnHour)
	require.NoError(t, s.ReleaseWork(t.Context(), r.ID, r.Version, inAnHour.Add(5*time.Second)))
	nextDue(t, s, inAnHour.Add(5*time.Second))
}

func allDone(t *testing.T, s approval.Store) {
	r := create(t, s)
	next, e := approve(r)
	next.State, e.To, e.Event, next.ExpiresAt = approval.StateWithdrawn, approval.StateWithdrawn, approval.EventWithdraw, time.Time{}
	r, err := s.Move(t.Context(), next, e)
	require.NoError(t, err)
	markSynced(t, s, r)
	nextDue(t, s, time.Time{})
}
