package cli

import (
	"errors"
	"flag"
	"fmt"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/audittrail"
	"atlaskeybot/internal/policyfile"
)

func filterFlags(f *audittrail.Filter, flags *flag.FlagSet, now time.Time) {
	flags.Func("since", "from then on: RFC 3339, a day (UTC), or how long ago, as in 7d", func(word string) (err error) {
		f.Since, _, err = parseTime(word, now)
		return err
	})
	flags.Func("until", "up to then, a day with all its hours: written as -since is", func(word string) error {
		at, isDay, err := parseTime(word, now)
		if isDay {
			at = at.AddDate(0, 0, 1)
		}
		f.Until = at
		return err
	})
	flags.Func("user", "what this person did or tried, as in U012ABCDEF", func(word string) error {
		f.User = policy.UserID(word)
		return notEmpty(word)
	})
	flags.Func("key", "what concerns this key, by its public key or its id in Atlas", func(word string) error {
		f.Key = word
		return notEmpty(word)
	})
	flags.Func("request", "what concerns this request, as in AKR-7F3K2", func(word string) error {
		id, ok := approval.TypedID(word)
		if f.Request = id; !ok {
			return errors.New("an id looks like AKR-7F3K2")
		}
		return nil
	})
	flags.Func("org", "what concerns this Atlas organization, by its id or its name here", func(word string) error {
		f.Org = policy.OrgID(word)
		return notEmpty(word)
	})
	flags.BoolVar(&f.Refused, "refused", false, "only what was refused")
}

// notEmpty refuses a filter that was meant and would pick everything, as from a
// script whose variable is not set.
func notEmpty(word string) error {
	if word == "" {
		return errors.New("it is empty")
	}
	return nil
}

// parseTime reads a point in time in one of the ways that people write it. A day
// is its beginning, in UTC.
func parseTime(word string, now time.Time) (at time.Time, isDay bool, err error) {
	if at, err = time.Parse(time.RFC3339, word); err == nil {
		return at, false, nil
	}
	if at, err = time.Parse(time.DateOnly, word); err == nil {
		return at, true, nil
	}
	if ago, err := policyfile.ParseDuration(word); err == nil {
		return now.Add(-ago), false, nil
	}
	return time.Time{}, false, fmt.Errorf("%q is no time like 2026-03-02T09:00:00Z, no day like 2026-03-02, and no length of time like 90m or 7d", word)
}
