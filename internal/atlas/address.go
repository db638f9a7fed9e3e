package atlas

import (
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// addressBody is one entry as Atlas accepts it, with one of the two fields.
type addressBody struct {
	IPAddress string `json:"ipAddress,omitempty"`
	CIDRBlock string `json:"cidrBlock,omitempty"`
}

// writeAddresses returns networks in Atlas's form, each once.
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

// pathAddress returns an entry as a path segment: a single address without a mask,
// an IPv6 network in the short form.
func pathAddress(from netip.Prefix) string {
	p := canonicalOne(from)
	if p.IsSingleIP() {
		return p.Addr().StringExpanded()
	}
	return p.String()
}

// readAddress reads an entry's network from either field. If both are set, they
// must agree.
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

var errNoAddress = errors.New("the response holds an entry that is no address")

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

// canonicalOne masks p, and unmaps IPv4 in IPv6.
func canonicalOne(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked()
}
