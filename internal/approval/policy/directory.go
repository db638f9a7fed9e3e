package policy

import (
	"context"
)

// A MemberStatus is what somebody is to this workspace.
type MemberStatus string

const (
	Member      MemberStatus = "member" // full and active
	Guest       MemberStatus = "guest"
	Deactivated MemberStatus = "deactivated"
	Bot         MemberStatus = "robot"
	External    MemberStatus = "outsider" // of another workspace, or unknown
)

// Directory knows people. Its errors mean that it could not be asked.
type Directory interface {
	// MemberStatus looks the actor up, now: nothing is remembered.
	MemberStatus(ctx context.Context, who Actor) (MemberStatus, error)

	// Deactivated reports whether the account of user was switched off or does
	// not exist any more.
	Deactivated(ctx context.Context, user UserID) (bool, error)

	// Members lists a group. The answer may be a few minutes old.
	Members(ctx context.Context, g GroupID) ([]UserID, error)
}
