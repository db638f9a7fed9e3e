package policy

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Notations of other programs are refused with the CIDR blocks that they mean, to
// paste instead.

// maxRangeText bounds the text of the blocks that a range means, in characters.
const maxRangeText = 400

// otherNotation returns what is wrong with an entry that is a range, or a block
// with a mask in place of a prefix length.
func otherNotation(entry string) (code ProblemCode, hint string, ok bool) {
	if first, last, ok := rangeOf(entry); ok {
		return IsRange, blocksText(blocksOf(first, last)), true
	}
	if network, ok := withMask(entry); ok {
		return IsMask, network.String(), true
	}
	return "", "", false
}

// rangeOf reads "203.0.113.1 - 203.0.113.9" and "203.0.113.1-9", with any dash.
func rangeOf(entry string) (first, last netip.Addr, ok bool) {
	at := strings.IndexFunc(entry, isDashRune)
	if at < 0 {
		return first, last, false
	}
	left, right := strings.TrimSpace(entry[:at]), strings.TrimSpace(strings.TrimLeftFunc(entry[at:], isDashRune))
	first, err := netip.ParseAddr(left)
	if err != nil || first.Zone() != "" {
		return first, last, false
	}
	if first.Is4() && !strings.Contains(right, ".") {
		right = left[:strings.LastIndex(left, ".")+1] + right
	}
	last, err = netip.ParseAddr(right)
	first, last = first.Unmap(), last.Unmap()
	return first, last, err == nil && last.Zone() == "" && first.BitLen() == last.BitLen() && !last.Less(first)
}

// blocksOf are the fewest blocks that together are the addresses from first to
// last.
func blocksOf(first, last netip.Addr) []netip.Prefix {
	var blocks []netip.Prefix
	for at := first; at.IsValid() && !last.Less(at); {
		length := 0
		for ; length < at.BitLen(); length++ {
			block := netip.PrefixFrom(at, length)
			if block.Masked() == block && !last.Less(lastOf(block)) {
				break
			}
		}
		block := netip.PrefixFrom(at, length)
		blocks = append(blocks, block)
		at = lastOf(block).Next()
	}
	return blocks
}

// lastOf is the highest address of a block.
func lastOf(block netip.Prefix) netip.Addr {
	b := block.Addr().AsSlice()
	for i := block.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

func blocksText(blocks []netip.Prefix) string {
	text := ""
	for i, b := range blocks {
		word := b.String()
		if b.IsSingleIP() {
			word = b.Addr().String()
		}
		if i > 0 {
			word = ", " + word
		}
		if len(text)+len(word) > maxRangeText {
			return text + ", and " + strconv.Itoa(len(blocks)-i) + " more"
		}
		text += word
	}
	return text
}

// withMask reads "203.0.113.0 255.255.255.0" and "203.0.113.0/255.255.255.0",
// and the same with a wildcard mask such as 0.0.0.255.
func withMask(entry string) (netip.Prefix, bool) {
	left, right, found := strings.Cut(entry, "/")
	if !found {
		left, right, _ = strings.Cut(entry, " ")
	}
	address, err := netip.ParseAddr(left)
	length, ok := maskLength(right)
	if err != nil || !address.Is4() || !ok {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(address, length).Masked(), true
}

func isMask(word string) bool {
	_, ok := maskLength(word)
	return ok
}

// maskLength is the prefix length that a mask of IPv4 stands for. None of these
// masks is an address that could be on a list.
func maskLength(word string) (int, bool) {
	a, err := netip.ParseAddr(word)
	if err != nil || !a.Is4() {
		return 0, false
	}
	b := a.As4()
	mask := binary.BigEndian.Uint32(b[:])
	switch {
	case b[0] == 0 && mask != 0:
		mask = ^mask // a wildcard
	case b[0] < 192:
		return 0, false
	}
	length := bits.LeadingZeros32(^mask)
	return length, bits.OnesCount32(mask) == length
}

// meantAddress is the address in an entry that is more than that, such as
// "203.0.113.7:443" or "https://203.0.113.7/path"; or "".
func meantAddress(entry string) string {
	if withPort, err := netip.ParseAddrPort(entry); err == nil {
		return withPort.Addr().WithZone("").String()
	}
	if u, err := url.Parse(entry); err == nil && u.Host != "" {
		if a, err := netip.ParseAddr(u.Hostname()); err == nil {
			return a.WithZone("").String()
		}
	}
	return ""
}

func isAddressWithPort(word string) bool {
	_, err := netip.ParseAddrPort(word)
	return err == nil
}
