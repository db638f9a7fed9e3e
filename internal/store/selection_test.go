package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/store"
)

func TestSelectPicksByColumnsNewestFirst(t *testing.T) {
	t.Parallel()
	s := open(t, "sqlite::memory:")
	for i, edit := range []func(*approval.Request){
		func(*approval.Request) {},
		func(r *approval.Request) { r.Requester = "U_ana" },
		func(r *approval.Request) { r.Org = "a0123456789abcdef012345a" },
	} {
		r := asked(policy.ID(fmt.Sprintf("AKR-0000%d", i)))
		r.RequestedAt = approvaltest.Epoch.Add(time.Duration(i) * time.Hour)
		edit(&r)
		_, err := s.Create(t.Context(), r, submitted(r))
		require.NoError(t, err)
	}
	first, err := s.Get(t.Context(), "AKR-00000")
	require.NoError(t, err)
	next, e := denied(first, "U_ana")
	_, err = s.Move(t.Context(), next, e)
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		sel  store.Selection
		want []policy.ID
	}{
		"all":                    {store.Selection{}, []policy.ID{"AKR-00002", "AKR-00001", "AKR-00000"}},
		"a requester":            {store.Selection{Requester: "U_bo"}, []policy.ID{"AKR-00002", "AKR-00000"}},
		"an organization":        {store.Selection{Org: "a0123456789abcdef012345a"}, []policy.ID{"AKR-00002"}},
		"states":                 {store.Selection{States: []approval.State{approval.StateDenied, approval.StateActive}}, []policy.ID{"AKR-00000"}},
		"a requester in a state": {store.Selection{Requester: "U_bo", States: []approval.State{approval.StatePending}}, []policy.ID{"AKR-00002"}},
		"none":                   {store.Selection{Requester: "U_eve"}, nil},
	} {
		got, err := s.Select(t.Context(), tt.sel)
		require.NoError(t, err)
		assert.Equal(t, tt.want, got, name)
	}
}

// Several pages of requests are read in the order of their IDs; what does not exist
// is skipped.
func TestReadEachReadsPages(t *testing.T) {
	t.Parallel()
	s := open(t, "sqlite::memory:")
	var ids []policy.ID
	for i := range 450 {
		r := asked(policy.ID(fmt.Sprintf("AKR-%05d", i)))
		_, err := s.Create(t.Context(), r, submitted(r))
		require.NoError(t, err)
		ids = append([]policy.ID{r.ID, policy.ID(fmt.Sprintf("AKR-X%04d", i))}, ids...)
	}
	var got []policy.ID
	unreadable, err := s.ReadEach(t.Context(), ids, func(r approval.Request) error {
		got = append(got, r.ID)
		return nil
	})
	require.NoError(t, err)
	assert.Empty(t, unreadable)
	require.Len(t, got, 450)
	assert.Equal(t, policy.ID("AKR-00449"), got[0])
	assert.Equal(t, policy.ID("AKR-00000"), got[449])

	enough := errors.New("enough")
	calls := 0
	_, err = s.ReadEach(t.Context(), ids, func(approval.Request) error { calls++; return enough })
	require.ErrorIs(t, err, enough)
	assert.Equal(t, 1, calls)
}
