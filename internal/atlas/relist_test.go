package atlas_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/atlas"
	emulated "atlaskeybot/internal/sandbox/atlas"
	"atlaskeybot/internal/sandbox/wire"
)

const deleteEntry = "DELETE /orgs/{orgId}/apiKeys/{id}/accessList/{entry}"

// hosts are n single addresses of 203.0.x.y, from the given one on.
func hosts(first, n int) []netip.Prefix {
	var all []netip.Prefix
	for i := first; i < first+n; i++ {
		all = append(all, netip.MustParsePrefix(fmt.Sprintf("203.0.%d.%d/32", i/250, i%250+1)))
	}
	return all
}

// onKey is the access list in Atlas, regardless of what reads show.
func (r *rig) onKey(t *testing.T, id string) []string {
	for _, k := range r.Snapshot().Keys {
		if k.ID == id {
			var all []string
			for _, a := range k.AccessList {
				all = append(all, a.Network)
			}
			return all
		}
	}
	t.Fatalf("no key %s", id)
	return nil
}

func plainly(networks []netip.Prefix) []string {
	var all []string
	for _, n := range networks {
		all = append(all, n.Addr().String())
	}
	return all
}

func orderFrom(networks []netip.Prefix) approval.KeySpec {
	o := order("AKR-7F3K2", 1)
	o.Access.Networks = networks
	return o
}

func TestCreateWithAccessListOfAnySize(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 99, 100, 101, 150, 199, 200} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, emulated.Options{Seed: 1})
			made, err := r.keys.Create(t.Context(), orderFrom(hosts(0, n)), noted)
			require.NoError(t, err)
			assert.ElementsMatch(t, plainly(hosts(0, n)), r.onKey(t, made.ID))
			assert.Equal(t, 1, r.calls(createList))
			drift, err := r.keys.Inspect(t.Context(), orderFrom(hosts(0, n)), made.ID)
			require.NoError(t, err)
			assert.True(t, drift.IsZero())
		})
	}
}

func TestAccessListChangesBetweenAnySizes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, to, shared int }{
		{1, 1, 0}, {1, 200, 1}, {200, 1, 0}, {90, 130, 90}, {90, 130, 0}, {130, 90, 45}, {200, 200, 0}, {100, 101, 100}, {200, 199, 199},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			t.Parallel()
			r, ctx := newRig(t, emulated.Options{Seed: 1}), t.Context()
			former, wanted := hosts(0, c.from), hosts(c.from-c.shared, c.to)
			made, err := r.keys.Create(ctx, orderFrom(former), noted)
			require.NoError(t, err)
			require.NoError(t, r.keys.AddAccess(ctx, made.ID, hosts(c.from, c.to-c.shared)))
			require.NoError(t, r.keys.KeepAccess(ctx, made.ID, wanted, former))
			assert.ElementsMatch(t, plainly(wanted), r.onKey(t, made.ID))
		})
	}
}

// listOf is a response page of a list that has total entries.
func listOf(networks []netip.Prefix, total int) string {
	var entries []string
	for _, n := range networks {
		entries = append(entries, `{"cidrBlock":"`+n.String()+`"}`)
	}
	return fmt.Sprintf(`{"results":[%s],"totalCount":%d}`, strings.Join(entries, ","), total)
}

// This Atlas ignores the requested page size.
func TestAccessListResponseMayBePartial(t *testing.T) {
	t.Parallel()
	w := wanted()
	w.From = hosts(0, 150)
	for name, total := range map[string]int{"with a count": 150, "without": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScript(t, say(200, createdOK), say(200, listOf(w.From[:100], total)), say(200, listOf(w.From, 150)))
			_, err := s.client().Create(t.Context(), w, func(atlas.Key) error { return nil })
			require.NoError(t, err)

			s = newScript(t, say(200, listOf(w.From[:100], total)), say(200, listOf(w.From, 150)))
			require.NoError(t, s.client().AddAccess(t.Context(), madeID, w.From[110:]))

			s = newScript(t, say(200, createdOK), say(200, listOf(w.From[:100], total)), say(200, listOf(hosts(0, 151), 151)))
			_, err = s.client().Create(t.Context(), w, func(atlas.Key) error { return nil })
			assert.Equal(t, atlas.Mismatch, atlas.KindOf(err), "one too many, on the second page")
		})
	}
}

// Reads lag by three minutes, and responses are lost.
func TestAccessListChangesDespiteListLag(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		operation string
		times     int
	}{
		"adding":   {createList, 1},
		"deleting": {deleteEntry, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, ctx := newRig(t, emulated.Options{Seed: 1}), t.Context()
			former, wanted := hosts(0, 4), hosts(10, 3)
			made, err := r.keys.Create(ctx, orderFrom(former), noted)
			require.NoError(t, err)
			r.SetLag(emulated.Lag{List: 3 * time.Minute})
			err = r.wire.Set(wire.Fault{Side: wire.Atlas, Operation: c.operation, Mode: wire.LostAfter})
			require.NoError(t, err)
			for range 3 { // as often as the worker tries
				if err = r.keys.AddAccess(ctx, made.ID, wanted); err != nil {
					continue
				}
				if err = r.keys.KeepAccess(ctx, made.ID, wanted, former); err == nil {
					break
				}
			}
			require.NoError(t, err)
			assert.ElementsMatch(t, plainly(wanted), r.onKey(t, made.ID))

			// And back, at once.
			require.NoError(t, r.keys.AddAccess(ctx, made.ID, former))
			require.NoError(t, r.keys.KeepAccess(ctx, made.ID, former, wanted))
			assert.ElementsMatch(t, plainly(former), r.onKey(t, made.ID))
		})
	}
}

func TestAccessListOfUnlistedKeyChanges(t *testing.T) {
	t.Parallel()
	r, ctx := newRig(t, emulated.Options{Seed: 1, Lag: emulated.Lag{Create: 20 * time.Second}}), t.Context()
	former, wanted := hosts(0, 2), hosts(10, 1)
	made, err := r.keys.Create(ctx, orderFrom(former), noted)
	require.NoError(t, err)
	require.NoError(t, r.keys.AddAccess(ctx, made.ID, wanted))
	require.NoError(t, r.keys.KeepAccess(ctx, made.ID, wanted, former))
	assert.ElementsMatch(t, plainly(wanted), r.onKey(t, made.ID))

	require.NoError(t, r.DeleteKey(made.ID))
	assert.Equal(t, atlas.Gone, atlas.KindOf(r.keys.KeepAccess(ctx, made.ID, former, wanted)))
}

func TestAccessListSurvivesLostResponse(t *testing.T) {
	t.Parallel()
	conflict := refuse(409, "ADDRESS_ALREADY_IN_ACCESS_LIST", `["203.0.113.7"]`)
	w := wanted()
	w.From = hosts(0, 1)
	s := newScript(t, say(200, createdOK), say(401, ""), conflict, say(200, listOf(w.From, 1)))
	_, err := s.client().Create(t.Context(), w, func(atlas.Key) error { return nil })
	require.NoError(t, err)
}

func TestDeletedKeyDiffersFromDeletedEntry(t *testing.T) {
	t.Parallel()
	s := newScript(t, say(200, listOf(hosts(0, 2), 2)), refuse(400, "API_KEY_NOT_FOUND", "[]"))
	err := s.client().KeepAccess(t.Context(), madeID, hosts(0, 1), nil)
	assert.Equal(t, atlas.Gone, atlas.KindOf(err))
}
