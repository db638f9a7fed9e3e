package cli

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"atlaskeybot/internal/preflight"
)

// check is the preflight: it reads the configuration as run does, asks both
// platforms, and changes nothing. It posts no message and makes no key.
func (p Env) check(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	flags.SetOutput(p.Stderr)
	asJSON := flags.Bool("json", false, "print an array of {check, result, says, do}")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return errUsage
	}
	findings := preflight.RunChecks(ctx, p.Environ, p.Now)
	if err := printFindings(p.Stdout, findings, *asJSON); err != nil {
		return fmt.Errorf("printing what was found: %w", err)
	}
	if n := preflight.Count(findings, preflight.NotOK); n > 0 {
		return fmt.Errorf("%d of %d checks are not ok", n, len(findings))
	}
	return nil
}

func printFindings(w io.Writer, findings []preflight.Finding, asJSON bool) error {
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
		line("%-11s  %-22s  %s\n", inWords(f.Result), f.Check, f.Message)
		if f.Hint != "" {
			line("%-11s  %-22s  -> %s\n", "", "", f.Hint)
		}
	}
	line("\n%d ok, %d warnings, %d not checked, %d not ok\n",
		preflight.Count(findings, preflight.OK), preflight.Count(findings, preflight.Warning), preflight.Count(findings, preflight.NotChecked), preflight.Count(findings, preflight.NotOK))
	return errors.Join(errs...)
}

func inWords(r preflight.Result) string { return strings.ReplaceAll(string(r), "_", " ") }
