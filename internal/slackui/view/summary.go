package view

import (
	"fmt"
	"slices"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// A requestSummary is what somebody wants, as approvers and the asker read it. It is
// the same in every state of the request; the story beside it changes.
type requestSummary struct {
	title string        // of the card, before the request's id
	yours mrkdwn.Mrkdwn // "for a MongoDB Atlas API key"
	intro mrkdwn.Mrkdwn // to the approvers
	facts []mrkdwn.Fact
	dates mrkdwn.Mrkdwn // moments are not facts: Slack shows them in the reader's zone
	text  mrkdwn.Mrkdwn // facts and dates, to be read out

	question, grant string // of the dialog behind Approve
}

func (v Screens) summaryOf(r approval.Request) requestSummary {
	a := summaryFor(r)
	if r.BreakGlass && r.Type == approval.NewKey && alarm(r) != "" {
		a.intro = mrkdwn.JoinSentences(a.intro, v.called(r))
	}
	a.facts = append(a.facts, v.detailFacts(r)...)
	a.text = mrkdwn.JoinSentences(a.text, v.detailText(r))
	if org := v.orgName(r); org != "" {
		a.facts = append([]mrkdwn.Fact{{Name: "Organization", Value: org}}, a.facts...)
		a.text = mrkdwn.JoinSentences(mrkdwn.Mrkdwnf("Organization: %s.", mrkdwn.OrgText(org)), a.text)
		a.grant = mrkdwn.Truncate(org, 40) + ": " + a.grant
	}
	return a
}

func summaryFor(r approval.Request) requestSummary {
	switch r.Type {
	case approval.Extension:
		return extensionSummary(r)
	case approval.AccessListChange:
		return accessListSummary(r)
	case approval.Rotation:
		return rotationSummary(r)
	}
	return keySummary(r)
}

func keySummary(r approval.Request) requestSummary {
	a := requestSummary{
		title: "API key request",
		yours: "for a MongoDB Atlas API key",
		intro: mrkdwn.Mrkdwnf("%s asks for a MongoDB Atlas API key.", Mention(asker(r))),
		facts: append(accessFacts(r.Access), mrkdwn.Fact{Name: "Lifetime", Value: mrkdwn.HumanDuration(r.Access.Lifetime) + " from the moment the key is made"}),
		text:  mrkdwn.JoinSentences(mayText(r.Access), mrkdwn.Mrkdwnf("Lifetime: %s. Reason: %s.", mrkdwn.BotText(mrkdwn.HumanDuration(r.Access.Lifetime)), r.Reason)), question: "Approve this key?", grant: confirmGrant(r),
	}
	if r.BreakGlass {
		a.title = "Break-glass"
		a.intro = mrkdwn.JoinSentences(alarm(r), mrkdwn.Mrkdwnf(":rotating_light: *Break-glass:* %s takes a MongoDB Atlas API key without approval.", Mention(asker(r))))
	}
	return a
}

// alarm calls whoever watches the channel, when the card is posted and not when
// it is drawn again.
func alarm(r approval.Request) mrkdwn.Mrkdwn {
	if r.MessageRefs[approval.CardMessage].TS != "" {
		return ""
	}
	return "<!here>"
}

// called names the approvers of r's organization: a call to whoever is here
// reaches nobody who is away, and a workspace can forbid it.
func (v Screens) called(r approval.Request) mrkdwn.Mrkdwn {
	var all policy.Principals
	for _, n := range v.Policy(r).Requirements {
		all.Groups = append(all.Groups, n.From.Groups...)
		all.Users = append(all.Users, n.From.Users...)
	}
	slices.Sort(all.Groups)
	slices.Sort(all.Users)
	all.Groups, all.Users = slices.Compact(all.Groups), slices.Compact(all.Users)
	if all.IsZero() {
		return ""
	}
	return mrkdwn.Mrkdwnf("Please look at it: %s.", people(all))
}

// asker is who asked for a key, whoever owns it now.
func asker(r approval.Request) policy.UserID {
	if len(r.Transfers) > 0 {
		return r.Transfers[0].From
	}
	return r.Requester
}

func extensionSummary(r approval.Request) requestSummary {
	a := requestSummary{
		title:    "More time",
		yours:    mrkdwn.Mrkdwnf("for more time for the key of request %s", r.ParentID),
		intro:    mrkdwn.Mrkdwnf("%s asks for more time for the live key of request %s.", Mention(r.Requester), r.ParentID),
		facts:    append(accessFacts(r.Access), mrkdwn.Fact{Name: "More time", Value: mrkdwn.HumanDuration(r.Access.Lifetime)}),
		dates:    mrkdwn.Mrkdwnf("When this was asked, the key was to end %s. With the extension it ends %s.", mrkdwn.SlackDate(r.Change.OldEnd), mrkdwn.SlackDate(r.Change.NewEnd)),
		question: "Give it more time?",
		grant:    warning(r) + rolesInShort(r.Access) + ": " + mrkdwn.HumanDuration(r.Access.Lifetime) + " more, until " + mrkdwn.Utc(r.Change.NewEnd) + ".",
	}
	a.text = mrkdwn.JoinSentences(a.dates, mayText(r.Access), mrkdwn.Mrkdwnf("Reason: %s.", r.Reason))
	return a
}

// accessListSummary spells out what would be different: two lists of twenty
// addresses cannot be compared by looking at them.
func accessListSummary(r approval.Request) requestSummary {
	added, removed := missingFrom(r.Change.OldNetworks, r.Access.Networks), missingFrom(r.Access.Networks, r.Change.OldNetworks)
	a := requestSummary{
		title: "Change of addresses",
		yours: mrkdwn.Mrkdwnf("for another access list of the key of request %s", r.ParentID),
		intro: mrkdwn.Mrkdwnf("%s asks for another access list of the live key of request %s. It counts wherever the key is used, in every project it belongs to.", Mention(r.Requester), r.ParentID),
		facts: []mrkdwn.Fact{{Name: "Description", Value: r.Access.Description}, rolesFact(r.Access)},
		text: mrkdwn.Mrkdwnf("Added: %s. Removed: %s. Then it may be used from: %s. Description: %s. %s: %s. Reason: %s.",
			from(added), from(removed), usableFrom(r.Access), r.Access.Description, mrkdwn.BotText(rolesLabel(r.Access)), mrkdwn.BotText(Titles(r.Access.Roles)), r.Reason),
		question: "Allow these addresses?",
		grant:    warning(r) + mrkdwn.Truncate(Titles(r.Access.Roles), 80) + ". Added: " + mrkdwn.Truncate(from(added), 90) + ". Removed: " + mrkdwn.Truncate(from(removed), 60) + ".",
	}
	if len(r.Access.Projects) > 0 {
		a.facts = append(a.facts, projectsFact(r.Access))
	}
	a.facts = append(a.facts, mrkdwn.Fact{Name: "When asked", Value: from(r.Change.OldNetworks)}, mrkdwn.Fact{Name: "Wanted", Value: usableUpTo(maxOneList, r.Access)}, mrkdwn.Fact{Name: "Added", Value: from(added)}, mrkdwn.Fact{Name: "Removed", Value: from(removed)})
	return a
}

// rotationSummary asks for nothing, and approvers only know; but the new owner of
// a key that was handed over asks for its private half.
func rotationSummary(r approval.Request) requestSummary {
	a := requestSummary{
		title:    "Rotation",
		yours:    mrkdwn.Mrkdwnf("to rotate the key of request %s", r.ParentID),
		intro:    mrkdwn.Mrkdwnf("%s rotates the key of request %s: another key takes over.", Mention(asker(r)), r.ParentID),
		facts:    accessFacts(r.Access),
		question: "Approve this rotation?",
		grant:    confirmGrant(r),
	}
	if !r.CarriesDecision {
		a.intro = mrkdwn.Mrkdwnf("%s asks to rotate the key of request %s, which was handed to them: another key with this access takes over, and they see its private key.", Mention(asker(r)), r.ParentID)
	}
	if !r.KeyExpiresAt.IsZero() && r.Key.ID == "" {
		a.dates = mrkdwn.Mrkdwnf("It is to end when that key was to end: %s.", mrkdwn.SlackDate(r.KeyExpiresAt))
	}
	a.text = mrkdwn.JoinSentences(a.dates, mayText(r.Access))
	return a
}

// confirmGrant repeats what is granted in the little room of a dialog, the
// weightiest first.
func confirmGrant(r approval.Request) string {
	from := mrkdwn.Truncate(namedAddresses(r.Access), 100)
	if hosts := addressCountText(r.Access); hosts != "" {
		from += " (" + hosts + ")"
	}
	return warning(r) + rolesInShort(r.Access) + ", for " + mrkdwn.HumanDuration(r.Access.Lifetime) + ", from " + from + "."
}

// rolesInShort is what a key may do, without the names of projects.
func rolesInShort(a policy.Access) string {
	if len(a.Projects) == 0 {
		return mrkdwn.Truncate(Titles(a.Roles), 110)
	}
	return fmt.Sprintf("%s; in %s %s", mrkdwn.Truncate(Titles(a.Roles), 70), mrkdwn.Count(len(a.Projects), "project"), mrkdwn.Truncate(Titles(projectRoles(a.Projects)), 60))
}

// warning begins the little room of a dialog, if there is something to warn of.
func warning(r approval.Request) string {
	if powers(AllRoles(r.Access)) == "" {
		return ""
	}
	return "POWERFUL: "
}
