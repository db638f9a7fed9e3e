package slackui

import (
	"fmt"
	"strings"

	"atlaskeybot/internal/approval"
)

// views draws the messages: pure functions of a request and of these settings.
type views struct {
	orgs     approval.Orgs
	channels map[approval.OrgID]string // the approvers'
	command  string
}

// channel is the approvers' of r's organization.
func (v views) channel(r approval.Request) string { return v.channels[r.Org] }

// policy is that of r's organization; the zero one if it is not configured any
// more.
func (v views) policy(r approval.Request) approval.Policy {
	org, _ := v.orgs.Find(r.Org)
	return org.Policy
}

// message draws the named message of r as r is now.
func (v views) message(r approval.Request, name approval.MessageName) message {
	switch name {
	case approval.CardMessage:
		return v.card(r)
	case approval.AskedMessage:
		return v.asked(r)
	case approval.ReadyMessage:
		return v.ready(r)
	case approval.ReminderMessage:
		return v.reminder(r)
	case approval.OutcomeMessage:
		return v.outcome(r)
	case approval.StuckMessage:
		return v.stuck(r)
	case approval.StuckNotice:
		return v.stuckNotice(r)
	case approval.FailedNotice:
		return v.failedNotice(r)
	case approval.DriftNotice:
		return v.driftNotice(r)
	case approval.FoundNotice:
		return v.foundNotice(r)
	}
	if n, ok := endingNumber(name); ok {
		return v.ending(r, n)
	}
	return newMessage(say("Request %s", r.ID), section(say("Request %s", r.ID)))
}

// titles names roles as Atlas does.
func titles(roles []approval.Role) string {
	all := make([]string, len(roles))
	for i, r := range roles {
		all[i] = r.Info().Title
	}
	return strings.Join(all, ", ")
}

// powers lists the roles that an approver should look at twice.
func powers(roles []approval.Role) string {
	var all []approval.Role
	for _, r := range roles {
		if r.Info().Powerful {
			all = append(all, r)
		}
	}
	return titles(all)
}

// addresses lists where a key may be used from; single hosts without a mask.
func addresses(a approval.Access) string {
	all := make([]string, len(a.Networks))
	for i, n := range a.Networks {
		all[i] = n.String()
		if n.IsSingleIP() {
			all[i] = n.Addr().String()
		}
	}
	return strings.Join(all, ", ")
}

// aHandful of hosts can be counted by looking at them.
const aHandful = 8

// reach says how many hosts the addresses are, when that is not plain to see.
func reach(a approval.Access) string {
	switch hosts, countable := a.Hosts(); {
	case !countable:
		return "IPv6 networks with more hosts than can be counted"
	case hosts > aHandful:
		return fmt.Sprintf("%d hosts in all", hosts)
	}
	return ""
}

// accessFacts is what a key may do, for the card and for whoever asked.
func accessFacts(a approval.Access) []fact {
	return []fact{{"Description", a.Description}, rolesFact(a), {"May be used from", from(a.Networks)}}
}

func rolesFact(a approval.Access) fact {
	value, bullet := "", ""
	if len(a.Roles) > 1 {
		bullet = "\n • "
	}
	for _, r := range a.Roles {
		value += bullet + r.Info().Title + ". " + r.Info().Grants
	}
	return fact{rolesLabel(a), value}
}

func rolesLabel(a approval.Access) string {
	if len(a.Roles) == 1 {
		return "Role"
	}
	return "Roles"
}

// accessText is the same to be read out.
func accessText(r approval.Request) mrkdwn {
	return say("Description: %s. %s: %s. May be used from: %s. Lifetime: %s. Reason: %s.",
		r.Access.Description, rolesLabel(r.Access), titles(r.Access.Roles), addresses(r.Access), span(r.Access.Lifetime), r.Reason)
}
