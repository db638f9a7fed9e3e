package approval

import "crypto/rand"

// alphabet is Crockford's base 32: no letter that is easily read as another.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewID returns a name that people can read out: AKR- and five letters, of
// which there are 33 million. Whoever stores it tries again when it is taken.
func NewID() ID {
	var b [5]byte
	rand.Read(b[:]) // never fails; see crypto/rand
	for i := range b {
		b[i] = alphabet[b[i]%32]
	}
	return ID("AKR-" + string(b[:]))
}

// ParseID returns the ID that s is, if it has the form of one. A value from
// outside goes through here before it is looked up or logged.
func ParseID(s string) (ID, bool) {
	if len(s) != 9 || s[:4] != "AKR-" {
		return "", false
	}
	for _, c := range s[4:] {
		if !isInAlphabet(c) {
			return "", false
		}
	}
	return ID(s), true
}

func isInAlphabet(c rune) bool {
	for _, a := range alphabet {
		if a == c {
			return true
		}
	}
	return false
}
