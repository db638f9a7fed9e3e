package approval

import (
	"net/netip"
	"slices"
	"time"

	"atlaskeybot/internal/approval/policy"
)

// A Risk is a reason for an approver to review a request carefully.
type Risk string

const (
	RiskRoles        Risk = "roles"    // a powerful role
	RiskNetwork      Risk = "network"  // usable from a wide network
	RiskLifetime     Risk = "lifetime" // a long lifetime
	RiskExistingKeys Risk = "holds"    // the requester has active keys already
	RiskFirst        Risk = "first"    // the first request of this requester
)

const (
	// Networks with shorter prefixes have more addresses than a few machines and their
	// gateways: more than 16 of IPv4, or more than one site's of IPv6.
	wideIPv4 = 28
	wideIPv6 = 56

	// longLifetime is a lifetime in which people change teams.
	longLifetime = 30 * 24 * time.Hour
)

// Risks lists the reasons to review r carefully, the most important first.
func (r Request) Risks() []Risk {
	var all []Risk
	for _, c := range []struct {
		yes  bool
		risk Risk
	}{
		{slices.ContainsFunc(r.Access.AllRoles(), func(role policy.Role) bool { return role.Info().Powerful }), RiskRoles},
		{slices.ContainsFunc(r.Access.Networks, isWide), RiskNetwork},
		{r.Access.Lifetime > longLifetime, RiskLifetime},
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
