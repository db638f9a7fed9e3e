package preflight

import (
	"fmt"
	"testing"

	"atlaskeybot/internal/sandbox/slack"
)

func approvers(list string) func(*checkEnv) {
	return func(l *checkEnv) { l.set("SLACK_APPROVERS", list) }
}

func takeOut(id string) string {
	return fmt.Sprintf("Take %s out of SLACK_APPROVERS: only full members of the workspace decide.", id)
}

const takeOutOfGroup = "Take out of the group in Slack who should not decide."

// one is what is said when one person can decide.
var oneDecider = Finding{"approvers", Warning, "One person can decide, and not on their own requests: that person can get no key.", "Name a second one in SLACK_APPROVERS."}

var noDecider = Finding{"approvers", NotOK, "No approver can decide, so every request would expire.", "Name at least two full members of the workspace in SLACK_APPROVERS."}

func TestCheckApprovers(t *testing.T) {
	testSetups(t, map[string]setup{
		"two people": {
			approvers("U0BOB, U0DANA"),
			Finding{"approver", OK, "U0DANA is a full member of the workspace.", ""},
			[]Finding{{"approvers", OK, "2 people can decide, each on the requests of others.", ""}},
		},
		"one of two is deactivated": {
			approvers("U0BOB,U0GONE"),
			Finding{"approver", NotOK, "U0GONE is deactivated.", takeOut("U0GONE")},
			[]Finding{oneDecider},
		},
		"a guest":        {approvers("U0BOB,U0DANA,U0GUEST"), Finding{"approver", NotOK, "U0GUEST is a guest.", takeOut("U0GUEST")}, nil},
		"a bot":          {approvers("U0BOB,U0DANA,U0BOT"), Finding{"approver", NotOK, "U0BOT is a bot.", takeOut("U0BOT")}, nil},
		"a stranger":     {approvers("U0BOB,U0DANA,U0EVE"), Finding{"approver", NotOK, "U0EVE is not of this workspace.", takeOut("U0EVE")}, nil},
		"an unknown id":  {approvers("U0BOB,U0DANA,U0NOBODY"), Finding{"approver", NotOK, "U0NOBODY is not of this workspace.", takeOut("U0NOBODY")}, nil},
		"one person":     {approvers("U0BOB"), oneDecider, nil},
		"only strangers": {approvers("U0EVE"), Finding{"approver", NotOK, "U0EVE is not of this workspace.", takeOut("U0EVE")}, []Finding{noDecider}},
		"one who decides on their own requests": {
			func(l *checkEnv) {
				l.set("SLACK_APPROVERS", "U0BOB")
				l.set("POLICY_FILE", policyOf(l.t, "allow_self_approval: true\n"))
			},
			Finding{"approvers", Warning, "1 can decide, also on their own requests: allow_self_approval is true.", "Set allow_self_approval to false when the trial is over."}, nil,
		},
		"the same person twice, by id and by group": {
			approvers("U0BOB,S0APPROVERS"),
			Finding{"approvers", OK, "2 people can decide, each on the requests of others.", ""}, nil,
		},
		"a failed lookup": {
			func(l *checkEnv) {
				l.set("SLACK_APPROVERS", "U0BOB")
				slackAnswers("users.info", "fatal_error")(l)
			},
			Finding{"approver", NotChecked, "Slack cannot answer now (fatal_error).", "Try again in a minute."},
			[]Finding{{"approvers", NotChecked, "No approver who can decide was found, and some could not be looked up.", ""}},
		},
	})
}

func TestCheckApproverGroups(t *testing.T) {
	testSetups(t, map[string]setup{
		"an empty one": {
			func(l *checkEnv) { l.Slack.SetGroup(slack.Approvers) },
			Finding{"approver group", NotOK, "@atlas-approvers (S0APPROVERS) has no members.", "Add approvers to it in Slack."},
			[]Finding{noDecider},
		},
		"one that is not listed": {
			approvers("U0BOB,U0DANA,S0NOWHERE"),
			Finding{"approver group", NotOK, "Slack lists no user group S0NOWHERE.", "Copy the group's id (People & user groups, the group, ..., Copy group ID)."}, nil,
		},
		"one that is disabled": {
			func(l *checkEnv) {
				l.set("SLACK_APPROVERS", "U0BOB,U0DANA,S0OLD")
				answerWith("usergroups.list", `{"ok":true,"usergroups":[{"id":"S0OLD","handle":"old","date_delete":1700000000}]}`)(l)
			},
			Finding{"approver group", NotOK, "The user group @old (S0OLD) is disabled.", "Enable it in Slack, or name another one in SLACK_APPROVERS."}, nil,
		},
		"a plan without groups": {
			func(l *checkEnv) { l.Slack.GroupsNeedUpgrade(true) },
			Finding{"approver group", NotOK, "The workspace's plan has no user groups.", "Name people by their ids in SLACK_APPROVERS, or upgrade the workspace."},
			[]Finding{noDecider},
		},
		"an approver was deactivated": {
			func(l *checkEnv) { l.Slack.Deactivate(slack.Dana) },
			Finding{"approver group", Warning, "Of 2 members of @atlas-approvers (S0APPROVERS) 1 can decide: U0DANA is deactivated.", takeOutOfGroup},
			[]Finding{oneDecider},
		},
		"guests and strangers among them": {
			func(l *checkEnv) { l.Slack.SetGroup(slack.Approvers, slack.Bob, slack.Dana, slack.Gil, slack.Eve) },
			Finding{"approver group", Warning, "Of 4 members of @atlas-approvers (S0APPROVERS) 2 can decide: U0GUEST is a guest, U0EVE is not of this workspace.", takeOutOfGroup}, nil,
		},
		"none of its members can decide": {
			func(l *checkEnv) { l.Slack.SetGroup(slack.Approvers, slack.Gil) },
			Finding{"approver group", NotOK, "Of 1 members of @atlas-approvers (S0APPROVERS) none can decide: U0GUEST is a guest.", "Add full members of the workspace to it in Slack."},
			[]Finding{noDecider},
		},
		"a large one": {
			func(l *checkEnv) {
				members := []string{slack.Bob, slack.Dana}
				for len(members) < maxLookups {
					members = append(members, slack.Bob)
				}
				l.Slack.SetGroup(slack.Approvers, append(members, slack.Eve)...)
			},
			Finding{"approver group", OK, "Of the first 40 members of 41 of @atlas-approvers (S0APPROVERS) all can decide.", ""}, nil,
		},
	})
}
