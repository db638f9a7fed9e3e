package approval_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
)

const aWhile = 25 * time.Minute // more than two comparisons with Atlas

func orderOf(id approval.ID, attempt int) approval.Order {
	return approval.Order{Org: "org", Request: id, Attempt: attempt}
}

func TestKeysThatShouldNotExistAreRemoved(t *testing.T) {
	t.Parallel()
	for name, given := range map[string]func(w *world) approval.ID{
		"of a pending request": (*world).ask,
		"of an approved one":   (*world).approved,
		"beside the right one": (*world).active,
		"of a withdrawn one": func(w *world) approval.ID {
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
				_, err := w.keys.Make(t.Context(), orderOf(id, 7), func(approval.Key) error { return nil })
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
		require.NoError(t, w.keys.Remove(t.Context(), "org", w.keys.Alive()[0].ID))
		w.pass(9 * time.Minute)
		w.is(id, approval.Active)
		w.pass(aWhile)
		r := w.is(id, approval.Ended)
		assert.Equal(t, approval.CauseVanished, r.End.Cause)
		assert.True(t, w.shows(id, approval.OutcomeMessage))
	})
}

func TestWhatIsChangedByHandIsToldAndNotRepaired(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.active()
		key := w.keys.Alive()[0].ID
		drift := approval.Drift{RolesChanged: true, Roles: []approval.Role{"ORG_OWNER"}, NetworksChanged: true, Networks: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}}
		w.keys.Change(key, drift)
		w.pass(aWhile)
		assert.Equal(t, drift, w.is(id, approval.Active).Drift)
		assert.True(t, w.shows(id, approval.DriftNotice))
		w.pass(time.Hour)
		assert.Equal(t, 1, w.count(approval.Differ), "told once")

		w.keys.Change(key, approval.Drift{})
		w.pass(aWhile)
		assert.True(t, w.is(id, approval.Active).Drift.IsZero(), "and that it is as approved again")
	})
}

func TestAKeyThatNoRowKnowsIsToldOfAndLeftAlone(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		made, err := w.keys.Make(t.Context(), orderOf("AKR-LOST0", 2), func(approval.Key) error { return nil })
		require.NoError(t, err)
		w.pass(5 * 24 * time.Hour)
		require.Len(t, w.keys.Alive(), 1)
		r := w.get("AKR-LOST0")
		assert.Equal(t, made.ID, r.Key.ID)
		assert.Equal(t, []approval.MessageName{approval.FoundNotice}, r.Messages)
		assert.Equal(t, 1, w.count(approval.Adopt))

		_, err = w.Revoke(t.Context(), as(carol), r.ID, "")
		require.ErrorIs(t, err, approval.ErrNotOwner)
		_, err = w.Revoke(t.Context(), as(bob), r.ID, "")
		require.NoError(t, err)
		w.settle()
		assert.Equal(t, approval.Ended, w.get(r.ID).State)
		w.noKey()
	})
}

func TestAnotherDatabaseIsNotBelieved(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		for range 21 {
			_, err := w.keys.Make(t.Context(), orderOf(approval.NewID(), 1), func(approval.Key) error { return nil })
			require.NoError(t, err)
		}
		w.pass(aWhile)
		assert.Len(t, w.keys.Alive(), 21)
		assert.Zero(t, w.count(approval.Adopt))
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
