package approval

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"atlaskeybot/internal/approval/policy"
)

// An AuditEntry is one line of the audit trail.
type AuditEntry struct {
	Seq     int64         `json:"seq"`
	At      time.Time     `json:"at"`
	Org     policy.OrgID  `json:"org"`
	Request policy.ID     `json:"request"`
	Event   Event         `json:"event"`
	From    State         `json:"from"`
	To      State         `json:"to"`
	By      policy.UserID `json:"by"` // empty: the bot itself
	Note    string        `json:"note,omitempty"`

	// Refused names why an attempt changed nothing; From and To are equal then.
	Refused string `json:"refused,omitempty"`

	// Key and KeyID are the public key and Atlas's id of the key that the line
	// is about; empty if the request has none.
	Key   string `json:"key,omitempty"`
	KeyID string `json:"key_id,omitempty"`

	// Details are those of the request.
	Details AuditDetails `json:"details,omitempty"`

	// Prev is the Hash of the line before; Hash is over all of this one. The
	// store fills in both, and Seq: see [AuditEntry.Linked] and [Chain].
	Prev string `json:"prev"`
	Hash string `json:"hash"`
}

// withKey returns e with the key that it is about: the one that the request has
// now, or else the one that it had until then.
func (e AuditEntry) withKey(before, now Key) AuditEntry {
	if now == (Key{}) {
		now = before
	}
	e.Key, e.KeyID = now.PublicKey, now.ID
	return e
}

// hashFormat is the first thing hashed of every line, so that a line that is one
// day hashed in another way cannot be taken for one of these.
const hashFormat = "atlas-key-bot audit 1"

// Linked returns e as the line after one whose hash is prev: with its time in
// UTC and cut to the millisecond, as it is stored, and with Prev and Hash. Seq
// must be set. The first line comes after the empty hash.
func (e AuditEntry) Linked(prev string) AuditEntry {
	e.At = e.At.UTC().Truncate(time.Millisecond)
	e.Prev = prev
	e.Hash = e.hash()
	return e
}

// hash is the SHA-256, in hexadecimal, of every field but Hash, each as a
// netstring: its length in bytes, a colon, its text, a comma. A time is the
// text that it has in JSON. docs/audit.md shows it in another language.
func (e AuditEntry) hash() string {
	var b []byte
	for _, field := range []string{
		hashFormat, e.Prev, strconv.FormatInt(e.Seq, 10), e.At.Format(time.RFC3339Nano),
		string(e.Org), string(e.Request), string(e.Event), string(e.From), string(e.To), string(e.By),
		e.Note, e.Refused, e.Key, e.KeyID, string(e.Details),
	} {
		b = strconv.AppendInt(b, int64(len(field)), 10)
		b = append(append(append(b, ':'), field...), ',')
	}
	hash := sha256.Sum256(b)
	return hex.EncodeToString(hash[:])
}

// ErrBrokenChain is of a line that does not continue the chain.
var ErrBrokenChain = errors.New("the chain is broken")

// A Chain follows the audit trail, line by line. The zero value stands before
// the first line.
type Chain struct {
	Lines int64      // followed so far
	Last  AuditEntry // the last of them
}

// Next takes the line that comes next. It returns an error that wraps
// [ErrBrokenChain], and stays where it is, if e is not what was written after
// the last line.
func (c *Chain) Next(e AuditEntry) error {
	if why := c.wrong(e); why != "" {
		return fmt.Errorf("%w at line %d (%s, %s %s): %s", ErrBrokenChain, e.Seq, e.At.Format(time.RFC3339Nano), e.Event, e.Request, why)
	}
	c.Lines++
	c.Last = e
	return nil
}

// wrong says in what way e does not follow, or nothing. It can name where the
// chain breaks, and only guess what was done to it.
func (c *Chain) wrong(e AuditEntry) string {
	before := c.Last
	switch {
	case e.Seq <= 0:
		return "the bot numbers its lines from 1: it was inserted"
	case e.Hash == "":
		return "it has no hash: it was inserted, and not by the bot"
	case e.Hash != e.hash():
		return "its hash is not the hash of what it says: it was edited, moved or inserted"
	case e.Prev == before.Hash && e.Seq > before.Seq:
		return ""
	case c.Lines == 0:
		return "it is not the first line that was written: those before it were removed"
	case e.Seq <= before.Seq:
		return fmt.Sprintf("it comes after line %d: the order was changed", before.Seq)
	case e.Seq > before.Seq+1:
		return fmt.Sprintf("it does not follow line %d: what was between them was removed", before.Seq)
	}
	return fmt.Sprintf("it does not follow line %d: that one was edited and its hash made anew, or lines were removed or inserted between them", before.Seq)
}

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
