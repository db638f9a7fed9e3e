package approvaltest_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
)

func TestDirectory(t *testing.T) {
	t.Parallel()
	d := &approvaltest.Directory{}
	d.Set(policy.Member, "U_bo", "U_ana")
	d.Set(policy.Guest, "U_ana")
	d.SetGroup("S_oncall", "U_ana", "U_di")
	for user, want := range map[policy.UserID]policy.MemberStatus{
		"U_bo": policy.Member, "U_ana": policy.Guest, "U_stranger": policy.External,
	} {
		got, err := d.MemberStatus(t.Context(), policy.Actor{User: user})
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	members, err := d.Members(t.Context(), "S_oncall")
	require.NoError(t, err)
	require.Equal(t, []policy.UserID{"U_ana", "U_di"}, members)
	members, err = d.Members(t.Context(), "S_unknown")
	require.NoError(t, err)
	require.Empty(t, members)
}

func TestDirectoryCannotBeAsked(t *testing.T) {
	t.Parallel()
	d := &approvaltest.Directory{}
	d.Set(policy.Member, "U_bo")
	away := errors.New("away")
	d.Fail(approvaltest.CallMemberStatus, approvaltest.Fine(), approvaltest.Lost(away))
	d.Fail(approvaltest.CallMembers, approvaltest.Lost(away))
	for _, want := range []error{nil, away, nil} {
		_, err := d.MemberStatus(t.Context(), policy.Actor{User: "U_bo"})
		require.ErrorIs(t, err, want)
	}
	_, err := d.Members(t.Context(), "S_oncall")
	require.ErrorIs(t, err, away)
	require.Equal(t, 3, d.Calls(approvaltest.CallMemberStatus))
}

func TestClock(t *testing.T) {
	t.Parallel()
	c := approvaltest.NewClock()
	require.Equal(t, approvaltest.Epoch, c.Now())
	require.Equal(t, c.Advance(time.Minute), c.Now())
	require.Equal(t, time.Minute, c.Now().Sub(approvaltest.Epoch))
}
