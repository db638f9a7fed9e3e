package approvaltest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
)

var syncing = map[string]contract{
	"what waits for longer than any sync may is due":             drawAfterClockWentBack,
	"the messages of a new request are due at once":              newIsDue,
	"a request without messages owes none":                       noMessages,
	"nothing is due once everything is in sync":                  allSynced,
	"every message is due again after each move":                 moveOwes,
	"it is still due if the request changed while it was synced": changedMeanwhile,
	"a failed sync is due again at the given time":               drawingPutOff,
	"a failed sync puts off no change made meanwhile":            failedDrawingPutsOffNoChange,
	"a leased sync is given again when the lease is over":        drawingLease,
	"what is due longest is given first":                         owedLongestFirst,
	"a lease on the work is none on the sync":                    leasesAreTwo,
	"what updates show is recorded with the end of the sync":     updatesRecorded,
	"an update of a message that is not there is not recorded":   updateOfNoMessage,
	"the messages of a state that may not last wait a moment":    briefStateWaits,
	"a new message does not wait":                                newMessageDoesNotWait,
	"where a message is comes back with the request":             placesComeBack,
	"a place noted again replaces the one before":                placeReplaced,
	"a message that is no longer listed is forgotten":            unlistedMessageForgotten,
	"noting a place changes no version and writes no audit line": placeIsNoChange,
}

// claimSync wants a sync to be given at now.
func claimSync(t *testing.T, s approval.Store, now time.Time) approval.Request {
	t.Helper()
	r, err := s.ClaimSync(t.Context(), now, now.Add(lease))
	require.NoError(t, err)
	return r
}

// noSync wants none to be given at now.
func noSync(t *testing.T, s approval.Store, now time.Time) {
	t.Helper()
	_, err := s.ClaimSync(t.Context(), now, now.Add(lease))
	require.ErrorIs(t, err, approval.ErrNothingDue)
}

func newIsDue(t *testing.T, s approval.Store) {
	noSync(t, s, Epoch)
	r := create(t, s)
	require.Equal(t, r, claimSync(t, s, Epoch))
}

func noMessages(t *testing.T, s approval.Store) {
	create(t, s, func(r *approval.Request) { r.Messages = nil })
	noSync(t, s, inAnHour)
}

func allSynced(t *testing.T, s approval.Store) {
	r := create(t, s)
	claimSync(t, s, Epoch)
	markSynced(t, s, r)
	noSync(t, s, Epoch.AddDate(100, 0, 0))
}

func moveOwes(t *testing.T, s approval.Store) {
	r := create(t, s)
	markSynced(t, s, r)
	for range 3 {
		r = move(t, s, r)
		require.Equal(t, r, claimSync(t, s, Epoch.Add(time.Minute)))
		markSynced(t, s, r)
		noSync(t, s, inAnHour)
	}
}

func changedMeanwhile(t *testing.T, s approval.Store) {
	r := create(t, s)
	claimSync(t, s, Epoch)
	moved := move(t, s, r)
	noSync(t, s, Epoch.Add(lease-time.Millisecond)) // the lease holds
	markSynced(t, s, r)                             // of the version before
	require.Equal(t, moved, claimSync(t, s, Epoch.Add(time.Minute)))
}

func drawingPutOff(t *testing.T, s approval.Store) {
	r := create(t, s)
	claimSync(t, s, Epoch)
	later := Epoch.Add(30 * time.Second)
	require.NoError(t, s.ReleaseSync(t.Context(), r.ID, r.Version, later, nil), nil)
	noSync(t, s, later.Add(-time.Millisecond))
	claimSync(t, s, later)
}

func failedDrawingPutsOffNoChange(t *testing.T, s approval.Store) {
	r := create(t, s)
	claimSync(t, s, Epoch)
	moved := move(t, s, r)
	require.NoError(t, s.ReleaseSync(t.Context(), r.ID, r.Version, Epoch.Add(10*time.Minute), nil))
	require.Equal(t, moved, claimSync(t, s, Epoch.Add(time.Minute)))
}

func drawingLease(t *testing.T, s approval.Store) {
	create(t, s)
	claimSync(t, s, Epoch)
	noSync(t, s, Epoch.Add(lease-time.Millisecond))
	claimSync(t, s, Epoch.Add(lease))
}

func owedLongestFirst(t *testing.T, s approval.Store) {
	at := func(after time.Duration) func(*approval.Request) {
		return func(r *approval.Request) { r.RequestedAt = Epoch.Add(after) }
	}
	create(t, s, named("AKR-AAAAA"), at(2*time.Second))
	create(t, s, named("AKR-BBBBB"), at(1*time.Second))
	now := Epoch.Add(time.Minute)
	require.EqualValues(t, "AKR-BBBBB", claimSync(t, s, now).ID)
	require.EqualValues(t, "AKR-AAAAA", claimSync(t, s, now).ID)
	noSync(t, s, now)
}

func leasesAreTwo(t *testing.T, s approval.Store) {
	r := create(t, s)
	claim(t, s, inAnHour)
	claimSync(t, s, inAnHour)
	require.NoError(t, s.ReleaseWork(t.Context(), r.ID, r.Version, time.Time{}))
	noSync(t, s, inAnHour)
	claim(t, s, inAnHour)
	markSynced(t, s, r)
	noWork(t, s, inAnHour)
}

func placesComeBack(t *testing.T, s approval.Store) {
	r := create(t, s)
	create(t, s, named("AKR-OTHER"))
	want := map[approval.MessageName]approval.MessageRef{
		approval.CardMessage:      {Channel: "C0APPROVERS", TS: "1772442000.000100", Digest: "d1"},
		approval.RequestedMessage: {Channel: "D0BO", TS: "1772442000.000200", Digest: "d2"},
	}
	for name, at := range want {
		require.NoError(t, s.SaveMessageRef(t.Context(), r.ID, name, at))
	}
	got, err := s.Get(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, want, got.MessageRefs)
	theirs, err := s.ListByRequester(t.Context(), r.Requester)
	require.NoError(t, err)
	require.Len(t, theirs, 2)
	require.Equal(t, want, theirs[0].MessageRefs)
	require.Empty(t, theirs[1].MessageRefs, "another request has its own")
}

func placeReplaced(t *testing.T, s approval.Store) {
	r := create(t, s)
	require.NoError(t, s.SaveMessageRef(t.Context(), r.ID, approval.CardMessage, approval.MessageRef{Channel: "C1", TS: "1.1", Digest: "d1"}))
	last := approval.MessageRef{Channel: "C2", TS: "2.2", Digest: ""}
	require.NoError(t, s.SaveMessageRef(t.Context(), r.ID, approval.CardMessage, last))
	got, err := s.Get(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, map[approval.MessageName]approval.MessageRef{approval.CardMessage: last}, got.MessageRefs)
}

func updatesRecorded(t *testing.T, s approval.Store) {
	r := create(t, s)
	card, ready := approval.MessageRef{Channel: "C1", TS: "1.1", Digest: "d1"}, approval.MessageRef{Channel: "D1", TS: "1.2", Digest: "d2"}
	require.NoError(t, s.SaveMessageRef(t.Context(), r.ID, approval.CardMessage, card))
	require.NoError(t, s.SaveMessageRef(t.Context(), r.ID, approval.RequestedMessage, ready))
	claimSync(t, s, Epoch)
	moved := move(t, s, r)
	card.Digest, ready.Digest = "", "d4"
	for _, version := range []int64{r.Version, moved.Version} { // the first one is late
		card.Digest += "d"
		updated := map[approval.MessageName]string{approval.CardMessage: card.Digest, approval.RequestedMessage: ready.Digest}
		require.NoError(t, s.ReleaseSync(t.Context(), r.ID, version, time.Time{}, updated))
		got, err := s.Get(t.Context(), r.ID)
		require.NoError(t, err)
		require.Equal(t, map[approval.MessageName]approval.MessageRef{approval.CardMessage: card, approval.RequestedMessage: ready}, got.MessageRefs)
		require.Equal(t, moved.Version, got.Version)
	}
	noSync(t, s, inAnHour)
}

func updateOfNoMessage(t *testing.T, s approval.Store) {
	r := create(t, s)
	require.NoError(t, s.ReleaseSync(t.Context(), r.ID, r.Version, time.Time{}, map[approval.MessageName]string{approval.CardMessage: "d"}))
	got, err := s.Get(t.Context(), r.ID)
	require.NoError(t, err)
	require.Empty(t, got.MessageRefs)
}

// issuing moves an approved request on to issuing, where it may stay for a moment only.
func issuing(t *testing.T, s approval.Store, r approval.Request) approval.Request {
	t.Helper()
	step, err := r.Issue(r.Requester, r.RequestedAt.Add(time.Minute))
	require.NoError(t, err)
	moved, err := s.Move(t.Context(), step.Next, step.Entry)
	require.NoError(t, err)
	return moved
}

func briefStateWaits(t *testing.T, s approval.Store) {
	r := create(t, s)
	for _, name := range r.Messages {
		require.NoError(t, s.SaveMessageRef(t.Context(), r.ID, name, approval.MessageRef{Channel: "C1", TS: "1.1"}))
	}
	approved := move(t, s, r)
	markSynced(t, s, approved)
	moved := issuing(t, s, approved)
	at := moved.RequestedAt.Add(time.Minute)
	noSync(t, s, at.Add(299*time.Millisecond))
	require.Equal(t, moved, claimSync(t, s, at.Add(300*time.Millisecond)))
}

func newMessageDoesNotWait(t *testing.T, s approval.Store) {
	approved := move(t, s, create(t, s))
	markSynced(t, s, approved)
	moved := issuing(t, s, approved)
	require.Equal(t, moved, claimSync(t, s, moved.RequestedAt.Add(time.Minute)))
}

// A former owner's message may be saved late, by a sync that began before the
// transfer.
func unlistedMessageForgotten(t *testing.T, s approval.Store) {
	r := create(t, s)
	theirs, ours := approval.RequestedMessage, approval.CardMessage
	for _, name := range []approval.MessageName{theirs, ours} {
		require.NoError(t, s.SaveMessageRef(t.Context(), r.ID, name, approval.MessageRef{Channel: "C1", TS: "1." + string(name)}))
	}
	next, e := approve(r)
	next.Messages = []approval.MessageName{ours}
	moved, err := s.Move(t.Context(), next, e)
	require.NoError(t, err)
	want := map[approval.MessageName]approval.MessageRef{ours: {Channel: "C1", TS: "1.card"}}
	require.Equal(t, want, moved.MessageRefs)
	require.NoError(t, s.SaveMessageRef(t.Context(), r.ID, theirs, approval.MessageRef{Channel: "C1", TS: "1.late"}))
	got, err := s.Get(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, want, got.MessageRefs)
}

func placeIsNoChange(t *testing.T, s approval.Store) {
	r := create(t, s)
	require.NoError(t, s.SaveMessageRef(t.Context(), r.ID, approval.CardMessage, approval.MessageRef{Channel: "C1", TS: "1.1"}))
	got, err := s.Get(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, r.Version, got.Version)
	require.Len(t, trail(t, s), 1)
	move(t, s, r) // still of the version that was read before
}

func drawAfterClockWentBack(t *testing.T, s approval.Store) {
	create(t, s)
	_, err := s.ClaimSync(t.Context(), Epoch.Add(-10*time.Minute), Epoch)
	require.ErrorIs(t, err, approval.ErrNothingDue)
	claimSync(t, s, Epoch.Add(-10*time.Minute-time.Second))
}
