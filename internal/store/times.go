package store

import (
	"slices"
	"time"

	"atlaskeybot/internal/approval"
)

// millis is how a time is stored. Zero, which is never, is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// toMillis returns r with its times in UTC and cut to the millisecond, so that
// the body agrees with the columns. The conformance suite finds a time that is
// missing here.
func toMillis(r approval.Request) approval.Request {
	r.Debts = slices.Clone(r.Debts)
	r.Approvals = slices.Clone(r.Approvals)
	r.Transfers = slices.Clone(r.Transfers)
	times := []*time.Time{
		&r.AskedAt, &r.LapsesAt, &r.EndsAt, &r.Since, &r.RemindAt, &r.Change.OldEnd, &r.Change.NewEnd,
		&r.ProdAt, &r.EscalateAt, &r.EscalatedAt, &r.NudgedAt, &r.Review.At, &r.OwnerGone,
		&r.Decision.At, &r.Key.MadeAt, &r.End.At,
		&r.Mint.CollectedAt, &r.Mint.RetryAt,
		&r.Custody.ShownAt, &r.Custody.RemindAt, &r.Custody.ConfirmBy,
		&r.Removal.Since, &r.Removal.RetryAt, &r.Changing.Since,
		&r.Leftover.Key.MadeAt, &r.Leftover.Since, &r.Leftover.LookAt,
	}
	for i := range r.Debts {
		times = append(times, &r.Debts[i].At, &r.Debts[i].LookAt)
	}
	for i := range r.Approvals {
		times = append(times, &r.Approvals[i].At)
	}
	for i := range r.Transfers {
		times = append(times, &r.Transfers[i].At)
	}
	for _, t := range times {
		*t = t.UTC().Truncate(time.Millisecond)
	}
	return r
}
