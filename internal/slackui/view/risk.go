package view

import (
	"net/netip"
	"slices"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// riskSummary is one line of what an approver should not pass over, while
// somebody has to look, or if nobody had to.
func riskSummary(r approval.Request) mrkdwn.Mrkdwn {
	if r.State != approval.StatePending && !r.BreakGlass && r.Decision.Rule == "" {
		return ""
	}
	var all []mrkdwn.Mrkdwn
	for _, risk := range r.Risks() {
		all = append(all, riskSaid(r, risk))
	}
	said := mrkdwn.JoinedBy("; ", all...)
	switch {
	case said == "":
		return ""
	case powers(AllRoles(r.Access)) != "":
		return mrkdwn.Mrkdwnf(":warning: *Look twice:* %s.", said)
	}
	return mrkdwn.Mrkdwnf(":mag: *Look twice:* %s.", said)
}

// riskSaid is empty for what is no news: whoever asks for a change holds the
// key that it is about, and for its addresses its lifetime does not matter.
func riskSaid(r approval.Request, risk approval.Risk) mrkdwn.Mrkdwn {
	switch risk {
	case approval.RiskRoles:
		return mrkdwn.Mrkdwnf("powerful role %s", mrkdwn.BotText(mrkdwn.Truncate(powers(AllRoles(r.Access)), 300)))
	case approval.RiskNetwork:
		return wideNetworks(r.Access)
	case approval.RiskLifetime:
		return longLife(r)
	case approval.RiskExistingKeys:
		held := r.RequesterHistory.ActiveKeys
		if isChange(r) {
			held--
		}
		if held > 0 {
			return mrkdwn.Mrkdwnf("%s held %s when they asked", Mention(asker(r)), mrkdwn.BotText(mrkdwn.Count(held, "live key")))
		}
	case approval.RiskFirst:
		return mrkdwn.Mrkdwnf("it is the first request of %s", Mention(asker(r)))
	}
	return ""
}

func longLife(r approval.Request) mrkdwn.Mrkdwn {
	switch r.Type {
	case approval.AccessListChange:
		return ""
	case approval.Extension:
		return mrkdwn.Mrkdwnf("%s more", mrkdwn.BotText(mrkdwn.HumanDuration(r.Access.Lifetime)))
	}
	return mrkdwn.Mrkdwnf("lives %s", mrkdwn.BotText(mrkdwn.HumanDuration(r.Access.Lifetime)))
}

func wideNetworks(a policy.Access) mrkdwn.Mrkdwn {
	var wide []mrkdwn.Mrkdwn
	for _, n := range a.Networks {
		if isWide(n) {
			wide = append(wide, wideNetwork(a, n))
		}
	}
	return mrkdwn.Mrkdwnf("wide network %s", enumerated(wide, "and"))
}

// isWide asks the domain what is wide, of one network.
func isWide(n netip.Prefix) bool {
	probe := approval.Request{Access: policy.Access{Networks: []netip.Prefix{n}}}
	return slices.Contains(probe.Risks(), approval.RiskNetwork)
}

func wideNetwork(a policy.Access, n netip.Prefix) mrkdwn.Mrkdwn {
	alone := policy.Access{Networks: []netip.Prefix{n}}
	said := mrkdwn.Mrkdwnf("%s", n)
	for _, named := range a.NetworkPresets {
		if slices.Contains(named.Networks, n) {
			said = mrkdwn.Mrkdwnf("%s, %s", mrkdwn.Truncate(named.Name, maxName), n)
		}
	}
	if hosts, countable := alone.AddressCount(); countable {
		said += mrkdwn.Mrkdwnf(" (%s)", mrkdwn.BotText(mrkdwn.Count(hosts, "host")))
	}
	return said
}
