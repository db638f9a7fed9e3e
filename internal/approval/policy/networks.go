package policy

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"unicode/utf8"

	"atlaskeybot/internal/plaintext"
)

// IsSubset reports whether every address of wanted is in before.
func IsSubset(before, wanted []netip.Prefix) bool {
	for _, n := range wanted {
		inside := slices.ContainsFunc(before, func(b netip.Prefix) bool { return b.Bits() <= n.Bits() && b.Contains(n.Addr()) })
		if !inside {
			return false
		}
	}
	return true
}

// EqualNetworks reports whether a and b are the same networks, in any order.
func EqualNetworks(a, b []netip.Prefix) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(n netip.Prefix) bool { return !slices.Contains(b, n) })
}

// Networks reads addresses and CIDR blocks as people type and paste them: one or
// many, separated by space or commas of any kind. It returns them in the order
// typed, without duplicates and entries inside other entries, and everything that is
// wrong. Each entry is compared with each other, so a text longer than the form allows
// is not read.
func (p Policy) Networks(text string) ([]netip.Prefix, []Problem) {
	return p.ParseNetworks(text, nil, nil)
}

// ParseNetworks is Networks with the presets that were picked in addition. How wide an
// entry may be also depends on the roles.
func (p Policy) ParseNetworks(text string, presets []NetworkPreset, roles []Role) ([]netip.Prefix, []Problem) {
	if utf8.RuneCountInString(text) > MaxNetworks {
		return nil, []Problem{{Field: FieldNetworks, Code: TooLong, Limit: MaxNetworks}}
	}
	var kept []netip.Prefix
	for _, n := range presets {
		kept = append(kept, n.Networks...)
	}
	var problems []Problem
	for _, word := range pasted(text) {
		network, problem := p.network(word, roles)
		if problem != nil {
			problems = append(problems, *problem)
			continue
		}
		kept = append(kept, network)
	}
	kept = mergeContained(kept)
	switch {
	case len(kept) == 0 && len(problems) == 0:
		problems = append(problems, Problem{Field: FieldNetworks, Code: Missing})
	case len(kept) > p.MaxEntries:
		problems = append(problems, Problem{Field: FieldNetworks, Code: TooMany, Given: strconv.Itoa(len(kept)), Limit: p.MaxEntries})
	}
	return kept, problems
}

// CheckNamed finds presets by their names. The operator wrote these networks down, so
// only a role's own rule can find them too wide.
func (p Policy) CheckNamed(names []string, roles []Role) ([]NetworkPreset, []Problem) {
	var named []NetworkPreset
	var problems []Problem
	for _, name := range names {
		i := slices.IndexFunc(p.NetworkPresets, func(n NetworkPreset) bool { return n.Name == name })
		if i < 0 {
			problems = append(problems, Problem{Field: FieldNetworkPresets, Code: NoSuchNetwork, Given: name})
			continue
		}
		for _, network := range p.NetworkPresets[i].Networks {
			if widest, role := p.minPrefixFor(network, roles, 0); network.Bits() < widest {
				problems = append(problems, Problem{Field: FieldNetworkPresets, Code: TooWide, Given: name, Hint: "/" + strconv.Itoa(widest), Role: role})
				break
			}
		}
		named = append(named, p.NetworkPresets[i])
	}
	return named, problems
}

// inside lists the networks of the presets with these names.
func inside(presets []NetworkPreset, names []string) []netip.Prefix {
	var all []netip.Prefix
	for _, n := range presets {
		if slices.Contains(names, n.Name) {
			all = append(all, n.Networks...)
		}
	}
	return all
}

var securityGroup = regexp.MustCompile(`^sg-[0-9a-fA-F]+$`)

// network reads one word. A host without a mask is a network of one.
func (p Policy) network(word string, roles []Role) (netip.Prefix, *Problem) {
	wrong := func(code ProblemCode, hint string) (netip.Prefix, *Problem) {
		return netip.Prefix{}, &Problem{Field: FieldNetworks, Code: code, Given: plaintext.Show(word), Hint: hint}
	}
	if securityGroup.MatchString(word) {
		return wrong(SecurityGroup, "")
	}
	if code, hint, ok := otherNotation(word); ok {
		return wrong(code, hint)
	}
	network, ok := parseNetwork(word)
	if !ok {
		return wrong(NotAnAddress, meantAddress(word))
	}
	widest, role := p.minPrefixFor(network, roles, p.minPrefix(network))
	isTooWide := network.Bits() < widest
	switch masked := network.Masked(); {
	case masked != network && isTooWide:
		return wrong(HostBits, "") // a suggestion would be refused next
	case masked != network:
		return wrong(HostBits, masked.String())
	case isTooWide:
		_, problem := wrong(TooWide, "/"+strconv.Itoa(widest))
		problem.Role = role
		return netip.Prefix{}, problem
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

func (p Policy) minPrefix(network netip.Prefix) int {
	if network.Addr().Is4() {
		return p.MinPrefixIPv4
	}
	return p.MinPrefixIPv6
}

// minPrefixFor is the smallest prefix length at which a key with these roles may be
// used from network, and at least atLeast; with the role that demands it, if one does.
func (p Policy) minPrefixFor(network netip.Prefix, roles []Role, atLeast int) (int, Role) {
	var strictest Role
	for _, role := range roles {
		rule, _ := p.rule(role)
		most := rule.MinPrefixIPv6
		if network.Addr().Is4() {
			most = rule.MinPrefixIPv4
		}
		if most > atLeast {
			atLeast, strictest = most, role
		}
	}
	return atLeast, strictest
}

// mergeContained keeps the first of equal entries and none that lies inside
// another.
func mergeContained(all []netip.Prefix) []netip.Prefix {
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

// AddressCount counts the addresses of all networks. It returns false for an IPv6
// network with more than 2^32 of them.
func (a Access) AddressCount() (int, bool) {
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
