package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// An auditFilter picks lines of the audit trail. What is zero picks all.
type auditFilter struct {
	since   time.Time // that moment, or later
	until   time.Time // before that moment
	user    policy.UserID
	key     string // its public key or its id in Atlas
	request policy.ID
	org     policy.OrgID
	refused bool // only what was refused
}

func (f *auditFilter) flags(flags *flag.FlagSet, now time.Time) {
	flags.Func("since", "from then on: RFC 3339, a day (UTC), or how long ago, as in 7d", func(word string) (err error) {
		f.since, _, err = moment(word, now)
		return err
	})
	flags.Func("until", "up to then, a day with all its hours: written as -since is", func(word string) error {
		at, isDay, err := moment(word, now)
		if isDay {
			at = at.AddDate(0, 0, 1)
		}
		f.until = at
		return err
	})
	flags.Func("user", "what this person did or tried, as in U012ABCDEF", func(word string) error {
		f.user = policy.UserID(word)
		return notEmpty(word)
	})
	flags.Func("key", "what concerns this key, by its public key or its id in Atlas", func(word string) error {
		f.key = word
		return notEmpty(word)
	})
	flags.Func("request", "what concerns this request, as in AKR-7F3K2", func(word string) error {
		id, ok := approval.TypedID(word)
		if f.request = id; !ok {
			return errors.New("an id looks like AKR-7F3K2")
		}
		return nil
	})
	flags.Func("org", "what concerns this Atlas organization, by its id or its name here", func(word string) error {
		f.org = policy.OrgID(word)
		return notEmpty(word)
	})
	flags.BoolVar(&f.refused, "refused", false, "only what was refused")
}

// notEmpty refuses a filter that was meant and would pick everything, as from a
// script whose variable is not set.
func notEmpty(word string) error {
	if word == "" {
		return errors.New("it is empty")
	}
	return nil
}

// takes reports whether e is one of the lines.
func (f auditFilter) takes(e approval.AuditEntry) bool {
	return f.isWithin(e.At) &&
		cmp.Or(f.user, e.By) == e.By &&
		(f.key == "" || f.key == e.Key || f.key == e.KeyID) &&
		cmp.Or(f.request, e.Request) == e.Request &&
		cmp.Or(f.org, e.Org) == e.Org &&
		(!f.refused || e.Refused != "")
}

func (f auditFilter) isWithin(at time.Time) bool {
	return !at.Before(f.since) && (f.until.IsZero() || at.Before(f.until))
}

// moment reads a point in time in one of the ways that people write it. A day
// is its beginning, in UTC.
func moment(word string, now time.Time) (at time.Time, isDay bool, err error) {
	if at, err = time.Parse(time.RFC3339, word); err == nil {
		return at, false, nil
	}
	if at, err = time.Parse(time.DateOnly, word); err == nil {
		return at, true, nil
	}
	var ago span
	if ago.UnmarshalText([]byte(word)) == nil {
		return now.Add(-time.Duration(ago)), false, nil
	}
	return time.Time{}, false, fmt.Errorf("%q is no time like 2026-03-02T09:00:00Z, no day like 2026-03-02, and no length of time like 90m or 7d", word)
}
