package approval

import (
	"crypto/rand"
	"strings"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/plaintext"
)

// alphabet is Crockford's base 32: no letter that is easily read as another.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewID returns a random name that people can read out: AKR- and five characters, of
// which there are 33 million. The caller tries again if it is taken.
func NewID() policy.ID {
	var b [5]byte
	rand.Read(b[:]) // never fails; see crypto/rand
	return NewIDFrom(b)
}

// NewIDFrom makes an ID out of bytes: of the same bytes always the same.
func NewIDFrom(b [5]byte) policy.ID {
	for i := range b {
		b[i] = alphabet[b[i]%32]
	}
	return policy.ID("AKR-" + string(b[:]))
}

// ParseID returns the ID that s is, if it has the form of one. A value from
// outside goes through here before it is looked up or logged.
func ParseID(s string) (policy.ID, bool) {
	if len(s) != 9 || s[:4] != "AKR-" {
		return "", false
	}
	for _, c := range s[4:] {
		if !isInAlphabet(c) {
			return "", false
		}
	}
	return policy.ID(s), true
}

// TypedID parses an ID as people type or paste it: in upper or lower case, with any
// dash or space or none, in quotation marks or with a full stop after it, and with
// letters that look like the digits in IDs, as O for 0.
func TypedID(s string) (policy.ID, bool) {
	typed := strings.ToUpper(strings.Trim(plaintext.Fold(s), " '\"<>()[]*_~.,;:!?"))
	rest, ok := strings.CutPrefix(typed, "AKR")
	if !ok {
		return "", false
	}
	return ParseID("AKR-" + confusables.Replace(strings.TrimLeft(rest, " -_")))
}

// TypedPublicKey parses a public key of Atlas as people type or paste it: eight letters,
// in upper or lower case, in quotation marks or with a full stop after them.
func TypedPublicKey(s string) (string, bool) {
	typed := strings.ToLower(strings.Trim(plaintext.Fold(s), " '\"`<>()[]*_~.,;:!?"))
	if len(typed) != publicKeyLetters {
		return "", false
	}
	for _, c := range typed {
		if c < 'a' || c > 'z' {
			return "", false
		}
	}
	return typed, true
}

// publicKeyLetters is how long public keys are in every answer of Atlas on record.
const publicKeyLetters = 8

// confusables are the letters that are not in the alphabet because of digits.
var confusables = strings.NewReplacer("O", "0", "I", "1", "L", "1")

func isInAlphabet(c rune) bool {
	for _, a := range alphabet {
		if a == c {
			return true
		}
	}
	return false
}
