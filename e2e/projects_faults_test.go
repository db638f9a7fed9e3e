package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

// requireNoKeyShown asserts that no private key was sent to any user.
func (w *Env) requireNoKeyShown() {
	w.t.Helper()
	assert.False(w.t, w.called("chat.postEphemeral"))
	assert.Empty(w.t, w.botKeys())
}

// A key that did not get all of its projects goes again, and is not shown.
func TestProjectThatCannotBeGrantedFailsRequest(t *testing.T) {
	for name, tt := range map[string]struct {
		fault wire.Fault
		cause approval.Cause
	}{
		"it is gone":             {atlasError(giveProject, 404, "GROUP_NOT_FOUND", -1), approval.CauseBadProject},
		"the bot cannot reach":   {atlasError(giveProject, 401, "USER_CANNOT_ACCESS_GROUP", -1), approval.CauseBadProject},
		"it is not its to give":  {atlasError(giveProject, 403, "USER_UNAUTHORIZED", -1), approval.CauseBadProject},
		"the role is none there": {atlasError(giveProject, 400, "INVALID_ENUM_VALUE", -1), approval.CauseBadRole},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newPolicyEnv(t, false, inProjects, nil)
			id := w.approvedIn("Payments production", "Search")
			tt.fault.Skip = 1 // the first of the two works
			w.inject(tt.fault)
			w.ClickIn(alice, "ready/issue", string(id))
			r := w.WaitForState(id, approval.StateFailed)
			assert.Equal(t, tt.cause, r.Outcome.Cause)
			assert.Equal(t, tt.fault.Code, r.Outcome.Code)
			w.WaitForMessage(alice, "outcome/request_again", string(id), tt.fault.Code)
			w.WaitForMessageIn(bob, slack.Approvals, string(id), "No key was created")
			w.requireNoKeyShown()
			assert.Len(t, w.issued(), 1)
		})
	}
}

// A project is deleted between the approval and the click.
func TestDeletedProjectFailsRequest(t *testing.T) {
	withPolicy(t, inProjects, func(t *testing.T, w *Env) {
		id := w.approvedIn("Payments production", "Search")
		require.NoError(t, w.Atlas.DeleteProject(w.project("Search")))
		w.ClickIn(alice, "ready/issue", string(id))
		assert.Equal(t, approval.CauseBadProject, w.WaitForState(id, approval.StateFailed).Outcome.Cause)
		w.WaitForMessage(alice, "outcome/request_again", string(id), "One of the projects doesn't exist any more")
		w.WaitForMessageIn(bob, slack.Approvals, string(id), "One of the projects doesn't exist any more")
		w.requireNoKeyShown()

		w.Advance(10 * time.Minute)
		w.OpenForm(alice)
		w.WaitUntil("the list of projects is as it is now", func() bool { return len(w.projectOptions(alice, "Search")) == 0 })
		require.NoError(t, w.Slack.CloseModal(w.ctx(), alice))
		w.ClickIn(alice, "outcome/request_again", string(id))
		w.WaitForScreen(alice, "the form again", func(s slack.Screen) bool { return s.Modal != nil })
		result, err := w.Slack.Submit(w.ctx(), alice, nil)
		require.NoError(t, err)
		require.Equal(t, slack.Refused, result.Outcome)
		assert.Contains(t, result.Errors["projects"], "no project")
	})
}

// Faults that the bot, or one more click, gets over.
func TestProjectGrantUnderFaults(t *testing.T) {
	for name, fault := range map[string]wire.Fault{
		"429":                         {Side: wire.Atlas, Operation: giveProject, Mode: wire.RateLimited},
		"a stray 401":                 faultOn(wire.Atlas, giveProject, wire.Empty401),
		"500":                         faultOn(wire.Atlas, giveProject, wire.Error500Before),
		"500, and yet it happened":    faultOn(wire.Atlas, giveProject, wire.Error500After),
		"503":                         faultOn(wire.Atlas, giveProject, wire.HTML503),
		"the answer is lost":          faultOn(wire.Atlas, giveProject, wire.LostAfter),
		"half an answer":              faultOn(wire.Atlas, giveProject, wire.TruncatedAfter),
		"503 for a while":             {Side: wire.Atlas, Operation: giveProject, Mode: wire.HTML503, Count: 5},
		"answers are lost for a time": {Side: wire.Atlas, Operation: giveProject, Mode: wire.LostAfter, Count: 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newPolicyEnv(t, false, inProjects, nil)
			id := w.approvedIn("Payments production", "Search")
			fault.Skip = 1
			w.inject(fault)
			w.ClickIn(alice, "ready/issue", string(id))
			w.ClickUntilKeyShown(id)
			w.requireLastShownKey()
			w.requireGrant(id, w.project("Payments production"), w.project("Search"))
			assert.True(t, w.wasInjected(fault), "the fault befell no call")
		})
	}
}

// Atlas stays away: the request waits for it, without a key.
func TestProjectGrantRetriesWhileAtlasIsDown(t *testing.T) {
	withPolicy(t, inProjects, func(t *testing.T, w *Env) {
		id := w.approvedIn("Search")
		w.inject(wire.Fault{Side: wire.Atlas, Operation: giveProject, Mode: wire.HTML503, Count: -1})
		w.ClickIn(alice, "ready/issue", string(id))
		w.WaitUntil("it is put back", func() bool { return w.stored(id).State == approval.StateApproved && w.stored(id).Attempt == 1 })
		w.WaitForMessage(alice, "ready/issue", string(id), "Atlas didn't respond")
		w.requireNoKeyShown()
		w.Wire.Clear()
		w.ClickUntilKeyShown(id)
		w.requireLastShownKey()
		w.requireGrant(id, w.project("Search"))
	})
}

// The user who types is answered within Slack's three seconds, whatever Atlas does.
func TestProjectSearchWhileAtlasIsDown(t *testing.T) {
	for name, mode := range map[string]wire.Mode{"it is slow": wire.Freeze, "it is down": wire.HTML503} {
		t.Run(name, func(t *testing.T) {
			withPolicy(t, inProjects, func(t *testing.T, w *Env) {
				w.inject(wire.Fault{Side: wire.Atlas, Operation: listProjects, Mode: mode, Count: -1})
				w.RestartBot() // which then knows of no projects
				w.OpenForm(alice)
				asked := time.Now()
				assert.Empty(t, w.projectOptions(alice, "Sea"))
				assert.Less(t, time.Since(asked), 3*time.Second)
				answer := w.sendForged(alice, "GROUP_READ_ONLY", w.project("Search"))
				assert.Contains(t, answer, `"projects":"Atlas did not tell me its projects`)
				assert.Empty(t, w.requestVersions())

				w.Wire.Clear()
				w.WaitUntil("the projects are there", func() bool { return len(w.projectOptions(alice, "Sea")) == 1 })
				result, err := w.Slack.Submit(w.ctx(), alice, requestInput(field("projects", w.findProjects(alice, "Search")), field("project_roles", slack.Pick("GROUP_READ_ONLY"))))
				require.NoError(t, err)
				assert.Equal(t, slack.Closed, result.Outcome, "%+v", result)
				assert.Empty(t, w.Slack.Screen(alice).Notices)
			})
		})
	}
}

// What was known of projects serves while Atlas is down, for a day.
func TestProjectNamesAreCachedWhileAtlasIsDown(t *testing.T) {
	withPolicy(t, inProjects, func(t *testing.T, w *Env) {
		w.OpenForm(alice)
		w.findProjects(alice, "Search")
		require.NoError(t, w.Slack.CloseModal(w.ctx(), alice))
		w.inject(wire.Fault{Side: wire.Atlas, Operation: listProjects, Mode: wire.HTML503, Count: -1})
		w.Advance(20 * time.Hour)
		id := w.requestInProjects("Search", "Analytics")
		assert.True(t, contains(w.WaitForMessageIn(bob, slack.Approvals, "card/approve", string(id)), "Analytics"))
		w.WaitIdle(id)
		w.Advance(5 * time.Hour)
		w.OpenForm(alice)
		assert.Empty(t, w.projectOptions(alice, "Sea"))
	})
}
