package main

import (
	"fmt"
	"testing"

	"atlaskeybot/internal/sandbox/slack"
)

func approvers(list string) func(*lookout) {
	return func(l *lookout) { l.set("SLACK_APPROVERS", list) }
}

func takeOut(id string) string {
	return fmt.Sprintf("Take %s out of SLACK_APPROVERS: only full members of the workspace decide.", id)
}

const takeOutOfGroup = "Take out of the group in Slack who should not decide."

// one is what is said when one person can decide.
var one = finding{"approvers", warning, "One person can decide. Nobody decides on their own request, so they themself can get no key.", "Name a second one in SLACK_APPROVERS."}

var nobody = finding{"approvers", notOK, "Nobody can decide, so every request would lapse.", "Name at least two full members of the workspace in SLACK_APPROVERS."}

func TestCheckOfApprovers(t *testing.T) {
	diagnosed(t, map[string]ailment{
		"two people": {
			approvers("U0BOB, U0DANA"),
			finding{"approver", allOK, "U0DANA is a full member of the workspace.", ""},
			[]finding{{"approvers", allOK, "2 people can decide. Nobody decides on their own request.", ""}},
		},
		"one of two is deactivated": {
			approvers("U0BOB,U0GONE"),
			finding{"approver", notOK, "U0GONE is deactivated.", takeOut("U0GONE")},
			[]finding{one},
		},
		"a guest":        {approvers("U0BOB,U0DANA,U0GUEST"), finding{"approver", notOK, "U0GUEST is a guest.", takeOut("U0GUEST")}, nil},
		"a bot":          {approvers("U0BOB,U0DANA,U0BOT"), finding{"approver", notOK, "U0BOT is a bot.", takeOut("U0BOT")}, nil},
		"a stranger":     {approvers("U0BOB,U0DANA,U0EVE"), finding{"approver", notOK, "U0EVE is nobody of this workspace.", takeOut("U0EVE")}, nil},
		"an unknown id":  {approvers("U0BOB,U0DANA,U0NOBODY"), finding{"approver", notOK, "U0NOBODY is nobody of this workspace.", takeOut("U0NOBODY")}, nil},
		"one person":     {approvers("U0BOB"), one, nil},
		"only strangers": {approvers("U0EVE"), finding{"approver", notOK, "U0EVE is nobody of this workspace.", takeOut("U0EVE")}, []finding{nobody}},
		"one who decides on their own requests": {
			func(l *lookout) {
				l.set("SLACK_APPROVERS", "U0BOB")
				l.set("ALLOW_SELF_APPROVAL", "true")
			},
			finding{"approvers", warning, "1 can decide, also on their own requests: ALLOW_SELF_APPROVAL is on.", "Switch ALLOW_SELF_APPROVAL off when the try is over."}, nil,
		},
		"the same person twice, by id and by group": {
			approvers("U0BOB,S0APPROVERS"),
			finding{"approvers", allOK, "2 people can decide. Nobody decides on their own request.", ""}, nil,
		},
		"somebody who cannot be looked up": {
			func(l *lookout) {
				l.set("SLACK_APPROVERS", "U0BOB")
				slackAnswers("users.info", "fatal_error")(l)
			},
			finding{"approver", notChecked, "Slack cannot answer now (fatal_error).", "Try again in a minute."},
			[]finding{{"approvers", notChecked, "Nobody who can decide was found, but not everybody could be looked up.", ""}},
		},
	})
}

func TestCheckOfApproverGroups(t *testing.T) {
	diagnosed(t, map[string]ailment{
		"an empty one": {
			func(l *lookout) { l.Slack.SetGroup(slack.Approvers) },
			finding{"approver group", notOK, "@atlas-approvers (S0APPROVERS) has no members.", "Add approvers to it in Slack."},
			[]finding{nobody},
		},
		"one that is not listed": {
			approvers("U0BOB,U0DANA,S0NOWHERE"),
			finding{"approver group", notOK, "Slack lists no user group S0NOWHERE.", "Copy the group's id (People & user groups, the group, ..., Copy group ID)."}, nil,
		},
		"one that is disabled": {
			func(l *lookout) {
				l.set("SLACK_APPROVERS", "U0BOB,U0DANA,S0OLD")
				madeUp("usergroups.list", `{"ok":true,"usergroups":[{"id":"S0OLD","handle":"old","date_delete":1700000000}]}`)(l)
			},
			finding{"approver group", notOK, "The user group @old (S0OLD) is disabled.", "Enable it in Slack, or name another one in SLACK_APPROVERS."}, nil,
		},
		"a plan without groups": {
			func(l *lookout) { l.Slack.GroupsNeedUpgrade(true) },
			finding{"approver group", notOK, "The workspace's plan has no user groups.", "Name people by their ids in SLACK_APPROVERS, or upgrade the workspace."},
			[]finding{nobody},
		},
		"an approver was deactivated": {
			func(l *lookout) { l.Slack.Deactivate(dana) },
			finding{"approver group", warning, "Of 2 members of @atlas-approvers (S0APPROVERS) 1 can decide: U0DANA is deactivated.", takeOutOfGroup},
			[]finding{one},
		},
		"guests and strangers among them": {
			func(l *lookout) { l.Slack.SetGroup(slack.Approvers, bob, dana, gil, eve) },
			finding{"approver group", warning, "Of 4 members of @atlas-approvers (S0APPROVERS) 2 can decide: U0GUEST is a guest, U0EVE is nobody of this workspace.", takeOutOfGroup}, nil,
		},
		"nobody of it can decide": {
			func(l *lookout) { l.Slack.SetGroup(slack.Approvers, gil) },
			finding{"approver group", notOK, "Of 1 members of @atlas-approvers (S0APPROVERS) nobody can decide: U0GUEST is a guest.", "Add full members of the workspace to it in Slack."},
			[]finding{nobody},
		},
		"a large one": {
			func(l *lookout) {
				members := []string{bob, dana}
				for len(members) < lookedUp {
					members = append(members, bob)
				}
				l.Slack.SetGroup(slack.Approvers, append(members, eve)...)
			},
			finding{"approver group", allOK, "Of the first 40 members of 41 of @atlas-approvers (S0APPROVERS) all can decide.", ""}, nil,
		},
	})
}
