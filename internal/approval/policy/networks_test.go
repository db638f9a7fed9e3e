package policy_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval/policy"
)

func TestNetworksParses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		typed string
		want  []string
	}{
		"one address":                          {"203.0.113.7", []string{"203.0.113.7/32"}},
		"one block":                            {"203.0.113.0/24", []string{"203.0.113.0/24"}},
		"commas, spaces, lines and semicolons": {"203.0.113.7, 198.51.100.1\n192.0.2.1;192.0.2.2", []string{"203.0.113.7/32", "198.51.100.1/32", "192.0.2.1/32", "192.0.2.2/32"}},
		"a space that does not break":          {"203.0.113.7\u00a0198.51.100.1", []string{"203.0.113.7/32", "198.51.100.1/32"}},
		"an IPv6 address":                      {"2001:DB8::1", []string{"2001:db8::1/128"}},
		"an IPv6 block":                        {"2001:db8:0:1::/64", []string{"2001:db8:0:1::/64"}},
		"a duplicate once":                     {"203.0.113.7 203.0.113.7/32", []string{"203.0.113.7/32"}},
		"one spelling of IPv6":                 {"2001:db8::1 2001:0db8:0:0:0:0:0:1", []string{"2001:db8::1/128"}},
		"the wider of two, typed after":        {"203.0.113.7 203.0.113.0/24", []string{"203.0.113.0/24"}},
		"the wider of two, typed before":       {"203.0.113.0/24 203.0.113.128/25", []string{"203.0.113.0/24"}},
		"IPv4 written in IPv6":                 {"::ffff:203.0.113.7", []string{"203.0.113.7/32"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kept, problems := testPolicy().Networks(tt.typed)
			require.Empty(t, problems)
			var got []string
			for _, n := range kept {
				got = append(got, n.String())
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestNetworksRejectsMistakes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		typed string
		code  policy.ProblemCode
		hint  string
	}{
		"nothing":                      {" \n", policy.Missing, ""},
		"a host name":                  {"example.com", policy.NotAnAddress, ""},
		"half an address":              {"203.0.113", policy.NotAnAddress, ""},
		"leading zeros":                {"203.0.113.007", policy.NotAnAddress, ""},
		"a mask too long":              {"203.0.113.7/33", policy.NotAnAddress, ""},
		"a zone":                       {"fe80::1%eth0", policy.NotAnAddress, ""},
		"host bits":                    {"203.0.113.7/24", policy.HostBits, "203.0.113.0/24"},
		"host bits of IPv6":            {"2001:db8::1/64", policy.HostBits, "2001:db8::/64"},
		"everything":                   {"0.0.0.0/0", policy.TooWide, "/24"},
		"all of IPv6":                  {"::/0", policy.TooWide, "/64"},
		"wider than allowed":           {"203.0.112.0/23", policy.TooWide, "/24"},
		"wider than allowed in IPv6":   {"2001:db8::/48", policy.TooWide, "/64"},
		"a private address":            {"192.168.1.4", policy.NotPublic, "private"},
		"a private block":              {"10.1.2.0/24", policy.NotPublic, "private"},
		"another private one":          {"172.31.255.1", policy.NotPublic, "private"},
		"a carrier's own":              {"100.64.0.1", policy.NotPublic, "private"},
		"loopback":                     {"127.0.0.1", policy.NotPublic, "loopback"},
		"link-local":                   {"169.254.169.254", policy.NotPublic, "link-local"},
		"multicast":                    {"224.0.0.1", policy.NotPublic, "multicast"},
		"unspecified":                  {"0.0.0.0", policy.NotPublic, "unspecified"},
		"broadcast":                    {"255.255.255.255", policy.NotPublic, "reserved"},
		"IPv6 loopback":                {"::1", policy.NotPublic, "loopback"},
		"IPv6 link-local":              {"fe80::1", policy.NotPublic, "link-local"},
		"IPv6 private":                 {"fd00::1", policy.NotPublic, "private"},
		"IPv6 unspecified":             {"::", policy.NotPublic, "unspecified"},
		"private IPv4 written in IPv6": {"::ffff:10.0.0.1", policy.NotPublic, "private"},
		"a security group":             {"sg-0a1b2c3d4e5f", policy.SecurityGroup, ""},
		"more entries than may be":     {"203.0.113.1 203.0.113.2 203.0.113.3 203.0.113.4 203.0.113.5 203.0.113.6", policy.TooMany, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, problems := testPolicy().Networks(tt.typed)
			require.Len(t, problems, 1)
			assert.Equal(t, policy.FieldNetworks, problems[0].Field)
			assert.Equal(t, tt.code, problems[0].Code)
			assert.Equal(t, tt.hint, problems[0].Hint)
		})
	}
}

func TestNetworksReportsAllProblems(t *testing.T) {
	t.Parallel()
	_, problems := testPolicy().Networks("10.0.0.1, sg-123 203.0.113.9 nonsense")
	var given []string
	for _, p := range problems {
		given = append(given, p.Given)
	}
	assert.Equal(t, []string{"10.0.0.1", "sg-123", "nonsense"}, given)
}

func TestAddressCount(t *testing.T) {
	t.Parallel()
	count := func(networks ...string) (int, bool) {
		var a policy.Access
		for _, n := range networks {
			a.Networks = append(a.Networks, netip.MustParsePrefix(n))
		}
		return a.AddressCount()
	}
	n, ok := count("203.0.113.0/24", "198.51.100.1/32")
	assert.True(t, ok)
	assert.Equal(t, 257, n)
	_, ok = count("2001:db8::/64")
	assert.False(t, ok)
}

func FuzzNetworks(f *testing.F) {
	for _, seed := range []string{"203.0.113.7", "10.0.0.0/8,::1", "sg-1 \n fe80::1%a", "::ffff:1.2.3.4/128", "/", "0/0", "2001:db8::/129"} {
		f.Add(seed)
	}
	p := testPolicy()
	f.Fuzz(func(t *testing.T, text string) {
		kept, problems := p.Networks(text)
		for i, n := range kept {
			if !n.IsValid() || n != n.Masked() || n.Addr().Is4In6() {
				t.Fatalf("kept %v", n)
			}
			for _, other := range kept[:i] {
				if other.Overlaps(n) {
					t.Fatalf("kept both %v and %v", other, n)
				}
			}
		}
		if len(problems) == 0 && (len(kept) == 0 || len(kept) > p.MaxEntries) {
			t.Fatalf("no problem in %q, %d kept", text, len(kept))
		}
		for _, problem := range problems {
			if problem.Given != "" && problem.Code != policy.TooMany && !strings.Contains(text, problem.Given) {
				t.Fatalf("%q was not typed", problem.Given)
			}
		}
	})
}
