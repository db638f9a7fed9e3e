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

func needs(all ...policy.Requirement) func(*setup) {
	return func(s *setup) { s.policy.Requirements = all }
}

func TestTwoApprovalsTakeTwoPeople(t *testing.T) {
	t.Parallel()
	for name, edits := range doors {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, append(edits, needs(policy.Requirement{From: users(bob, dana), Count: 2}))...)
			r := d.asks(alice)
			d.seesText(alice, "Waiting for 2 approvals from <@U0BOB>, <@U0DANA> in <#C0APPROVALS>")
			where, card := d.seesButton(bob, "card/approve")

			d.presses(bob, "card/approve")
			d.seesText(bob, "Approved by <@U0BOB> (1 of 2).\n*Waiting for* 1 more approval from <@U0BOB>, <@U0DANA>.")
			d.seesText(bob, "1 of 2 approvals")
			d.seesText(alice, "Approved by <@U0BOB> (1 of 2)")
			d.is(r.ID, approval.StatePending)
			require.NoError(t, d.ClickStale(t.Context(), bob, where, card, "approve"))
			d.seesText(bob, "You already approved this. Waiting for 1 more approval from")

			d.presses(dana, "card/approve")
			d.is(r.ID, approval.StateApproved)
			d.seesText(alice, "*Approved* by <@U0BOB> and <@U0DANA>")
			d.clean()
		})
	}
}

func TestAnApprovalThatIsNotNeededSaysWhose(t *testing.T) {
	t.Parallel()
	d := open(t, needs(policy.Requirement{From: group(sandbox.Approvers), Count: 1}, policy.Requirement{From: group(guards), Count: 1}))
	d.SetGroup(guards, carol)
	r := d.asks(alice)
	d.presses(bob, "card/approve")
	d.seesText(dana, "1 of 2 approvals")
	d.presses(dana, "card/approve")
	d.seesText(dana, "Waiting for 1 more approval (needs 1 approval from <!subteam^S0APPROVERS> and 1 from <!subteam^S0GUARDS>)")
	d.clean()
	d.Join(carol, sandbox.Approvals)
	d.presses(carol, "card/approve")
	d.is(r.ID, approval.StateApproved)
}

func TestNudgingIsDoneOnceByWhoeverAsked(t *testing.T) {
	t.Parallel()
	for name, edits := range doors {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, edits...)
			r := d.asks(alice)
			where, dm := d.seesButton(alice, "requested/nudge")
			require.NoError(t, d.ForgeClick(t.Context(), sandbox.Forgery{User: carol, Conversation: where, TS: dm.TS, ActionID: "nudge", Value: string(r.ID)}))
			d.app.Wait()
			require.True(t, d.is(r.ID, approval.StatePending).NudgedAt.IsZero(), "no user nudges for another user")

			d.presses(alice, "requested/nudge")
			notice := d.seesText(bob, "Alice Ames still needs a decision on request "+string(r.ID))
			require.Equal(t, sandbox.Mentions{Groups: []string{sandbox.Approvers}}, notice.Mentions)
			require.Equal(t, []string{bob, dana}, notice.Notified)
			d.noLongerSees(alice, "requested/nudge")
			d.seesText(alice, "You reminded them")
			require.NoError(t, d.ClickStale(t.Context(), alice, where, dm, "nudge"))
			d.seesText(alice, "You already reminded the approvers")

			d.presses(bob, "card/approve")
			d.is(r.ID, approval.StateApproved)
			require.NoError(t, d.ClickStale(t.Context(), alice, where, dm, "nudge"))
			d.seesText(alice, "ress *Create my key*")
			d.clean()
		})
	}
}

func TestNudgingFromTheListAndTheHomeTab(t *testing.T) {
	t.Parallel()
	d := open(t)
	first := d.asks(alice)
	d.seesButton(alice, "requested/nudge")
	d.types(alice, "list")
	d.presses(alice, "list/nudge")
	d.noLongerSees(alice, "list/nudge")
	require.False(t, d.is(first.ID, approval.StatePending).NudgedAt.IsZero())

	second := d.asks(alice)
	d.sees(alice, "the second request's card", func(sandbox.Screen) bool {
		r, err := d.store.Get(t.Context(), second.ID)
		return err == nil && r.MessageRefs[approval.CardMessage].TS != ""
	})
	d.opensHome(alice, `"action_id":"nudge"`)
	require.NoError(t, d.ClickInHome(t.Context(), alice, "nudge"))
	d.app.Wait()
	require.False(t, d.is(second.ID, approval.StatePending).NudgedAt.IsZero())
	require.NotContains(t, string(d.Screen(alice).Home), `"action_id":"nudge"`)
	d.clean()
}

// OpenHome opens the Home tab, once more if need be, until it shows these words.
func (d *desk) opensHome(user, words string) string {
	d.t.Helper()
	var home string
	require.Eventually(d.t, func() bool {
		err := d.OpenHome(context.Background(), user)
		d.app.Wait()
		home = string(d.Screen(user).Home)
		return err == nil && strings.Contains(home, words)
	}, reconnectBackoff, time.Millisecond, "%s does not see %q at home", user, words)
	return home
}

func TestWhatNobodyDecidesIsBroughtUpAndGoesFurther(t *testing.T) {
	t.Parallel()
	d := open(t, func(s *setup) {
		s.policy.RemindApproversAfter = []time.Duration{time.Millisecond}
		s.policy.EscalateAfter, s.policy.EscalateTo = 300*time.Millisecond, group(guards)
	})
	d.SetGroup(guards, carol)
	d.Join(carol, sandbox.Approvals)
	r := d.asks(alice)
	notice := d.seesText(bob, "*Still waiting for a decision* on request "+string(r.ID))
	require.Equal(t, []string{bob, dana}, notice.Notified)
	require.NotEmpty(t, notice.ThreadTS)
	further := d.seesText(carol, "so <!subteam^S0GUARDS> can approve as well")
	require.Equal(t, []string{guards}, further.Mentions.Groups)
	d.seesText(alice, "<!subteam^S0GUARDS> can approve as well")
	d.clean()

	d.presses(carol, "card/approve")
	d.is(r.ID, approval.StateApproved)
	d.seesText(bob, "Reminder sent; decided since")
}

func TestWhatIsLessCanBeDeclined(t *testing.T) {
	t.Parallel()
	d := open(t)
	r := d.asks(alice)
	d.seesButton(bob, "card/approve_partial")
	_, err := d.service.ApprovePartially(t.Context(), actor(bob), r.ID, policy.PartialApproval{Roles: r.Access.Roles, Networks: "203.0.113.7", Lifetime: r.Access.Lifetime})
	require.NoError(t, err)
	d.seesText(alice, "*Reduced* by <@U0BOB>: `203.0.113.7` instead of `203.0.113.7, 198.51.100.0/24`")
	_, ready := d.seesButton(alice, "ready/issue")
	require.Contains(t, string(ready.Blocks), "Decline the reduced access?")
	d.presses(alice, "ready/withdraw")
	require.Equal(t, approval.CauseDeclined, d.is(r.ID, approval.StateWithdrawn).Outcome.Cause)
	d.seesText(alice, "You declined that")
	d.seesText(bob, "Alice Ames declined the reduced access of request")
	require.Zero(t, d.keys.Made())
	d.clean()
}

func TestARuleApproves(t *testing.T) {
	t.Parallel()
	d := open(t, func(s *setup) {
		s.policy.AutoApprovals = []policy.AutoRule{{Name: "staff <!here>", AllowedRequesters: policy.Principals{Everyone: true}, Roles: []policy.Role{"ORG_READ_ONLY"}, MaxLifetime: 8 * time.Hour}}
	})
	r := d.asks(alice)
	d.is(r.ID, approval.StateApproved)
	d.seesText(alice, "*Auto-approved* by rule `staff &lt;!here&gt;`")
	d.seesText(bob, "*Auto-approved* by rule `staff &lt;!here&gt;`")
	_, _, pressable := find(d.Screen(bob), has("card/approve"))
	require.False(t, pressable)
	d.presses(alice, "ready/issue")
	d.is(r.ID, approval.StateDelivered)
	d.seesText(bob, "was shown only to Alice Ames")
	d.clean()
}

func actor(user policy.UserID) policy.Actor {
	return policy.Actor{User: user, Team: sandbox.TeamID}
}

// breaks takes a key without approval.
func (d *desk) breaks(user policy.UserID) approval.Request {
	d.t.Helper()
	d.types(string(user), "help") // they act in Slack, where the key appears
	r, err := d.service.BreakGlass(d.t.Context(), actor(user), policy.Form{
		IdempotencyKey: "V-emergency", Description: "invoices", Roles: []policy.Role{"ORG_OWNER"}, Networks: "203.0.113.7", Reason: "backfill is down",
	})
	require.NoError(d.t, err)
	d.presses(string(user), "ready/issue")
	return r
}

func breakable(s *setup) {
	s.policy.BreakGlass = policy.BreakGlass{AllowedRequesters: users(alice, bob), Roles: []policy.Role{"ORG_OWNER"}, Lifetime: time.Hour}
}

func TestBreakGlassIsReviewedBySomebodyElse(t *testing.T) {
	t.Parallel()
	for name, edits := range doors {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, append(edits, breakable)...)
			d.Join(carol, sandbox.Approvals)
			r := d.breaks(bob) // an approver who took one
			where, notice := d.seesButton(bob, "review/review")
			require.Empty(t, notice.ThreadTS, "it stands in the channel itself")
			d.presses(bob, "review/review")
			d.seesText(bob, "You created this key yourself")
			d.presses(carol, "review/review")
			d.seesText(carol, "Only approvers can review this")
			d.is(r.ID, approval.StateDelivered)

			d.presses(dana, "review/review")
			d.noLongerSees(dana, "review/review")
			d.seesText(bob, "*Reviewed* by <@U0DANA>")
			require.Equal(t, policy.UserID(dana), d.is(r.ID, approval.StateDelivered).Review.By)
			require.NoError(t, d.ClickStale(t.Context(), dana, where, notice, "review"))
			d.seesText(dana, "<@U0DANA> already reviewed this")
			require.NoError(t, d.ClickStale(t.Context(), bob, where, notice, "review"))
			d.app.Wait()
			require.Equal(t, policy.UserID(dana), d.is(r.ID, approval.StateDelivered).Review.By)
		})
	}
}

func TestBreakGlassCallsTheChannelWhenItsCardIsPosted(t *testing.T) {
	t.Parallel()
	d := open(t, breakable)
	r := d.breaks(alice)
	d.is(r.ID, approval.StateDelivered)
	d.seesText(alice, "for 1 hour only. Another person reviews why")
	d.seesText(bob, "was shown only to")
	d.presses(bob, "review/review")
	d.seesText(alice, "<@U0BOB> reviewed this break-glass key")
	calls := 0
	for _, f := range d.Findings() {
		require.Equal(t, sandbox.FoundMention, f.Kind, "%+v", f)
		require.Equal(t, "chat.postMessage", f.Where, "drawing again calls no user")
		calls++
	}
	require.Equal(t, 2, calls, "the text and the blocks of one message")
	card := d.seesText(bob, "*Break-glass:* <@U0ALICE> took an Atlas API key without approval")
	require.Empty(t, card.Mentions.Crowds)
}

func TestWhatIsUnsignedIsListed(t *testing.T) {
	t.Parallel()
	d := open(t, breakable, func(s *setup) { s.MayCallCrowds = true })
	r := d.breaks(alice)
	d.seesButton(bob, "review/review")
	d.types(bob, "pending")
	d.seesText(bob, "*1 key to review*")
	d.opensHome(bob, `"action_id":"review"`)
	require.NoError(t, d.ClickInHome(t.Context(), bob, "review"))
	d.app.Wait()
	require.Equal(t, policy.UserID(bob), d.is(r.ID, approval.StateDelivered).Review.By)
	require.NotContains(t, string(d.Screen(bob).Home), `"action_id":"review"`)
	d.types(dana, "pending")
	d.seesText(dana, "No requests are waiting for your decision.")
	require.NotContains(t, d.opensHome(carol, "Your requests and keys"), "To review")
	d.clean()
}

// orphan is the active key of Dee, who was deactivated, as the worker leaves it.
func (d *desk) orphan() approval.Request {
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

// hands chooses a user in the menu under the key of a user who is gone.
func (d *desk) hands(user, to string) {
	d.t.Helper()
	where, notice := d.seesButton(user, "owner_deactivated/transfer")
	require.NoError(d.t, d.Click(d.t.Context(), user, where, notice.TS, "transfer", to))
}

func TestTheKeyOfSomebodyWhoIsGoneGetsAnotherOwner(t *testing.T) {
	t.Parallel()
	for name, edits := range doors {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, edits...)
			r := d.orphan()
			where, notice := d.seesButton(bob, "owner_deactivated/transfer")
			require.Empty(t, notice.ThreadTS)
			d.Join(carol, sandbox.Approvals)
			d.hands(carol, carol)
			d.seesText(carol, "Only approvers can transfer a key")
			for _, unfit := range []string{sandbox.Gil, sandbox.BotUser} {
				d.hands(bob, unfit)
				d.seesText(bob, "<@"+unfit+"> can't own a key")
			}
			require.Equal(t, policy.UserID(sandbox.Dee), d.is(r.ID, approval.StateActive).Requester)

			d.hands(bob, carol)
			d.seesText(carol, "<@U0BOB> transferred the Atlas API key `abcdefgh` of <@U0GONE> to you")
			d.noLongerSees(bob, "owner_deactivated/transfer")
			d.seesText(dana, "has an owner again. <@U0BOB> transferred it from <@U0GONE> to <@U0CAROL>")
			require.NoError(t, d.ClickStale(t.Context(), dana, where, notice, "transfer", alice))
			d.seesText(dana, "to <@U0CAROL> <!date")
			require.Equal(t, policy.UserID(carol), d.is(r.ID, approval.StateActive).Requester)

			d.presses(carol, "transfer/extend")
			require.Contains(t, string(d.seesModal(carol).View), "Extend")
			d.presses(carol, "transfer/revoke")
			d.is(r.ID, approval.StateEnded)
			d.noLongerSees(carol, "transfer/revoke")
			d.seesText(bob, "<@U0CAROL> revoked it")
			require.NoError(t, d.ClickStale(t.Context(), dana, where, notice, "revoke_with_reason"))
			d.seesText(dana, "was deleted: <@U0CAROL> revoked it")
			d.clean()
		})
	}
}

func TestAMenuIsOnlyAboutTheRequestOfItsPlace(t *testing.T) {
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
			d := open(t)
			id := d.orphan().ID
			where, notice := d.seesButton(bob, "owner_deactivated/transfer")
			require.Eventually(t, func() bool {
				r, err := d.store.Get(t.Context(), id)
				return err == nil && r.MessageRefs[approval.OwnerDeactivatedNotice(1)].TS != ""
			}, reconnectBackoff, time.Millisecond)
			r, err := d.store.Get(t.Context(), id)
			require.NoError(t, err)
			d.ShareChannel(sandbox.Approvals, true)
			tt.forge(&notice, r.MessageRefs[approval.CardMessage])
			require.NoError(t, d.ClickStale(t.Context(), tt.by, where, notice, "transfer", carol))
			d.seesText(tt.by, tt.told)
			r = d.is(id, approval.StateActive)
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
