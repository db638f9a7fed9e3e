package atlas

import (
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// addressBody is one entry as Atlas takes it: one of the two.
type addressBody struct {
	IPAddress string `json:"ipAddress,omitempty"`
	CIDRBlock string `json:"cidrBlock,omitempty"`
}

// writeAddresses spells networks as Atlas wants them, each once.
func writeAddresses(from []netip.Prefix) []addressBody {
	var out []addressBody
	for _, p := range canonical(from) {
		if p.IsSingleIP() {
			out = append(out, addressBody{IPAddress: p.Addr().StringExpanded()})
		} else {
			out = append(out, addressBody{CIDRBlock: p.Addr().StringExpanded() + "/" + strconv.Itoa(p.Bits())})
		}
	}
	return out
}

// pathAddress names an entry in a path: a single address goes without its mask,
// and a network of IPv6 in the short form.
func pathAddress(from netip.Prefix) string {
	p := canonicalOne(from)
	if p.IsSingleIP() {
		return p.Addr().StringExpanded()
	}
	return p.String()
}

// readAddress reads an entry's network from either of its fields. If both are
// there they have to agree.
func readAddress(ip, cidr string) (netip.Prefix, error) {
	if cidr == "" {
		a, err := netip.ParseAddr(ip)
		if err != nil || a.Zone() != "" {
			return netip.Prefix{}, errNoAddress
		}
		return canonicalOne(netip.PrefixFrom(a, a.BitLen())), nil
	}
	p, err := parsePrefix(cidr)
	if err != nil || ip == "" {
		return p, err
	}
	if a, err := readAddress(ip, ""); err != nil || !p.Contains(a.Addr()) {
		return netip.Prefix{}, errNoAddress
	}
	return p, nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	if !strings.Contains(s, "/") {
		return readAddress(s, "")
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, errNoAddress
	}
	return canonicalOne(p), nil
}

var errNoAddress = errors.New("the answer holds an entry that is no address")

// canonical returns each network once, masked and in order, so that two lists
// can be compared as sets.
func canonical(from []netip.Prefix) []netip.Prefix {
	out := make([]netip.Prefix, len(from))
	for i, p := range from {
		out[i] = canonicalOne(p)
	}
	slices.SortFunc(out, func(a, b netip.Prefix) int {
		if by := a.Addr().Compare(b.Addr()); by != 0 {
			return by
		}
		return a.Bits() - b.Bits()
	})
	return slices.Compact(out)
}

// canonicalOne masks p, and writes IPv4 that came dressed as IPv6 as IPv4.
func canonicalOne(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked()
}
