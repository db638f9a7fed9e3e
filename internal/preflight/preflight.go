package preflight

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"atlaskeybot/internal/config"
	"atlaskeybot/internal/policyfile"
	"atlaskeybot/internal/version"
)

// timeout bounds a whole preflight.
const timeout = 2 * time.Minute

// A Result is what came of one check. Scripts read it.
type Result string

const (
	OK         Result = "ok"
	NotOK      Result = "not_ok"
	Warning    Result = "warning"     // it works, and is not as it should be
	NotChecked Result = "not_checked" // nobody knows
)

// A Finding is one line of the preflight. Names of checks stay as they are; a
// check that is about several things has one finding for each.
type Finding struct {
	Check   string `json:"check"`
	Result  Result `json:"result"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"` // the way on, if one is needed
}

// A checker makes the checks of one preflight.
type checker struct {
	environ map[string]string
	now     func() time.Time

	config   config.Config
	org      config.Organization // the one being checked
	findings []Finding
}

// RunChecks reads the configuration as the start does, asks both platforms, and
// changes nothing: it posts no message and creates no key.
func RunChecks(ctx context.Context, environ map[string]string, now func() time.Time) []Finding {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return (&checker{environ: environ, now: now}).run(ctx)
}

// run makes every check, nearest things first.
func (c *checker) run(ctx context.Context) []Finding {
	c.version()
	c.configuration()
	c.database(ctx)
	c.listenAddress(ctx)
	c.proxies()
	c.slack(ctx)
	c.atlas(ctx)
	return c.findings
}

func (c *checker) ok(check, says string) { c.add(check, OK, says, "") }

func (c *checker) bad(check, says, do string) { c.add(check, NotOK, says, do) }

func (c *checker) warn(check, says, do string) { c.add(check, Warning, says, do) }

func (c *checker) unknown(check, says, do string) { c.add(check, NotChecked, says, do) }

// forEachOrganization looks at one after the other; checks are what that comes to.
func (c *checker) forEachOrganization(checks []string, look func()) {
	if len(c.config.Organizations) == 0 {
		c.skip("ORGS has to be corrected first.", checks...)
	}
	for _, o := range c.config.Organizations {
		c.org = o
		look()
	}
	c.org = config.Organization{}
}

// skip notes that checks were not made, since something before them failed.
func (c *checker) skip(why string, checks ...string) {
	for _, check := range checks {
		c.unknown(check, why, "")
	}
}

func (c *checker) add(check string, r Result, says, do string) {
	if c.org.Prefix != "" { // one of several
		says = c.org.Name + ": " + says
	}
	c.findings = append(c.findings, Finding{check, r, config.Redact(c.environ, says), config.Redact(c.environ, do)})
}

// configuration has a line for every problem that run would end with.
func (c *checker) configuration() {
	var err error
	if c.config, err = config.Read(c.environ); err == nil {
		c.ok("configuration", "Every variable is there and has a value that can be used.")
	}
	for _, w := range c.config.Warnings {
		c.warn("configuration", sentence(w), "Correct its name, or take it out of the bot's environment; .env.example has every name.")
	}
	for _, problem := range config.SplitErrors(err) {
		do := "Mend it in the bot's environment; .env.example explains every variable."
		if _, inFile := errors.AsType[*policyfile.Problem](problem); inFile {
			do = "Mend it in the policy file; docs/policy.md explains every field."
		}
		c.bad("configuration", sentence(problem.Error()), do)
	}
}

func (c *checker) version() {
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
