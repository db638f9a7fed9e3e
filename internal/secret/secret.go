// Package secret holds tokens and private keys. It does not encrypt and cannot wipe
// memory; it prevents printing, logging, marshaling and storing a secret by
// accident.
package secret

import (
	"crypto/subtle"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// A Secret is a string that cannot be printed, logged, marshaled or stored. The zero
// Secret is empty. Call [Secret.Reveal] only in the line that sends the value.
//
// The value sits behind a pointer because fmt ignores methods on unexported
// fields: a plain "type Secret string" prints in full when the struct around
// it is printed with %+v.
type Secret struct{ v *string }

// New wraps s.
func New(s string) Secret { return Secret{v: &s} }

// Reveal returns the value.
func (s Secret) Reveal() string {
	if s.v == nil {
		return ""
	}
	return *s.v
}

// IsZero reports whether s is empty.
func (s Secret) IsZero() bool { return s.v == nil || *s.v == "" }

// Equal compares in constant time.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// Format redacts under every verb, %x and %#v included.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// String redacts.
func (Secret) String() string { return redacted }

// LogValue redacts.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText redacts, for JSON and every other encoding that asks.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Value refuses: a secret has no place in a database.
func (Secret) Value() (driver.Value, error) {
	return nil, errors.New("secret: refusing to store a secret")
}

// UnmarshalText sets the value, as when reading the environment.
func (s *Secret) UnmarshalText(b []byte) error {
	*s = New(string(b))
	return nil
}
