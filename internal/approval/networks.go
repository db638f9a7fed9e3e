package approval

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Networks reads addresses and CIDR blocks as people type them: one or many,
// separated by commas, semicolons or space of any kind. It returns what is
// left when duplicates and entries inside other entries are dropped, in the
// order typed, and everything that is wrong. Comparing each with each takes its
// time, so what is longer than the form allows is not read.
func (p Policy) Networks(text string) ([]netip.Prefix, []Problem) { return p.networks(text, nil, nil) }

// networks adds what was picked by name to what was typed. How wide an entry
// may be also depends on the roles.
func (p Policy) networks(text string, named []NamedNetwork, roles []Role) ([]netip.Prefix, []Problem) {
	if utf8.RuneCountInString(text) > MaxNetworks {
		return nil, []Problem{{Field: FieldNetworks, Code: TooLong, Limit: MaxNetworks}}
	}
	var kept []netip.Prefix
	for _, n := range named {
		kept = append(kept, n.Networks...)
	}
	var problems []Problem
	for _, word := range strings.FieldsFunc(text, isSeparator) {
		network, problem := p.network(word, roles)
		if problem != nil {
			problems = append(problems, *problem)
			continue
		}
		kept = append(kept, network)
	}
	kept = dropContained(kept)
	switch {
	case len(kept) == 0 && len(problems) == 0:
		problems = append(problems, Problem{Field: FieldNetworks, Code: Missing})
	case len(kept) > p.MaxEntries:
		problems = append(problems, Problem{Field: FieldNetworks, Code: TooMany, Given: strconv.Itoa(len(kept)), Limit: p.MaxEntries})
	}
	return kept, problems
}

// checkNamed finds what was picked by name. The operator wrote these networks
// down, so only a role's own rule may find them too wide.
func (p Policy) checkNamed(names []string, roles []Role) ([]NamedNetwork, []Problem) {
	var named []NamedNetwork
	var problems []Problem
	for _, name := range names {
		i := slices.IndexFunc(p.Named, func(n NamedNetwork) bool { return n.Name == name })
		if i < 0 {
			problems = append(problems, Problem{Field: FieldNamed, Code: NoSuchNetwork, Given: name})
			continue
		}
		for _, network := range p.Named[i].Networks {
			if widest := p.widestFor(network, roles, 0); network.Bits() < widest {
				problems = append(problems, Problem{Field: FieldNamed, Code: TooWide, Given: name, Hint: "/" + strconv.Itoa(widest)})
				break
			}
		}
		named = append(named, p.Named[i])
	}
	return named, problems
}

// inside lists the entries of the networks with these names.
func inside(named []NamedNetwork, names []string) []netip.Prefix {
	var all []netip.Prefix
	for _, n := range named {
		if slices.Contains(names, n.Name) {
			all = append(all, n.Networks...)
		}
	}
	return all
}

func isSeparator(r rune) bool {
	return r == ',' || r == ';' || r == ' ' || r == '\u00a0' || r == '\t' || r == '\n' || r == '\r'
}

var securityGroup = regexp.MustCompile(`^sg-[0-9a-fA-F]+$`)

// network reads one word. A host without a mask is a network of one.
func (p Policy) network(word string, roles []Role) (netip.Prefix, *Problem) {
	wrong := func(code ProblemCode, hint string) (netip.Prefix, *Problem) {
		return netip.Prefix{}, &Problem{Field: FieldNetworks, Code: code, Given: word, Hint: hint}
	}
	if securityGroup.MatchString(word) {
		return wrong(SecurityGroup, "")
	}
	network, ok := parseNetwork(word)
	if !ok {
		return wrong(NotAnAddress, "")
	}
	if masked := network.Masked(); masked != network {
		return wrong(HostBits, masked.String())
	}
	if widest := p.widestFor(network, roles, p.widest(network)); network.Bits() < widest {
		return wrong(TooWide, "/"+strconv.Itoa(widest))
	}
	if kind := notPublic(network); kind != "" {
		return wrong(NotPublic, kind)
	}
	return network, nil
}

// parseNetwork refuses zones ("fe80::1%eth0") and unmaps IPv4 in IPv6.
func parseNetwork(word string) (netip.Prefix, bool) {
	if address, err := netip.ParseAddr(word); err == nil {
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), address.Zone() == ""
	}
	network, err := netip.ParsePrefix(word)
	return network, err == nil && !network.Addr().Is4In6()
}

func (p Policy) widest(network netip.Prefix) int {
	if network.Addr().Is4() {
		return p.WidestIPv4
	}
	return p.WidestIPv6
}

// widestFor is the smallest prefix length at which a key with these roles may be
// used from network, and at least atLeast.
func (p Policy) widestFor(network netip.Prefix, roles []Role, atLeast int) int {
	for _, role := range roles {
		rule, _ := p.rule(role)
		if network.Addr().Is4() {
			atLeast = max(atLeast, rule.WidestIPv4)
		} else {
			atLeast = max(atLeast, rule.WidestIPv6)
		}
	}
	return atLeast
}

// unreachable are the networks that Atlas, on the public internet, can never
// see a caller from. Ranges for documentation are not among them: examples and
// tests use them.
var unreachable = []struct {
	network netip.Prefix
	kind    string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "unspecified"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},
	{netip.MustParsePrefix("100.64.0.0/10"), "private"}, // carriers' own, RFC 6598
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},
	{netip.MustParsePrefix("::/128"), "unspecified"},
	{netip.MustParsePrefix("::1/128"), "loopback"},
	{netip.MustParsePrefix("::ffff:0:0/96"), "reserved"}, // IPv4 in disguise
	{netip.MustParsePrefix("fc00::/7"), "private"},
	{netip.MustParsePrefix("fe80::/10"), "link-local"},
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
}

func notPublic(network netip.Prefix) string {
	for _, u := range unreachable {
		if u.network.Overlaps(network) {
			return u.kind
		}
	}
	return ""
}

// dropContained keeps the first of equal entries and none that lies inside
// another.
func dropContained(all []netip.Prefix) []netip.Prefix {
	var kept []netip.Prefix
	for i, n := range all {
		inside := slices.ContainsFunc(all, func(other netip.Prefix) bool {
			return other.Bits() < n.Bits() && other.Contains(n.Addr())
		})
		if !inside && !slices.Contains(all[:i], n) {
			kept = append(kept, n)
		}
	}
	return kept
}

// Hosts counts the addresses in all networks, or returns false if there are
// more than can be counted sensibly (an IPv6 network).
func (a Access) Hosts() (int, bool) {
	total := 0
	for _, n := range a.Networks {
		free := n.Addr().BitLen() - n.Bits()
		if free > 32 {
			return 0, false
		}
		total += 1 << free
	}
	return total, true
}
