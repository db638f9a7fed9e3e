package approvaltest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
)

var order = approval.KeySpec{Request: "AKR-00001", Attempt: 1}

// ignore is a caller of Make that writes nothing down.
func ignore(approval.Key) error { return nil }

func TestKeysCreate(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		call       approvaltest.Call
		failure    approvaltest.Failure
		isMade     bool // made is called
		alive      int
		restricted bool
	}{
		"it goes well":                       {approvaltest.CallCreate, approvaltest.Fine(), true, 1, true},
		"the create call is lost":            {approvaltest.CallCreate, approvaltest.Lost(approvaltest.Indeterminate()), false, 0, false},
		"the create call's answer is lost":   {approvaltest.CallCreate, approvaltest.AnswerLost(approvaltest.Indeterminate()), false, 1, false},
		"the access list is lost":            {approvaltest.CallRestrict, approvaltest.Lost(approvaltest.Indeterminate()), true, 1, false},
		"the access list's answer is lost":   {approvaltest.CallRestrict, approvaltest.AnswerLost(approvaltest.Indeterminate()), true, 1, true},
		"the access list is refused by rule": {approvaltest.CallRestrict, approvaltest.Lost(approvaltest.Permanent(approval.CauseBadAddress)), true, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys := &approvaltest.Keys{}
			keys.Fail(tt.call, tt.failure)
			var heard []approval.Key
			c, err := keys.Of("org").Create(t.Context(), order, func(k approval.Key) error {
				heard = append(heard, k)
				return nil
			})
			require.ErrorIs(t, err, tt.failure.Err)
			require.Equal(t, tt.isMade, len(heard) == 1)
			alive := keys.Alive()
			require.Len(t, alive, tt.alive)
			if tt.alive == 1 {
				require.Equal(t, tt.restricted, alive[0].Restricted)
			}
			if tt.failure.Err == nil {
				require.Equal(t, heard[0], c.Key)
				require.Equal(t, approvaltest.PrivateKey(c.ID).Reveal(), c.PrivateKey.Reveal())
				return
			}
			require.True(t, c.PrivateKey.IsZero())
			_, ok := errors.AsType[*approval.CallError](err)
			require.True(t, ok)
		})
	}
}

func TestKeysCreateEndsIfCallerFails(t *testing.T) {
	t.Parallel()
	keys := &approvaltest.Keys{}
	disk := errors.New("disk full")
	_, err := keys.Of("org").Create(t.Context(), order, func(approval.Key) error { return disk })
	require.ErrorIs(t, err, disk)
	require.Zero(t, keys.Calls(approvaltest.CallRestrict))
	require.Len(t, keys.Alive(), 1, "it is the caller's to remove")
}

func TestKeysDelete(t *testing.T) {
	t.Parallel()
	keys := &approvaltest.Keys{}
	c, err := keys.Of("org").Create(t.Context(), order, ignore)
	require.NoError(t, err)
	keys.Fail(approvaltest.CallDelete, approvaltest.Lost(approvaltest.Transient(approval.CauseAtlasUnavailable)), approvaltest.AnswerLost(approvaltest.Indeterminate()))
	require.Error(t, keys.Of("org").Delete(t.Context(), c.ID))
	require.Len(t, keys.Alive(), 1)
	require.Error(t, keys.Of("org").Delete(t.Context(), c.ID))
	require.Empty(t, keys.Alive())
	require.NoError(t, keys.Of("org").Delete(t.Context(), c.ID), "one that is not there is a success")
	require.Equal(t, 1, keys.Made())
	require.Equal(t, 3, keys.Calls(approvaltest.CallDelete))
}

func TestKeysFindLags(t *testing.T) {
	t.Parallel()
	clock := approvaltest.NewClock()
	keys := &approvaltest.Keys{Now: clock.Now, Lag: 3 * time.Second}
	c, err := keys.Of("org").Create(t.Context(), order, ignore)
	require.NoError(t, err)
	found := func(id policy.ID) int {
		all, err := keys.Of("org").FindTagged(t.Context(), id)
		require.NoError(t, err)
		return len(all)
	}
	require.Zero(t, found("AKR-00001"), "it is not listed yet")
	clock.Advance(3 * time.Second)
	require.Equal(t, 1, found("AKR-00001"))
	require.Zero(t, found("AKR-0000"), "a tag matches as a whole")
	require.NoError(t, keys.Of("org").Delete(t.Context(), c.ID))
	require.Equal(t, 1, found("AKR-00001"), "it is listed still")
	clock.Advance(3 * time.Second)
	require.Zero(t, found("AKR-00001"))
}

func TestKeysWasUsed(t *testing.T) {
	t.Parallel()
	keys := &approvaltest.Keys{}
	c, err := keys.Of("org").Create(t.Context(), order, ignore)
	require.NoError(t, err)
	for _, want := range []bool{false, true} {
		used, err := keys.Of("org").WasUsed(t.Context(), c.ID)
		require.NoError(t, err)
		require.Equal(t, want, used)
		keys.Use(c.ID)
	}
}

func TestKeysDoNothingAfterCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	keys := &approvaltest.Keys{}
	_, err := keys.Of("org").Create(ctx, order, ignore)
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, keys.Made())
}

func TestOnCallRunsBeforeTheCall(t *testing.T) {
	t.Parallel()
	keys := &approvaltest.Keys{}
	var madeBefore []int
	keys.SetOnCall(func(approvaltest.Call) { madeBefore = append(madeBefore, keys.Made()) })
	_, err := keys.Of("org").Create(t.Context(), order, ignore)
	require.NoError(t, err)
	require.Equal(t, []int{0, 1}, madeBefore, "before the create call, and before the access list")
}

func TestKeysCreateAssignsProjectsLast(t *testing.T) {
	t.Parallel()
	search, payments := policy.Project{ID: "b1", Name: "Search"}, policy.Project{ID: "b2", Name: "Payments"}
	for name, tt := range map[string]struct {
		failures []approvaltest.Failure
		have     []policy.Project // nil: any
		cause    approval.Cause   // of the failure, if any
		assigned int
	}{
		"it goes well":                 {nil, nil, approval.CauseNone, 2},
		"the first is lost":            {[]approvaltest.Failure{approvaltest.Lost(approvaltest.Transient(approval.CauseAtlasUnavailable))}, nil, approval.CauseAtlasUnavailable, 0},
		"the second is lost":           {[]approvaltest.Failure{approvaltest.Fine(), approvaltest.Lost(approvaltest.Indeterminate())}, nil, approval.CauseUnknown, 1},
		"the second's answer is lost":  {[]approvaltest.Failure{approvaltest.Fine(), approvaltest.AnswerLost(approvaltest.Indeterminate())}, nil, approval.CauseUnknown, 2},
		"both are there":               {nil, []policy.Project{payments, search}, approval.CauseNone, 2},
		"the second is not there":      {nil, []policy.Project{search}, approval.CauseBadProject, 1},
		"there are no projects at all": {nil, []policy.Project{}, approval.CauseBadProject, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys := &approvaltest.Keys{}
			keys.Fail(approvaltest.CallAssign, tt.failures...)
			if tt.have != nil {
				keys.Have("org", tt.have...)
			}
			o := order
			o.Access.Projects = []policy.ProjectAccess{
				{Project: search, Roles: []policy.Role{"GROUP_READ_ONLY"}}, {Project: payments, Roles: []policy.Role{"GROUP_OWNER"}},
			}
			heard := 0
			_, err := keys.Of("org").Create(t.Context(), o, func(approval.Key) error { heard++; return nil })
			require.Equal(t, 1, heard)
			alive := keys.Alive()
			require.Len(t, alive, 1, "whatever fails, the key is there")
			require.True(t, alive[0].Restricted, "its list is on it before it may do anything in a project")
			require.Len(t, alive[0].Assigned, tt.assigned)
			if tt.cause == approval.CauseNone {
				require.NoError(t, err)
				require.Equal(t, o.Access.Projects, alive[0].Assigned)
				return
			}
			f, ok := errors.AsType[*approval.CallError](err)
			require.True(t, ok)
			require.Equal(t, tt.cause, f.Cause)
		})
	}
}

func TestKeysProjects(t *testing.T) {
	t.Parallel()
	keys := &approvaltest.Keys{}
	keys.Have("org", policy.Project{ID: "b1", Name: "Search"}, policy.Project{ID: "b2", Name: "Payments"})
	projects, err := keys.Of("org").Projects(t.Context())
	require.NoError(t, err)
	require.Equal(t, []policy.Project{{ID: "b2", Name: "Payments"}, {ID: "b1", Name: "Search"}}, projects)
	projects, err = keys.Of("other").Projects(t.Context())
	require.NoError(t, err)
	require.Empty(t, projects)
	keys.Fail(approvaltest.CallProjects, approvaltest.Lost(approvaltest.Transient(approval.CauseAtlasUnavailable)))
	_, err = keys.Of("org").Projects(t.Context())
	require.Error(t, err)
}
