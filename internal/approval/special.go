package approval

import (
	"net/netip"
)

// special are the blocks with a purpose of their own, in which Atlas, on the
// public internet, sees nobody: those of IANA's special-purpose address
// registries that are not globally reachable, and multicast. The ranges for
// documentation are left out, as examples and tests use them. Where a block lies
// inside another one, the smaller one goes.
//
// Sources, as of 2026:
// https://www.iana.org/assignments/iana-ipv4-special-registry and
// https://www.iana.org/assignments/iana-ipv6-special-registry
var special = []struct {
	network string
	kind    string // as in "a private address"; empty: globally reachable
}{
	{"0.0.0.0/8", "unspecified"}, // this network, RFC 791
	{"10.0.0.0/8", "private"},
	{"100.64.0.0/10", "private"}, // shared by a carrier's customers, RFC 6598
	{"127.0.0.0/8", "loopback"},
	{"169.254.0.0/16", "link-local"},
	{"172.16.0.0/12", "private"},
	{"192.0.0.0/24", "protocol"}, // IETF protocol assignments, RFC 6890
	{"192.0.0.9/32", ""},         // Port Control Protocol anycast, RFC 7723
	{"192.0.0.10/32", ""},        // TURN anycast, RFC 8155
	{"192.88.99.0/24", "6to4 relay"},
	{"192.168.0.0/16", "private"},
	{"198.18.0.0/15", "benchmarking"},
	{"224.0.0.0/4", "multicast"},
	{"240.0.0.0/4", "reserved"},

	{"::/128", "unspecified"},
	{"::1/128", "loopback"},
	{"::ffff:0:0/96", "reserved"},  // IPv4-mapped
	{"64:ff9b::/96", "translated"}, // NAT64, outside of it seen by its IPv4 address
	{"64:ff9b:1::/48", "translated"},
	{"100::/64", "discard-only"},
	{"100:0:0:1::/64", "dummy"},
	{"2001::/23", "protocol"}, // IETF protocol assignments, RFC 2928
	{"2001:1::1/128", ""},     // Port Control Protocol anycast
	{"2001:1::2/128", ""},     // TURN anycast
	{"2001:1::3/128", ""},     // DNS-SD registration anycast
	{"2001:2::/48", "benchmarking"},
	{"2001:3::/32", ""},     // AMT
	{"2001:4:112::/48", ""}, // AS112
	{"2001:10::/28", "cryptographic"},
	{"2001:20::/28", ""}, // ORCHIDv2
	{"2001:30::/28", ""}, // drones
	{"5f00::/16", "segment-routing"},
	{"fc00::/7", "private"},
	{"fe80::/10", "link-local"},
	{"fec0::/10", "site-local"},
	{"ff00::/8", "multicast"},
}

var specialBlocks = func() []netip.Prefix {
	var all []netip.Prefix
	for _, s := range special {
		all = append(all, netip.MustParsePrefix(s.network))
	}
	return all
}()

var (
	globalUnicast = netip.MustParsePrefix("2000::/3") // the rest of IPv6 nobody has on the internet
	sixToFour     = netip.MustParsePrefix("2002::/16")
	teredo        = netip.MustParsePrefix("2001::/32")
)

// notPublic returns why Atlas would see nobody from network, or from a part of
// it, as in "private"; or "".
func notPublic(network netip.Prefix) string {
	if kind, ok := embedded(network); ok {
		return kind
	}
	kind, most := "", -1
	for i, block := range specialBlocks {
		if contains(block, network) && block.Bits() > most {
			kind, most = special[i].kind, block.Bits()
		}
	}
	switch {
	case most >= 0:
		return kind
	case network.Addr().Is6() && !contains(globalUnicast, network):
		return "non-global"
	}
	for i, block := range specialBlocks {
		if block.Overlaps(network) && special[i].kind != "" {
			return special[i].kind
		}
	}
	return ""
}

func contains(block, network netip.Prefix) bool {
	return block.Bits() <= network.Bits() && block.Contains(network.Addr())
}

// embedded judges a network whose addresses stand for ones of IPv4, which is
// where the traffic comes from, by these. It is false for every other network.
func embedded(network netip.Prefix) (kind string, ok bool) {
	if !network.Addr().Is6() {
		return "", false
	}
	b := network.Addr().As16()
	var inside []netip.Prefix
	form := "6to4"
	switch {
	case sixToFour.Overlaps(network):
		inside = append(inside, part(b[2:6], network.Bits()-16))
	case contains(teredo, network):
		client := [4]byte{^b[12], ^b[13], ^b[14], ^b[15]}
		form, inside = "Teredo", append(inside, part(b[4:8], network.Bits()-32), part(client[:], network.Bits()-96))
	default:
		return "", false
	}
	for _, v4 := range inside {
		if kind := notPublic(v4); kind != "" {
			return form + "-wrapped " + kind, true
		}
	}
	return "", true
}

// part is the network of IPv4 of which bits are known.
func part(b []byte, bits int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte(b)), min(max(bits, 0), 32)).Masked()
}
