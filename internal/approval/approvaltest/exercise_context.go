package approvaltest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
)

var cancelling = map[string]contract{
	"a call whose context has ended does nothing":       cancelledBefore,
	"a store survives calls that are cut in the middle": cancelledDuring,
}

func cancelledBefore(t *testing.T, s approval.Store) {
	r := create(t, s)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	next, e := approve(r)
	other := asked(named("AKR-OTHER"))
	nothing := func(approval.AuditEntry) error { return nil }
	for name, call := range map[string]func() error{
		"Create":         func() error { _, err := s.Create(over, other, submitted(other)); return err },
		"Get":            func() error { _, err := s.Get(over, r.ID); return err },
		"Move":           func() error { _, err := s.Move(over, next, e); return err },
		"Record":         func() error { return s.Record(over, refused()) },
		"ClaimWork":      func() error { _, err := s.ClaimWork(over, inAnHour, inAnHour.Add(lease)); return err },
		"ReleaseWork":    func() error { return s.ReleaseWork(over, r.ID, r.Version, Epoch) },
		"ClaimSync":      func() error { _, err := s.ClaimSync(over, inAnHour, inAnHour.Add(lease)); return err },
		"SaveMessageRef": func() error { return s.SaveMessageRef(over, r.ID, approval.CardMessage, approval.MessageRef{TS: "1"}) },
		"ReleaseSync":    func() error { return s.ReleaseSync(over, r.ID, r.Version, time.Time{}, nil) },
		"NextDue":        func() error { _, err := s.NextDue(over); return err },
		"ByRequester":    func() error { _, err := s.ListByRequester(over, r.Requester); return err },
		"PageByRequester": func() error {
			_, _, err := s.PageByRequester(over, r.Requester, approval.Cursor{}, 1)
			return err
		},
		"Audit": func() error { return s.Audit(over, nothing) },
	} {
		require.ErrorIs(t, call(), context.Canceled, name)
	}

	got, err := s.Get(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, r, got)
	require.Len(t, trail(t, s), 1)
	claimSync(t, s, Epoch)
	claim(t, s, inAnHour)
}

// cancelledDuring cancels calls at random moments. Each is there as a whole
// or not at all, and what was there before stays.
func cancelledDuring(t *testing.T, s approval.Store) {
	r := create(t, s)
	var wg sync.WaitGroup
	for range racers {
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() {
			for range 10 {
				s.Record(ctx, refused()) // may or may not happen
				s.Get(ctx, r.ID)
			}
		})
		wg.Go(cancel)
	}
	wg.Wait()
	got, err := s.Get(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, r, got)
	move(t, s, r)
}
