package approval

import (
	"time"

	"atlaskeybot/internal/approval/policy"
)

// ByBreakGlass reports whether the key, or the key at the start of its rotations,
// was taken without approval.
func (r Request) ByBreakGlass() bool { return r.BreakGlass || r.BreakGlassOf != "" }

// MarkReviewed records an approver's review of a key taken by break-glass. People
// who have or had the key do not review it.
func (r Request) MarkReviewed(by policy.UserID, now time.Time) (Step, error) {
	switch {
	case !r.BreakGlass:
		return Step{}, ErrNotAllowed
	case r.OwnedBefore(by):
		return Step{}, policy.ErrOwnRequest
	case r.Review.By != "":
		return Step{}, ErrAlreadyReviewed
	}
	return r.step(EventReview, by, now, "", func(next *Request) { next.Review = Review{By: by, At: now} })
}
