package atlas

import (
	"encoding/json"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWriteAddresses(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]string{
		"203.0.113.7/32":          `[{"ipAddress":"203.0.113.7"}]`,
		"203.0.113.7/24":          `[{"cidrBlock":"203.0.113.0/24"}]`,
		"::ffff:203.0.113.7/128":  `[{"ipAddress":"203.0.113.7"}]`,
		"2001:db8::a/128":         `[{"ipAddress":"2001:0db8:0000:0000:0000:0000:0000:000a"}]`,
		"2001:db8:0:1::ff/64":     `[{"cidrBlock":"2001:0db8:0000:0001:0000:0000:0000:0000/64"}]`,
		"::ffff:203.0.113.99/120": `[{"cidrBlock":"203.0.113.0/24"}]`,
	} {
		t.Run(from, func(t *testing.T) {
			t.Parallel()
			body, err := json.Marshal(writeAddresses([]netip.Prefix{netip.MustParsePrefix(from), netip.MustParsePrefix(from)}))
			require.NoError(t, err)
			assert.JSONEq(t, want, string(body))
		})
	}
}

func TestReadAddress(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ ip, cidr, want string }{
		"an address":                   {"203.0.113.7", "", "203.0.113.7/32"},
		"a block of one":               {"", "203.0.113.7/32", "203.0.113.7/32"},
		"both, as recorded":            {"203.0.113.7", "203.0.113.7/32", "203.0.113.7/32"},
		"a block":                      {"", "203.0.113.0/24", "203.0.113.0/24"},
		"a block with host bits":       {"", "203.0.113.9/24", "203.0.113.0/24"},
		"an address where a block is":  {"", "203.0.113.7", "203.0.113.7/32"},
		"IPv6 in full":                 {"2001:0db8:0000:0000:0000:0000:0000:000a", "", "2001:db8::a/128"},
		"IPv6 in short":                {"", "2001:DB8::A/128", "2001:db8::a/128"},
		"both, not agreeing":           {"198.51.100.1", "203.0.113.7/32", ""},
		"nothing":                      {"", "", ""},
		"no address":                   {"anywhere", "", ""},
		"no block":                     {"", "203.0.113.0/33", ""},
		"an address on a link":         {"fe80::1%eth0", "", ""},
		"a block and no address":       {"x", "203.0.113.7/32", ""},
		"the whole internet, honestly": {"", "0.0.0.0/0", "0.0.0.0/0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := readAddress(c.ip, c.cidr)
			if c.want == "" {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, got.String())
		})
	}
}
