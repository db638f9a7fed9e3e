package approval

import (
	"maps"
	"slices"
	"time"
)

// clone copies r so that a change of the copy is no change of r.
func (r Request) clone() Request {
	r.Access = r.Access.clone()
	r.Requested = r.Requested.clone()
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

// addMessage adds a message to what people are to be shown of r. An adopted request
// has no requester to show anything to.
func (r *Request) addMessage(m MessageName) {
	if r.Requester == "" && !m.ToApprovers() {
		return
	}
	if !slices.Contains(r.Messages, m) {
		r.Messages = append(r.Messages, m)
	}
}

// startIssuing opens an attempt. Its number is on disk before Atlas hears of
// it, and so is the key that it replaces.
func (r *Request) startIssuing(now time.Time) {
	r.Attempt++
	r.Issuance = Issuance{Stage: StageQueued, ClickedAt: now}
	r.Confirmation = Confirmation{}
}

// startDeletion makes the key's removal due now.
func (r *Request) startDeletion(now time.Time, why Outcome) {
	r.Outcome = why
	r.Deletion = Deletion{Since: now, RetryAt: now}
}
