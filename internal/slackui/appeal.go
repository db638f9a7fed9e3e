package slackui

import (
	"net/netip"
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

func appealOf(r approval.Request) appeal {
	switch r.Purpose {
	case approval.Extension:
		return extensionAppeal(r)
	case approval.NewAddresses:
		return addressesAppeal(r)
	case approval.Rotation:
		return rotationAppeal(r)
	}
	return appeal{
		title: "API key request",
		yours: "for a MongoDB Atlas API key",
		intro: say("%s asks for a MongoDB Atlas API key.", mention(r.Requester)),
		facts: append(accessFacts(r.Access), fact{"Lifetime", span(r.Access.Lifetime) + " from the moment the key is made"}),
		text:  accessText(r), question: "Approve this key?", grant: confirmGrant(r),
	}
}

func extensionAppeal(r approval.Request) appeal {
	a := appeal{
		title:    "More time",
		yours:    say("for more time for the key of request %s", r.Of),
		intro:    say("%s asks for more time for the live key of request %s.", mention(r.Requester), r.Of),
		facts:    append(accessFacts(r.Access), fact{"More time", span(r.Access.Lifetime)}),
		dates:    say("When this was asked, the key was to end %s. With the extension it ends %s.", when(r.Change.OldEnd), when(r.Change.NewEnd)),
		question: "Give it more time?",
		grant:    warning(r) + clip(titles(r.Access.Roles), 110) + ": " + span(r.Access.Lifetime) + " more, until " + utc(r.Change.NewEnd) + ".",
	}
	a.text = sentences(a.dates, say("Description: %s. %s: %s. May be used from: %s. Reason: %s.",
		r.Access.Description, rolesLabel(r.Access), titles(r.Access.Roles), addresses(r.Access), r.Reason))
	return a
}

// addressesAppeal spells out what would be different: two lists of twenty
// addresses cannot be compared by looking at them.
func addressesAppeal(r approval.Request) appeal {
	added, removed := missingFrom(r.Change.Old, r.Access.Networks), missingFrom(r.Access.Networks, r.Change.Old)
	return appeal{
		title: "Change of addresses",
		yours: say("for another access list of the key of request %s", r.Of),
		intro: say("%s asks for another access list of the live key of request %s. It counts wherever the key is used, in every project it belongs to.", mention(r.Requester), r.Of),
		facts: []fact{
			{"Description", r.Access.Description}, rolesFact(r.Access),
			{"When asked", from(r.Change.Old)}, {"Wanted", from(r.Access.Networks)},
			{"Added", from(added)}, {"Removed", from(removed)},
		},
		text: say("Added: %s. Removed: %s. Then it may be used from: %s. Description: %s. %s: %s. Reason: %s.",
			from(added), from(removed), from(r.Access.Networks), r.Access.Description, rolesLabel(r.Access), titles(r.Access.Roles), r.Reason),
		question: "Allow these addresses?",
		grant:    warning(r) + clip(titles(r.Access.Roles), 80) + ". Added: " + clip(from(added), 90) + ". Removed: " + clip(from(removed), 60) + ".",
	}
}

// rotationAppeal asks for nothing: approvers only know.
func rotationAppeal(r approval.Request) appeal {
	a := appeal{
		title: "Rotation",
		intro: say("%s rotates the key of request %s: another key takes over.", mention(r.Requester), r.Of),
		facts: accessFacts(r.Access),
	}
	if !r.EndsAt.IsZero() && r.Key.ID == "" {
		a.dates = say("It is to end when that key was to end: %s.", when(r.EndsAt))
	}
	a.text = sentences(a.dates, say("Description: %s. %s: %s. May be used from: %s.",
		r.Access.Description, rolesLabel(r.Access), titles(r.Access.Roles), addresses(r.Access)))
	return a
}

// missingFrom lists what of wanted is not in have.
func missingFrom(have, wanted []netip.Prefix) []netip.Prefix {
	var missing []netip.Prefix
	for _, n := range wanted {
		if !slices.Contains(have, n) {
			missing = append(missing, n)
		}
	}
	return missing
}

// from lists addresses with how many hosts they are.
func from(networks []netip.Prefix) string {
	a := approval.Access{Networks: networks}
	text := orNone(clip(addresses(a), maxFact))
	if hosts := reach(a); hosts != "" {
		text += " (" + hosts + ")"
	}
	return text
}

// warning begins the little room of a dialog, if there is something to warn of.
func warning(r approval.Request) string {
	if powers(r.Access.Roles) == "" {
		return ""
	}
	return "POWERFUL: "
}

// utc names a moment where Slack shows no reader's own time.
func utc(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04 UTC") }
