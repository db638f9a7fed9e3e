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
	// ownerCheckInterval is how often the accounts of key owners are checked.
	ownerCheckInterval = time.Hour

	// ownersAtOnce and ownersEvery pace these checks: all look-ups share Slack's rate
	// limit, and those of callers come first.
	ownersAtOnce = 5
	ownersEvery  = 5 * time.Second
)

// An ownerRound checks the accounts of the owners of active keys, each once.
type ownerRound struct {
	pace      *rate.Limiter
	startedAt time.Time              // zero: there was none yet
	checked   map[policy.UserID]bool // whether the account is deactivated
	failed    map[policy.UserID]bool // Slack did not answer: checked in the next round
	over      bool                   // every owner was checked
	notBefore time.Time              // Slack asked to wait until then
}

func newOwnerRound() *ownerRound {
	return &ownerRound{pace: rate.NewLimiter(rate.Every(ownersEvery), ownersAtOnce), over: true}
}

// start begins another round if one is due at now, or if the clock went back.
func (o *ownerRound) start(now time.Time) {
	age := now.Sub(o.startedAt)
	if o.startedAt.IsZero() || age < 0 || o.over && age >= ownerCheckInterval {
		o.startedAt, o.checked, o.failed, o.over, o.notBefore = now, map[policy.UserID]bool{}, map[policy.UserID]bool{}, false, time.Time{}
	}
}

// checkOwnersWhenDue continues the round as far as its pace allows.
func (w *Worker) checkOwnersWhenDue(ctx context.Context) {
	o := w.owners
	o.start(w.Now())
	if o.over || w.Now().Before(o.notBefore) {
		return
	}
	if err := w.checkOwners(ctx, o); err != nil && ctx.Err() == nil {
		w.Log.Warn("checking the accounts of key owners", "error", err)
	}
}

// checkOwners records which owners were deactivated or reactivated.
func (w *Worker) checkOwners(ctx context.Context, o *ownerRound) error {
	active, err := w.Store.ListActive(ctx)
	if err != nil {
		return fmt.Errorf("listing the active requests: %w", err)
	}
	var errs []error
	for _, r := range active {
		if r.State != approval.StateActive || r.Requester == "" || o.failed[r.Requester] {
			continue
		}
		gone, known := o.checked[r.Requester]
		if !known {
			if !o.pace.AllowN(w.Now(), 1) {
				return errors.Join(errs...)
			}
			gone, err = w.Directory.Deactivated(ctx, r.Requester)
			if f := approval.CallErrorOf(err); err != nil && f.Class == approval.Transient {
				o.notBefore = w.Now().Add(max(min(f.RetryAfter, ownerCheckInterval/6), ownersEvery))
				return errors.Join(append(errs, fmt.Errorf("checking the account of %s: %w", r.Requester, err))...)
			}
			if err != nil {
				o.failed[r.Requester] = true
				errs = append(errs, fmt.Errorf("checking the account of %s: %w", r.Requester, err))
				continue
			}
			o.checked[r.Requester] = gone
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
