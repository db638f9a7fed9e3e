package policyfile

import (
	"errors"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"atlaskeybot/internal/approval/policy"
)

const maxEntries = 200 // on one key's access list, as Atlas has it

// networkName can be typed, picked in a menu, and put between commas.
var networkName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$`)

func (r *reader) networks(n *yaml.Node) {
	if n == nil {
		return
	}
	p := &r.policy
	m := r.mapping(n, "networks", "widest_ipv4", "widest_ipv6", "max_entries", "named")
	p.MinPrefixIPv4 = r.mask(m["widest_ipv4"], "widest_ipv4", 32, p.MinPrefixIPv4)
	p.MinPrefixIPv6 = r.mask(m["widest_ipv6"], "widest_ipv6", 128, p.MinPrefixIPv6)
	p.MaxEntries = r.number(m["max_entries"], "max_entries", 1, maxEntries, p.MaxEntries)
	if m["named"] != nil {
		p.NetworkPresets = r.named(m["named"])
	}
}

func (r *reader) named(n *yaml.Node) []policy.NetworkPreset {
	var all []policy.NetworkPreset
	for _, e := range r.entries(n, "named") {
		wellNamed := networkName.MatchString(e.key)
		r.problemIf(e.at, !wellNamed, "a network is named %q: up to 40 letters, digits, spaces, dots, - and _, beginning with a letter or digit", e.key)
		again := slices.ContainsFunc(all, func(o policy.NetworkPreset) bool { return strings.EqualFold(o.Name, e.key) })
		r.problemIf(e.at, again, "%s is named a second time, in other capitals: people could not tell them apart", e.key)
		all = append(all, policy.NetworkPreset{Name: e.key, Networks: r.prefixes(e.value, e.key)})
	}
	r.problemIf(n, len(all) > maxChoices, "named has %d entries: at most %d, since Slack shows no more in a menu", len(all), maxChoices)
	return all
}

func (r *reader) prefixes(n *yaml.Node, name string) []netip.Prefix {
	var all []netip.Prefix
	for _, item := range r.scalars(n, "network "+name) {
		network, err := r.prefix(item.Value)
		if !r.problemIf(item, err != nil, "network %s has %s: %v", name, item.Value, err) {
			all = append(all, network)
		}
	}
	r.problemIf(n, n.Kind == yaml.SequenceNode && len(n.Content) == 0, "network %s has nothing in it", name)
	r.problemIf(n, len(all) > r.policy.MaxEntries, "network %s has %d entries, and a key's list may have %d (max_entries): nobody could pick it", name, len(all), r.policy.MaxEntries)
	return all
}

// prefix reads an address or a block as people's own are read, but for how wide
// it may be: whoever writes the file knows what they name.
func (r *reader) prefix(word string) (netip.Prefix, error) {
	networks, problems := policy.Policy{MaxEntries: 1}.Networks(word)
	if len(problems) == 0 {
		return networks[0], nil
	}
	switch p := problems[0]; p.Code {
	case policy.HostBits:
		return netip.Prefix{}, errors.New("it has bits set behind its mask; the network is " + p.Hint)
	case policy.IsRange, policy.IsMask:
		return netip.Prefix{}, errors.New("write it as " + p.Hint)
	case policy.NotPublic:
		return netip.Prefix{}, errors.New("it is or holds " + p.Hint + " addresses, from which Atlas sees nobody")
	}
	return netip.Prefix{}, errors.New("it is not an address or a block, like 203.0.113.0/24")
}
