package approval

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

var (
	// ErrOwnerBack says that the owner of a key is active (again).
	ErrOwnerBack = errors.New("the owner is active")

	// ErrNotEligible says that somebody cannot be given a key.
	ErrNotEligible = errors.New("not somebody who can hold a key")
)

// HandTo gives the live key of somebody who was deactivated another owner, by
// an approver. The private key is not shown to anybody: whoever needs it rotates
// the key.
func (s *Service) HandTo(ctx context.Context, who Actor, id ID, to UserID) (Request, error) {
	may := func(ctx context.Context, r Request) error {
		if err := s.mayOversee(ctx, who, r); err != nil {
			return err
		}
		if r.OwnerGone.IsZero() || to == r.Requester {
			return ErrOwnerBack
		}
		switch gone, err := s.Directory.Deactivated(ctx, r.Requester); { // they may be back since that was noted
		case err != nil:
			return fmt.Errorf("%w: %w", ErrCannotCheck, err)
		case !gone:
			return ErrOwnerBack
		}
		switch err := mayAct(ctx, s.Directory, Actor{User: to, Team: who.Team, Enterprise: who.Enterprise}); {
		case errors.Is(err, ErrCannotCheck):
			return err
		case err != nil:
			return fmt.Errorf("%w: %w", ErrNotEligible, err)
		}
		return nil
	}
	return s.act(ctx, who, id, HandTo, may, "to "+string(to), func(r *Request, now time.Time) {
		r.Transfers = append(r.Transfers, Transfer{From: r.Requester, To: to, By: who.User, At: now})
		r.Requester, r.OwnerGone, r.Successor = to, time.Time{}, "" // what the former owner opened is theirs
		r.Messages = slices.DeleteFunc(r.Messages, func(m MessageName) bool { return !m.ToApprovers() })
		r.show(TransferMessage(len(r.Transfers)))
	})
}

// ownerCheckEvery is how often the account of a key's owner is looked at.
const ownerCheckEvery = time.Hour

func (w *Worker) lookAtOwners(ctx context.Context) {
	if isWithin(w.ownersAt, w.Now(), ownerCheckEvery) {
		return
	}
	if err := w.checkOwners(ctx); err != nil && ctx.Err() == nil {
		w.Log.Warn("looking at the accounts of keys' owners", "error", err)
	}
	w.ownersAt = w.Now()
}

// checkOwners flags the keys of people who were deactivated.
func (w *Worker) checkOwners(ctx context.Context) error {
	live, err := w.Store.Live(ctx)
	if err != nil {
		return fmt.Errorf("listing the live requests: %w", err)
	}
	gone := map[UserID]bool{}
	asked := map[UserID]bool{}
	var errs []error
	for _, r := range live {
		if r.State != Active || r.Requester == "" {
			continue
		}
		if !asked[r.Requester] {
			isGone, err := w.Directory.Deactivated(ctx, r.Requester)
			if err != nil {
				errs = append(errs, fmt.Errorf("looking at the account of %s: %w", r.Requester, err))
				continue
			}
			asked[r.Requester], gone[r.Requester] = true, isGone
		}
		if err := w.flagOwner(ctx, r, gone[r.Requester]); err != nil && !errors.Is(err, ErrConflict) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (w *Worker) flagOwner(ctx context.Context, r Request, gone bool) error {
	if gone == !r.OwnerGone.IsZero() {
		return nil
	}
	on := Return
	if gone {
		on = Orphan
	}
	_, err := w.move(ctx, r, on, "", func(next *Request, now time.Time) {
		if next.OwnerGone = (time.Time{}); gone {
			next.OwnerGone = now
			next.Orphaned++
			next.show(OwnerGoneNotice(next.Orphaned))
		}
	})
	w.Wake()
	return err
}
