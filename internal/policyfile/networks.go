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

// maxEntries is Atlas's limit for the access list of one key.
const maxEntries = 200

// presetName bounds the name of a network preset: people choose it in a menu and
// operators type it in a list with commas.
var presetName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$`)

// networks reads the bounds of what requesters type.
func (r *reader) networks(n *yaml.Node) {
	if n == nil {
		return
	}
	p := &r.policy
	m := r.mapping(n, "networks", networksKeys...)
	p.MinPrefixIPv4 = r.prefixLength(m["min_prefix_ipv4"], "min_prefix_ipv4", 32, p.MinPrefixIPv4)
	p.MinPrefixIPv6 = r.prefixLength(m["min_prefix_ipv6"], "min_prefix_ipv6", 128, p.MinPrefixIPv6)
	p.MaxEntries = r.number(m["max_entries"], "max_entries", 1, maxEntries, p.MaxEntries)
}

// networkPresets reads the networks that requesters choose by name.
func (r *reader) networkPresets(n *yaml.Node) {
	if n == nil {
		return
	}
	var all []policy.NetworkPreset
	for _, e := range r.entries(n, "network_presets") {
		r.problemIf(e.at, !presetName.MatchString(e.key), "a network preset is named %q: up to 40 letters, digits, spaces, dots, - and _, beginning with a letter or digit", e.key)
		again := slices.ContainsFunc(all, func(o policy.NetworkPreset) bool { return strings.EqualFold(o.Name, e.key) })
		r.problemIf(e.at, again, "%s differs from an earlier network preset only in capitals: people could not tell them apart", e.key)
		all = append(all, policy.NetworkPreset{Name: e.key, Networks: r.prefixes(e.value, e.key)})
	}
	r.problemIf(n, len(all) > maxOptions, "network_presets has %d entries: at most %d, since Slack shows no more in a menu", len(all), maxOptions)
	r.policy.NetworkPresets = all
}

func (r *reader) prefixes(n *yaml.Node, name string) []netip.Prefix {
	var all []netip.Prefix
	for _, item := range r.scalars(n, "network preset "+name) {
		network, err := parsePrefix(item.Value)
		if !r.problemIf(item, err != nil, "network preset %s has %s: %v", name, item.Value, err) {
			all = append(all, network)
		}
	}
	r.problemIf(n, n.Kind == yaml.SequenceNode && len(n.Content) == 0, "network preset %s is empty", name)
	r.problemIf(n, len(all) > r.policy.MaxEntries, "network preset %s has %d entries, and a key's access list may have %d (max_entries): no request could choose it", name, len(all), r.policy.MaxEntries)
	return all
}

// parsePrefix reads an address or a block by the same rules as what requesters
// type, except that it may be of any size: the operator decides that.
func parsePrefix(word string) (netip.Prefix, error) {
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
		return netip.Prefix{}, errors.New("it is or holds " + p.Hint + " addresses, which never reach Atlas")
	}
	return netip.Prefix{}, errors.New("it is not an address or a block, like 203.0.113.0/24")
}
