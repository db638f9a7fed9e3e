package slackui

import (
	"fmt"
	"slices"
	"time"

	"atlaskeybot/internal/approval"
)

// A requestSummary is what somebody wants, as approvers and the asker read it. It is
// the same in every state of the request; the story beside it changes.
type requestSummary struct {
	title string // of the card, before the request's id
	yours mrkdwn // "for a MongoDB Atlas API key"
	intro mrkdwn // to the approvers
	facts []fact
	dates mrkdwn // moments are not facts: Slack shows them in the reader's zone
	text  mrkdwn // facts and dates, to be read out

	question, grant string // of the dialog behind Approve
}

func (v Screens) summaryOf(r approval.Request) requestSummary {
	a := summaryFor(r)
	if r.BreakGlass && r.Type == approval.NewKey && alarm(r) != "" {
		a.intro = joinSentences(a.intro, v.called(r))
	}
	if org := v.orgName(r); org != "" {
		a.facts = append([]fact{{"Organization", org}}, a.facts...)
		a.text = joinSentences(mrkdwnf("Organization: %s.", orgText(org)), a.text)
		a.grant = truncate(org, 40) + ": " + a.grant
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
		intro: mrkdwnf("%s asks for a MongoDB Atlas API key.", mention(asker(r))),
		facts: append(accessFacts(r.Access), fact{"Lifetime", humanDuration(r.Access.Lifetime) + " from the moment the key is made"}),
		text:  joinSentences(mayText(r.Access), mrkdwnf("Lifetime: %s. Reason: %s.", botText(humanDuration(r.Access.Lifetime)), r.Reason)), question: "Approve this key?", grant: confirmGrant(r),
	}
	if r.BreakGlass {
		a.title = "Break-glass"
		a.intro = joinSentences(alarm(r), mrkdwnf(":rotating_light: *Break-glass:* %s takes a MongoDB Atlas API key without approval.", mention(asker(r))))
	}
	return a
}

// alarm calls whoever watches the channel, when the card is posted and not when
// it is drawn again.
func alarm(r approval.Request) mrkdwn {
	if r.MessageRefs[approval.CardMessage].TS != "" {
		return ""
	}
	return "<!here>"
}

// called names the approvers of r's organization: a call to whoever is here
// reaches nobody who is away, and a workspace can forbid it.
func (v Screens) called(r approval.Request) mrkdwn {
	var all approval.Principals
	for _, n := range v.policy(r).Requirements {
		all.Groups = append(all.Groups, n.From.Groups...)
		all.Users = append(all.Users, n.From.Users...)
	}
	slices.Sort(all.Groups)
	slices.Sort(all.Users)
	all.Groups, all.Users = slices.Compact(all.Groups), slices.Compact(all.Users)
	if all.IsZero() {
		return ""
	}
	return mrkdwnf("Please look at it: %s.", people(all))
}

// asker is who asked for a key, whoever owns it now.
func asker(r approval.Request) approval.UserID {
	if len(r.Transfers) > 0 {
		return r.Transfers[0].From
	}
	return r.Requester
}

func extensionSummary(r approval.Request) requestSummary {
	a := requestSummary{
		title:    "More time",
		yours:    mrkdwnf("for more time for the key of request %s", r.ParentID),
		intro:    mrkdwnf("%s asks for more time for the live key of request %s.", mention(r.Requester), r.ParentID),
		facts:    append(accessFacts(r.Access), fact{"More time", humanDuration(r.Access.Lifetime)}),
		dates:    mrkdwnf("When this was asked, the key was to end %s. With the extension it ends %s.", slackDate(r.Change.OldEnd), slackDate(r.Change.NewEnd)),
		question: "Give it more time?",
		grant:    warning(r) + rolesInShort(r.Access) + ": " + humanDuration(r.Access.Lifetime) + " more, until " + utc(r.Change.NewEnd) + ".",
	}
	a.text = joinSentences(a.dates, mayText(r.Access), mrkdwnf("Reason: %s.", r.Reason))
	return a
}

// accessListSummary spells out what would be different: two lists of twenty
// addresses cannot be compared by looking at them.
func accessListSummary(r approval.Request) requestSummary {
	added, removed := missingFrom(r.Change.OldNetworks, r.Access.Networks), missingFrom(r.Access.Networks, r.Change.OldNetworks)
	a := requestSummary{
		title: "Change of addresses",
		yours: mrkdwnf("for another access list of the key of request %s", r.ParentID),
		intro: mrkdwnf("%s asks for another access list of the live key of request %s. It counts wherever the key is used, in every project it belongs to.", mention(r.Requester), r.ParentID),
		facts: []fact{{"Description", r.Access.Description}, rolesFact(r.Access)},
		text: mrkdwnf("Added: %s. Removed: %s. Then it may be used from: %s. Description: %s. %s: %s. Reason: %s.",
			from(added), from(removed), usableFrom(r.Access), r.Access.Description, botText(rolesLabel(r.Access)), botText(titles(r.Access.Roles)), r.Reason),
		question: "Allow these addresses?",
		grant:    warning(r) + truncate(titles(r.Access.Roles), 80) + ". Added: " + truncate(from(added), 90) + ". Removed: " + truncate(from(removed), 60) + ".",
	}
	if len(r.Access.Projects) > 0 {
		a.facts = append(a.facts, projectsFact(r.Access))
	}
	a.facts = append(a.facts, fact{"When asked", from(r.Change.OldNetworks)}, fact{"Wanted", usableUpTo(maxOneList, r.Access)}, fact{"Added", from(added)}, fact{"Removed", from(removed)})
	return a
}

// rotationSummary asks for nothing, and approvers only know; but the new owner of
// a key that was handed over asks for its private half.
func rotationSummary(r approval.Request) requestSummary {
	a := requestSummary{
		title:    "Rotation",
		yours:    mrkdwnf("to rotate the key of request %s", r.ParentID),
		intro:    mrkdwnf("%s rotates the key of request %s: another key takes over.", mention(asker(r)), r.ParentID),
		facts:    accessFacts(r.Access),
		question: "Approve this rotation?",
		grant:    confirmGrant(r),
	}
	if !r.CarriesDecision {
		a.intro = mrkdwnf("%s asks to rotate the key of request %s, which was handed to them: another key with this access takes over, and they see its private key.", mention(asker(r)), r.ParentID)
	}
	if !r.KeyExpiresAt.IsZero() && r.Key.ID == "" {
		a.dates = mrkdwnf("It is to end when that key was to end: %s.", slackDate(r.KeyExpiresAt))
	}
	a.text = joinSentences(a.dates, mayText(r.Access))
	return a
}

// confirmGrant repeats what is granted in the little room of a dialog, the
// weightiest first.
func confirmGrant(r approval.Request) string {
	from := truncate(namedAddresses(r.Access), 100)
	if hosts := addressCountText(r.Access); hosts != "" {
		from += " (" + hosts + ")"
	}
	return warning(r) + rolesInShort(r.Access) + ", for " + humanDuration(r.Access.Lifetime) + ", from " + from + "."
}

// rolesInShort is what a key may do, without the names of projects.
func rolesInShort(a approval.Access) string {
	if len(a.Projects) == 0 {
		return truncate(titles(a.Roles), 110)
	}
	return fmt.Sprintf("%s; in %s %s", truncate(titles(a.Roles), 70), count(len(a.Projects), "project"), truncate(titles(projectRoles(a.Projects)), 60))
}

// warning begins the little room of a dialog, if there is something to warn of.
func warning(r approval.Request) string {
	if powers(allRoles(r.Access)) == "" {
		return ""
	}
	return "POWERFUL: "
}

// utc names a moment where Slack shows no reader's own time.
func utc(t time.Time) string {
	if t.IsZero() {
		return unknownTime
	}
	return t.UTC().Format("2 Jan 2006 15:04 UTC")
}
