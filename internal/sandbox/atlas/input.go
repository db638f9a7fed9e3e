package atlas

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
)

// maxDesc is the longest description, in UTF-16 as Java counts.
const maxDesc = 250

// attributes are the members of a JSON object, not yet looked at.
type attributes map[string]json.RawMessage

// readOnlyAttributes are refused by name where they are sent.
var readOnlyAttributes = []string{"id", "publicKey", "privateKey", "links", "created", "count", "lastUsed", "lastUsedAddress"}

// decodeInto reads one JSON value and nothing behind it.
func decodeInto(body []byte, into any) *refusal {
	if !json.Valid(body) {
		return malformed.of()
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(into); err != nil {
		return wrongShape.of()
	}
	if _, err := d.Token(); err != io.EOF {
		return malformed.of()
	}
	return nil
}

// check refuses attributes that are not allowed.
func (a attributes) check(allowed ...string) *refusal {
	for name := range a {
		switch {
		case slices.Contains(allowed, name):
		case slices.Contains(readOnlyAttributes, name):
			return readOnly.of(name)
		default:
			return unknownAttribute.of(name)
		}
	}
	return nil
}

// read fills into from the attribute, if it is there and not null.
func (a attributes) read(name string, into any) (present bool, refused *refusal) {
	raw, ok := a[name]
	if !ok || string(raw) == "null" {
		return false, nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return false, wrongAttribute.of(name)
	}
	return true, nil
}

// keyInput is the body of a create or an update: what was given of it.
type keyInput struct {
	desc              string
	roles             []string
	hasDesc, hasRoles bool
}

// keyBody reads and checks desc; the caller checks the roles, which depend on the scope.
func keyBody(c *call) (keyInput, *refusal) {
	var in keyInput
	var a attributes
	if refused := decodeInto(c.body, &a); refused != nil {
		return in, refused
	}
	if a == nil {
		return in, wrongShape.of()
	}
	refused := a.check("desc", "roles")
	if refused == nil {
		in.hasDesc, refused = a.read("desc", &in.desc)
	}
	if refused == nil {
		in.hasRoles, refused = a.read("roles", &in.roles)
	}
	if refused == nil && in.hasDesc {
		refused = checkDesc(in.desc)
	}
	return in, refused
}

func checkDesc(desc string) *refusal {
	switch {
	case strings.TrimSpace(desc) == "":
		return noDesc.of()
	case len(utf16.Encode([]rune(desc))) > maxDesc:
		return longDesc.of(maxDesc)
	}
	return nil
}
