package approval_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
)

// TestSpecialPurposeNetworksAreRefused goes through IANA's two registries, first
// and last address of each block, and what lies beside.
func TestSpecialPurposeNetworksAreRefused(t *testing.T) {
	t.Parallel()
	for typed, kind := range map[string]string{
		"0.0.0.0": "unspecified", "0.255.255.255": "unspecified", "10.0.0.0": "private", "10.255.255.255": "private",
		"100.64.0.0": "private", "100.127.255.255": "private", "127.0.0.1": "loopback", "127.255.255.255": "loopback",
		"169.254.0.0": "link-local", "172.16.0.0": "private", "172.31.255.255": "private",
		"192.0.0.0": "protocol", "192.0.0.8": "protocol", "192.0.0.170": "protocol", "192.0.0.255": "protocol", "192.0.0.8/29": "protocol",
		"192.88.99.1": "6to4 relay", "192.168.255.255": "private", "198.18.0.0": "benchmarking", "198.19.255.255": "benchmarking",
		"224.0.0.1": "multicast", "239.255.255.255": "multicast", "240.0.0.1": "reserved", "255.255.255.255": "reserved",

		"::": "unspecified", "::1": "loopback", "::2": "non-global", "::203.0.113.7": "non-global", "::ffff:10.0.0.1": "private", "::ffff:0:10.0.0.1": "non-global",
		"64:ff9b::203.0.113.7": "translated", "64:ff9b::10.0.0.1": "translated", "64:ff9b:1::1": "translated", "64:ff9b:2::1": "non-global",
		"100::1": "discard-only", "100:0:0:1::1": "dummy", "200::1": "non-global", "1fff:ffff::1": "non-global", "4000::1": "non-global",
		"2001:1::": "protocol", "2001:1ff:ffff::1": "protocol", "2001:2::1": "benchmarking", "2001:2:1::1": "protocol", "2001:10::1": "cryptographic",
		"5f00::1": "segment-routing", "fc00::1": "private", "fdff::1": "private", "fe80::1": "link-local", "fec0::1": "site-local", "ff02::1": "multicast",

		"2002:a00:1::1": "6to4-wrapped private", "2002:7f00:1::/64": "6to4-wrapped loopback", "2002:c612::1": "6to4-wrapped benchmarking",
		"2001:0:a00:1::34ff:8ef8":     "Teredo-wrapped private",  // its server is 10.0.0.1
		"2001:0:cb00:7107::f5ff:fffe": "Teredo-wrapped private",  // its client is 10.0.0.1
		"2001:0:cb00:7107::80ff:fffe": "Teredo-wrapped loopback", // its client is 127.0.0.1
		"2001:0:cb00:7107::/64":       "Teredo-wrapped unspecified",
	} {
		_, problems := policy().Networks(typed)
		require.Len(t, problems, 1, typed)
		assert.Equal(t, approval.NotPublic, problems[0].Code, typed)
		assert.Equal(t, kind, problems[0].Hint, typed)
	}
}

func TestPublicAndDocumentationNetworksAreTaken(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{
		"1.0.0.0/24", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255", "172.15.255.255", "172.32.0.0",
		"191.255.255.255", "192.0.0.9", "192.0.0.10", "192.0.1.0/24", "192.31.196.1", "192.52.193.1", "192.175.48.1", "192.88.98.1", "192.167.255.255", "192.169.0.0",
		"198.17.255.255", "198.20.0.0", "223.255.255.255", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24",
		"2000::1", "2001:1::1", "2001:1::2", "2001:1::3", "2001:3::1", "2001:4:112::1", "2001:20::1", "2001:30::1", "2001:200::/64", "2001:db8::/64", "2003::1", "2600::1",
		"2620:4f:8000::1", "3fff::1", "3fff:ffff::1", "2002:cb00:7107::/64", "2001:0:cb00:7107::34ff:8ef8",
	} {
		kept, problems := policy().Networks(typed)
		assert.Empty(t, problems, typed)
		assert.Len(t, kept, 1, typed)
	}
}

// TestNetworksAroundSpecialOnesAreRefused: a block is no better than what lies
// in it.
func TestNetworksAroundSpecialOnesAreRefused(t *testing.T) {
	t.Parallel()
	wide := policy(func(p *approval.Policy) { p.WidestIPv4, p.WidestIPv6 = 1, 1 })
	for typed, kind := range map[string]string{
		"198.0.0.0/8": "benchmarking", "192.0.0.0/16": "protocol", "8.0.0.0/6": "private", "128.0.0.0/1": "link-local",
		"2000::/3": "6to4-wrapped unspecified", "2001::/16": "protocol", "2001::/22": "protocol", "2002::/16": "6to4-wrapped unspecified", "2002:a00::/23": "6to4-wrapped private",
	} {
		_, problems := wide.Networks(typed)
		require.Len(t, problems, 1, typed)
		assert.Equal(t, approval.NotPublic, problems[0].Code, typed)
		assert.Equal(t, kind, problems[0].Hint, typed)
	}
	_, problems := wide.Networks("203.0.0.0/8 2001:d00::/24 2600::/12")
	assert.Empty(t, problems)
}
