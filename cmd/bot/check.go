package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"atlaskeybot/internal/policyfile"
)

// checkLimit bounds a whole preflight.
const checkLimit = 2 * time.Minute

// check is the preflight: it reads the configuration as run does, asks both
// platforms, and changes nothing. It posts no message and makes no key.
func (p process) check(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	flags.SetOutput(p.stderr)
	asJSON := flags.Bool("json", false, "print an array of {check, result, says, do}")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return errUsage
	}
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	c := &checkup{process: p, now: time.Now}
	findings := c.run(ctx)
	if err := printFindings(p.stdout, findings, *asJSON); err != nil {
		return fmt.Errorf("printing what was found: %w", err)
	}
	if n := count(findings, notOK); n > 0 {
		return fmt.Errorf("%d of %d checks are not ok", n, len(findings))
	}
	return nil
}

// A result is what came of one check. Scripts read it.
type result string

const (
	allOK      result = "ok"
	notOK      result = "not_ok"
	warning    result = "warning"     // it works, and is not as it should be
	notChecked result = "not_checked" // nobody knows
)

// A finding is one line of the preflight. Names of checks stay as they are; a
// check that is about several things has one finding for each.
type finding struct {
	Check  string `json:"check"`
	Result result `json:"result"`
	Says   string `json:"says"`
	Do     string `json:"do,omitempty"` // the way on, if one is needed
}

// A checkup is a preflight under way.
type checkup struct {
	process process
	now     func() time.Time

	config   Config
	org      organization // the one being looked at
	findings []finding
}

// run makes every check, nearest things first.
func (c *checkup) run(ctx context.Context) []finding {
	c.version(ctx)
	c.configuration()
	c.database(ctx)
	c.listenAddress(ctx)
	c.proxies()
	c.slack(ctx)
	c.atlas(ctx)
	return c.findings
}

func (c *checkup) ok(check, says string)          { c.add(check, allOK, says, "") }
func (c *checkup) bad(check, says, do string)     { c.add(check, notOK, says, do) }
func (c *checkup) warn(check, says, do string)    { c.add(check, warning, says, do) }
func (c *checkup) unknown(check, says, do string) { c.add(check, notChecked, says, do) }

// eachOrganization looks at one after the other; checks are what that comes to.
func (c *checkup) eachOrganization(checks []string, look func()) {
	if len(c.config.organizations) == 0 {
		c.skip("ORGS has to be corrected first.", checks...)
	}
	for _, o := range c.config.organizations {
		c.org = o
		look()
	}
	c.org = organization{}
}

// skip notes that checks were not made, since something before them failed.
func (c *checkup) skip(why string, checks ...string) {
	for _, check := range checks {
		c.unknown(check, why, "")
	}
}

func (c *checkup) add(check string, r result, says, do string) {
	if c.org.prefix != "" { // one of several
		says = c.org.name + ": " + says
	}
	c.findings = append(c.findings, finding{check, r, c.clean(says), c.clean(do)})
}

// looksSecret matches what is a secret wherever it was put: Slack's tokens, the
// private keys of Atlas, and a password in a URL.
var looksSecret = regexp.MustCompile(`xox[a-z.]*-[\w-]+|xapp-[\w-]+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|//[^/\s"]*@`)

// clean is the last door: no secret leaves, also none that was pasted into the
// wrong variable and is repeated as such.
func (c *checkup) clean(text string) string {
	meant, _ := readable(c.process.environ)
	for _, environ := range []map[string]string{c.process.environ, meant} {
		for name, value := range environ {
			if isSecret(name) && len(value) >= 8 {
				text = strings.ReplaceAll(text, value, "[redacted]")
			}
		}
	}
	return looksSecret.ReplaceAllString(text, "[redacted]")
}

// isSecret reports whether a variable holds a secret. The private keys of several
// organizations have prefixes.
func isSecret(variable string) bool {
	return slices.Contains([]string{"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"}, variable) ||
		strings.HasSuffix(variable, "ATLAS_PRIVATE_KEY")
}

// configuration has a line for every problem that run would end with.
func (c *checkup) configuration() {
	var err error
	if c.config, err = readConfig(c.process.environ); err == nil {
		c.ok("configuration", "Every variable is there and has a value that can be used.")
	}
	for _, w := range c.config.warnings {
		c.warn("configuration", sentence(w), "Correct its name, or take it out of the bot's environment; .env.example has every name.")
	}
	for _, problem := range problemsOf(err) {
		do := "Mend it in the bot's environment; .env.example explains every variable."
		if _, inFile := errors.AsType[*policyfile.Problem](problem); inFile {
			do = "Mend it in the policy file; docs/policy.md explains every field."
		}
		c.bad("configuration", sentence(problem.Error()), do)
	}
}

func (c *checkup) version(ctx context.Context) {
	var text strings.Builder
	if err := (process{stdout: &text}).version(ctx, nil); err != nil {
		c.unknown("version", "This build does not know its version.", "")
		return
	}
	c.ok("version", strings.TrimSpace(text.String()))
}

func count(findings []finding, r result) int {
	n := 0
	for _, f := range findings {
		if f.Result == r {
			n++
		}
	}
	return n
}

func printFindings(w io.Writer, findings []finding, asJSON bool) error {
	if asJSON {
		out := json.NewEncoder(w)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		return out.Encode(findings)
	}
	var errs []error
	line := func(format string, args ...any) {
		_, err := fmt.Fprintf(w, format, args...)
		errs = append(errs, err)
	}
	for _, f := range findings {
		line("%-11s  %-22s  %s\n", inWords(f.Result), f.Check, f.Says)
		if f.Do != "" {
			line("%-11s  %-22s  -> %s\n", "", "", f.Do)
		}
	}
	line("\n%d ok, %d warnings, %d not checked, %d not ok\n",
		count(findings, allOK), count(findings, warning), count(findings, notChecked), count(findings, notOK))
	return errors.Join(errs...)
}

// sentence begins with a capital and ends with a full stop or a question mark.
func sentence(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return ""
	}
	return strings.TrimSuffix(string(unicode.ToUpper(first))+s[size:], ".") + map[bool]string{false: "."}[strings.HasSuffix(s, "?")]
}

func inWords(r result) string { return strings.ReplaceAll(string(r), "_", " ") }
