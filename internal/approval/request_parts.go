package approval

import (
	"maps"
	"slices"
	"time"

	"atlaskeybot/internal/approval/policy"
)

// UnknownKeys are the keys that one message tells of together.
type UnknownKeys struct {
	Count int         `json:"count"`
	IDs   []policy.ID `json:"ids,omitempty"` // of the requests that have rows now; none if there are too many
}

// A Leftover is a key of a request that Atlas said was deleted and listed again
// later. It is deleted again until Atlas does not know it any more.
type Leftover struct {
	Key      Key       `json:"key"`
	Since    time.Time `json:"since"`              // when it was found again
	SearchAt time.Time `json:"search_at,omitzero"` // zero: it is gone
}

// IsOpen reports whether the key may still be alive.
func (l Leftover) IsOpen() bool { return !l.SearchAt.IsZero() }

// An OwnedProject is one in which a live key has just the role of its owner,
// beside what was approved. Atlas gives that role to the key that creates a
// project, which some roles in the organization allow: it is no change by hand.
type OwnedProject struct {
	policy.Project

	// Proven says that Atlas's events tell of the project's creation by this
	// key. They can be late; without them somebody may have given it the role.
	Proven bool `json:"proven,omitempty"`
}

// A ListChange is the change of a live key's access list that is under way in
// Atlas.
type ListChange struct {
	By    policy.ID `json:"by,omitempty"` // the request that asks for it; over once that is final
	Since time.Time `json:"since"`        // the first call to Atlas, or its end if By is empty
}

// Clone copies r so that a change of the copy is no change of r.
func (r Request) Clone() Request {
	r.Access = r.Access.Clone()
	r.Requested = r.Requested.Clone()
	r.Requirements = slices.Clone(r.Requirements)
	r.Approvals = slices.Clone(r.Approvals)
	r.Transfers = slices.Clone(r.Transfers)
	r.Change.OldNetworks = slices.Clone(r.Change.OldNetworks)
	r.UnknownKeys.IDs = slices.Clone(r.UnknownKeys.IDs)
	r.Owns = slices.Clone(r.Owns)
	r.Change.Left = slices.Clone(r.Change.Left)
	r.UnresolvedCreates = slices.Clone(r.UnresolvedCreates)
	r.Drift.Roles = slices.Clone(r.Drift.Roles)
	r.Drift.Networks = slices.Clone(r.Drift.Networks)
	r.Drift.Projects = slices.Clone(r.Drift.Projects)
	r.Messages = slices.Clone(r.Messages)
	r.Events = maps.Clone(r.Events)
	r.MessageRefs = maps.Clone(r.MessageRefs)
	return r
}
