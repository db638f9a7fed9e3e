package policy_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"atlaskeybot/internal/approval/policy"
)

func TestPastedAddressesAreParsedInContext(t *testing.T) {
	t.Parallel()
	two := []string{"203.0.113.7/32", "198.51.100.0/24"}
	for _, typed := range []string{
		"203.0.113.7，198.51.100.0/24", "203.0.113.7、198.51.100.0/24", "203.0.113.7；198.51.100.0/24", "203.0.113.7；\u3000198.51.100.0/24",
		"203.0.113.7،198.51.100.0/24", "203.0.113.7 | 198.51.100.0/24", "203.0.113.7｜198.51.100.0/24",
		"203.0.113.7\u3000198.51.100.0/24", "203.0.113.7\u2009198.51.100.0/24", "203.0.113.7\u202f198.51.100.0/24", "203.0.113.7\t198.51.100.0/24",
		"203.0.113.7\r\n198.51.100.0/24\r\n", "203.0.113.7\u2028198.51.100.0/24", "203.0.113.7\v198.51.100.0/24", "203.0.113.7\u0085198.51.100.0/24",
		"• 203.0.113.7\n• 198.51.100.0/24", "- 203.0.113.7\n- 198.51.100.0/24", "– 203.0.113.7\n— 198.51.100.0/24", "* 203.0.113.7\n* 198.51.100.0/24", "·203.0.113.7 ·198.51.100.0/24",
		`"203.0.113.7", "198.51.100.0/24"`, `['203.0.113.7', '198.51.100.0/24',]`, "“203.0.113.7” „198.51.100.0/24“", "«203.0.113.7» ‹198.51.100.0/24›", "`203.0.113.7` `198.51.100.0/24`",
		"(203.0.113.7) [198.51.100.0/24]", "{203.0.113.7; 198.51.100.0/24}", "（203.0.113.7）【198.51.100.0/24】", "<203.0.113.7> <198.51.100.0/24>", "203.0.113.7, 198.51.100.0/24.",
		"203.0.113.7. 198.51.100.0/24。", "203.0.113.7,,;; ,198.51.100.0/24,", "203.0.113.7 198.51.100.0 /24", "203.0.113.7 198.51.100.0 / 24", "203.0.113.7 198.51.100.0／24",
		"\ufeff203.0.113.7\u200b 198.51.\u2060100.0/24", "203.0.\u00ad113.7\u200d,198.51.100.0/24\u180e", "\u200e203.0.113.7\u200f, \u202a198.51.100.0/24\u202c", "203.0.113.7\U000e0020,198.51.100.0/24",
	} {
		kept, problems := testPolicy().Networks(typed)
		assert.Empty(t, problems, "%q", typed)
		var got []string
		for _, n := range kept {
			got = append(got, n.String())
		}
		assert.Equal(t, two, got, "%q", typed)
	}
	kept, problems := testPolicy().Networks("[2001:db8::1]")
	assert.Empty(t, problems)
	assert.Len(t, kept, 1)
	_, problems = testPolicy().Networks("\u200b,、\u3000•\ufeff")
	require.Len(t, problems, 1)
	assert.Equal(t, policy.Missing, problems[0].Code)
}

// TestOtherNotationsAreExplained: one reads what to enter, and
// nothing is taken that was not typed.
func TestOtherNotationsAreExplained(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]struct {
		code  policy.ProblemCode
		given string
		hint  string
	}{
		"203.0.113.10 - 203.0.113.20":         {policy.IsRange, "203.0.113.10 - 203.0.113.20", "203.0.113.10/31, 203.0.113.12/30, 203.0.113.16/30, 203.0.113.20"},
		"203.0.113.10-203.0.113.20":           {policy.IsRange, "203.0.113.10-203.0.113.20", "203.0.113.10/31, 203.0.113.12/30, 203.0.113.16/30, 203.0.113.20"},
		"203.0.113.10 – 203.0.113.11":         {policy.IsRange, "203.0.113.10 - 203.0.113.11", "203.0.113.10/31"},
		"203.0.113.10—203.0.113.11":           {policy.IsRange, "203.0.113.10—203.0.113.11", "203.0.113.10/31"},
		"203.0.113.10 −203.0.113.11":          {policy.NotAnAddress, "−203.0.113.11", ""},
		"203.0.113.0〜203.0.113.255":           {policy.IsRange, "203.0.113.0〜203.0.113.255", "203.0.113.0/24"},
		"203.0.113.0 to 203.0.113.127":        {policy.IsRange, "203.0.113.0 - 203.0.113.127", "203.0.113.0/25"},
		"203.0.113.8-15":                      {policy.IsRange, "203.0.113.8-15", "203.0.113.8/29"},
		"203.0.113.8 - 15":                    {policy.IsRange, "203.0.113.8 - 15", "203.0.113.8/29"},
		"203.0.113.7 - 203.0.113.7":           {policy.IsRange, "203.0.113.7 - 203.0.113.7", "203.0.113.7"},
		"0.0.0.0 - 255.255.255.255":           {policy.IsRange, "0.0.0.0 - 255.255.255.255", "0.0.0.0/0"},
		"255.255.255.254-255":                 {policy.IsRange, "255.255.255.254-255", "255.255.255.254/31"},
		"2001:db8::1 - 2001:db8::2":           {policy.IsRange, "2001:db8::1 - 2001:db8::2", "2001:db8::1, 2001:db8::2"},
		"203.0.113.20 - 203.0.113.10":         {policy.NotAnAddress, "203.0.113.20 - 203.0.113.10", ""},
		"203.0.113.1 - 2001:db8::2":           {policy.NotAnAddress, "203.0.113.1 - 2001:db8::2", ""},
		"203.0.113.1 - 300":                   {policy.NotAnAddress, "203.0.113.1 - 300", ""},
		"203.0.113.0 255.255.255.0":           {policy.IsMask, "203.0.113.0 255.255.255.0", "203.0.113.0/24"},
		"203.0.113.0/255.255.255.128":         {policy.IsMask, "203.0.113.0/255.255.255.128", "203.0.113.0/25"},
		"203.0.113.0 / 255.255.255.0":         {policy.IsMask, "203.0.113.0/255.255.255.0", "203.0.113.0/24"},
		"203.0.113.0 mask 255.255.0.0":        {policy.IsMask, "203.0.113.0 255.255.0.0", "203.0.0.0/16"},
		"203.0.113.7 netmask 255.255.255.255": {policy.IsMask, "203.0.113.7 255.255.255.255", "203.0.113.7/32"},
		"203.0.113.0 0.0.0.255":               {policy.IsMask, "203.0.113.0 0.0.0.255", "203.0.113.0/24"},
		"203.0.113.0/0.0.0.63":                {policy.IsMask, "203.0.113.0/0.0.0.63", "203.0.113.0/26"},
		"203.0.113.0/255.0.255.0":             {policy.NotAnAddress, "203.0.113.0/255.0.255.0", ""},
		"203.0.113.7:443":                     {policy.NotAnAddress, "203.0.113.7:443", "203.0.113.7"},
		"[2001:db8::1]:443":                   {policy.NotAnAddress, "[2001:db8::1]:443", "2001:db8::1"},
		"https://203.0.113.7/path":            {policy.NotAnAddress, "https://203.0.113.7/path", "203.0.113.7"},
		"https://example.com":                 {policy.NotAnAddress, "https://example.com", ""},
		"2001:db8::1%eth0":                    {policy.NotAnAddress, "2001:db8::1%eth0", ""},
		"0xcb.0.113.7":                        {policy.NotAnAddress, "0xcb.0.113.7", ""},
		"203.0.113.7\x00":                     {policy.NotAnAddress, "203.0.113.7<U+0000>", ""},
		"203.0.113.7\x1b[31m":                 {policy.NotAnAddress, "203.0.113.7<U+001B>[31m", ""},
		"２０３.0.113.7":                         {policy.NotAnAddress, "２０３.0.113.7", ""},
	} {
		kept, problems := testPolicy().Networks(typed)
		if typed == "203.0.113.10 −203.0.113.11" {
			require.Len(t, kept, 1)
		} else {
			require.Empty(t, kept, typed)
		}
		require.Len(t, problems, 1, typed)
		assert.Equal(t, policy.Problem{Field: policy.FieldNetworks, Code: want.code, Given: want.given, Hint: want.hint}, problems[0], typed)
	}
	_, problems := testPolicy().Networks("1.0.0.1-223.255.255.254 2001:db8::1-2001:db8:ffff:ffff:ffff:ffff:ffff:fffe")
	require.Len(t, problems, 2)
	for _, p := range problems {
		assert.Equal(t, policy.IsRange, p.Code)
		assert.LessOrEqual(t, len(p.Hint), 420)
		assert.Regexp(t, `, and \d+ more$`, p.Hint)
	}
}

// TestRangeBlocksCoverExactlyTheRange: each address of a range is in one of the blocks,
// and none beside it.
func TestRangeBlocksCoverExactlyTheRange(t *testing.T) {
	t.Parallel()
	wide := testPolicy(func(p *policy.Policy) { p.MinPrefixIPv4, p.MaxEntries = 1, 1000 })
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Byte().Draw(t, "a"), rapid.Byte().Draw(t, "b")
		first, last := netip.AddrFrom4([4]byte{203, 0, 113, min(a, b)}), netip.AddrFrom4([4]byte{203, 0, 113, max(a, b)})
		_, problems := wide.Networks(first.String() + " - " + last.String())
		require.Len(t, problems, 1)
		blocks, problems := wide.Networks(problems[0].Hint)
		require.Empty(t, problems)
		for i := range 256 {
			at := netip.AddrFrom4([4]byte{203, 0, 113, byte(i)})
			in := 0
			for _, block := range blocks {
				if block.Contains(at) {
					in++
				}
			}
			want := 0
			if byte(i) >= min(a, b) && byte(i) <= max(a, b) {
				want = 1
			}
			require.Equal(t, want, in, at)
		}
	})
}

// FuzzPastedAddresses: whatever is pasted, what is kept is public and within the
// policy, and what is answered can be shown.
func FuzzPastedAddresses(f *testing.F) {
	for _, typed := range []string{
		"203.0.113.7，198.51.100.0/24", "203.0.113.10 - 20", "203.0.113.0 mask 255.255.255.0", "[2001:db8::1]:443\u202e", "- 2002:a00:1::1 /64", "\xff\x1b to ::/0 → * ", "::-ffff::",
	} {
		f.Add(typed)
	}
	p := testPolicy(func(p *policy.Policy) { p.MaxEntries = 200 })
	f.Fuzz(func(t *testing.T, typed string) {
		kept, problems := p.Networks(typed)
		for _, n := range kept {
			if n != n.Masked() || n.Addr().IsPrivate() || n.Addr().IsLoopback() || n.Addr().IsMulticast() || n.Addr().Is4() && n.Bits() < 24 || n.Addr().Is6() && n.Bits() < 64 {
				t.Fatalf("kept %v", n)
			}
			again, problems := p.Networks(n.String())
			if len(problems) > 0 || len(again) != 1 || again[0] != n {
				t.Fatalf("%v is read as %v, %v", n, again, problems)
			}
		}
		for _, problem := range problems {
			readableText(t, problem.Given)
			readableText(t, problem.Hint)
		}
	})
}

func readableText(t *testing.T, s string) {
	t.Helper()
	for _, r := range s {
		if r < ' ' || r == '\u202e' || r == '\u200b' {
			t.Fatalf("%q is told", s)
		}
	}
}
