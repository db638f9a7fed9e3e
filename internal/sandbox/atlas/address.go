package atlas

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// Patterns of the specification, anchored. Its pattern for an IPv4 address
// looks ahead, which Go's regexp cannot; netip is as strict.
var (
	fullIPv6 = regexp.MustCompile(`^([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}$`)
	cidr     = regexp.MustCompile(`^((([0-9]{1,3}\.){3}[0-9]{1,3})|(:{0,2}([0-9a-f]{1,4}:){0,7}[0-9a-f]{1,4}[:]{0,2}))/[0-9]{1,3}$`)
)

// networks reads the body of an access-list POST.
func (o *Organization) networks(body []byte) ([]netip.Prefix, *refusal) {
	var items []attributes
	if refused := decodeInto(body, &items); refused != nil {
		return nil, refused
	}
	if len(items) == 0 {
		return nil, missingAttribute.of("ipAddress")
	}
	var networks []netip.Prefix
	for _, item := range items {
		n, refused := o.network(item)
		if refused != nil {
			return nil, refused
		}
		if slices.Contains(networks, n) {
			return nil, twiceInInput.of()
		}
		networks = append(networks, n)
	}
	return networks, nil
}

// network reads one element: an ipAddress or a cidrBlock.
func (o *Organization) network(item attributes) (netip.Prefix, *refusal) {
	if refused := item.check("ipAddress", "cidrBlock"); refused != nil {
		return netip.Prefix{}, refused
	}
	var address, block string
	hasAddress, refused := item.read("ipAddress", &address)
	if refused != nil {
		return netip.Prefix{}, refused
	}
	hasBlock, refused := item.read("cidrBlock", &block)
	switch {
	case refused != nil:
		return netip.Prefix{}, refused
	case hasAddress && hasBlock:
		return netip.Prefix{}, bothForms.of()
	case hasAddress:
		return o.allowed(parseAddress(address))
	case hasBlock:
		return o.allowed(parseBlock(block))
	}
	return netip.Prefix{}, missingAttribute.of("ipAddress")
}

// parseAddress reads an ipAddress; its network is that address alone.
func parseAddress(s string) (netip.Prefix, *refusal) {
	addr, err := netip.ParseAddr(s)
	if err != nil || (!addr.Is4() && !fullIPv6.MatchString(s)) {
		return netip.Prefix{}, badAddress.of(s)
	}
	return netip.PrefixFrom(addr, addr.BitLen()), nil
}

// parseBlock reads a cidrBlock.
func parseBlock(s string) (netip.Prefix, *refusal) {
	if !cidr.MatchString(s) {
		return netip.Prefix{}, badAddress.of(s)
	}
	network, err := netip.ParsePrefix(s)
	switch {
	case err != nil:
		return netip.Prefix{}, badAddress.of(s)
	case network != network.Masked():
		return netip.Prefix{}, hostBits.of(s)
	}
	return network, nil
}

// allowed refuses networks that no caller can come from.
func (o *Organization) allowed(n netip.Prefix, refused *refusal) (netip.Prefix, *refusal) {
	if refused != nil {
		return n, refused
	}
	addr := n.Addr()
	switch {
	case addr.Is6() && o.noIPv6:
		return n, noIPv6.of(nameOf(n))
	case n.Bits() == 0:
		return n, nil // the whole internet: Atlas takes it
	case addr.IsLoopback(), addr.IsMulticast(), addr.IsLinkLocalUnicast(), addr.IsUnspecified():
		return n, uselessAddress.of(nameOf(n))
	}
	return n, nil
}

// addressForm writes IPv6 in eight groups, as the pattern wants it.
func addressForm(addr netip.Addr) string {
	if addr.Is4() {
		return addr.String()
	}
	b := addr.As16()
	groups := make([]string, 8)
	for i := range groups {
		groups[i] = fmt.Sprintf("%x", uint16(b[2*i])<<8|uint16(b[2*i+1]))
	}
	return strings.Join(groups, ":")
}

func cidrForm(n netip.Prefix) string { return fmt.Sprintf("%s/%d", addressForm(n.Addr()), n.Bits()) }

// nameOf is how a network is called in paths and messages: a single address
// goes without its mask.
func nameOf(n netip.Prefix) string {
	if n.IsSingleIP() {
		return addressForm(n.Addr())
	}
	return cidrForm(n)
}

func (e *entry) name() string { return nameOf(e.network) }

// namedNetwork reads a name in a path. A single address with a mask is the
// name of nothing.
func namedNetwork(name string) (netip.Prefix, bool) {
	if !strings.Contains(name, "/") {
		n, refused := parseAddress(name)
		return n, refused == nil
	}
	n, refused := parseBlock(name)
	return n, refused == nil && !n.IsSingleIP()
}
