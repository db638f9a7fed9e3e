package bench

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sync/errgroup"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/store"
)

// fillers is how many requests are written at the same time.
const fillers = 32

// fill writes finished requests into the database of a bot that does not run: keys that
// expired over the last year, of two hundred people and of the approvers. Their messages
// are in sync, so nothing of them is due.
func fill(ctx context.Context, database string, finished int) error {
	s, err := store.Open(ctx, "sqlite:"+database, store.Options{})
	if err != nil {
		return fmt.Errorf("filling the database: %w", err)
	}
	defer s.Close()
	writing, ctx := errgroup.WithContext(ctx)
	writing.SetLimit(fillers)
	now := time.Now()
	for n := range finished {
		writing.Go(func() error {
			r := expired(n, now)
			_, err := s.Create(ctx, r, approval.AuditEntry{At: r.RequestedAt, Org: r.Org, Request: r.ID, Event: approval.EventSubmit, To: r.State, By: r.Requester})
			return err
		})
	}
	if err := writing.Wait(); err != nil {
		return fmt.Errorf("filling the database: %w", err)
	}
	return nil
}

// expired is the n-th request of a key whose time is over.
func expired(n int, now time.Time) approval.Request {
	const people, year = 200, 365 * 24 * time.Hour
	asked := now.Add(-year + time.Duration(n)*time.Second)
	requester := fmt.Sprintf("U0OLD%04d", n%people)
	if n%100 == 0 {
		requester = approver(int64(n / 100 % 10))
	}
	return approval.Request{
		ID: idOf(n), Org: orgID, Kind: approval.APIKey, State: approval.StateEnded, Type: approval.NewKey,
		Access: policy.Access{
			Description: fmt.Sprintf("nightly export %d", n), Roles: []policy.Role{"ORG_READ_ONLY"},
			Networks: []netip.Prefix{netip.MustParsePrefix("203.0.113.7/32")}, Lifetime: 8 * time.Hour,
		},
		Reason: "reads what the nightly export needs", Requester: policy.UserID(requester), RequestedAt: asked,
		IdempotencyKey: fmt.Sprintf("V-fill-%d", n),
		Decision:       approval.Decision{By: "U0APPR0001", At: asked.Add(time.Minute)},
		Key:            approval.Key{ID: fmt.Sprintf("%024x", n+1<<20), PublicKey: fmt.Sprintf("f%07d", n), MadeAt: asked.Add(2 * time.Minute)},
		KeyExpiresAt:   asked.Add(8 * time.Hour),
		Outcome:        approval.Outcome{Cause: approval.CauseKeyExpired, At: asked.Add(8 * time.Hour)},
	}
}

// idOf is the id of the n-th request.
func idOf(n int) policy.ID {
	const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	id := []byte("AKR-00000")
	for i := len(id) - 1; n > 0; i-- {
		id[i] = digits[n%len(digits)]
		n /= len(digits)
	}
	return policy.ID(id)
}
