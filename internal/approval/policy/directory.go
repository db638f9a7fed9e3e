package policy

import (
	"context"
)

// A MemberStatus says what a user is in this workspace.
type MemberStatus string

const (
	Member      MemberStatus = "member" // full and active
	Guest       MemberStatus = "guest"
	Deactivated MemberStatus = "deactivated"
	Bot         MemberStatus = "robot"
	External    MemberStatus = "outsider" // of another workspace, or unknown
)

// Directory looks up users and groups. Its errors mean that it could not be asked.
type Directory interface {
	// MemberStatus looks the user up now: nothing is cached.
	MemberStatus(ctx context.Context, user Actor) (MemberStatus, error)

	// Deactivated reports whether the account of user is deactivated or deleted.
	Deactivated(ctx context.Context, user UserID) (bool, error)

	// Members lists a group. The answer may be a few minutes old.
	Members(ctx context.Context, g GroupID) ([]UserID, error)
}
