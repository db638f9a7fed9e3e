package policy

import (
	"net/netip"
)

// special are the rows of IANA's two registries of special-purpose addresses, and
// multicast, which has registries of its own. Atlas, on the public internet, sees no
// client from a block that is not globally reachable. Where a block lies inside another
// one, the smaller one applies.
//
// Three kinds of row are judged otherwise than by the column "Globally Reachable".
// The blocks for documentation pass, as examples and tests use them. NAT64's
// well-known prefix does not: outside of it its traffic comes from IPv4. And
// [embedded] judges Teredo and 6to4, where the column says "N/A".
//
// Sources, with the rows of July 2026:
// https://www.iana.org/assignments/iana-ipv4-special-registry and
// https://www.iana.org/assignments/iana-ipv6-special-registry
var special = []struct {
	network string
	kind    string // as in "a private address"; empty: it passes
}{
	// IANA IPv4 Special-Purpose Address Registry
	{"0.0.0.0/8", "unspecified"},       // "this network", RFC 791
	{"0.0.0.0/32", "unspecified"},      // "this host on this network", RFC 1122
	{"10.0.0.0/8", "private"},          // RFC 1918
	{"100.64.0.0/10", "private"},       // shared by a carrier's customers, RFC 6598
	{"127.0.0.0/8", "loopback"},        // RFC 1122
	{"169.254.0.0/16", "link-local"},   // RFC 3927
	{"172.16.0.0/12", "private"},       // RFC 1918
	{"192.0.0.0/24", "protocol"},       // IETF protocol assignments, RFC 6890
	{"192.0.0.0/29", "protocol"},       // IPv4 service continuity, RFC 7335
	{"192.0.0.8/32", "protocol"},       // dummy address, RFC 7600
	{"192.0.0.9/32", ""},               // Port Control Protocol anycast, RFC 7723
	{"192.0.0.10/32", ""},              // TURN anycast, RFC 8155
	{"192.0.0.170/32", "protocol"},     // NAT64/DNS64 discovery, RFC 8880
	{"192.0.0.171/32", "protocol"},     // NAT64/DNS64 discovery, RFC 8880
	{"192.0.2.0/24", ""},               // documentation (TEST-NET-1), RFC 5737
	{"192.31.196.0/24", ""},            // AS112, RFC 7535
	{"192.52.193.0/24", ""},            // AMT, RFC 7450
	{"192.88.99.0/24", "6to4 relay"},   // deprecated, RFC 7526
	{"192.88.99.2/32", "6a44 relay"},   // RFC 6751
	{"192.168.0.0/16", "private"},      // RFC 1918
	{"192.175.48.0/24", ""},            // direct delegation of AS112, RFC 7534
	{"198.18.0.0/15", "benchmarking"},  // RFC 2544
	{"198.51.100.0/24", ""},            // documentation (TEST-NET-2), RFC 5737
	{"203.0.113.0/24", ""},             // documentation (TEST-NET-3), RFC 5737
	{"240.0.0.0/4", "reserved"},        // RFC 1112
	{"255.255.255.255/32", "reserved"}, // limited broadcast, RFC 8190 and RFC 919

	// IANA IPv6 Special-Purpose Address Registry
	{"::1/128", "loopback"},           // RFC 4291
	{"::/128", "unspecified"},         // RFC 4291
	{"::ffff:0:0/96", "reserved"},     // IPv4-mapped, RFC 4291; single addresses are read as IPv4
	{"64:ff9b::/96", "translated"},    // NAT64, RFC 6052
	{"64:ff9b:1::/48", "translated"},  // NAT64 for local use, RFC 8215
	{"100::/64", "discard-only"},      // RFC 6666
	{"100:0:0:1::/64", "dummy"},       // RFC 9780
	{"2001::/23", "protocol"},         // IETF protocol assignments, RFC 2928
	{"2001:1::1/128", ""},             // Port Control Protocol anycast, RFC 7723
	{"2001:1::2/128", ""},             // TURN anycast, RFC 8155
	{"2001:1::3/128", ""},             // DNS-SD registration anycast, RFC 9665
	{"2001:2::/48", "benchmarking"},   // RFC 5180
	{"2001:3::/32", ""},               // AMT, RFC 7450
	{"2001:4:112::/48", ""},           // AS112, RFC 7535
	{"2001:10::/28", "cryptographic"}, // ORCHID, deprecated, RFC 4843
	{"2001:20::/28", ""},              // ORCHIDv2, RFC 7343
	{"2001:30::/28", ""},              // drones, RFC 9374
	{"2001:db8::/32", ""},             // documentation, RFC 3849
	{"2620:4f:8000::/48", ""},         // direct delegation of AS112, RFC 7534
	{"3fff::/20", ""},                 // documentation, RFC 9637
	{"5f00::/16", "segment-routing"},  // RFC 9602
	{"fc00::/7", "private"},           // unique local, RFC 4193
	{"fe80::/10", "link-local"},       // RFC 4291

	// Of other registries, and never the source of traffic on the internet
	{"224.0.0.0/4", "multicast"}, // RFC 5771
	{"fec0::/10", "site-local"},  // deprecated, RFC 3879
	{"ff00::/8", "multicast"},    // RFC 4291
}

var specialBlocks = func() []netip.Prefix {
	var all []netip.Prefix
	for _, s := range special {
		all = append(all, netip.MustParsePrefix(s.network))
	}
	return all
}()

var (
	globalUnicast = netip.MustParsePrefix("2000::/3")  // the rest of IPv6 is not in use on the internet
	sixToFour     = netip.MustParsePrefix("2002::/16") // RFC 3056
	teredo        = netip.MustParsePrefix("2001::/32") // RFC 4380
)

// notPublic returns why Atlas would see no client from network, or from a part of it,
// as in "private"; or "".
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
