package approval_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
)

const aWhile = 25 * time.Minute // more than two comparisons with Atlas

func orderOf(id policy.ID, attempt int) approval.KeySpec {
	return approval.KeySpec{Request: id, Attempt: attempt}
}

func TestKeysThatShouldNotExistAreRemoved(t *testing.T) {
	t.Parallel()
	for name, given := range map[string]func(w *world) policy.ID{
		"of a pending request": (*world).ask,
		"of an approved one":   (*world).approved,
		"beside the right one": (*world).active,
		"of a withdrawn one": func(w *world) policy.ID {
			id := w.ask()
			_, err := w.Withdraw(w.t.Context(), as(alice), id)
			require.NoError(w.t, err)
			return id
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				id := given(w)
				before := len(w.keys.Alive())
				_, err := w.keys.Of("org").Create(t.Context(), orderOf(id, 7), func(approval.Key) error { return nil })
				require.NoError(t, err)
				w.pass(aWhile)
				assert.Len(t, w.keys.Alive(), before)
			})
		})
	}
}

func TestAKeyDeletedByHandEndsItsRequest(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.active()
		require.NoError(t, w.keys.Of("org").Delete(t.Context(), w.keys.Alive()[0].ID))
		w.pass(9 * time.Minute)
		w.is(id, approval.StateActive)
		w.pass(aWhile)
		r := w.is(id, approval.StateEnded)
		assert.Equal(t, approval.CauseDeletedExternally, r.Outcome.Cause)
		assert.True(t, w.shows(id, approval.OutcomeMessage))
	})
}

func TestWhatIsChangedByHandIsToldAndNotRepaired(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.active()
		key := w.keys.Alive()[0].ID
		drift := approval.Drift{RolesChanged: true, Roles: []policy.Role{"ORG_OWNER"}, NetworksChanged: true, Networks: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}}
		w.keys.Change(key, drift)
		w.pass(aWhile)
		assert.Equal(t, drift, w.is(id, approval.StateActive).Drift)
		assert.True(t, w.shows(id, approval.DriftNotice))
		w.pass(time.Hour)
		assert.Equal(t, 1, w.count(approval.EventDriftDetected), "told once")

		w.keys.Change(key, approval.Drift{})
		w.pass(aWhile)
		assert.True(t, w.is(id, approval.StateActive).Drift.IsZero(), "and that it is as approved again")
	})
}

func TestAKeyThatNoRowKnowsIsToldOfAndLeftAlone(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		made, err := w.keys.Of("org").Create(t.Context(), orderOf("AKR-LOST0", 2), func(approval.Key) error { return nil })
		require.NoError(t, err)
		w.pass(5 * 24 * time.Hour)
		require.Len(t, w.keys.Alive(), 1)
		r := w.get("AKR-LOST0")
		assert.Equal(t, made.ID, r.Key.ID)
		assert.Equal(t, []approval.MessageName{approval.UnknownKeyNotice}, r.Messages)
		assert.Equal(t, 1, w.count(approval.EventAdopt))

		_, err = w.Revoke(t.Context(), as(carol), r.ID, "")
		require.ErrorIs(t, err, approval.ErrNotOwner)
		_, err = w.Revoke(t.Context(), as(bob), r.ID, "")
		require.NoError(t, err)
		w.settle()
		assert.Equal(t, approval.StateEnded, w.get(r.ID).State)
		w.noKey()
	})
}

// mark makes n keys in Atlas that carry this bot's mark, of requests that no row
// knows.
func (w *world) mark(n int) (ids []policy.ID) {
	w.t.Helper()
	for range n {
		id := approval.NewID()
		_, err := w.keys.Of("org").Create(w.t.Context(), orderOf(id, 1), func(approval.Key) error { return nil })
		require.NoError(w.t, err)
		ids = append(ids, id)
	}
	return ids
}

// posts counts the messages of that name that people see.
func (w *world) posts(name approval.MessageName) int {
	n := 0
	seen := map[policy.ID]bool{}
	for _, e := range w.store.Entries() {
		if !seen[e.Request] && w.shows(e.Request, name) {
			n++
		}
		seen[e.Request] = true
	}
	return n
}

func TestAnotherDatabaseIsNotBelievedAndPeopleAreToldOnceADay(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.mark(21)
		w.pass(23 * time.Hour)
		assert.Len(t, w.keys.Alive(), 21)
		assert.Equal(t, 1, w.count(approval.EventAdopt))
		assert.Equal(t, 1, w.posts(approval.UnknownKeysNotice))
		w.pass(24 * time.Hour)
		assert.Equal(t, 2, w.posts(approval.UnknownKeysNotice))
		assert.Zero(t, w.posts(approval.UnknownKeyNotice))
	})
}

func TestManyMarkedKeysAreToldOfInOneMessageAndCanAllBeRevoked(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		ids := w.mark(12)
		w.pass(aWhile)
		assert.Equal(t, 1, w.posts(approval.UnknownKeysNotice))
		assert.Zero(t, w.posts(approval.UnknownKeyNotice))
		for _, id := range ids {
			_, err := w.Revoke(t.Context(), as(bob), id, "")
			require.NoError(t, err)
		}
		w.settle()
		w.noKey()
	})
}

// Somebody makes marked keys and deletes them again, for three days.
func TestMarkedKeysRaiseNoAlarmsWithoutBound(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		for range 3 * 24 * 2 {
			w.mark(4)
			w.pass(30 * time.Minute)
			for _, k := range w.keys.Alive()[2:] {
				require.NoError(t, w.keys.Of("org").Delete(t.Context(), k.ID))
			}
		}
		assert.LessOrEqual(t, w.posts(approval.UnknownKeyNotice), 3*5)
		assert.LessOrEqual(t, w.posts(approval.UnknownKeysNotice), 4)
		assert.Positive(t, w.posts(approval.UnknownKeysNotice))
		assert.Zero(t, w.posts(approval.ClosedNotice))
		assert.LessOrEqual(t, w.count(approval.EventAdopt), 4*(5+20))
	})
}

// Sixty keys that nobody knows do not hide what was done to a real one.
func TestMarkedKeysHideNoDifferenceOfARealOne(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.activeFor(7 * 24 * time.Hour)
		key := w.keys.Alive()[0].ID
		for range 4 {
			w.mark(20)
			w.pass(25 * time.Hour)
		}
		require.Greater(t, w.count(approval.EventAdopt), 60)
		w.keys.Change(key, approval.Drift{NetworksChanged: true})
		w.pass(aWhile)
		assert.True(t, w.get(id).Drift.NetworksChanged)

		w.keys.Fail(approvaltest.CallMarked, approvaltest.Lost(approvaltest.NotNow(approval.CauseAtlasUnavailable)), approvaltest.Lost(approvaltest.NotNow(approval.CauseAtlasUnavailable)))
		w.keys.Change(key, approval.Drift{})
		w.pass(15 * time.Minute)
		assert.True(t, w.get(id).Drift.IsZero(), "nor does a list that cannot be read")
	})
}

func TestAKeyThatCannotBeRemovedKeepsNoOtherFromBeingLookedAt(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.active()
		key := w.keys.Alive()[0].ID
		_, err := w.keys.Of("org").Create(t.Context(), orderOf(id, 7), func(approval.Key) error { return nil })
		require.NoError(t, err)
		for range 3 {
			w.keys.Fail(approvaltest.CallRemove, approvaltest.Lost(approvaltest.Refused(approval.CauseRefused)))
		}
		w.keys.Change(key, approval.Drift{RolesChanged: true})
		w.pass(15 * time.Minute)
		assert.True(t, w.get(id).Drift.RolesChanged)
	})
}

// Somebody gives a live key the mark of a request that is over.
func TestALiveKeyIsNotRemovedForTheMarkOfAnotherRequest(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		over := w.ask()
		_, err := w.Withdraw(t.Context(), as(alice), over)
		require.NoError(t, err)
		w.pass(time.Hour)
		r, err := w.Submit(t.Context(), as(alice), form(func(f *policy.Form) { f.IdempotencyKey = "V2" }))
		require.NoError(t, err)
		_, err = w.Approve(t.Context(), as(bob), r.ID)
		require.NoError(t, err)
		w.settle()
		_, err = w.Issue(t.Context(), as(alice), r.ID)
		require.NoError(t, err)
		w.settle()
		_, err = w.Confirm(t.Context(), as(alice), r.ID)
		require.NoError(t, err)
		w.keys.Rename(w.keys.Alive()[0].ID, over, 1)
		w.pass(aWhile)
		assert.Equal(t, approval.StateActive, w.get(r.ID).State)
		assert.Len(t, w.keys.Alive(), 1)
	})
}

func TestTheRowOfAnAdoptedKeyEndsWithIt(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.mark(1)[0]
		w.pass(aWhile)
		w.is(id, approval.StateActive)
		require.NoError(t, w.keys.Of("org").Delete(t.Context(), w.keys.Alive()[0].ID))
		w.pass(aWhile)
		assert.Equal(t, approval.CauseDeletedExternally, w.is(id, approval.StateEnded).Outcome.Cause)
	})
}

// count counts the entries of an event.
func (w *world) count(on approval.Event) int {
	n := 0
	for _, e := range w.store.Entries() {
		if e.Event == on {
			n++
		}
	}
	return n
}
