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

// nothingShown asserts that no private key was sent to anybody.
func (w *town) nothingShown() {
	w.t.Helper()
	assert.False(w.t, w.called("chat.postEphemeral"))
	assert.Empty(w.t, w.botKeys())
}

// A key that did not get all of its projects goes again, and is not shown.
func TestAProjectThatCannotBeGiven(t *testing.T) {
	for name, tt := range map[string]struct {
		fault wire.Fault
		cause approval.Cause
	}{
		"it is gone":             {atlasSays(giveProject, 404, "GROUP_NOT_FOUND", -1), approval.CauseBadProject},
		"the bot cannot reach":   {atlasSays(giveProject, 401, "USER_CANNOT_ACCESS_GROUP", -1), approval.CauseBadProject},
		"it is not its to give":  {atlasSays(giveProject, 403, "USER_UNAUTHORIZED", -1), approval.CauseBadProject},
		"the role is none there": {atlasSays(giveProject, 400, "INVALID_ENUM_VALUE", -1), approval.CauseBadRole},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newRuledTown(t, false, inProjects, nil)
			id := w.approvedIn("Payments production", "Search")
			tt.fault.Skip = 1 // the first of the two works
			w.spoils(tt.fault)
			w.pressesOn(alice, "ready/issue", string(id))
			r := w.becomes(id, approval.StateFailed)
			assert.Equal(t, tt.cause, r.Outcome.Cause)
			assert.Equal(t, tt.fault.Code, r.Outcome.Code)
			w.reads(alice, "outcome/request_again", string(id), tt.fault.Code)
			w.readsIn(bob, slack.Approvals, string(id), "no key")
			w.nothingShown()
			assert.Len(t, w.issued(), 1)
		})
	}
}

// A project is deleted between the approval and the press.
func TestAProjectThatIsDeletedMeanwhile(t *testing.T) {
	underRules(t, inProjects, func(t *testing.T, w *town) {
		id := w.approvedIn("Payments production", "Search")
		require.NoError(t, w.Atlas.DeleteProject(w.project("Search")))
		w.pressesOn(alice, "ready/issue", string(id))
		assert.Equal(t, approval.CauseBadProject, w.becomes(id, approval.StateFailed).Outcome.Cause)
		w.reads(alice, "outcome/request_again", string(id), "One of the projects is not there any more")
		w.readsIn(bob, slack.Approvals, string(id), "One of the projects is not there any more")
		w.nothingShown()

		w.passes(10 * time.Minute)
		w.opensForm(alice)
		w.until("the list of projects is as it is now", func() bool { return len(w.suggested(alice, "Search")) == 0 })
		require.NoError(t, w.Slack.CloseModal(w.ctx(), alice))
		w.pressesOn(alice, "outcome/request_again", string(id))
		w.sees(alice, "the form again", func(s slack.Screen) bool { return s.Modal != nil })
		result, err := w.Slack.Submit(w.ctx(), alice, nil)
		require.NoError(t, err)
		require.Equal(t, slack.Refused, result.Outcome)
		assert.Contains(t, result.Errors["projects"], "no project")
	})
}

// Faults that the bot, or one more press, gets over.
func TestGivingProjectsInBadWeather(t *testing.T) {
	for name, fault := range map[string]wire.Fault{
		"429":                         {Side: wire.Atlas, Operation: giveProject, Mode: wire.RateLimited},
		"a stray 401":                 goesWrong(wire.Atlas, giveProject, wire.Empty401),
		"500":                         goesWrong(wire.Atlas, giveProject, wire.Error500Before),
		"500, and yet it happened":    goesWrong(wire.Atlas, giveProject, wire.Error500After),
		"503":                         goesWrong(wire.Atlas, giveProject, wire.HTML503),
		"the answer is lost":          goesWrong(wire.Atlas, giveProject, wire.LostAfter),
		"half an answer":              goesWrong(wire.Atlas, giveProject, wire.TruncatedAfter),
		"503 for a while":             {Side: wire.Atlas, Operation: giveProject, Mode: wire.HTML503, Count: 5},
		"answers are lost for a time": {Side: wire.Atlas, Operation: giveProject, Mode: wire.LostAfter, Count: 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newRuledTown(t, false, inProjects, nil)
			id := w.approvedIn("Payments production", "Search")
			fault.Skip = 1
			w.spoils(fault)
			w.pressesOn(alice, "ready/issue", string(id))
			w.pressesUntilShown(id)
			w.holdsTheLastShown()
			w.reaches(id, w.project("Payments production"), w.project("Search"))
			assert.True(t, w.suffered(fault), "the fault befell no call")
		})
	}
}

// Atlas stays away: the request waits for it, without a key.
func TestAtlasIsAwayWhileProjectsAreGiven(t *testing.T) {
	underRules(t, inProjects, func(t *testing.T, w *town) {
		id := w.approvedIn("Search")
		w.spoils(wire.Fault{Side: wire.Atlas, Operation: giveProject, Mode: wire.HTML503, Count: -1})
		w.pressesOn(alice, "ready/issue", string(id))
		w.until("it is put back", func() bool { return w.request(id).State == approval.StateApproved && w.request(id).Attempt == 1 })
		w.reads(alice, "ready/issue", string(id), "Atlas did not answer")
		w.nothingShown()
		w.Wire.Clear()
		w.pressesUntilShown(id)
		w.holdsTheLastShown()
		w.reaches(id, w.project("Search"))
	})
}

// Whoever types is answered within Slack's three seconds, whatever Atlas does.
func TestTypingWhileAtlasIsAway(t *testing.T) {
	for name, mode := range map[string]wire.Mode{"it is slow": wire.Freeze, "it is down": wire.HTML503} {
		t.Run(name, func(t *testing.T) {
			underRules(t, inProjects, func(t *testing.T, w *town) {
				w.spoils(wire.Fault{Side: wire.Atlas, Operation: listProjects, Mode: mode, Count: -1})
				w.restartBot() // which then knows of no projects
				w.opensForm(alice)
				asked := time.Now()
				assert.Empty(t, w.suggested(alice, "Sea"))
				assert.Less(t, time.Since(asked), 3*time.Second)
				answer := w.sendsForged(alice, "GROUP_READ_ONLY", w.project("Search"))
				assert.Contains(t, answer, `"projects":"Atlas did not tell me its projects`)
				assert.Empty(t, w.ledger())

				w.Wire.Clear()
				w.until("the projects are there", func() bool { return len(w.suggested(alice, "Sea")) == 1 })
				result, err := w.Slack.Submit(w.ctx(), alice, wish(field("projects", w.finds(alice, "Search")), field("project_roles", slack.Pick("GROUP_READ_ONLY"))))
				require.NoError(t, err)
				assert.Equal(t, slack.Closed, result.Outcome, "%+v", result)
				assert.Empty(t, w.Slack.Screen(alice).Notices)
			})
		})
	}
}

// What was known of projects serves while Atlas is down, for a day.
func TestKnownProjectsOutliveAtlas(t *testing.T) {
	underRules(t, inProjects, func(t *testing.T, w *town) {
		w.opensForm(alice)
		w.finds(alice, "Search")
		require.NoError(t, w.Slack.CloseModal(w.ctx(), alice))
		w.spoils(wire.Fault{Side: wire.Atlas, Operation: listProjects, Mode: wire.HTML503, Count: -1})
		w.passes(20 * time.Hour)
		id := w.asksIn("Search", "Analytics")
		assert.True(t, holds(w.readsIn(bob, slack.Approvals, "card/approve", string(id)), "Analytics"))
		w.rests(id)
		w.passes(5 * time.Hour)
		w.opensForm(alice)
		assert.Empty(t, w.suggested(alice, "Sea"))
	})
}
