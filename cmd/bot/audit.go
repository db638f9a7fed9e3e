package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"regexp"
	"strings"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/store"
)

// audit prints the audit trail, oldest first, or checks it. It reads beside a
// running bot and changes nothing. docs/audit.md says what a line means.
func (p process) audit(ctx context.Context, args []string) error {
	return p.auditAt(ctx, args, time.Now)
}

func (p process) auditAt(ctx context.Context, args []string, now func() time.Time) error {
	a, err := readAudit(p, args, now)
	if err != nil {
		return err
	}
	a.filter.org = a.organizationNamed(a.filter.org)
	a.store, err = store.Open(ctx, a.database, store.Options{ReadOnly: true})
	if err != nil {
		err = fmt.Errorf("opening the database: %w", err)
		if a.verify || a.againstAtlas {
			return unchecked{err}
		}
		return err
	}
	defer a.store.Close()
	switch {
	case a.verify:
		return a.verifyChain(ctx)
	case a.againstAtlas:
		return a.compareWithAtlas(ctx)
	}
	return a.print(ctx)
}

// An auditing is what was asked of the command.
type auditing struct {
	process      process
	now          func() time.Time
	store        *store.Store
	database     string
	filter       auditFilter
	format       string
	verify       bool
	head         string // kept from an earlier time, or empty
	againstAtlas bool
}

// unchecked is an error that kept something from being checked. It ends the
// command like one that was not understood: 1 is kept for what was found wrong.
type unchecked struct{ error }

func (u unchecked) Unwrap() error { return u.error }

func (unchecked) Is(target error) bool { return target == errUsage }

func readAudit(p process, args []string, now func() time.Time) (*auditing, error) {
	a := &auditing{process: p, now: now}
	flags := flag.NewFlagSet("audit", flag.ContinueOnError)
	flags.SetOutput(p.stderr)
	flags.StringVar(&a.database, "database", p.databaseURL(), "the database to read; the default is DATABASE_URL")
	flags.StringVar(&a.format, "format", formatJSON, "json (lines) or csv")
	flags.BoolVar(&a.verify, "verify", false, "check the chain over the whole trail, and print its head")
	flags.StringVar(&a.head, "head", "", "with -verify: a head printed earlier, which must still be in the chain")
	flags.BoolVar(&a.againstAtlas, "against-atlas", false, "print what only one of the trail and Atlas's events tells of")
	a.filter.flags(flags, now())
	if err := flags.Parse(args); err != nil {
		return nil, errUsage
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("audit takes no %q: %w", flags.Arg(0), errUsage)
	}
	if err := a.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", err, errUsage)
	}
	return a, nil
}

var lineHash = regexp.MustCompile(`^[0-9a-f]{64}$`)

// check refuses flags that say nothing together: somebody who gives them
// expects what they would not get.
func (a *auditing) check() error {
	a.head = strings.ToLower(strings.TrimSpace(a.head))
	window := auditFilter{since: a.filter.since, until: a.filter.until, org: a.filter.org}
	switch {
	case a.format != formatJSON && a.format != formatCSV:
		return fmt.Errorf("-format is %q: json or csv", a.format)
	case a.verify && a.againstAtlas:
		return errors.New("-verify and -against-atlas are two commands")
	case a.verify && a.filter != (auditFilter{}):
		return errors.New("-verify is about the whole trail: leave the filters away")
	case a.againstAtlas && a.filter != window:
		return errors.New("-against-atlas takes -since, -until and -org, and no other filter")
	case a.head != "" && !a.verify:
		return errors.New("-head goes with -verify")
	case a.head != "" && !lineHash.MatchString(a.head):
		return errors.New("-head is not a hash: it is 64 hexadecimal digits, as -verify prints them")
	}
	return nil
}

// organizationNamed lets an organization be given by its name or its word of
// ORGS as well.
func (a *auditing) organizationNamed(word policy.OrgID) policy.OrgID {
	c, _ := readConfig(a.process.environ) // what it says of other variables is not ours
	for _, o := range c.organizations {
		if o.is(string(word)) && o.id != "" {
			return o.id
		}
	}
	return word
}

// print prints the lines that were asked for.
func (a *auditing) print(ctx context.Context) error {
	out, err := newSheet(a.process.stdout, a.format, auditColumns)
	if err != nil {
		return fmt.Errorf("printing the audit trail: %w", err)
	}
	err = a.store.Audit(ctx, func(e approval.AuditEntry) error {
		if !a.filter.takes(e) {
			return nil
		}
		return out.add(auditLine(e))
	})
	if err != nil {
		return fmt.Errorf("printing the audit trail: %w", err)
	}
	return out.end()
}
