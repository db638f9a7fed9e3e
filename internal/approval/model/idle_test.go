package model_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
)

// checkIdle holds after everything that goes wrong has been repaired and had
// time to settle.
func (tr *run) checkIdle() {
	tr.check()
	now := time.Now()
	alive := map[policy.ID][]approvaltest.LiveKey{}
	for _, k := range tr.keys.Alive() {
		alive[k.Request] = append(alive[k.Request], k)
	}
	for _, r := range tr.requests() {
		require.NotContains(tr.t, []approval.State{approval.StateIssuing, approval.StateRevoking, approval.StateApplying}, r.State, "%s is under way for ever", r.ID)
		require.Empty(tr.t, r.UnresolvedCreates, "%s", r.ID)
		if holdsKey(r) {
			require.Len(tr.t, alive[r.ID], 1, "%s is %s: the key that was shown last is the only one", r.ID, r.State)
			tr.checkHeld(r, alive[r.ID][0])
		} else {
			require.Empty(tr.t, alive[r.ID], "%s is %s and has a key", r.ID, r.State)
		}
		if !r.State.Final() {
			require.True(tr.t, r.WorkAt().After(now), "%s is %s and overdue since %s", r.ID, r.State, r.WorkAt())
		}
		tr.checkRevoked(r)
		tr.checkMessages(r)
		require.NotContains(tr.t, fmt.Sprintf("%+v", r), "private-half-of")
	}
	next, err := tr.store.NextDue(context.Background())
	require.NoError(tr.t, err)
	require.True(tr.t, next.IsZero() || next.After(now), "something is due since %s", next)
}

// checkHeld compares a key with its request: it is what that says, or the
// request tells how it differs.
func (tr *run) checkHeld(r approval.Request, k approvaltest.LiveKey) {
	require.Equal(tr.t, r.Key.ID, k.ID, "%s holds another key", r.ID)
	require.True(tr.t, r.KeyExpiresAt.After(time.Now()), "%s: the key outlives its end", r.ID)
	if isSame(r.Access.Networks, k.Access.Networks) {
		require.Equal(tr.t, k.Drift.NetworksChanged, r.Drift.NetworksChanged, "%s: what was changed by hand", r.ID)
	} else {
		require.True(tr.t, r.Drift.NetworksChanged, "%s: the drift of the key's access list is not reported", r.ID)
	}
	require.Equal(tr.t, k.Drift.Renamed, r.Drift.Renamed)
}

// checkMessages asserts that people who are there see the request as it is
// stored, and each message once unless something went wrong while it was posted.
func (tr *run) checkMessages(r approval.Request) {
	seen, times := map[string]approval.Request{}, map[approval.MessageName]int{}
	for _, m := range tr.screens.Messages(r.ID) {
		seen[m.At.TS] = m.Request
		times[m.Name]++
		if m.Name.IsEvent() {
			require.Equal(tr.t, 1, m.Synced, "%s: %s was drawn again", r.ID, m.Name)
			tr.checkEvent(m)
		}
	}
	for _, name := range r.Messages {
		if !name.ToApprovers() && (!r.OwnerDeactivatedAt.IsZero() || tr.spec.memberStatus(r.Requester) == policy.Deactivated) {
			continue // the requester cannot read it
		}
		at := r.MessageRefs[name]
		require.NotEmpty(tr.t, at.TS, "%s: %s was never posted", r.ID, name)
		require.NotEmpty(tr.t, at.Digest, "%s: %s is out of date", r.ID, name)
		if !name.IsEvent() {
			require.Equal(tr.t, r.Version, seen[at.TS].Version, "%s: %s shows an old version", r.ID, name)
		}
	}
	for name, n := range times {
		require.True(tr.t, n == 1 || !tr.isCalm, "%s: %s was posted %d times", r.ID, name, n)
	}
}

// eventStates are the states to which the events lead that are posted.
var eventStates = map[approval.MessageName][]approval.State{
	approval.DeniedNotice:    {approval.StateApproved, approval.StateDenied, approval.StateApplying},
	approval.FailedNotice:    {approval.StateFailed},
	approval.ClosedNotice:    {approval.StateWithdrawn, approval.StateExpired, approval.StateEnded, approval.StateApplied},
	approval.NudgedNotice:    {approval.StatePending},
	approval.EscalatedNotice: {approval.StatePending},
}

// checkEvent asserts that an event post tells of the moment of its event,
// however late it was posted.
func (tr *run) checkEvent(m approvaltest.Message) {
	r := m.Request
	switch states, ok := eventStates[m.Name]; {
	case ok:
		require.Contains(tr.t, states, r.State, "%s: %s is of another moment", r.ID, m.Name)
	case strings.HasPrefix(string(m.Name), "approval_added"):
		require.Equal(tr.t, approval.StatePending, r.State, "%s: %s is of another moment", r.ID, m.Name)
	case strings.HasPrefix(string(m.Name), "key_created"):
		require.Equal(tr.t, approval.StateDelivered, r.State, "%s: %s is of another moment", r.ID, m.Name)
		require.True(tr.t, slices.ContainsFunc(tr.screens.Revealed(), func(s approvaltest.Revealed) bool {
			return s.Request == r.ID && s.To == r.Requester && s.Key.ID == r.Key.ID
		}), "%s: %s tells of a key that was not shown", r.ID, m.Name)
	default:
		tr.t.Fatalf("%s: an unexpected event post", m.Name)
	}
}
