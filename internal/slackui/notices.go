package slackui

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// The notices are for the approvers, under the card if there is one: what they
// should know although nobody asked them. When the matter is over, a notice says
// what became of it.

// deletionOverdueNotice tells of a key that cannot be deleted.
func (v Screens) deletionOverdueNotice(r approval.Request) message {
	story := statusForApprovers(r)
	switch {
	case isStuck(r) && isChange(r):
		story = stuckGoingBack(r)
	case isStuck(r):
		story = joinSentences(
			mrkdwnf(":rotating_light: The key%s of request %s is still alive in Atlas: deleting it has not worked since %s. I keep trying.", keyName(r), r.ID, slackDate(r.Deletion.Since)),
			whyNotDeleted(r),
			mrkdwnf("If it can't wait, an Organization Owner can delete it in Atlas, among %s.", v.keysPage(r.Org)),
		)
	}
	return newMessage(story, section(story))
}

// keysPage is a link to Atlas's page of an organization's API keys: links outlive
// the names of menus. An organization that is not configured any more has none.
func (v Screens) keysPage(org approval.OrgID) mrkdwn {
	if v.keysPages[org] == "" {
		return "the organization's API keys"
	}
	return mrkdwnf("<%s|the organization's API keys>", botText(v.keysPages[org]))
}

// failedNotice tells that what they approved came to nothing.
func (v Screens) failedNotice(r approval.Request) message {
	story := statusForApprovers(r)
	return newMessage(mrkdwnf("Request %s: %s", r.ID, story), section(story))
}

// driftNotice tells of a live key that somebody changed in Atlas by hand.
func (v Screens) driftNotice(r approval.Request) message {
	story := statusForApprovers(r)
	var pressable []*slack.ButtonBlockElement
	switch {
	case !isLive(r):
	case r.Drift.IsZero():
		story = mrkdwnf("The key%s of request %s is again what was approved.", keyName(r), r.ID)
	default:
		story = mrkdwnf(":warning: Somebody changed the key%s of request %s in Atlas by hand; it is not what was approved any more.\n%s\nI do not change it back: put it right in Atlas, or revoke it here.",
			keyName(r), r.ID, differences(r))
		pressable = append(pressable, revokeButton(r, actionDriftRevoke))
	}
	return newMessage(story, section(story), buttons(pressable...))
}

func differences(r approval.Request) mrkdwn {
	var all []mrkdwn
	add := func(format string, args ...any) { all = append(all, mrkdwnf(format, args...)) }
	if d := r.Drift; d.RolesChanged {
		add("• Roles: %s. Approved: %s.", botText(orNone(truncate(titles(d.Roles), 400))), botText(truncate(titles(r.Access.Roles), 400)))
	}
	if d := r.Drift; d.NetworksChanged && len(d.Networks) == 0 {
		add("• *There is no access list any more*: it may work from anywhere. Approved: %s.", truncate(addresses(r.Access), 600))
	} else if d.NetworksChanged {
		add("• May be used from: %s. Approved: %s.", truncate(addresses(approval.Access{Networks: d.Networks}), 600), truncate(addresses(r.Access), 600))
	}
	if d := r.Drift; d.ProjectsChanged {
		add("• Projects: %s. Approved: %s.", orNone(truncate(projectsText(d.Projects), 900)), orNone(truncate(projectsText(r.Access.Projects), 900)))
	}
	if r.Drift.Renamed {
		add("• The description lacks this bot's mark, so I could not find the key by it.")
	}
	return joinedBy("\n", all...)
}

// unknownKeyNotice tells of a key with this bot's mark that no request is known of.
// Nobody asked for it here, so nobody is named.
func (v Screens) unknownKeyNotice(r approval.Request) message {
	var story mrkdwn
	var pressable []*slack.ButtonBlockElement
	switch {
	case isLive(r):
		story = mrkdwnf(":warning: In Atlas there is a key%s with this bot's mark, of request %s, of which I have no record, as after an older database was restored. "+
			"I do not know whether it is in use, so I leave it alone. If nobody needs it, revoke it here.", keyName(r), r.ID)
		pressable = append(pressable, revokeButton(r, actionFoundRevoke))
	default:
		story = mrkdwnf("%s It carried this bot's mark, of request %s, of which I have no record.", statusAfterDecision(r), r.ID)
	}
	return newMessage(story, section(story), buttons(pressable...))
}

// foundManyNotice tells of several such keys at once. It reports what was found
// then, whatever becomes of the key that it hangs on.
func (v Screens) foundManyNotice(r approval.Request) message {
	story := mrkdwnf(":warning: Keys in Atlas that carry this bot's mark, of requests of which I have no record: %s (found %s).", r.UnknownKeys.Count, slackDate(r.RequestedAt))
	if len(r.UnknownKeys.IDs) == 0 {
		story = joinSentences(story, "So many mean that this is not the database that the bot worked with, or that somebody copies the mark: whoever runs the bot has to look at that. I leave the keys alone.")
		return newMessage(story, section(story))
	}
	var ids []mrkdwn
	for _, id := range r.UnknownKeys.IDs {
		ids = append(ids, mrkdwnf("%s", id))
	}
	story = joinSentences(story, "That is so after an older database was restored, or if somebody copies the mark. I don't know whether they are in use, so I leave them alone.",
		mrkdwnf("If nobody needs one, revoke it with `%s revoke` and its id: %s.", botText(v.command), joinedBy(", ", ids...)))
	return newMessage(story, section(story))
}

// isLive reports whether r's key is out and may be revoked.
func isLive(r approval.Request) bool {
	return r.State == approval.StateDelivered || r.State == approval.StateActive
}
