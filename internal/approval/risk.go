package approval

import (
	"net/netip"
	"slices"
	"time"

	"atlaskeybot/internal/approval/policy"
)

// A Risk is something that an approver should look at twice.
type Risk string

const (
	RiskRoles        Risk = "roles"    // a powerful role
	RiskNetwork      Risk = "network"  // usable from a wide network
	RiskLifetime     Risk = "lifetime" // a long life
	RiskExistingKeys Risk = "holds"    // the requester has live keys already
	RiskFirst        Risk = "first"    // the requester never asked before
)

const (
	// wide are more addresses than a few machines and their gateways have: an
	// IPv4 block of more than 16, an IPv6 network larger than one site's.
	wideIPv4 = 28
	wideIPv6 = 56

	// long is a life in which people change teams.
	long = 30 * 24 * time.Hour
)

// Risks lists what an approver should look at twice, the weightiest first.
func (r Request) Risks() []Risk {
	var all []Risk
	for _, c := range []struct {
		yes  bool
		risk Risk
	}{
		{slices.ContainsFunc(r.Access.AllRoles(), func(role policy.Role) bool { return role.Info().Powerful }), RiskRoles},
		{slices.ContainsFunc(r.Access.Networks, isWide), RiskNetwork},
		{r.Access.Lifetime > long, RiskLifetime},
		{r.RequesterHistory.ActiveKeys > 0, RiskExistingKeys},
		{r.RequesterHistory.FirstRequest, RiskFirst},
	} {
		if c.yes {
			all = append(all, c.risk)
		}
	}
	return all
}

func isWide(n netip.Prefix) bool {
	if n.Addr().Is4() {
		return n.Bits() < wideIPv4
	}
	return n.Bits() < wideIPv6
}
