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
	r.UnresolvedCreates = slices.Clone(r.UnresolvedCreates)
	r.Approvals = slices.Clone(r.Approvals)
	r.Transfers = slices.Clone(r.Transfers)
	times := []*time.Time{
		&r.RequestedAt, &r.ExpiresAt, &r.KeyExpiresAt, &r.Since, &r.RemindAt, &r.Change.OldEnd, &r.Change.NewEnd,
		&r.NextApproverReminderAt, &r.EscalateAt, &r.EscalatedAt, &r.NudgedAt, &r.Review.At, &r.OwnerDeactivatedAt,
		&r.Decision.At, &r.Key.MadeAt, &r.Outcome.At,
		&r.Issuance.ClickedAt, &r.Issuance.RetryAt,
		&r.Confirmation.ShownAt, &r.Confirmation.RemindAt, &r.Confirmation.ConfirmBy,
		&r.Deletion.Since, &r.Deletion.RetryAt, &r.Changing.Since,
		&r.Leftover.Key.MadeAt, &r.Leftover.Since, &r.Leftover.SearchAt,
	}
	for i := range r.UnresolvedCreates {
		times = append(times, &r.UnresolvedCreates[i].At, &r.UnresolvedCreates[i].SearchAt)
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
