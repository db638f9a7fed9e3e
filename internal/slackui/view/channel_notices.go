package view

import (
	"slices"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// The notices are for the approvers, under the card if there is one: what they
// should know although they were not asked. When the matter is over, a notice says
// what became of it.

// deletionOverdueNotice tells of a key that cannot be deleted.
func (v Screens) deletionOverdueNotice(r approval.Request) mrkdwn.Message {
	status := statusForApprovers(r)
	switch {
	case isDeletionOverdue(r) && isChange(r):
		status = revertOverdue(r)
	case isDeletionOverdue(r):
		status = mrkdwn.JoinSentences(
			mrkdwn.Textf(":rotating_light: The key%s of request %s is still active in Atlas: deleting it hasn't worked since %s. I keep trying.", KeyName(r), r.ID, mrkdwn.Date(r.Deletion.Since)),
			whyNotDeleted(r),
			mrkdwn.Textf("If it can't wait, an Organization Owner can delete it in Atlas, among %s.", v.keysPage(r.Org)),
			v.calling(r, approval.DeletionOverdueNotice, "look at it"),
		)
	}
	return mrkdwn.NewMessage(status, mrkdwn.Section(status))
}

// keysPage is a link to Atlas's page of an organization's API keys: links outlive
// the names of menus. An organization that is not configured any more has none.
func (v Screens) keysPage(org policy.OrgID) mrkdwn.Text {
	if v.KeysPages[org] == "" {
		return "the organization's API keys"
	}
	return mrkdwn.Textf("<%s|the organization's API keys>", mrkdwn.BotText(v.KeysPages[org]))
}

// failedNotice tells that what they approved came to nothing.
func (v Screens) failedNotice(r approval.Request) mrkdwn.Message {
	status := statusForApprovers(r)
	return mrkdwn.NewMessage(mrkdwn.Textf("Request %s: %s", r.ID, status), mrkdwn.Section(status))
}

// DriftNotice reports that an active key was changed manually in Atlas, for the n-th time.
func (v Screens) DriftNotice(r approval.Request, n int) mrkdwn.Message {
	status := statusForApprovers(r)
	var pressable []*slack.ButtonBlockElement
	switch {
	case !hasKey(r):
	case n < r.Drifts:
		status = mrkdwn.Textf("The key%s of request %s was changed manually in Atlas, and has changed again since.", KeyName(r), r.ID)
	case r.Drift.IsZero():
		status = mrkdwn.Textf("The key%s of request %s is as approved again.", KeyName(r), r.ID)
	default:
		status = mrkdwn.JoinedBy("\n",
			mrkdwn.Textf(":warning: *The key%s of request %s was changed manually in Atlas.* %s", KeyName(r), r.ID, nowMayDo(r)),
			differences(r),
			mrkdwn.JoinSentences("I don't change it back: correct it in Atlas, or revoke it here.", v.calling(r, approval.DriftNotice(n), "look at it")))
		pressable = append(pressable, revokeButton(r))
	}
	return mrkdwn.NewMessage(status, mrkdwn.Section(status), buttonsIn(approval.DriftNotice(n), r, pressable...))
}

// nowMayDo says what a key that was changed in Atlas may do now, and from where.
func nowMayDo(r approval.Request) mrkdwn.Text {
	now := r.Access
	if r.Drift.RolesChanged {
		now.Roles = r.Drift.Roles
	}
	if r.Drift.ProjectsChanged {
		now.Projects = r.Drift.Projects
	}
	from := mrkdwn.Truncate(addresses(now), 300)
	if r.Drift.NetworksChanged {
		from = mrkdwn.Truncate(addresses(policy.Access{Networks: r.Drift.Networks}), 300)
	}
	if r.Drift.NetworksChanged && len(r.Drift.Networks) == 0 {
		return mrkdwn.Textf("It can now do this from *any address*: %s.", orNone(mrkdwn.Truncate(mayDo(now), 300)))
	}
	return mrkdwn.Textf("It can now do this from %s: %s.", from, orNone(mrkdwn.Truncate(mayDo(now), 300)))
}

func differences(r approval.Request) mrkdwn.Text {
	var all []mrkdwn.Text
	add := func(format string, args ...any) { all = append(all, mrkdwn.Textf(format, args...)) }
	if d := r.Drift; d.RolesChanged {
		add("• Roles: %s. Approved: %s.", mrkdwn.BotText(orNone(mrkdwn.Truncate(Titles(d.Roles), 400))), mrkdwn.BotText(mrkdwn.Truncate(Titles(r.Access.Roles), 400)))
	}
	if d := r.Drift; d.NetworksChanged && len(d.Networks) == 0 {
		add("• *No IP access list any more*: it may work from anywhere. Approved: %s.", mrkdwn.Truncate(addresses(r.Access), 600))
	} else if d.NetworksChanged {
		add("• IP access list: %s. Approved: %s.", mrkdwn.Truncate(addresses(policy.Access{Networks: d.Networks}), 600), mrkdwn.Truncate(addresses(r.Access), 600))
	}
	if d := r.Drift; d.ProjectsChanged {
		add("• Projects: %s. Approved: %s.", orNone(mrkdwn.Truncate(projectsText(d.Projects), 900)), orNone(mrkdwn.Truncate(projectsText(r.Access.Projects), 900)))
	}
	if r.Drift.Renamed {
		add("• The description lacks this bot's tag, so I couldn't find the key by it.")
	}
	return mrkdwn.JoinedBy("\n", all...)
}

// UnknownKeyNotice tells of a key with this bot's tag that no known request made.
// It was not requested here, so it names no owner.
func (v Screens) UnknownKeyNotice(r approval.Request) mrkdwn.Message {
	var status mrkdwn.Text
	var pressable []*slack.ButtonBlockElement
	switch {
	case hasKey(r) && r.ParentID != "":
		status = mrkdwn.Textf(":warning: Unknown key%s in Atlas has the tag of request %s, which didn't create it. It was given that tag manually, or an older database was restored. "+
			"It may be in use, so I leave it alone. Not needed? Revoke it here, or by the id %s.", KeyName(r), r.ParentID, r.ID)
		status = mrkdwn.JoinSentences(status, v.calling(r, approval.UnknownKeyNotice, "look at it"))
		pressable = append(pressable, revokeButton(r))
	case hasKey(r):
		status = mrkdwn.Textf(":warning: Unknown key%s in Atlas has this bot's tag, of request %s. I have no record of it, as after an older database was restored. "+
			"It may be in use, so I leave it alone. Not needed? Revoke it here.", KeyName(r), r.ID)
		status = mrkdwn.JoinSentences(status, v.calling(r, approval.UnknownKeyNotice, "look at it"))
		pressable = append(pressable, revokeButton(r))
	case r.ParentID != "":
		status = mrkdwn.Textf("%s It had the tag of request %s, which didn't create it.", statusAfterDecision(r), r.ParentID)
	default:
		status = mrkdwn.Textf("%s It had this bot's tag, of request %s, which I have no record of.", statusAfterDecision(r), r.ID)
	}
	return mrkdwn.NewMessage(status, mrkdwn.Section(status), buttonsIn(approval.UnknownKeyNotice, r, pressable...))
}

// UnknownKeysNotice reports several such keys at once. It reports what was found
// then, whatever becomes of the key that it hangs on.
func (v Screens) UnknownKeysNotice(r approval.Request) mrkdwn.Message {
	status := mrkdwn.Textf(":warning: Unknown keys in Atlas with this bot's tag: %s (found %s). I have no record of them.", r.UnknownKeys.Count, mrkdwn.Date(r.RequestedAt))
	if len(r.UnknownKeys.IDs) == 0 {
		status = mrkdwn.JoinSentences(status, "So many mean that this is another database, or that the tag was copied. The operator of this bot has to check that; I leave the keys alone.", v.calling(r, approval.UnknownKeysNotice, "look at it"))
		return mrkdwn.NewMessage(status, mrkdwn.Section(status))
	}
	var ids []mrkdwn.Text
	for _, id := range r.UnknownKeys.IDs {
		ids = append(ids, mrkdwn.Textf("%s", id))
	}
	status = mrkdwn.JoinSentences(status, "An older database was restored, or the tag was copied. They may be in use, so I leave them alone.",
		mrkdwn.Textf("Not needed? Revoke one with `%s revoke` and its id: %s.", mrkdwn.BotText(v.Command), mrkdwn.JoinedBy(", ", ids...)),
		v.calling(r, approval.UnknownKeysNotice, "look at them"))
	return mrkdwn.NewMessage(status, mrkdwn.Section(status))
}

// hasKey reports whether r's key is out and may be revoked.
func hasKey(r approval.Request) bool {
	return r.State == approval.StateDelivered || r.State == approval.StateActive
}

// ownsNotice tells of projects that an active key owns because it created them.
// That is no alarm: its role lets it. Where Atlas's events do not tell who
// created a project, the notice says so, and the key can be revoked from here.
func (v Screens) ownsNotice(r approval.Request) mrkdwn.Message {
	created, unknown := split(r.Owns)
	var pressable []*slack.ButtonBlockElement
	var news, doubt mrkdwn.Text
	switch {
	case !hasKey(r):
		status := statusForApprovers(r)
		return mrkdwn.NewMessage(status, mrkdwn.Section(status))
	case len(r.Owns) == 0:
		news = mrkdwn.Textf("The key%s of request %s no longer owns projects besides those approved.", KeyName(r), r.ID)
	case len(created) > 0:
		news = mrkdwn.Textf(":information_source: The key%s of request %s created projects and owns them, as its role allows: %s.", KeyName(r), r.ID, projectNames(created))
	}
	if len(unknown) > 0 {
		doubt = mrkdwn.Textf(":grey_question: The key%s of request %s is *Project Owner* in projects that weren't approved: %s. It can create projects, but "+
			"Atlas's events don't show (yet) that it created these. If it didn't, fix that in Atlas, or revoke the key here.", KeyName(r), r.ID, projectNames(unknown))
		pressable = append(pressable, revokeButton(r))
	}
	status := mrkdwn.JoinedBy("\n", news, doubt)
	return mrkdwn.NewMessage(status, mrkdwn.Section(status), buttonsIn(approval.OwnsNotice, r, pressable...))
}

// split returns the projects that Atlas's events say were created by the key,
// and the others.
func split(owns []approval.OwnedProject) (created, unknown []approval.OwnedProject) {
	for _, p := range owns {
		if p.Proven {
			created = append(created, p)
		} else {
			unknown = append(unknown, p)
		}
	}
	return created, unknown
}

// maxOwned bounds the projects that are named in a message.
const maxOwned = 15

func projectNames(owns []approval.OwnedProject) mrkdwn.Text {
	var names []mrkdwn.Text
	for _, p := range owns[:min(len(owns), maxOwned)] {
		name := p.Name
		if name == "" {
			name = string(p.ID)
		}
		names = append(names, mrkdwn.Code(mrkdwn.Truncate(name, 64)))
	}
	if more := len(owns) - maxOwned; more > 0 {
		names = append(names, mrkdwn.Textf("and %s more", more))
	}
	return mrkdwn.JoinedBy(", ", names...)
}

// leavesBehind says, of a successor, which projects the key before it owns and
// this one does not.
func leavesBehind(r approval.Request) mrkdwn.Text {
	waits := slices.Contains([]approval.State{approval.StatePending, approval.StateApproved, approval.StateDelivered, approval.StateActive}, r.State)
	if !waits || len(r.Change.Left) == 0 {
		return ""
	}
	return mrkdwn.Textf("Your previous key owns projects that it created (%s); *this one doesn't*. Have it, or an Organization Owner, give this one a role there first.", projectNames(r.Change.Left))
}
