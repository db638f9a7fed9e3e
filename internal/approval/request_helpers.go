package approval

import (
	"maps"
	"slices"
)

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
