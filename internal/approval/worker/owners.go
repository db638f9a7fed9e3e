package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/time/rate"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

const (
	// ownerCheckInterval is how often the account of a key's owner is looked at.
	ownerCheckInterval = time.Hour

	// ownersAtOnce and ownersEvery are the pace of that: Slack's limit for
	// look-ups is one for everybody, and who approves or revokes goes first.
	ownersAtOnce = 5
	ownersEvery  = 5 * time.Second
)

// An ownerRound looks at the accounts of the owners of live keys, each once.
type ownerRound struct {
	pace      *rate.Limiter
	startedAt time.Time              // zero: there was none yet
	looked    map[policy.UserID]bool // whether the account is gone
	failed    map[policy.UserID]bool // Slack did not say: asked in the next round
	over      bool                   // everybody was looked at
	notBefore time.Time              // Slack wants to be left alone until then
}

func newOwnerRound() *ownerRound {
	return &ownerRound{pace: rate.NewLimiter(rate.Every(ownersEvery), ownersAtOnce), over: true}
}

// start begins another round if one is due at now. A clock that went back makes
// it due.
func (o *ownerRound) start(now time.Time) {
	age := now.Sub(o.startedAt)
	if o.startedAt.IsZero() || age < 0 || o.over && age >= ownerCheckInterval {
		o.startedAt, o.looked, o.failed, o.over, o.notBefore = now, map[policy.UserID]bool{}, map[policy.UserID]bool{}, false, time.Time{}
	}
}

// checkOwnersWhenDue goes on with the round as far as its pace allows. The rest is
// looked at when it is called again.
func (w *Worker) checkOwnersWhenDue(ctx context.Context) {
	o := w.owners
	o.start(w.Now())
	if o.over || w.Now().Before(o.notBefore) {
		return
	}
	if err := w.checkOwners(ctx, o); err != nil && ctx.Err() == nil {
		w.Log.Warn("looking at the accounts of keys' owners", "error", err)
	}
}

// checkOwners flags the keys of people who were deactivated.
func (w *Worker) checkOwners(ctx context.Context, o *ownerRound) error {
	live, err := w.Store.ListActive(ctx)
	if err != nil {
		return fmt.Errorf("listing the live requests: %w", err)
	}
	var errs []error
	for _, r := range live {
		if r.State != approval.StateActive || r.Requester == "" || o.failed[r.Requester] {
			continue
		}
		gone, known := o.looked[r.Requester]
		if !known {
			if !o.pace.AllowN(w.Now(), 1) {
				return errors.Join(errs...)
			}
			gone, err = w.Directory.Deactivated(ctx, r.Requester)
			if f := approval.CallErrorOf(err); err != nil && f.Class == approval.Transient {
				o.notBefore = w.Now().Add(max(min(f.RetryAfter, ownerCheckInterval/6), ownersEvery))
				return errors.Join(append(errs, fmt.Errorf("looking at the account of %s: %w", r.Requester, err))...)
			}
			if err != nil {
				o.failed[r.Requester] = true
				errs = append(errs, fmt.Errorf("looking at the account of %s: %w", r.Requester, err))
				continue
			}
			o.looked[r.Requester] = gone
		}
		if err := w.recordOwnerStatus(ctx, r, gone); err != nil && !errors.Is(err, approval.ErrConflict) {
			errs = append(errs, err)
		}
	}
	o.over = true
	return errors.Join(errs...)
}

func (w *Worker) recordOwnerStatus(ctx context.Context, r approval.Request, gone bool) error {
	if gone == !r.OwnerDeactivatedAt.IsZero() {
		return nil
	}
	record := r.RecordOwnerReactivated
	if gone {
		record = r.RecordOwnerDeactivated
	}
	step, err := record(w.Now())
	_, err = w.move(ctx, r, step, err)
	w.Wake()
	return err
}
