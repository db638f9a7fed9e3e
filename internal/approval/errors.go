package approval

import (
	"errors"
	"fmt"
)

// Errors of the store.
var (
	ErrNotFound   = errors.New("no such request")
	ErrDuplicate  = errors.New("this form was sent before")
	ErrIDTaken    = errors.New("the id is taken")
	ErrConflict   = errors.New("the request has changed meanwhile")
	ErrNothingDue = errors.New("nothing is due")
	ErrUnreadable = errors.New("the stored request cannot be read")
)

// Refusals of people by their account.
var (
	ErrNotOwner    = errors.New("not the requester")
	ErrGuest       = errors.New("guest")
	ErrDeactivated = errors.New("deactivated")
	ErrBot         = errors.New("not a person")
	ErrExternal    = errors.New("not of this workspace")
)

// Refusals by the request as it is.
var (
	// ErrNotAllowed refuses an event that the request's state does not allow.
	ErrNotAllowed = errors.New("not possible in this state")

	// ErrAlreadyNudged refuses a requester's second reminder.
	ErrAlreadyNudged = errors.New("the approvers were reminded already")

	// ErrAlreadyReviewed refuses a second review of a key taken by break-glass.
	ErrAlreadyReviewed = errors.New("reviewed already")

	// ErrRotationUnderway refuses a second successor while the first may still
	// be issued.
	ErrRotationUnderway = errors.New("a successor is on its way")

	// ErrPredecessorRevoked refuses a successor whose predecessor was revoked: it
	// is revoked as well.
	ErrPredecessorRevoked = errors.New("the predecessor was revoked")

	// ErrPredecessorNotActive refuses a successor whose predecessor is deleted,
	// or has another owner by now.
	ErrPredecessorNotActive = errors.New("the predecessor is not an active key of the same owner")

	// ErrNothingToRetry refuses a retry when no deletion waits for its next try.
	ErrNothingToRetry = fmt.Errorf("%w: no deletion waits for its next try", ErrNotAllowed)
)
