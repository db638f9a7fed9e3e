package approval

import (
	"maps"
	"slices"
	"time"
)

// clone copies r so that a change of the copy is no change of r.
func (r Request) clone() Request {
	r.Access = r.Access.clone()
	r.Wanted = r.Wanted.clone()
	r.Needs = slices.Clone(r.Needs)
	r.Approvals = slices.Clone(r.Approvals)
	r.Transfers = slices.Clone(r.Transfers)
	r.Change.Old = slices.Clone(r.Change.Old)
	r.Strangers.IDs = slices.Clone(r.Strangers.IDs)
	r.Owns = slices.Clone(r.Owns)
	r.Change.Left = slices.Clone(r.Change.Left)
	r.Debts = slices.Clone(r.Debts)
	r.Drift.Roles = slices.Clone(r.Drift.Roles)
	r.Drift.Networks = slices.Clone(r.Drift.Networks)
	r.Drift.Projects = slices.Clone(r.Drift.Projects)
	r.Messages = slices.Clone(r.Messages)
	r.Events = maps.Clone(r.Events)
	r.Places = maps.Clone(r.Places)
	return r
}

// show adds a message to what people are to be shown of r. An adopted request
// has no requester to show anything to.
func (r *Request) show(m MessageName) {
	if r.Requester == "" && !m.ToApprovers() {
		return
	}
	if !slices.Contains(r.Messages, m) {
		r.Messages = append(r.Messages, m)
	}
}

// startMinting opens an attempt. Its number is on disk before Atlas hears of
// it, and so is the key that it replaces.
func (r *Request) startMinting(now time.Time) {
	r.Attempt++
	r.Mint = Mint{Stage: Waiting, CollectedAt: now}
	r.Custody = Custody{}
}

// startRemoval makes the key's removal due now.
func (r *Request) startRemoval(now time.Time, why End) {
	r.End = why
	r.Removal = Removal{Since: now, RetryAt: now}
}
