package e2e

import (
	"bytes"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/cli"
	"atlaskeybot/internal/sandbox/slack"
)

// The flows that follow a policy file, and those of several organizations.

const needsTwo = `
required_approvals:
  - from: [U0BOB]
  - from: [U0DANA]
`

const autoApproves = `
auto_approvals:
  - name: looking at invoices
    allowed_requesters: everyone
    roles: [ORG_BILLING_READ_ONLY]
    max_lifetime: 8h
`

const letsAlice = `
break_glass:
  allowed_requesters: [U0ALICE]
  roles: [ORG_OWNER, ORG_READ_ONLY]
  lifetime: 1h
`

const escalates = `
pending:
  remind_approvers_after: [2h]
  escalate_after: 8h
  escalate_to: [U0CAROL]
  expire_after: 24h
`

const offersProjects = `
project_roles: {GROUP_READ_ONLY: {}, GROUP_CLUSTER_MANAGER: {}}
`

var (
	approvesOnce      = func(who string) act { return until("Approved.{0,3} by [^.]*<@"+who+">", approves) }
	approvesPartially = sends("approve_partial", press("card/approve_partial"), "approve_partial", as(entered("networks", "203.0.113.7")))
	nudges            = press("requested/nudge")

	usesBreakGlass = sends("breakglass", types("/atlas-key", "emergency"), "breakglass", as(with(
		entered("description", "production is down", "networks", "203.0.113.7", "reason", "INC-7"), "roles", "ORG_OWNER")))
	asksInProjects = sends("form", types("/atlas-key", ""), "form", findsProjects("Search", "Analytics"))
	asksInSecond   = sends("form", types("/atlas-key", ""), "form", choosesOrganization(1))

	handsTo = func(who string) act { return press("owner_deactivated/transfer", who) }
)

func ruleFlows() []flow {
	both := []act{approves}
	revoked := []outcome{ended(approval.StateEnded, approval.CauseRevoked)}
	return []flow{
		{
			name: "approved by two", messages: 7, policy: needsTwo,
			people: []person{{bob, []act{approvesOnce(bob)}}, {dana, []act{approvesOnce(dana)}}, {alice, []act{asks, creates, saves, revokes}}},
			ends:   revoked, posts: map[string]int{`:ballot_box_with_check:`: 1, `was shown only to`: 1},
		},
		{
			name: "approved partially", messages: 6, overHTTP: true, grant: grant{roles: defaultGrant.roles, from: "203.0.113.7"},
			people: []person{{bob, []act{approvesPartially}}, {alice, []act{asks, creates, saves, revokes}}}, ends: revoked,
		},
		{
			name: "approved partially, and declined", messages: 4,
			people: []person{{bob, []act{approvesPartially}}, {alice, []act{asks, press("ready/withdraw")}}},
			ends:   []outcome{ended(approval.StateWithdrawn, approval.CauseDeclined)}, posts: map[string]int{`declined the reduced access`: 1},
		},
		{
			name: "approved by a rule", messages: 5, policy: autoApproves, overHTTP: true,
			people: []person{{alice, []act{asks, creates, saves, revokes}}, {bob, nil}},
			ends:   revoked, posts: map[string]int{`was shown only to`: 1},
		},
		{
			name: "break-glass", messages: 6, policy: letsAlice, grant: grant{roles: "ORG_OWNER", from: "203.0.113.7"},
			people: []person{{alice, []act{usesBreakGlass, creates, saves, revokes}}, {bob, []act{after("was deleted", press("review/review"))}}},
			ends:   revoked, posts: map[string]int{`Review pending:`: 1},
		},
		{
			name: "nudged, brought up, escalated", messages: 9, policy: escalates,
			people: []person{{alice, []act{asks, nudges, creates, saves, revokes}}, {carol, []act{after("can approve as well", approves)}}, {bob, nil}},
			ends:   revoked, posts: map[string]int{`:wave:`: 1, `Still waiting for a decision`: 1, `:arrow_up:`: 1},
		},
		{
			name: "its owner leaves", messages: 8, people: []person{
				{bob, []act{approves, after("<@U0ALICE> has the key", leaves(alice)), handsTo(carol)}},
				{alice, []act{asksWeek, creates, saves}}, {carol, []act{press("transfer/revoke")}},
			},
			ends: revoked, posts: map[string]int{`:ghost: The account of <@U0ALICE> is deactivated`: 1},
		},
		{
			name: "its owner leaves, and the next one rotates", messages: 13, people: []person{
				{bob, []act{approves, after("<@U0ALICE> has the key", leaves(alice)), handsTo(carol)}},
				{alice, []act{asksWeek, creates, saves}},
				{carol, []act{until("No approval needed: replaces", press("transfer/rotate")), creates, saves, switches, after("replaced it", on(2, revokes))}},
			},
			ends: []outcome{ended(approval.StateEnded, approval.CauseReplaced), ended(approval.StateEnded, approval.CauseRevoked)},
		},
		{
			name: "in projects", messages: 6, policy: offersProjects,
			grant:  grant{roles: defaultGrant.roles, from: defaultGrant.from, projects: "Analytics:GROUP_CLUSTER_MANAGER Analytics:GROUP_READ_ONLY Search:GROUP_CLUSTER_MANAGER Search:GROUP_READ_ONLY"},
			people: []person{{bob, both}, {alice, []act{asksInProjects, creates, saves, revokes}}}, ends: revoked,
		},
		{
			name: "revoked by the operator", messages: 6,
			people: []person{{bob, both}, {alice, []act{asks, creates, saves}}, {alice, []act{after("is active. Expires", operatorRevokes)}}},
			ends:   revoked,
		},
		{
			name: "in the second organization", messages: 6, orgs: 2, overHTTP: true, grant: grant{org: 1, roles: defaultGrant.roles, from: defaultGrant.from},
			people: []person{{bob, both}, {alice, []act{asksInSecond, creates, saves, revokes}}}, ends: revoked,
		},
		{
			name: "rotated in the second organization", messages: 11, orgs: 2, grant: grant{org: 1, roles: defaultGrant.roles, from: defaultGrant.from},
			people: []person{{bob, both}, {alice, []act{asksInSecond, creates, saves, on(1, rotates), switches, after("replaced it", on(2, revokes))}}},
			ends:   []outcome{ended(approval.StateEnded, approval.CauseReplaced), ended(approval.StateEnded, approval.CauseRevoked)},
		},
	}
}

// leaves is the day after which a user does not work here any more.
func leaves(user string) act {
	return func(w *crashRun, _ string) bool {
		if w.people.taken[user+" left"] {
			return false
		}
		w.people.taken[user+" left"] = true
		w.Slack.Deactivate(user)
		return true
	}
}

// operatorRevokes is `atlas-key-bot revoke` beside the bot, which looks at its rows every
// minute: that minute passes.
func operatorRevokes(w *crashRun, _ string) bool {
	w.t.Helper()
	if !w.may("bot revoke", "bot revoke") {
		return false
	}
	env := cli.Env{Environ: map[string]string{"DATABASE_URL": w.environ["DATABASE_URL"]}, Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}, Now: w.botNow}
	_ = cli.Run(w.ctx(), []string{"revoke", "--wait", "1ms", string(w.known[0])}, env) // it says what it finds
	w.Advance(time.Minute)
	return true
}

// findsProjects types names into the menu, and chooses what it then shows.
func findsProjects(names ...string) filling {
	return func(w *crashRun, who string) map[string]map[string]slack.Value {
		w.t.Helper()
		var ids []string
		for _, name := range names {
			menu, err := w.Slack.LoadOptions(w.ctx(), who, "projects", "projects", name)
			require.NoError(w.t, err)
			for _, o := range menu.Options {
				if o.Text == name {
					ids = append(ids, o.Value)
				}
			}
		}
		if len(ids) < len(names) {
			return nil // try again later
		}
		return requestInput(field("projects", slack.Pick(ids...)), field("project_roles", slack.Pick("GROUP_READ_ONLY", "GROUP_CLUSTER_MANAGER")))
	}
}

// choosesOrganization waits until the form has followed that choice.
func choosesOrganization(n int) filling {
	return func(w *crashRun, who string) map[string]map[string]slack.Value {
		w.t.Helper()
		org := slack.Pick(w.Atlases[n].Snapshot().ID)
		require.NoError(w.t, w.Slack.Fill(w.ctx(), who, map[string]map[string]slack.Value{"org": {"org": org}}))
		ctx, cancel := w.within(time.Second)
		defer cancel()
		_, err := w.Slack.Wait(ctx, who, func(s slack.Screen) bool {
			return s.Modal == nil || strings.Contains(string(s.Modal.View), `"roles.1"`)
		})
		if err != nil || w.Slack.Screen(who).Modal == nil {
			return nil
		}
		values := requestInput(field("org", org))
		for _, block := range []string{"roles", "lifetime"} {
			values[block+".1"] = map[string]slack.Value{block + ".1": values[block][block]}
			delete(values, block)
		}
		return values
	}
}
