package slackui

import (
	"net/netip"
	"slices"

	"atlaskeybot/internal/approval"
)

// riskSummary is one line of what an approver should not pass over, while
// somebody has to look, or if nobody had to.
func riskSummary(r approval.Request) mrkdwn {
	if r.State != approval.StatePending && !r.BreakGlass && r.Decision.Rule == "" {
		return ""
	}
	var all []mrkdwn
	for _, risk := range r.Risks() {
		all = append(all, riskSaid(r, risk))
	}
	said := joinedBy("; ", all...)
	switch {
	case said == "":
		return ""
	case powers(allRoles(r.Access)) != "":
		return mrkdwnf(":warning: *Look twice:* %s.", said)
	}
	return mrkdwnf(":mag: *Look twice:* %s.", said)
}

// riskSaid is empty for what is no news: whoever asks for a change holds the
// key that it is about, and for its addresses its lifetime does not matter.
func riskSaid(r approval.Request, risk approval.Risk) mrkdwn {
	switch risk {
	case approval.RiskRoles:
		return mrkdwnf("powerful role %s", botText(truncate(powers(allRoles(r.Access)), 300)))
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
			return mrkdwnf("%s held %s when they asked", mention(asker(r)), botText(count(held, "live key")))
		}
	case approval.RiskFirst:
		return mrkdwnf("it is the first request of %s", mention(asker(r)))
	}
	return ""
}

func longLife(r approval.Request) mrkdwn {
	switch r.Type {
	case approval.AccessListChange:
		return ""
	case approval.Extension:
		return mrkdwnf("%s more", botText(humanDuration(r.Access.Lifetime)))
	}
	return mrkdwnf("lives %s", botText(humanDuration(r.Access.Lifetime)))
}

func wideNetworks(a approval.Access) mrkdwn {
	var wide []mrkdwn
	for _, n := range a.Networks {
		if isWide(n) {
			wide = append(wide, wideNetwork(a, n))
		}
	}
	return mrkdwnf("wide network %s", enumerated(wide, "and"))
}

// isWide asks the domain what is wide, of one network.
func isWide(n netip.Prefix) bool {
	probe := approval.Request{Access: approval.Access{Networks: []netip.Prefix{n}}}
	return slices.Contains(probe.Risks(), approval.RiskNetwork)
}

func wideNetwork(a approval.Access, n netip.Prefix) mrkdwn {
	alone := approval.Access{Networks: []netip.Prefix{n}}
	said := mrkdwnf("%s", n)
	for _, named := range a.NetworkPresets {
		if slices.Contains(named.Networks, n) {
			said = mrkdwnf("%s, %s", truncate(named.Name, maxName), n)
		}
	}
	if hosts, countable := alone.AddressCount(); countable {
		said += mrkdwnf(" (%s)", botText(count(hosts, "host")))
	}
	return said
}
