package slackui

import (
	"fmt"
	"slices"
	"time"

	"atlaskeybot/internal/approval"
)

// An appeal is what somebody wants, as approvers and the asker read it. It is
// the same in every state of the request; the story beside it changes.
type appeal struct {
	title string // of the card, before the request's id
	yours mrkdwn // "for a MongoDB Atlas API key"
	intro mrkdwn // to the approvers
	facts []fact
	dates mrkdwn // moments are not facts: Slack shows them in the reader's zone
	text  mrkdwn // facts and dates, to be read out

	question, grant string // of the dialog behind Approve
}

func (v views) appealOf(r approval.Request) appeal {
	a := appealFor(r)
	if r.Emergency && r.Purpose == approval.NewKey && alarm(r) != "" {
		a.intro = sentences(a.intro, v.called(r))
	}
	if org := v.orgName(r); org != "" {
		a.facts = append([]fact{{"Organization", org}}, a.facts...)
		a.text = sentences(say("Organization: %s.", orgText(org)), a.text)
		a.grant = clip(org, 40) + ": " + a.grant
	}
	return a
}

func appealFor(r approval.Request) appeal {
	switch r.Purpose {
	case approval.Extension:
		return extensionAppeal(r)
	case approval.NewAddresses:
		return addressesAppeal(r)
	case approval.Rotation:
		return rotationAppeal(r)
	}
	return keyAppeal(r)
}

func keyAppeal(r approval.Request) appeal {
	a := appeal{
		title: "API key request",
		yours: "for a MongoDB Atlas API key",
		intro: say("%s asks for a MongoDB Atlas API key.", mention(asker(r))),
		facts: append(accessFacts(r.Access), fact{"Lifetime", span(r.Access.Lifetime) + " from the moment the key is made"}),
		text:  sentences(mayText(r.Access), say("Lifetime: %s. Reason: %s.", botText(span(r.Access.Lifetime)), r.Reason)), question: "Approve this key?", grant: confirmGrant(r),
	}
	if r.Emergency {
		a.title = "Break-glass"
		a.intro = sentences(alarm(r), say(":rotating_light: *Break-glass:* %s takes a MongoDB Atlas API key without approval.", mention(asker(r))))
	}
	return a
}

// alarm calls whoever watches the channel, when the card is posted and not when
// it is drawn again.
func alarm(r approval.Request) mrkdwn {
	if r.Places[approval.CardMessage].TS != "" {
		return ""
	}
	return "<!here>"
}

// called names the approvers of r's organization: a call to whoever is here
// reaches nobody who is away, and a workspace can forbid it.
func (v views) called(r approval.Request) mrkdwn {
	var all approval.Who
	for _, n := range v.policy(r).Needs {
		all.Groups = append(all.Groups, n.From.Groups...)
		all.Users = append(all.Users, n.From.Users...)
	}
	slices.Sort(all.Groups)
	slices.Sort(all.Users)
	all.Groups, all.Users = slices.Compact(all.Groups), slices.Compact(all.Users)
	if all.IsZero() {
		return ""
	}
	return say("Please look at it: %s.", people(all))
}

// asker is who asked for a key, whoever owns it now.
func asker(r approval.Request) approval.UserID {
	if len(r.Transfers) > 0 {
		return r.Transfers[0].From
	}
	return r.Requester
}

func extensionAppeal(r approval.Request) appeal {
	a := appeal{
		title:    "More time",
		yours:    say("for more time for the key of request %s", r.Of),
		intro:    say("%s asks for more time for the live key of request %s.", mention(r.Requester), r.Of),
		facts:    append(accessFacts(r.Access), fact{"More time", span(r.Access.Lifetime)}),
		dates:    say("When this was asked, the key was to end %s. With the extension it ends %s.", when(r.Change.OldEnd), when(r.Change.NewEnd)),
		question: "Give it more time?",
		grant:    warning(r) + rolesInShort(r.Access) + ": " + span(r.Access.Lifetime) + " more, until " + utc(r.Change.NewEnd) + ".",
	}
	a.text = sentences(a.dates, mayText(r.Access), say("Reason: %s.", r.Reason))
	return a
}

// addressesAppeal spells out what would be different: two lists of twenty
// addresses cannot be compared by looking at them.
func addressesAppeal(r approval.Request) appeal {
	added, removed := missingFrom(r.Change.Old, r.Access.Networks), missingFrom(r.Access.Networks, r.Change.Old)
	a := appeal{
		title: "Change of addresses",
		yours: say("for another access list of the key of request %s", r.Of),
		intro: say("%s asks for another access list of the live key of request %s. It counts wherever the key is used, in every project it belongs to.", mention(r.Requester), r.Of),
		facts: []fact{{"Description", r.Access.Description}, rolesFact(r.Access)},
		text: say("Added: %s. Removed: %s. Then it may be used from: %s. Description: %s. %s: %s. Reason: %s.",
			from(added), from(removed), usableFrom(r.Access), r.Access.Description, botText(rolesLabel(r.Access)), botText(titles(r.Access.Roles)), r.Reason),
		question: "Allow these addresses?",
		grant:    warning(r) + clip(titles(r.Access.Roles), 80) + ". Added: " + clip(from(added), 90) + ". Removed: " + clip(from(removed), 60) + ".",
	}
	if len(r.Access.Projects) > 0 {
		a.facts = append(a.facts, projectsFact(r.Access))
	}
	a.facts = append(a.facts, fact{"When asked", from(r.Change.Old)}, fact{"Wanted", usableUpTo(maxOneList, r.Access)}, fact{"Added", from(added)}, fact{"Removed", from(removed)})
	return a
}

// rotationAppeal asks for nothing, and approvers only know; but the new owner of
// a key that was handed over asks for its private half.
func rotationAppeal(r approval.Request) appeal {
	a := appeal{
		title:    "Rotation",
		yours:    say("to rotate the key of request %s", r.Of),
		intro:    say("%s rotates the key of request %s: another key takes over.", mention(asker(r)), r.Of),
		facts:    accessFacts(r.Access),
		question: "Approve this rotation?",
		grant:    confirmGrant(r),
	}
	if !r.CarriesDecision {
		a.intro = say("%s asks to rotate the key of request %s, which was handed to them: another key with this access takes over, and they see its private key.", mention(asker(r)), r.Of)
	}
	if !r.EndsAt.IsZero() && r.Key.ID == "" {
		a.dates = say("It is to end when that key was to end: %s.", when(r.EndsAt))
	}
	a.text = sentences(a.dates, mayText(r.Access))
	return a
}

// confirmGrant repeats what is granted in the little room of a dialog, the
// weightiest first.
func confirmGrant(r approval.Request) string {
	from := clip(namedAddresses(r.Access), 100)
	if hosts := reach(r.Access); hosts != "" {
		from += " (" + hosts + ")"
	}
	return warning(r) + rolesInShort(r.Access) + ", for " + span(r.Access.Lifetime) + ", from " + from + "."
}

// rolesInShort is what a key may do, without the names of projects.
func rolesInShort(a approval.Access) string {
	if len(a.Projects) == 0 {
		return clip(titles(a.Roles), 110)
	}
	return fmt.Sprintf("%s; in %s %s", clip(titles(a.Roles), 70), count(len(a.Projects), "project"), clip(titles(projectRoles(a.Projects)), 60))
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
