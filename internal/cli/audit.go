package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"regexp"
	"strings"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/audittrail"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/preflight"
	"atlaskeybot/internal/store"
)

// audit prints the audit trail, oldest first, or checks it. It reads beside a
// running bot and changes nothing. docs/audit.md says what a line means.
func (p Env) audit(ctx context.Context, args []string) error {
	a, err := readAudit(p, args)
	if err != nil {
		return err
	}
	a.filter.Org = a.organizationNamed(a.filter.Org)
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
		return a.compare(ctx)
	}
	return audittrail.Print(ctx, a.store, a.filter, a.format, p.Stdout)
}

// An auditCommand is an audit command with its flags.
type auditCommand struct {
	process      Env
	store        *store.Store
	database     string
	filter       audittrail.Filter
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

func readAudit(p Env, args []string) (*auditCommand, error) {
	a := &auditCommand{process: p}
	flags := flag.NewFlagSet("audit", flag.ContinueOnError)
	flags.SetOutput(p.Stderr)
	flags.StringVar(&a.database, "database", config.DatabaseURL(p.Environ), "the database to read; the default is DATABASE_URL")
	flags.StringVar(&a.format, "format", audittrail.FormatJSON, "json (lines) or csv")
	flags.BoolVar(&a.verify, "verify", false, "check the chain over the whole trail, and print its head")
	flags.StringVar(&a.head, "head", "", "with -verify: a head printed earlier, which must still be in the chain")
	flags.BoolVar(&a.againstAtlas, "against-atlas", false, "print what only one of the trail and Atlas's events tells of")
	filterFlags(&a.filter, flags, p.Now())
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
func (a *auditCommand) check() error {
	a.head = strings.ToLower(strings.TrimSpace(a.head))
	window := audittrail.Filter{Since: a.filter.Since, Until: a.filter.Until, Org: a.filter.Org}
	switch {
	case a.format != audittrail.FormatJSON && a.format != audittrail.FormatCSV:
		return fmt.Errorf("-format is %q: json or csv", a.format)
	case a.verify && a.againstAtlas:
		return errors.New("-verify and -against-atlas are two commands")
	case a.verify && a.filter != (audittrail.Filter{}):
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
func (a *auditCommand) organizationNamed(word policy.OrgID) policy.OrgID {
	c, _ := config.Read(a.process.Environ) // what it says of other variables is not ours
	for _, o := range c.Organizations {
		if o.Matches(string(word)) && o.ID != "" {
			return o.ID
		}
	}
	return word
}

// verifyChain separates a chain that is broken from one that was not checked.
func (a *auditCommand) verifyChain(ctx context.Context) error {
	err := audittrail.Verify(ctx, a.store, a.head, a.process.Stdout)
	if err != nil && !errors.Is(err, approval.ErrBrokenChain) {
		return unchecked{err}
	}
	return err
}

// compare separates differences from a comparison that was not made.
func (a *auditCommand) compare(ctx context.Context) error {
	config, orgs, err := a.atlasConfig()
	if err != nil {
		return unchecked{err}
	}
	comparer := &audittrail.Comparer{
		Store: a.store, Config: config, Now: a.process.Now, Organizations: orgs, Window: a.filter,
		Format: a.format, Stdout: a.process.Stdout, Stderr: a.process.Stderr,
	}
	err = comparer.Run(ctx)
	if errors.Is(err, audittrail.ErrAtlas) {
		message, hint := preflight.AtlasProblem(config.AtlasBaseURL, err)
		err = fmt.Errorf("%w. %s %s", err, message, hint)
	}
	if err != nil && !errors.Is(err, audittrail.ErrDifferences) {
		return unchecked{err}
	}
	return err
}

// atlasConfig reads the ATLAS variables alone: whoever audits need not hold
// Slack's secrets. It returns the organizations that are to be compared.
func (a *auditCommand) atlasConfig() (config.Config, []config.Organization, error) {
	c, _ := config.Read(a.process.Environ) // what it says of other variables is not ours
	if config.CheckURL(c.AtlasBaseURL) != nil {
		return c, nil, fmt.Errorf("ATLAS_BASE_URL is %q: %w", c.AtlasBaseURL, config.CheckURL(c.AtlasBaseURL))
	}
	var orgs []config.Organization
	for _, o := range c.Organizations {
		if a.filter.Org != "" && a.filter.Org != o.ID {
			continue
		}
		if !config.IsOrgID(string(o.ID)) || o.PublicKey == "" || o.PrivateKey.IsZero() {
			return c, nil, fmt.Errorf("-against-atlas reads Atlas: set %s, %s and %s; a key with Organization Read Only will do",
				o.Variable("ATLAS_ORG_ID"), o.Variable("ATLAS_PUBLIC_KEY"), o.Variable("ATLAS_PRIVATE_KEY"))
		}
		orgs = append(orgs, o)
	}
	if len(orgs) == 0 {
		return c, nil, fmt.Errorf("the environment has no credential for the organization %s", a.filter.Org)
	}
	return c, orgs, nil
}
