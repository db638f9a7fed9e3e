package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"atlaskeybot/internal/preflight"
)

func newCheckCommand(env Env) *cobra.Command {
	command := &cobra.Command{
		Use:     "check",
		Short:   "Check everything that the bot depends on, and change nothing",
		GroupID: groupRun,
		Long: "Check everything that the bot depends on: configuration, database, clock, tokens, channel, approvers\n" +
			"and Atlas. It posts no message and creates no key, and may run beside a running bot.\n" +
			"It ends with 1 if a check is not ok.",
		Example: example("check", "check --output json"),
		Args:    noArguments,
	}
	output := addOutputFlag(command, outputText, outputJSON)
	command.RunE = func(*cobra.Command, []string) error {
		findings := preflight.RunChecks(command.Context(), env.Environ, env.Now)
		if err := printFindings(env.Stdout, findings, output); err != nil {
			return fmt.Errorf("printing the findings: %w", err)
		}
		if n := preflight.Count(findings, preflight.NotOK); n > 0 {
			return fmt.Errorf("%d of %d checks are not ok", n, len(findings))
		}
		return nil
	}
	return command
}

func printFindings(w io.Writer, findings []preflight.Finding, output *outputFormat) error {
	if output.isJSON() {
		return printJSON(w, findings)
	}
	var errs []error
	line := func(format string, args ...any) {
		_, err := fmt.Fprintf(w, format, args...)
		errs = append(errs, err)
	}
	for _, f := range findings {
		line("%-11s  %-22s  %s\n", resultText(f.Result), f.Check, f.Message)
		if f.Hint != "" {
			line("%-11s  %-22s  -> %s\n", "", "", f.Hint)
		}
	}
	line("\n%d ok, %d warnings, %d not checked, %d not ok\n",
		preflight.Count(findings, preflight.OK), preflight.Count(findings, preflight.Warning),
		preflight.Count(findings, preflight.NotChecked), preflight.Count(findings, preflight.NotOK))
	return errors.Join(errs...)
}

func resultText(r preflight.Result) string { return strings.ReplaceAll(string(r), "_", " ") }
