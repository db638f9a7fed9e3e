package view

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// A requestSummary is what is requested, as approvers and the requester read it. It is
// the same in every state of the request; the status beside it changes.
type requestSummary struct {
	title string      // of the card, before the request's id
	yours mrkdwn.Text // "for an Atlas API key"
	intro mrkdwn.Text // to the approvers
	facts []mrkdwn.Fact
	dates mrkdwn.Text // moments are not facts: Slack shows them in the reader's zone
	text  mrkdwn.Text // facts and dates, to be read out

	question, grant string // of the dialog behind Approve
}

func (v Screens) summaryOf(r approval.Request) requestSummary {
	a := summaryFor(r)
	switch isPosted := r.MessageRefs[approval.CardMessage].TS != ""; {
	case isPosted: // it was read out to those who are active, and is drawn again
	case r.BreakGlass && r.Type == approval.NewKey:
		a.intro = mrkdwn.JoinSentences("<!here>", a.intro, v.calling(r, approval.CardMessage, "look at it"))
	case r.State == approval.StatePending && v.Policy(r).Notify == policy.NotifyHere:
		a.intro = mrkdwn.JoinSentences("<!here>", a.intro)
	}
	a.facts = append(a.facts, v.detailFacts(r)...)
	a.text = mrkdwn.JoinSentences(a.text, v.detailText(r))
	if org := v.orgName(r); org != "" {
		a.facts = append([]mrkdwn.Fact{{Name: "Organization", Value: org}}, a.facts...)
		a.text = mrkdwn.JoinSentences(mrkdwn.Textf("Organization: %s.", mrkdwn.OrgText(org)), a.text)
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
		yours: "for an Atlas API key",
		intro: mrkdwn.Textf("%s requested an Atlas API key.", Mention(requester(r))),
		facts: append(keyFacts(r), mrkdwn.Fact{Name: "Expires", Value: mrkdwn.Duration(r.Access.Lifetime) + " after creation"}),
		text:  mrkdwn.JoinSentences(mayText(r.Access), mrkdwn.Textf("Expires: %s after creation. Reason: %s.", mrkdwn.BotText(mrkdwn.Duration(r.Access.Lifetime)), r.Reason)), question: "Approve this key?", grant: confirmGrant(r),
	}
	if r.BreakGlass {
		a.title = "Break-glass"
		a.intro = mrkdwn.Textf(":rotating_light: *Break-glass:* %s took an Atlas API key without approval.", Mention(requester(r)))
	}
	return a
}

// keyFacts is what a key may do. An IP access list that was changed since the key
// was approved is there as it was and as it is.
func keyFacts(r approval.Request) []mrkdwn.Fact {
	facts := accessFacts(r.Access)
	if len(r.ApprovedNetworks) == 0 {
		return facts
	}
	last := len(facts) - 1
	return append(facts[:last:last],
		mrkdwn.Fact{Name: "IP access list, approved", Value: from(r.ApprovedNetworks)},
		mrkdwn.Fact{Name: "IP access list, now", Value: facts[last].Value})
}

// requester is who requested a key, which may have another owner now.
func requester(r approval.Request) policy.UserID {
	if len(r.Transfers) > 0 {
		return r.Transfers[0].From
	}
	return r.Requester
}

func extensionSummary(r approval.Request) requestSummary {
	a := requestSummary{
		title:    "Extension",
		yours:    mrkdwn.Textf("to extend the key of %s", r.ParentID),
		intro:    mrkdwn.Textf("%s wants to extend the key of %s.", Mention(r.Requester), r.ParentID),
		facts:    append(accessFacts(r.Access), mrkdwn.Fact{Name: "Extend by", Value: mrkdwn.Duration(r.Access.Lifetime)}),
		dates:    mrkdwn.Textf("Expires: %s → %s.", mrkdwn.Date(r.Change.OldEnd), mrkdwn.Date(r.Change.NewEnd)),
		question: "Approve extension?",
		grant:    rolesInShort(r.Access) + ". " + mrkdwn.Duration(r.Access.Lifetime) + " more, until " + mrkdwn.UTC(r.Change.NewEnd) + ".",
	}
	a.text = mrkdwn.JoinSentences(a.dates, mayText(r.Access), mrkdwn.Textf("Reason: %s.", r.Reason))
	return a
}

// accessListSummary spells out what would be different: two lists of twenty
// addresses cannot be compared by looking at them.
func accessListSummary(r approval.Request) requestSummary {
	added, removed := missingFrom(r.Change.OldNetworks, r.Access.Networks), missingFrom(r.Access.Networks, r.Change.OldNetworks)
	a := requestSummary{
		title: "IP access list change",
		yours: mrkdwn.Textf("to change the IP access list of the key of %s", r.ParentID),
		intro: mrkdwn.Textf("%s wants to change the IP access list of the key of %s. Applies everywhere this key is used.", Mention(r.Requester), r.ParentID),
		facts: []mrkdwn.Fact{{Name: "Description", Value: r.Access.Description}, rolesFact(r.Access)},
		text: mrkdwn.Textf("Added: %s. Removed: %s. IP access list: %s. Description: %s. %s: %s. Reason: %s.",
			from(added), from(removed), usableFrom(r.Access), r.Access.Description, mrkdwn.BotText(rolesLabel(r.Access)), mrkdwn.BotText(Titles(r.Access.Roles)), r.Reason),
		question: "Approve this IP access list?",
		grant:    rolesInShort(r.Access) + ". Added: " + mrkdwn.Truncate(from(added), 90) + ". Removed: " + mrkdwn.Truncate(from(removed), 60) + ".",
	}
	if len(r.Access.Projects) > 0 {
		a.facts = append(a.facts, projectsFact(r.Access))
	}
	a.facts = append(a.facts, mrkdwn.Fact{Name: "Current", Value: from(r.Change.OldNetworks)}, mrkdwn.Fact{Name: "Requested", Value: usableFromUpTo(maxOneList, r.Access)}, mrkdwn.Fact{Name: "Added", Value: from(added)}, mrkdwn.Fact{Name: "Removed", Value: from(removed)})
	return a
}

// rotationSummary asks for nothing, and approvers only know; but the new owner of
// a key that was handed over asks for its private half.
func rotationSummary(r approval.Request) requestSummary {
	a := requestSummary{
		title:    "Rotation",
		yours:    mrkdwn.Textf("to rotate the key of %s", r.ParentID),
		intro:    mrkdwn.Textf("%s rotates the key of %s: a new key replaces it.", Mention(requester(r)), r.ParentID),
		facts:    accessFacts(r.Access),
		question: "Approve this rotation?",
		grant:    confirmGrant(r),
	}
	if !r.CarriesDecision {
		a.intro = mrkdwn.Textf("%s wants to rotate the key of %s, which was transferred to them. A new key with this access replaces it, and they see its private key.", Mention(requester(r)), r.ParentID)
	}
	if !r.KeyExpiresAt.IsZero() && r.Key.ID == "" {
		a.dates = mrkdwn.Textf("Expires as that key: %s.", mrkdwn.Date(r.KeyExpiresAt))
	}
	a.text = mrkdwn.JoinSentences(a.dates, mayText(r.Access))
	return a
}

// confirmGrant repeats what is granted in the little room of a dialog, the
// powerful first.
func confirmGrant(r approval.Request) string {
	from := mrkdwn.Truncate(namedAddresses(r.Access), 100)
	if hosts := addressCountText(r.Access); hosts != "" {
		from += " (" + hosts + ")"
	}
	return rolesInShort(r.Access) + ". For " + mrkdwn.Duration(r.Access.Lifetime) + ", from " + from + "."
}

// maxConfirmRoles bounds the roles in a dialog, in characters.
const maxConfirmRoles = 150

// rolesInShort is what a key may do, without the names of projects. Every powerful
// role stands before the others, which are counted as soon as they are too long.
func rolesInShort(a policy.Access) string {
	powerful, others := byPower(AllRoles(a))
	var said []string
	if len(powerful) > 0 {
		said = append(said, "POWERFUL: "+mrkdwn.Truncate(Titles(powerful), maxConfirmRoles))
	}
	switch room := maxConfirmRoles - len(Titles(powerful)); {
	case len(others) == 0:
	case len(Titles(others)) <= room && len(powerful) == 0:
		said = append(said, Titles(others))
	case len(powerful) == 0:
		kept := 1
		for kept < len(others) && len(Titles(others[:kept+1])) <= room {
			kept++
		}
		said = append(said, fmt.Sprintf("%s +%d more", Titles(others[:kept]), len(others)-kept))
	default:
		said = append(said, fmt.Sprintf("+%d more", len(others)))
	}
	short := strings.Join(said, " ")
	if len(a.Projects) > 0 {
		short += "; in " + mrkdwn.Count(len(a.Projects), "project")
	}
	return short
}

// riskSummary lists what an approver should not pass over, while approvers have to
// check, or if no approval was needed.
func riskSummary(r approval.Request) mrkdwn.Text {
	if r.State != approval.StatePending && !r.BreakGlass && r.Decision.Rule == "" {
		return ""
	}
	var said mrkdwn.Text
	for _, risk := range r.Risks() {
		if text := riskText(r, risk); text != "" {
			said += "\n• " + text
		}
	}
	heading := mrkdwn.Text("*Check before approving:*")
	if r.State != approval.StatePending {
		heading = "*To check:*"
	}
	switch {
	case said == "":
		return ""
	case powers(AllRoles(r.Access)) != "":
		return ":warning: " + heading + said
	}
	return heading + said
}

// riskText is empty for what is no news: the requester of a change holds the
// key that it is about, and for its addresses its lifetime does not matter.
func riskText(r approval.Request, risk approval.Risk) mrkdwn.Text {
	switch risk {
	case approval.RiskRoles:
		return mrkdwn.Textf("powerful role %s", mrkdwn.BotText(mrkdwn.Truncate(powers(AllRoles(r.Access)), 300)))
	case approval.RiskNetwork:
		return wideNetworks(r.Access)
	case approval.RiskLifetime:
		return longLifetime(r)
	case approval.RiskExistingKeys:
		held := r.RequesterHistory.ActiveKeys
		if isChange(r) {
			held--
		}
		if held > 0 {
			return mrkdwn.Textf("%s already holds %s", Mention(requester(r)), mrkdwn.BotText(mrkdwn.Count(held, "active key")))
		}
	case approval.RiskFirst:
		return mrkdwn.Textf("first request from %s", Mention(requester(r)))
	}
	return ""
}

func longLifetime(r approval.Request) mrkdwn.Text {
	switch r.Type {
	case approval.AccessListChange:
		return ""
	case approval.Extension:
		return mrkdwn.Textf("%s more", mrkdwn.BotText(mrkdwn.Duration(r.Access.Lifetime)))
	}
	return mrkdwn.Textf("%s lifetime", mrkdwn.BotText(mrkdwn.Duration(r.Access.Lifetime)))
}

func wideNetworks(a policy.Access) mrkdwn.Text {
	var wide []mrkdwn.Text
	for _, n := range a.Networks {
		if isWide(n) {
			wide = append(wide, wideNetwork(a, n))
		}
	}
	return mrkdwn.Textf("wide network %s", enumerated(wide, "and"))
}

// isWide asks the domain what is wide, of one network.
func isWide(n netip.Prefix) bool {
	probe := approval.Request{Access: policy.Access{Networks: []netip.Prefix{n}}}
	return slices.Contains(probe.Risks(), approval.RiskNetwork)
}

func wideNetwork(a policy.Access, n netip.Prefix) mrkdwn.Text {
	alone := policy.Access{Networks: []netip.Prefix{n}}
	said := mrkdwn.Textf("%s", n)
	for _, named := range a.NetworkPresets {
		if slices.Contains(named.Networks, n) {
			said = mrkdwn.Textf("%s, %s", mrkdwn.Truncate(named.Name, maxName), n)
		}
	}
	if hosts, countable := alone.AddressCount(); countable {
		said += mrkdwn.Textf(" (%s)", mrkdwn.BotText(mrkdwn.Count(hosts, "host")))
	}
	return said
}
