package service_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
)

func inProjects(ids []policy.ProjectID, roles ...policy.Role) func(*policy.Form) {
	return func(f *policy.Form) { f.Projects, f.ProjectRoles = ids, roles }
}

func TestProjectSearch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newEnv(t, testPolicy(allowProjects))
		c := w.SetProjects()
		for text, want := range map[string][]policy.Project{
			"":                  {payments, search},
			"PAY":               {payments},
			"s":                 {payments, search},
			string(search.ID):   {search},
			"nothing like that": nil,
			"pay\u200bMENTS":    {payments},
		} {
			found, err := c.Search(t.Context(), "org", text)
			require.NoError(t, err)
			assert.Equal(t, want, found, text)
		}
		assert.Equal(t, 1, w.Keys.Calls(approvaltest.CallProjects), "Atlas was asked once")
	})
}

func TestProjectCacheServesStaleWhileFetching(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newEnv(t, testPolicy(allowProjects))
		c := w.SetProjects()
		_, err := c.Search(t.Context(), "org", "")
		require.NoError(t, err)
		w.Keys.Have("org", payments)
		<-time.After(6 * time.Minute) // the bubble's clock
		found, err := c.Search(t.Context(), "org", "")
		require.NoError(t, err)
		assert.Len(t, found, 2, "the list that is known, at once")
		synctest.Wait()
		found, err = c.Search(t.Context(), "org", "")
		require.NoError(t, err)
		assert.Len(t, found, 1, "and then the newer one")
	})
}

func TestProjectCacheDuringOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newEnv(t, testPolicy(allowProjects))
		c := w.SetProjects()
		away := approvaltest.Lost(errors.New("atlas is down"))
		w.Keys.Fail(approvaltest.CallProjects, away)
		_, err := c.Search(t.Context(), "org", "")
		require.Error(t, err)
		found, err := c.Search(t.Context(), "org", "")
		require.NoError(t, err, "asked once more")
		assert.Len(t, found, 2)
		<-time.After(6 * time.Minute) // the bubble's clock
		w.Keys.Fail(approvaltest.CallProjects, away)
		found, err = c.Search(t.Context(), "org", "")
		require.NoError(t, err)
		assert.Len(t, found, 2)
		synctest.Wait()
	})
}

func TestProjectCacheDoesNotWaitForAtlas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newEnv(t, testPolicy(allowProjects))
		c := w.SetProjects()
		w.Keys.SetOnCall(func(approvaltest.Call) { <-time.After(10 * time.Second) })
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		began := time.Now()
		_, err := c.Search(ctx, "org", "")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 2*time.Second, time.Since(began))
		<-time.After(time.Minute) // the bubble's clock: the fetch goes on
		found, err := c.Search(t.Context(), "org", "")
		require.NoError(t, err)
		assert.Len(t, found, 2)
	})
}

func TestKeyWithProjectRoles(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		w.SetProjects()
		r, err := w.Submit(w.T.Context(), as(alice), form(inProjects([]policy.ProjectID{payments.ID, search.ID, payments.ID}, "GROUP_READ_ONLY")))
		require.NoError(t, err)
		want := []policy.ProjectAccess{
			{Project: payments, Roles: []policy.Role{"GROUP_READ_ONLY"}},
			{Project: search, Roles: []policy.Role{"GROUP_READ_ONLY"}},
		}
		assert.Equal(t, want, r.Access.Projects, "with their names, each once")
		_, err = w.Approve(w.T.Context(), as(bob), r.ID)
		require.NoError(t, err)
		_, err = w.Issue(w.T.Context(), as(alice), r.ID)
		require.NoError(t, err)
		w.WaitIdle()
		w.RequireState(r.ID, approval.StateDelivered)
		w.RequireLastShownKeyOnly()
		assert.Equal(t, want, w.Keys.Alive()[0].Assigned, "before it is shown")
	}, allowProjects)
}

func TestUnassignableKeyIsDeleted(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		how  approvaltest.Failure
		want approval.State
	}{
		"refused":         {approvaltest.Lost(&approval.CallError{Class: approval.Permanent, Cause: approval.CauseBadProject, Code: "GROUP_NOT_FOUND"}), approval.StateFailed},
		"not now":         {approvaltest.Lost(&approval.CallError{Class: approval.Transient, Cause: approval.CauseAtlasUnavailable}), approval.StateApproved},
		"its answer lost": {approvaltest.AnswerLost(&approval.CallError{Class: approval.Indeterminate, Cause: approval.CauseAtlasUnavailable}), approval.StateApproved},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				w.SetProjects()
				r, err := w.Submit(w.T.Context(), as(alice), form(inProjects([]policy.ProjectID{payments.ID}, "GROUP_READ_ONLY")))
				require.NoError(t, err)
				_, err = w.Approve(w.T.Context(), as(bob), r.ID)
				require.NoError(t, err)
				w.Keys.Fail(approvaltest.CallAssign, tt.how)
				_, err = w.Issue(w.T.Context(), as(alice), r.ID)
				require.NoError(t, err)
				w.WaitIdle()
				w.RequireState(r.ID, tt.want)
				w.RequireNoKeys()
				assert.Empty(t, w.Messenger.Revealed(), "nothing is shown that does not have all that was approved")
			}, allowProjects)
		})
	}
}

func TestProjectFormMistakes(t *testing.T) {
	t.Parallel()
	eleven := make([]policy.ProjectID, 11)
	for name, tt := range map[string]struct {
		edit func(*policy.Form)
		want policy.Problem
	}{
		"projects without a role": {inProjects([]policy.ProjectID{payments.ID}), policy.Problem{Field: policy.FieldProjectRoles, Code: policy.Missing}},
		"a role without projects": {inProjects(nil, "GROUP_READ_ONLY"), policy.Problem{Field: policy.FieldProjects, Code: policy.Missing}},
		"a role of no rule":       {inProjects([]policy.ProjectID{payments.ID}, "GROUP_BACKUP_MANAGER"), policy.Problem{Field: policy.FieldProjectRoles, Code: policy.RoleNotAllowed, Given: "GROUP_BACKUP_MANAGER"}},
		"a project that is not there": {inProjects([]policy.ProjectID{"64b00000000000000000000f"}, "GROUP_READ_ONLY"),
			policy.Problem{Field: policy.FieldProjects, Code: policy.NoSuchProject, Given: "64b00000000000000000000f"}},
		"too many": {inProjects(eleven, "GROUP_READ_ONLY"), policy.Problem{Field: policy.FieldProjects, Code: policy.TooManyProjects, Limit: 10}},
		"a lifetime that the project's role forbids": {func(f *policy.Form) {
			inProjects([]policy.ProjectID{payments.ID}, "GROUP_OWNER")(f)
			f.Lifetime = 24 * time.Hour
		}, policy.Problem{Field: policy.FieldLifetime, Code: policy.LifetimeTooLong, Given: "GROUP_OWNER", Most: 8 * time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newEnv(t, testPolicy(allowProjects))
				w.SetProjects()
				_, err := w.Submit(t.Context(), as(alice), form(tt.edit))
				var mistakes *policy.FormError
				require.ErrorAs(t, err, &mistakes)
				assert.Equal(t, []policy.Problem{tt.want}, mistakes.Problems)
			})
		})
	}
}

func TestProjectRoleRequirements(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newEnv(t, testPolicy(allowProjects))
		w.SetProjects()
		r, err := w.Submit(t.Context(), as(alice), form(inProjects([]policy.ProjectID{payments.ID}, "GROUP_OWNER")))
		require.NoError(t, err)
		assert.Equal(t, []policy.Requirement{
			{From: users(dana), Count: 1, For: []policy.Role{"GROUP_OWNER"}},
			{From: users(bob, dana), Count: 1},
		}, r.Requirements)
	})
}

func TestProjectCacheCloseCancelsFetches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newEnv(t, testPolicy(allowProjects))
		c := w.SetProjects()
		_, err := c.Search(t.Context(), "org", "")
		require.NoError(t, err)
		<-time.After(6 * time.Minute) // the bubble's clock
		w.Keys.SetOnCall(func(approvaltest.Call) { <-time.After(10 * time.Second) })
		found, err := c.Search(t.Context(), "org", "")
		require.NoError(t, err)
		c.Close()
		require.Len(t, found, 2)
		calls := w.Keys.Calls(approvaltest.CallProjects)
		found, err = c.Search(t.Context(), "org", "pay")
		require.NoError(t, err)
		assert.Len(t, found, 1, "what is known can be searched")
		assert.Equal(t, calls, w.Keys.Calls(approvaltest.CallProjects), "and nothing is fetched any more")
		(*service.ProjectCache)(nil).Close()
	})
}
