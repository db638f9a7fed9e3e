package cli

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/audittrail"
	"atlaskeybot/internal/plaintext"
	"atlaskeybot/internal/policyfile"
)

// addFilterFlags adds a flag for each field of a filter.
func addFilterFlags(command *cobra.Command, env Env) *audittrail.Filter {
	var f audittrail.Filter
	addWindowFlags(command, &f, env)
	flags := command.Flags()
	flags.Func("user", "what this person did or tried: a Slack user `ID`, as in U012ABCDEF", func(word string) error {
		f.User = policy.UserID(word)
		return notEmpty(word)
	})
	flags.Func("key", "what concerns this `key`: its public key or its ID in Atlas", func(word string) error {
		f.Key = word
		return notEmpty(word)
	})
	flags.Func("request", "what concerns this request: its `ID`, as in AKR-7F3K2", func(word string) error {
		id, ok := approval.TypedID(word)
		if f.Request = id; !ok {
			return errors.New("an id looks like AKR-7F3K2")
		}
		return nil
	})
	flags.Func("ticket", "what concerns this `ticket`, as it was typed", func(word string) error {
		f.Details = policy.Details{string(policy.FieldTicket): plaintext.Line(word)}
		return notEmpty(word)
	})
	flags.BoolVar(&f.Refused, "refused", false, "only what was refused")
	return &f
}

// addWindowFlags adds the flags for a time and an organization.
func addWindowFlags(command *cobra.Command, f *audittrail.Filter, env Env) {
	flags := command.Flags()
	flags.Func("since", "from this `time` on: RFC 3339, a day (UTC), or how long ago, as in 7d", func(word string) (err error) {
		f.Since, _, err = parseTime(word, env.Now())
		return err
	})
	flags.Func("until", "before this `time`, or up to the end of a day; written as for --since", func(word string) error {
		at, isDay, err := parseTime(word, env.Now())
		if isDay {
			at = at.AddDate(0, 0, 1)
		}
		f.Until = at
		return err
	})
	flags.Func("org", "what concerns this Atlas `organization`: its ID, or its name in the configuration", func(word string) error {
		f.Org = policy.OrgID(word)
		return notEmpty(word)
	})
}

// notEmpty refuses an empty filter, as from a script whose variable is not set: it
// would pick everything.
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
