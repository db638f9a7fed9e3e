package policy_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval/policy"
)

// Every row of IANA's registries of special-purpose addresses, as they were in
// July 2026, with the first and the last address of its block. What passes is
// globally reachable, or for documentation.
func TestSpecialPurposeAddressesAreRefused(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ first, last, kind string }{
		// https://www.iana.org/assignments/iana-ipv4-special-registry
		"0.0.0.0/8, RFC 791":           {"0.0.0.0", "0.255.255.255", "unspecified"},
		"0.0.0.0/32, RFC 1122":         {"0.0.0.0", "0.0.0.0", "unspecified"},
		"10.0.0.0/8, RFC 1918":         {"10.0.0.0", "10.255.255.255", "private"},
		"100.64.0.0/10, RFC 6598":      {"100.64.0.0", "100.127.255.255", "private"},
		"127.0.0.0/8, RFC 1122":        {"127.0.0.0", "127.255.255.255", "loopback"},
		"169.254.0.0/16, RFC 3927":     {"169.254.0.0", "169.254.255.255", "link-local"},
		"172.16.0.0/12, RFC 1918":      {"172.16.0.0", "172.31.255.255", "private"},
		"192.0.0.0/24, RFC 6890":       {"192.0.0.11", "192.0.0.255", "protocol"},
		"192.0.0.0/29, RFC 7335":       {"192.0.0.0", "192.0.0.7", "protocol"},
		"192.0.0.8/32, RFC 7600":       {"192.0.0.8", "192.0.0.8", "protocol"},
		"192.0.0.9/32, RFC 7723":       {"192.0.0.9", "192.0.0.9", ""},
		"192.0.0.10/32, RFC 8155":      {"192.0.0.10", "192.0.0.10", ""},
		"192.0.0.170/32, RFC 8880":     {"192.0.0.170", "192.0.0.171", "protocol"},
		"192.0.2.0/24, RFC 5737":       {"192.0.2.0", "192.0.2.255", ""},
		"192.31.196.0/24, RFC 7535":    {"192.31.196.0", "192.31.196.255", ""},
		"192.52.193.0/24, RFC 7450":    {"192.52.193.0", "192.52.193.255", ""},
		"192.88.99.0/24, RFC 7526":     {"192.88.99.0", "192.88.99.255", "6to4 relay"},
		"192.88.99.2/32, RFC 6751":     {"192.88.99.2", "192.88.99.2", "6a44 relay"},
		"192.168.0.0/16, RFC 1918":     {"192.168.0.0", "192.168.255.255", "private"},
		"192.175.48.0/24, RFC 7534":    {"192.175.48.0", "192.175.48.255", ""},
		"198.18.0.0/15, RFC 2544":      {"198.18.0.0", "198.19.255.255", "benchmarking"},
		"198.51.100.0/24, RFC 5737":    {"198.51.100.0", "198.51.100.255", ""},
		"203.0.113.0/24, RFC 5737":     {"203.0.113.0", "203.0.113.255", ""},
		"240.0.0.0/4, RFC 1112":        {"240.0.0.0", "255.255.255.254", "reserved"},
		"255.255.255.255/32, RFC 8190": {"255.255.255.255", "255.255.255.255", "reserved"},
		"224.0.0.0/4, RFC 5771":        {"224.0.0.0", "239.255.255.255", "multicast"},
		"beside 0.0.0.0/8":             {"1.0.0.0", "1.0.0.0", ""},
		"beside 10.0.0.0/8":            {"9.255.255.255", "11.0.0.0", ""},
		"beside 100.64.0.0/10":         {"100.63.255.255", "100.128.0.0", ""},
		"beside 127.0.0.0/8":           {"126.255.255.255", "128.0.0.0", ""},
		"beside 169.254.0.0/16":        {"169.253.255.255", "169.255.0.0", ""},
		"beside 172.16.0.0/12":         {"172.15.255.255", "172.32.0.0", ""},
		"beside 192.0.0.0/24":          {"191.255.255.255", "192.0.1.0", ""},
		"beside 192.88.99.0/24":        {"192.88.98.255", "192.88.100.0", ""},
		"beside 192.168.0.0/16":        {"192.167.255.255", "192.169.0.0", ""},
		"beside 198.18.0.0/15":         {"198.17.255.255", "198.20.0.0", ""},
		"beside 224.0.0.0/4":           {"223.255.255.255", "223.255.255.255", ""},

		// https://www.iana.org/assignments/iana-ipv6-special-registry
		"::1/128, RFC 4291":                               {"::1", "::1", "loopback"},
		"::/128, RFC 4291":                                {"::", "::", "unspecified"},
		"::ffff:0:0/96, RFC 4291, read as IPv4":           {"::ffff:10.0.0.1", "::ffff:10.255.255.255", "private"},
		"64:ff9b::/96, RFC 6052":                          {"64:ff9b::", "64:ff9b::ffff:ffff", "translated"},
		"64:ff9b:1::/48, RFC 8215":                        {"64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "translated"},
		"100::/64, RFC 6666":                              {"100::", "100::ffff:ffff:ffff:ffff", "discard-only"},
		"100:0:0:1::/64, RFC 9780":                        {"100:0:0:1::", "100:0:0:1:ffff:ffff:ffff:ffff", "dummy"},
		"2001::/23, RFC 2928":                             {"2001:1::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "protocol"},
		"2001:1::1/128, RFC 7723":                         {"2001:1::1", "2001:1::1", ""},
		"2001:1::2/128, RFC 8155":                         {"2001:1::2", "2001:1::2", ""},
		"2001:1::3/128, RFC 9665":                         {"2001:1::3", "2001:1::3", ""},
		"beside 2001:1::3/128":                            {"2001:1::4", "2001:1:ffff:ffff:ffff:ffff:ffff:ffff", "protocol"},
		"2001:2::/48, RFC 5180":                           {"2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", "benchmarking"},
		"2001:3::/32, RFC 7450":                           {"2001:3::", "2001:3:ffff:ffff:ffff:ffff:ffff:ffff", ""},
		"2001:4:112::/48, RFC 7535":                       {"2001:4:112::", "2001:4:112:ffff:ffff:ffff:ffff:ffff", ""},
		"2001:10::/28, RFC 4843":                          {"2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff", "cryptographic"},
		"2001:20::/28, RFC 7343":                          {"2001:20::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", ""},
		"2001:30::/28, RFC 9374":                          {"2001:30::", "2001:3f:ffff:ffff:ffff:ffff:ffff:ffff", ""},
		"2001:db8::/32, RFC 3849":                         {"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", ""},
		"2620:4f:8000::/48, RFC 7534":                     {"2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff", ""},
		"3fff::/20, RFC 9637":                             {"3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", ""},
		"5f00::/16, RFC 9602":                             {"5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "segment-routing"},
		"fc00::/7, RFC 4193":                              {"fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "private"},
		"fe80::/10, RFC 4291":                             {"fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link-local"},
		"fec0::/10, RFC 3879":                             {"fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "site-local"},
		"ff00::/8, RFC 4291":                              {"ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast"},
		"outside of 2000::/3":                             {"1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::", "non-global"},
		"2002::/16, RFC 3056, with a public IPv4 address": {"2002:cb00:7107::1", "2002:cb00:7107::1", ""},
		"2002::/16, RFC 3056, with a private one":         {"2002:a00:1::", "2002:aff:ffff::1", "6to4-wrapped private"},
		"2001::/32, RFC 4380, from a public client":       {"2001:0:cb00:7107::34ff:8ef8", "2001:0:cb00:7107::34ff:8ef8", ""},
		"2001::/32, RFC 4380, from a private client":      {"2001:0:cb00:7107::f5ff:fffe", "2001:0:cb00:7107::f5ff:fffe", "Teredo-wrapped private"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, address := range []string{row.first, row.last} {
				kept, problems := testPolicy().Networks(address)
				if row.kind == "" {
					require.Empty(t, problems, address)
					parsed := netip.MustParseAddr(address)
					assert.Equal(t, []netip.Prefix{netip.PrefixFrom(parsed, parsed.BitLen())}, kept)
					continue
				}
				require.Len(t, problems, 1, address)
				assert.Equal(t, policy.NotPublic, problems[0].Code, address)
				assert.Equal(t, row.kind, problems[0].Hint, address)
			}
		})
	}
}
