package approval

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	"atlaskeybot/internal/approval/policy"
)

// Drift is how an active key differs in Atlas from what was approved: it was changed
// manually. Drift is reported and not repaired.
type Drift struct {
	RolesChanged bool          `json:"roles_changed,omitempty"`
	Roles        []policy.Role `json:"roles,omitempty"` // as they are, if changed

	NetworksChanged bool           `json:"networks_changed,omitempty"`
	Networks        []netip.Prefix `json:"networks,omitempty"` // as they are, if changed; none: no access list

	ProjectsChanged bool                   `json:"projects_changed,omitempty"`
	Projects        []policy.ProjectAccess `json:"projects,omitempty"` // as they are, if changed; names as far as they are known

	// Owns is not drift; [Request.Owns] keeps it.
	Owns []OwnedProject `json:"owns,omitempty"`

	Renamed bool `json:"renamed,omitempty"` // and so cannot be found by its tag any more
}

// IsZero reports whether the key is as approved.
func (d Drift) IsZero() bool {
	return !d.RolesChanged && !d.NetworksChanged && !d.ProjectsChanged && !d.Renamed
}

// Equal reports whether d and o are the same differences.
func (d Drift) Equal(o Drift) bool {
	return d.RolesChanged == o.RolesChanged && slices.Equal(d.Roles, o.Roles) &&
		d.NetworksChanged == o.NetworksChanged && slices.Equal(d.Networks, o.Networks) && d.Renamed == o.Renamed &&
		d.ProjectsChanged == o.ProjectsChanged && slices.EqualFunc(d.Projects, o.Projects, policy.ProjectAccess.Equal)
}

// UnknownKeys are the keys that one message reports together.
type UnknownKeys struct {
	Count int         `json:"count"`
	IDs   []policy.ID `json:"ids,omitempty"` // of the adopted requests; none if there are too many
}

// A Leftover is a key that Atlas deleted with success and listed again later. It is
// deleted again until Atlas does not know it any more.
type Leftover struct {
	Key      Key       `json:"key"`
	Since    time.Time `json:"since"`              // when it was listed again
	SearchAt time.Time `json:"search_at,omitzero"` // zero: it is gone
}

// IsOpen reports whether the key may still exist.
func (l Leftover) IsOpen() bool { return !l.SearchAt.IsZero() }

// An OwnedProject is a project in which an active key is owner without approval. Atlas
// makes the key that creates a project its owner, and some roles in the organization allow
// that: it is not drift.
type OwnedProject struct {
	policy.Project

	// Proven says that Atlas's events tell of the project's creation by this key. They
	// can be late; without them, a user may have given the key the role.
	Proven bool `json:"proven,omitempty"`
}

// A ListChange is a change of an active key's access list in Atlas.
type ListChange struct {
	By    policy.ID `json:"by,omitempty"` // the request that makes it; over once that is final
	Since time.Time `json:"since"`        // the first call to Atlas, or the end of the change if By is empty
}

// Clone copies r so that a change of the copy is no change of r.
func (r Request) Clone() Request {
	r.Access = r.Access.Clone()
	r.Details = r.Details.Clone()
	r.Requested = r.Requested.Clone()
	r.Requirements = slices.Clone(r.Requirements)
	r.Approvals = slices.Clone(r.Approvals)
	r.Missing = slices.Clone(r.Missing)
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
