package model_test

import (
	"slices"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// first is the request of the first key of a key's rotations. It needs tr.mu.
func (tr *run) first(r approval.Request) policy.ID {
	for r.Type == approval.Rotation {
		r = tr.rows[r.ParentID]
	}
	return r.ID
}

// isRevokedByOther reports whether a person other than its owner revoked a key.
func isRevokedByOther(r approval.Request) bool {
	return r.Outcome.Cause == approval.CauseRevoked && r.Outcome.By != r.Requester
}

// endsWith says by hand whether a request may end before its time because of
// another one. It needs tr.mu.
func (tr *run) endsWith(r, with approval.Request) bool {
	isSuccessor := r.Type == approval.Rotation && r.ParentID == with.ID
	isNew := r.State == approval.StatePending || r.State == approval.StateApproved
	isOver := with.State == approval.StateRevoking || with.State == approval.StateEnded
	switch {
	case isSuccessor && isNew && isOver: // there is nothing to take over from
		return true
	case isRevokedByOther(with):
		return tr.first(r) == tr.first(with)
	case with.Outcome.Cause == approval.CauseDeletedExternally, len(with.Transfers) > 0:
		return isSuccessor && (isNew || r.State == approval.StateDelivered)
	}
	return false
}

// checkRevoked asserts that no key lives whose access was revoked by a person
// other than its owner.
func (tr *run) checkRevoked(r approval.Request) {
	if !holdsKey(r) {
		return
	}
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for _, other := range tr.rows {
		isOne := tr.first(other) == tr.first(r) && isRevokedByOther(other)
		isOver := slices.Contains([]approval.State{approval.StateRevoking, approval.StateEnded}, other.State)
		require.False(tr.t, isOne && isOver, "%s lives although %s of the same rotations was revoked by %s", r.ID, other.ID, other.Outcome.By)
	}
}
