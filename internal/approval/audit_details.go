package approval

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"atlaskeybot/internal/approval/policy"
)

// AuditDetails is what a line of the audit trail says by name, as canonical JSON
// (RFC 8785): one object of strings, its names sorted, without spaces. It is empty
// if there is nothing to say. The line's hash is over exactly this text, so that
// a new name changes no format.
type AuditDetails string

// NewAuditDetails returns details as canonical JSON. Names are ASCII.
func NewAuditDetails(details policy.Details) AuditDetails {
	if len(details) == 0 {
		return ""
	}
	var b strings.Builder
	for i, name := range slices.Sorted(maps.Keys(details)) {
		if i == 0 {
			b.WriteByte('{')
		} else {
			b.WriteByte(',')
		}
		writeCanonical(&b, name)
		b.WriteByte(':')
		writeCanonical(&b, details[name])
	}
	b.WriteByte('}')
	return AuditDetails(b.String())
}

// writeCanonical writes s as a JSON string that escapes only what JSON demands.
func writeCanonical(b *strings.Builder, s string) {
	const hexDigits = "0123456789abcdef"
	b.WriteByte('"')
	for _, r := range s {
		if short, ok := shortEscapes[r]; ok {
			b.WriteString(short)
			continue
		}
		if r < ' ' {
			b.WriteString(`\u00`)
			b.WriteByte(hexDigits[r>>4])
			b.WriteByte(hexDigits[r&0xf])
			continue
		}
		b.WriteRune(r)
	}
	b.WriteByte('"')
}

var shortEscapes = map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\t': `\t`, '\n': `\n`, '\f': `\f`, '\r': `\r`}

// Map returns the details by name: none if d was tampered with and is no object of
// strings.
func (d AuditDetails) Map() policy.Details {
	var details policy.Details
	if json.Unmarshal([]byte(d), &details) != nil {
		return nil
	}
	return details
}

// MarshalJSON writes the object itself, or d as a string if it was tampered with.
func (d AuditDetails) MarshalJSON() ([]byte, error) {
	if details := d.Map(); details != nil && NewAuditDetails(details) == d {
		return []byte(d), nil
	}
	return json.Marshal(string(d))
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (d *AuditDetails) UnmarshalJSON(text []byte) error {
	var details policy.Details
	if err := json.Unmarshal(text, &details); err != nil {
		return json.Unmarshal(text, (*string)(d))
	}
	*d = NewAuditDetails(details)
	return nil
}
