package view

import (
	"net/netip"
	"slices"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// riskSummary is one line of what an approver should not pass over, while
// approvers have to look, or if no approval was needed.
func riskSummary(r approval.Request) mrkdwn.Text {
	if r.State != approval.StatePending && !r.BreakGlass && r.Decision.Rule == "" {
		return ""
	}
	var all []mrkdwn.Text
	for _, risk := range r.Risks() {
		all = append(all, riskText(r, risk))
	}
	said := mrkdwn.JoinedBy("; ", all...)
	switch {
	case said == "":
		return ""
	case powers(AllRoles(r.Access)) != "":
		return mrkdwn.Textf(":warning: *Review carefully:* %s.", said)
	}
	return mrkdwn.Textf(":mag: *Review carefully:* %s.", said)
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
			return mrkdwn.Textf("%s held %s when they asked", Mention(requester(r)), mrkdwn.BotText(mrkdwn.Count(held, "active key")))
		}
	case approval.RiskFirst:
		return mrkdwn.Textf("it is the first request of %s", Mention(requester(r)))
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
	return mrkdwn.Textf("valid for %s", mrkdwn.BotText(mrkdwn.Duration(r.Access.Lifetime)))
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
