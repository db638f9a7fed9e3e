package view

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// The notices are for the approvers, under the card if there is one: what they
// should know although nobody asked them. When the matter is over, a notice says
// what became of it.

// deletionOverdueNotice tells of a key that cannot be deleted.
func (v Screens) deletionOverdueNotice(r approval.Request) mrkdwn.Message {
	story := statusForApprovers(r)
	switch {
	case isStuck(r) && isChange(r):
		story = stuckGoingBack(r)
	case isStuck(r):
		story = mrkdwn.JoinSentences(
			mrkdwn.Mrkdwnf(":rotating_light: The key%s of request %s is still alive in Atlas: deleting it has not worked since %s. I keep trying.", KeyName(r), r.ID, mrkdwn.SlackDate(r.Deletion.Since)),
			whyNotDeleted(r),
			mrkdwn.Mrkdwnf("If it can't wait, an Organization Owner can delete it in Atlas, among %s.", v.keysPage(r.Org)),
		)
	}
	return mrkdwn.NewMessage(story, mrkdwn.Section(story))
}

// keysPage is a link to Atlas's page of an organization's API keys: links outlive
// the names of menus. An organization that is not configured any more has none.
func (v Screens) keysPage(org policy.OrgID) mrkdwn.Mrkdwn {
	if v.KeysPages[org] == "" {
		return "the organization's API keys"
	}
	return mrkdwn.Mrkdwnf("<%s|the organization's API keys>", mrkdwn.BotText(v.KeysPages[org]))
}

// failedNotice tells that what they approved came to nothing.
func (v Screens) failedNotice(r approval.Request) mrkdwn.Message {
	story := statusForApprovers(r)
	return mrkdwn.NewMessage(mrkdwn.Mrkdwnf("Request %s: %s", r.ID, story), mrkdwn.Section(story))
}

// driftNotice tells of a live key that somebody changed in Atlas by hand.
func (v Screens) DriftNotice(r approval.Request) mrkdwn.Message {
	story := statusForApprovers(r)
	var pressable []*slack.ButtonBlockElement
	switch {
	case !isLive(r):
	case r.Drift.IsZero():
		story = mrkdwn.Mrkdwnf("The key%s of request %s is again what was approved.", KeyName(r), r.ID)
	default:
		story = mrkdwn.Mrkdwnf(":warning: Somebody changed the key%s of request %s in Atlas by hand; it is not what was approved any more.\n%s\nI do not change it back: put it right in Atlas, or revoke it here.",
			KeyName(r), r.ID, differences(r))
		pressable = append(pressable, revokeButton(r))
	}
	return mrkdwn.NewMessage(story, mrkdwn.Section(story), buttonsIn(approval.DriftNotice, r, pressable...))
}

func differences(r approval.Request) mrkdwn.Mrkdwn {
	var all []mrkdwn.Mrkdwn
	add := func(format string, args ...any) { all = append(all, mrkdwn.Mrkdwnf(format, args...)) }
	if d := r.Drift; d.RolesChanged {
		add("• Roles: %s. Approved: %s.", mrkdwn.BotText(orNone(mrkdwn.Truncate(Titles(d.Roles), 400))), mrkdwn.BotText(mrkdwn.Truncate(Titles(r.Access.Roles), 400)))
	}
	if d := r.Drift; d.NetworksChanged && len(d.Networks) == 0 {
		add("• *There is no access list any more*: it may work from anywhere. Approved: %s.", mrkdwn.Truncate(addresses(r.Access), 600))
	} else if d.NetworksChanged {
		add("• May be used from: %s. Approved: %s.", mrkdwn.Truncate(addresses(policy.Access{Networks: d.Networks}), 600), mrkdwn.Truncate(addresses(r.Access), 600))
	}
	if d := r.Drift; d.ProjectsChanged {
		add("• Projects: %s. Approved: %s.", orNone(mrkdwn.Truncate(projectsText(d.Projects), 900)), orNone(mrkdwn.Truncate(projectsText(r.Access.Projects), 900)))
	}
	if r.Drift.Renamed {
		add("• The description lacks this bot's mark, so I could not find the key by it.")
	}
	return mrkdwn.JoinedBy("\n", all...)
}

// unknownKeyNotice tells of a key with this bot's mark that no known request made.
// Nobody asked for it here, so nobody is named.
func (v Screens) UnknownKeyNotice(r approval.Request) mrkdwn.Message {
	var story mrkdwn.Mrkdwn
	var pressable []*slack.ButtonBlockElement
	switch {
	case isLive(r) && r.ParentID != "":
		story = mrkdwn.Mrkdwnf(":warning: In Atlas there is a key%s with the mark of request %s, which by my records did not make it: it was given that mark by hand, or an older database was restored. "+
			"I do not know whether it is in use, so I leave it alone. If nobody needs it, revoke it here, or by the id %s.", KeyName(r), r.ParentID, r.ID)
		pressable = append(pressable, revokeButton(r))
	case isLive(r):
		story = mrkdwn.Mrkdwnf(":warning: In Atlas there is a key%s with this bot's mark, of request %s, of which I have no record, as after an older database was restored. "+
			"I do not know whether it is in use, so I leave it alone. If nobody needs it, revoke it here.", KeyName(r), r.ID)
		pressable = append(pressable, revokeButton(r))
	case r.ParentID != "":
		story = mrkdwn.Mrkdwnf("%s It carried the mark of request %s, which by my records did not make it.", statusAfterDecision(r), r.ParentID)
	default:
		story = mrkdwn.Mrkdwnf("%s It carried this bot's mark, of request %s, of which I have no record.", statusAfterDecision(r), r.ID)
	}
	return mrkdwn.NewMessage(story, mrkdwn.Section(story), buttonsIn(approval.UnknownKeyNotice, r, pressable...))
}

// foundManyNotice tells of several such keys at once. It reports what was found
// then, whatever becomes of the key that it hangs on.
func (v Screens) FoundManyNotice(r approval.Request) mrkdwn.Message {
	story := mrkdwn.Mrkdwnf(":warning: Keys in Atlas that carry this bot's mark and that no request made of which I have a record: %s (found %s).", r.UnknownKeys.Count, mrkdwn.SlackDate(r.RequestedAt))
	if len(r.UnknownKeys.IDs) == 0 {
		story = mrkdwn.JoinSentences(story, "So many mean that this is not the database that the bot worked with, or that somebody copies the mark: whoever runs the bot has to look at that. I leave the keys alone.")
		return mrkdwn.NewMessage(story, mrkdwn.Section(story))
	}
	var ids []mrkdwn.Mrkdwn
	for _, id := range r.UnknownKeys.IDs {
		ids = append(ids, mrkdwn.Mrkdwnf("%s", id))
	}
	story = mrkdwn.JoinSentences(story, "That is so after an older database was restored, or if somebody copies the mark. I don't know whether they are in use, so I leave them alone.",
		mrkdwn.Mrkdwnf("If nobody needs one, revoke it with `%s revoke` and its id: %s.", mrkdwn.BotText(v.Command), mrkdwn.JoinedBy(", ", ids...)))
	return mrkdwn.NewMessage(story, mrkdwn.Section(story))
}

// isLive reports whether r's key is out and may be revoked.
func isLive(r approval.Request) bool {
	return r.State == approval.StateDelivered || r.State == approval.StateActive
}
