package preflight

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"atlaskeybot/internal/atlas"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/policyfile"
	"atlaskeybot/internal/slackui/client"
	"atlaskeybot/internal/store"
	"atlaskeybot/internal/version"
)

// timeout bounds a whole preflight.
const timeout = 2 * time.Minute

// A Result is the result of one check. Scripts read it.
type Result string

const (
	OK         Result = "ok"
	NotOK      Result = "not_ok"
	Warning    Result = "warning"     // it works and should be corrected
	NotChecked Result = "not_checked" // unknown
)

// A Finding is one result of a check. Scripts depend on the names of checks, which
// do not change. A check of several things has one finding for each.
type Finding struct {
	Check   string `json:"check"`
	Result  Result `json:"result"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"` // what to do, if anything
}

// A checker makes the checks of one preflight, or those of the start.
type checker struct {
	environ map[string]string
	now     func() time.Time
	config  config.Config

	inspect      func(ctx context.Context, url string) (store.Status, error)
	connectSlack func(context.Context) (*client.Slack, error)
	connectAtlas func(config.Organization) (*atlas.Client, error)

	org       config.Organization // the one being checked
	workspace *client.Slack       // nil until Slack accepts the token
	api       *atlas.Client       // of org
	status    atlas.Status        // of the bot's key in org
	channels  map[string]error    // the result of each channel that was checked

	findings   []Finding
	stopped    bool // the list of probes that is run
	stopReason string
	cause      error // of the finding that comes next

	starting bool
	problems []error // that keep the bot from starting
	unclear  error   // why something could not be checked
}

// RunChecks reads the configuration as the start does, asks both platforms, and
// changes nothing: it posts no message and creates no key.
func RunChecks(ctx context.Context, environ map[string]string, now func() time.Time) []Finding {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	c := &checker{environ: environ, now: now, inspect: store.Inspect}
	c.connectSlack = func(ctx context.Context) (*client.Slack, error) { return client.Connect(ctx, c.slackConfig()) }
	c.connectAtlas = c.newAtlasClient
	return c.run(ctx)
}

// run makes every check, from this machine outwards.
func (c *checker) run(ctx context.Context) []Finding {
	c.runProbes(ctx, hostProbes)
	c.slack(ctx)
	c.runProbes(ctx, appProbes)
	c.atlas(ctx)
	return c.findings
}

func (c *checker) ok(check, message string) { c.add(check, OK, message, "") }

func (c *checker) bad(check, message, hint string) { c.add(check, NotOK, message, hint) }

func (c *checker) warn(check, message, hint string) { c.add(check, Warning, message, hint) }

func (c *checker) unknown(check, message, hint string) { c.add(check, NotChecked, message, hint) }

// forEachOrganization runs probes in one organization after the other. If the
// probes before them had to stop, so do these.
func (c *checker) forEachOrganization(ctx context.Context, probes []probe) {
	if len(c.config.Organizations) == 0 && !c.stopped {
		c.stop("ORGS has to be corrected first.")
	}
	if c.stopped {
		c.runProbes(ctx, probes)
		c.stopped = false
		return
	}
	for _, o := range c.config.Organizations {
		c.org = o
		c.runProbes(ctx, probes)
		c.stopped = false
		if c.api != nil {
			c.api.Close()
			c.api = nil
		}
	}
	c.org = config.Organization{}
}

// skip notes that checks were not made, and why.
func (c *checker) skip(why string, checks ...string) {
	cause := c.cause
	c.cause = nil
	for _, check := range checks {
		c.unknown(check, why, "")
	}
	c.cause = cause
}

func (c *checker) add(check string, r Result, message, hint string) {
	if c.org.Prefix != "" { // one of several
		message = c.org.Name + ": " + message
	}
	f := Finding{check, r, config.Redact(c.environ, message), config.Redact(c.environ, hint)}
	c.findings = append(c.findings, f)
	switch {
	case r == NotOK && !c.isDegraded(check), r == NotChecked && isPermanent(c.cause):
		c.problems = append(c.problems, &Problem{f, c.cause})
	case r == NotChecked && c.cause != nil:
		c.unclear = c.cause
	}
}

// isDegraded reports whether the bot starts although a check is not ok: damaged
// requests do not affect the others.
func (c *checker) isDegraded(check string) bool {
	return check == "database" && c.cause == nil
}

// configuration has a finding for every problem that aborts the start.
func (c *checker) configuration(context.Context) {
	var err error
	if c.config, err = config.Read(c.environ); err == nil {
		c.ok("configuration", "Every variable is there and has a value that can be used.")
	}
	for _, w := range c.config.Warnings {
		c.warn("configuration", sentence(w), "Correct its name, or take it out of the bot's environment; .env.example has every name.")
	}
	for _, problem := range config.SplitErrors(err) {
		hint := "Correct it in the bot's environment; .env.example explains every variable."
		if _, inFile := errors.AsType[*policyfile.Problem](problem); inFile {
			hint = "Correct it in the policy file; docs/policy.md explains every field."
		}
		c.bad("configuration", sentence(problem.Error()), hint)
	}
}

func (c *checker) version(context.Context) {
	c.ok("version", version.String())
}

// Count returns how many findings have a result.
func Count(findings []Finding, r Result) int {
	n := 0
	for _, f := range findings {
		if f.Result == r {
			n++
		}
	}
	return n
}

// sentence begins with a capital and ends with a full stop or a question mark.
func sentence(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return ""
	}
	return strings.TrimSuffix(string(unicode.ToUpper(first))+s[size:], ".") + map[bool]string{false: "."}[strings.HasSuffix(s, "?")]
}
