package slackui_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	sandbox "atlaskeybot/internal/sandbox/slack"
)

const (
	carol  = sandbox.Carol
	guards = "S0GUARDS"
)

func group(id policy.GroupID) policy.Principals {
	return policy.Principals{Groups: []policy.GroupID{id}}
}

func users(all ...policy.UserID) policy.Principals { return policy.Principals{Users: all} }

func requiring(all ...policy.Requirement) func(*envOptions) {
	return func(s *envOptions) { s.policy.Requirements = all }
}

func TestTwoApprovalsRequireTwoUsers(t *testing.T) {
	t.Parallel()
	for name, edits := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newEnv(t, append(edits, requiring(policy.Requirement{From: users(bob, dana), Count: 2}))...)
			r := d.request(alice)
			d.waitForMessage(alice, "Waiting for 2 approvals from <@U0BOB>, <@U0DANA> in <#C0APPROVALS>")
			where, card := d.waitForButton(bob, "card/approve")

			d.click(bob, "card/approve")
			d.waitForMessage(bob, "Approved by <@U0BOB> (1 of 2).\n*Waiting for* 1 more approval from <@U0BOB>, <@U0DANA>.")
			d.waitForMessage(bob, "1 of 2 approvals")
			d.waitForMessage(alice, "Approved by <@U0BOB> (1 of 2)")
			d.waitForState(r.ID, approval.StatePending)
			require.NoError(t, d.ClickStale(t.Context(), bob, where, card, "approve"))
			d.waitForMessage(bob, "You already approved this. Waiting for 1 more approval from")

			d.click(dana, "card/approve")
			d.waitForState(r.ID, approval.StateApproved)
			d.waitForMessage(alice, "*Approved* by <@U0BOB> and <@U0DANA>")
			d.requireClean()
		})
	}
}

func TestSuperfluousApprovalNamesMissingApprovers(t *testing.T) {
	t.Parallel()
	d := newEnv(t, requiring(policy.Requirement{From: group(sandbox.Approvers), Count: 1}, policy.Requirement{From: group(guards), Count: 1}))
	d.SetGroup(guards, carol)
	r := d.request(alice)
	d.click(bob, "card/approve")
	d.waitForMessage(dana, "1 of 2 approvals")
	d.click(dana, "card/approve")
	d.waitForMessage(dana, "Waiting for 1 more approval (needs 1 approval from <!subteam^S0APPROVERS> and 1 from <!subteam^S0GUARDS>)")
	d.requireClean()
	d.Join(carol, sandbox.Approvals)
	d.click(carol, "card/approve")
	d.waitForState(r.ID, approval.StateApproved)
}

func TestNudgeIsOnceAndOnlyTheRequesters(t *testing.T) {
	t.Parallel()
	for name, edits := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newEnv(t, edits...)
			r := d.request(alice)
			where, dm := d.waitForButton(alice, "requested/nudge")
			require.NoError(t, d.ForgeClick(t.Context(), sandbox.Forgery{User: carol, Conversation: where, TS: dm.TS, ActionID: "nudge", Value: string(r.ID)}))
			d.app.Wait()
			require.True(t, d.waitForState(r.ID, approval.StatePending).NudgedAt.IsZero(), "no user nudges for another user")

			d.click(alice, "requested/nudge")
			notice := d.waitForMessage(bob, "Alice Ames still needs a decision on request "+string(r.ID))
			require.Equal(t, sandbox.Mentions{Groups: []string{sandbox.Approvers}}, notice.Mentions)
			require.Equal(t, []string{bob, dana}, notice.Notified)
			d.waitForNoButton(alice, "requested/nudge")
			d.waitForMessage(alice, "You reminded them")
			require.NoError(t, d.ClickStale(t.Context(), alice, where, dm, "nudge"))
			d.waitForMessage(alice, "You already reminded the approvers")

			d.click(bob, "card/approve")
			d.waitForState(r.ID, approval.StateApproved)
			require.NoError(t, d.ClickStale(t.Context(), alice, where, dm, "nudge"))
			d.waitForMessage(alice, "ress *Create my key*")
			d.requireClean()
		})
	}
}

func TestNudgeFromListAndHome(t *testing.T) {
	t.Parallel()
	d := newEnv(t)
	first := d.request(alice)
	d.waitForButton(alice, "requested/nudge")
	d.command(alice, "list")
	d.click(alice, "list/nudge")
	d.waitForNoButton(alice, "list/nudge")
	require.False(t, d.waitForState(first.ID, approval.StatePending).NudgedAt.IsZero())

	second := d.request(alice)
	d.waitForScreen(alice, "the second request's card", func(sandbox.Screen) bool {
		r, err := d.store.Get(t.Context(), second.ID)
		return err == nil && r.MessageRefs[approval.CardMessage].TS != ""
	})
	d.openHome(alice, `"action_id":"nudge"`)
	require.NoError(t, d.ClickInHome(t.Context(), alice, "nudge"))
	d.app.Wait()
	require.False(t, d.waitForState(second.ID, approval.StatePending).NudgedAt.IsZero())
	require.NotContains(t, string(d.Screen(alice).Home), `"action_id":"nudge"`)
	d.requireClean()
}

// OpenHome opens the Home tab, once more if need be, until it shows these words.
func (d *env) openHome(user, words string) string {
	d.t.Helper()
	var home string
	require.Eventually(d.t, func() bool {
		err := d.OpenHome(context.Background(), user)
		d.app.Wait()
		home = string(d.Screen(user).Home)
		return err == nil && strings.Contains(home, words)
	}, maxWait, time.Millisecond, "%s does not see %q at home", user, words)
	return home
}

func TestUndecidedRequestIsRemindedAndEscalated(t *testing.T) {
	t.Parallel()
	d := newEnv(t, func(s *envOptions) {
		s.policy.RemindApproversAfter = []time.Duration{time.Millisecond}
		s.policy.EscalateAfter, s.policy.EscalateTo = 300*time.Millisecond, group(guards)
	})
	d.SetGroup(guards, carol)
	d.Join(carol, sandbox.Approvals)
	r := d.request(alice)
	notice := d.waitForMessage(bob, "*Still waiting for a decision* on request "+string(r.ID))
	require.Equal(t, []string{bob, dana}, notice.Notified)
	require.NotEmpty(t, notice.ThreadTS)
	further := d.waitForMessage(carol, "so <!subteam^S0GUARDS> can approve as well")
	require.Equal(t, []string{guards}, further.Mentions.Groups)
	d.waitForMessage(alice, "<!subteam^S0GUARDS> can approve as well")
	d.requireClean()

	d.click(carol, "card/approve")
	d.waitForState(r.ID, approval.StateApproved)
	d.waitForMessage(bob, "Reminder sent; decided since")
}

func TestPartialApprovalCanBeDeclined(t *testing.T) {
	t.Parallel()
	d := newEnv(t)
	r := d.request(alice)
	d.waitForButton(bob, "card/approve_partial")
	_, err := d.service.ApprovePartially(t.Context(), actor(bob), r.ID, policy.PartialApproval{Roles: r.Access.Roles, Networks: "203.0.113.7", Lifetime: r.Access.Lifetime})
	require.NoError(t, err)
	d.waitForMessage(alice, "*Reduced* by <@U0BOB>: `203.0.113.7` instead of `203.0.113.7, 198.51.100.0/24`")
	_, ready := d.waitForButton(alice, "ready/issue")
	require.Contains(t, string(ready.Blocks), "Decline the reduced access?")
	d.click(alice, "ready/withdraw")
	require.Equal(t, approval.CauseDeclined, d.waitForState(r.ID, approval.StateWithdrawn).Outcome.Cause)
	d.waitForMessage(alice, "You declined that")
	d.waitForMessage(bob, "Alice Ames declined the reduced access of request")
	require.Zero(t, d.keys.Made())
	d.requireClean()
}

func TestAutoApproval(t *testing.T) {
	t.Parallel()
	d := newEnv(t, func(s *envOptions) {
		s.policy.AutoApprovals = []policy.AutoRule{{Name: "staff <!here>", AllowedRequesters: policy.Principals{Everyone: true}, Roles: []policy.Role{"ORG_READ_ONLY"}, MaxLifetime: 8 * time.Hour}}
	})
	r := d.request(alice)
	d.waitForState(r.ID, approval.StateApproved)
	d.waitForMessage(alice, "*Auto-approved* by rule `staff &lt;!here&gt;`")
	d.waitForMessage(bob, "*Auto-approved* by rule `staff &lt;!here&gt;`")
	_, _, pressable := find(d.Screen(bob), hasButton("card/approve"))
	require.False(t, pressable)
	d.click(alice, "ready/issue")
	d.waitForState(r.ID, approval.StateDelivered)
	d.waitForMessage(bob, "was shown only to Alice Ames")
	d.requireClean()
}

func actor(user policy.UserID) policy.Actor {
	return policy.Actor{User: user, Team: sandbox.TeamID}
}

// breakGlass takes a key without approval.
func (d *env) breakGlass(user policy.UserID) approval.Request {
	d.t.Helper()
	d.command(string(user), "help") // they act in Slack, where the key appears
	r, err := d.service.BreakGlass(d.t.Context(), actor(user), policy.Form{
		IdempotencyKey: "V-breakglass", Description: "invoices", Roles: []policy.Role{"ORG_OWNER"}, Networks: "203.0.113.7", Reason: "backfill is down",
	})
	require.NoError(d.t, err)
	d.click(string(user), "ready/issue")
	return r
}

func withBreakGlassRole(s *envOptions) {
	s.policy.BreakGlass = policy.BreakGlass{AllowedRequesters: users(alice, bob), Roles: []policy.Role{"ORG_OWNER"}, Lifetime: time.Hour}
}

func TestBreakGlassReviewRequiresDifferentUser(t *testing.T) {
	t.Parallel()
	for name, edits := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newEnv(t, append(edits, withBreakGlassRole)...)
			d.Join(carol, sandbox.Approvals)
			r := d.breakGlass(bob) // an approver who took one
			where, notice := d.waitForButton(bob, "review/review")
			require.Empty(t, notice.ThreadTS, "it stands in the channel itself")
			d.click(bob, "review/review")
			d.waitForMessage(bob, "You created this key yourself")
			d.click(carol, "review/review")
			d.waitForMessage(carol, "Only approvers can review this")
			d.waitForState(r.ID, approval.StateDelivered)

			d.click(dana, "review/review")
			d.waitForNoButton(dana, "review/review")
			d.waitForMessage(bob, "*Reviewed* by <@U0DANA>")
			require.Equal(t, policy.UserID(dana), d.waitForState(r.ID, approval.StateDelivered).Review.By)
			require.NoError(t, d.ClickStale(t.Context(), dana, where, notice, "review"))
			d.waitForMessage(dana, "<@U0DANA> already reviewed this")
			require.NoError(t, d.ClickStale(t.Context(), bob, where, notice, "review"))
			d.app.Wait()
			require.Equal(t, policy.UserID(dana), d.waitForState(r.ID, approval.StateDelivered).Review.By)
		})
	}
}

func TestBreakGlassCardNotifiesChannel(t *testing.T) {
	t.Parallel()
	d := newEnv(t, withBreakGlassRole)
	r := d.breakGlass(alice)
	d.waitForState(r.ID, approval.StateDelivered)
	d.waitForMessage(alice, "for 1 hour only. Another person reviews why")
	d.waitForMessage(bob, "was shown only to")
	d.click(bob, "review/review")
	d.waitForMessage(alice, "<@U0BOB> reviewed this break-glass key")
	calls := 0
	for _, f := range d.Findings() {
		require.Equal(t, sandbox.FoundMention, f.Kind, "%+v", f)
		require.Equal(t, "chat.postMessage", f.Where, "drawing again calls no user")
		calls++
	}
	require.Equal(t, 2, calls, "the text and the blocks of one message")
	card := d.waitForMessage(bob, "*Break-glass:* <@U0ALICE> took an Atlas API key without approval")
	require.Empty(t, card.Mentions.Crowds)
}

func TestAwaitingReviewIsListed(t *testing.T) {
	t.Parallel()
	d := newEnv(t, withBreakGlassRole, func(s *envOptions) { s.MayCallCrowds = true })
	r := d.breakGlass(alice)
	d.waitForButton(bob, "review/review")
	d.command(bob, "pending")
	d.waitForMessage(bob, "*1 key to review*")
	d.openHome(bob, `"action_id":"review"`)
	require.NoError(t, d.ClickInHome(t.Context(), bob, "review"))
	d.app.Wait()
	require.Equal(t, policy.UserID(bob), d.waitForState(r.ID, approval.StateDelivered).Review.By)
	require.NotContains(t, string(d.Screen(bob).Home), `"action_id":"review"`)
	d.command(dana, "pending")
	d.waitForMessage(dana, "No requests are waiting for your decision.")
	require.NotContains(t, d.openHome(carol, "Your requests and keys"), "To review")
	d.requireClean()
}

// deactivatedOwnersKey is the active key of Dee, who was deactivated, as the worker leaves it.
func (d *env) deactivatedOwnersKey() approval.Request {
	d.t.Helper()
	now := time.Now()
	r := approval.Request{
		ID: "AKR-0RPHN", Org: org, Kind: approval.APIKey, State: approval.StateActive, IdempotencyKey: "V-dee", Requester: sandbox.Dee, RequestedAt: now, Reason: "backfill",
		Access:   policy.Access{Description: "invoices", Roles: []policy.Role{"ORG_READ_ONLY"}, Networks: []netip.Prefix{netip.MustParsePrefix("203.0.113.7/32")}, Lifetime: time.Hour},
		Decision: approval.Decision{By: bob, At: now}, KeyExpiresAt: now.Add(time.Hour), OwnerDeactivatedAt: now,
		Key:      approval.Key{ID: "65a1b2c3d4e5f60718293aff", PublicKey: "abcdefgh", MadeAt: now},
		Messages: []approval.MessageName{approval.CardMessage, approval.OwnerDeactivatedNotice(1)},
	}
	r, err := d.store.Create(d.t.Context(), r, approval.AuditEntry{At: now, Org: org, Request: r.ID, Event: approval.EventSubmit, To: r.State, By: r.Requester})
	require.NoError(d.t, err)
	d.service.Wake()
	return r
}

// transfer chooses a user in the menu under the key of a user who is gone.
func (d *env) transfer(user, to string) {
	d.t.Helper()
	where, notice := d.waitForButton(user, "owner_deactivated/transfer")
	require.NoError(d.t, d.Click(d.t.Context(), user, where, notice.TS, "transfer", to))
}

func TestKeyOfDeactivatedOwnerIsTransferred(t *testing.T) {
	t.Parallel()
	for name, edits := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newEnv(t, edits...)
			r := d.deactivatedOwnersKey()
			where, notice := d.waitForButton(bob, "owner_deactivated/transfer")
			require.Empty(t, notice.ThreadTS)
			d.Join(carol, sandbox.Approvals)
			d.transfer(carol, carol)
			d.waitForMessage(carol, "Only approvers can transfer a key")
			for _, unfit := range []string{sandbox.Gil, sandbox.BotUser} {
				d.transfer(bob, unfit)
				d.waitForMessage(bob, "<@"+unfit+"> can't own a key")
			}
			require.Equal(t, policy.UserID(sandbox.Dee), d.waitForState(r.ID, approval.StateActive).Requester)

			d.transfer(bob, carol)
			d.waitForMessage(carol, "<@U0BOB> transferred the Atlas API key `abcdefgh` of <@U0GONE> to you")
			d.waitForNoButton(bob, "owner_deactivated/transfer")
			d.waitForMessage(dana, "has an owner again. <@U0BOB> transferred it from <@U0GONE> to <@U0CAROL>")
			require.NoError(t, d.ClickStale(t.Context(), dana, where, notice, "transfer", alice))
			d.waitForMessage(dana, "to <@U0CAROL> <!date")
			require.Equal(t, policy.UserID(carol), d.waitForState(r.ID, approval.StateActive).Requester)

			d.click(carol, "transfer/extend")
			require.Contains(t, string(d.waitForModal(carol).View), "Extend")
			d.click(carol, "transfer/revoke")
			d.waitForState(r.ID, approval.StateEnded)
			d.waitForNoButton(carol, "transfer/revoke")
			d.waitForMessage(bob, "<@U0CAROL> revoked it")
			require.NoError(t, d.ClickStale(t.Context(), dana, where, notice, "revoke_with_reason"))
			d.waitForMessage(dana, "was deleted: <@U0CAROL> revoked it")
			d.requireClean()
		})
	}
}

func TestMenuActsOnlyOnRequestOfItsMessage(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		by    string
		forge func(notice *sandbox.Message, card approval.MessageRef)
		told  string
	}{
		"another request's block": {bob, block(string(approval.OwnerDeactivatedNotice(1)) + ":AKR-ZZZZZ"), "I can't find that request"},
		"no request's block":      {bob, block(string(approval.OwnerDeactivatedNotice(1)) + ":"), "This button isn't available"},
		"another screen's block":  {bob, block("home.AKR-0RPHN"), "This button isn't available"},
		"the card's place":        {bob, func(m *sandbox.Message, card approval.MessageRef) { m.TS = card.TS }, "This is an older copy"},
		"by a stranger":           {sandbox.Eve, block(string(approval.OwnerDeactivatedNotice(1)) + ":AKR-0RPHN"), "Only members of this workspace"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newEnv(t)
			id := d.deactivatedOwnersKey().ID
			where, notice := d.waitForButton(bob, "owner_deactivated/transfer")
			require.Eventually(t, func() bool {
				r, err := d.store.Get(t.Context(), id)
				return err == nil && r.MessageRefs[approval.OwnerDeactivatedNotice(1)].TS != ""
			}, maxWait, time.Millisecond)
			r, err := d.store.Get(t.Context(), id)
			require.NoError(t, err)
			d.ShareChannel(sandbox.Approvals, true)
			tt.forge(&notice, r.MessageRefs[approval.CardMessage])
			require.NoError(t, d.ClickStale(t.Context(), tt.by, where, notice, "transfer", carol))
			d.waitForMessage(tt.by, tt.told)
			r = d.waitForState(id, approval.StateActive)
			require.Equal(t, policy.UserID(sandbox.Dee), r.Requester)
			require.Empty(t, r.Transfers)
		})
	}
}

func block(id string) func(*sandbox.Message, approval.MessageRef) {
	return func(m *sandbox.Message, _ approval.MessageRef) {
		m.Blocks = []byte(strings.ReplaceAll(string(m.Blocks), string(approval.OwnerDeactivatedNotice(1))+":AKR-0RPHN", id))
	}
}
