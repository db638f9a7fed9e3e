package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// ExitCode is 0 for success, 1 for a failure, and 2 for a command that was not
// understood or could not check what it was asked to check.
func ExitCode(err error) int {
	if err == nil {
		return 0
	}
	if _, ok := errors.AsType[*usageError](err); ok {
		return 2
	}
	if _, ok := errors.AsType[uncheckedError](err); ok {
		return 2
	}
	return 1
}

// A usageError is an error in how a command was typed.
type usageError struct {
	err     error
	command string // whose help says more
}

func (e *usageError) Error() string {
	return fmt.Sprintf("%s\nSee '%s --help'.", strings.TrimRight(e.err.Error(), "\n"), e.command)
}

func (e *usageError) Unwrap() error { return e.err }

// usagef returns an error in how a command was typed.
func usagef(format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...), command: Name}
}

// An uncheckedError kept something from being checked. Its exit code is 2: 1 says
// that the check found something wrong.
type uncheckedError struct{ error }

func (e uncheckedError) Unwrap() error { return e.error }

// markStart notes when a command starts: errors before that are in how it was
// typed.
func markStart(root *cobra.Command) *bool {
	var started bool
	var mark func(*cobra.Command)
	mark = func(command *cobra.Command) {
		if run := command.RunE; run != nil {
			command.RunE = func(c *cobra.Command, args []string) error {
				started = true
				return run(c, args)
			}
		}
		for _, sub := range command.Commands() {
			mark(sub)
		}
	}
	mark(root)
	return &started
}

// withUsage names the command whose help explains an error in what was typed.
func withUsage(command *cobra.Command, err error, started bool) error {
	if err == nil {
		return nil
	}
	usage, ok := errors.AsType[*usageError](err)
	if !ok && started {
		return err
	}
	if !ok {
		usage = &usageError{err: err}
	}
	return &usageError{err: usage.err, command: command.CommandPath()}
}

// flagError proposes a flag for one that does not exist.
func flagError(command *cobra.Command, err error) error {
	var typed string
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		typed = unknown.GetSpecifiedName()
		if unknown.GetSpecifiedShortnames() != "" { // -since, as if it were -s -i -n -c -e
			typed, _, _ = strings.Cut(unknown.GetSpecifiedShortnames(), "=")
		}
	}
	if typed == "" {
		return err
	}
	var meant []string
	command.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Name == typed || len(typed) > 2 && (strings.HasPrefix(f.Name, typed) || strings.HasPrefix(typed, f.Name)) {
			meant = append(meant, "--"+f.Name)
		}
	})
	if len(meant) == 0 {
		return err
	}
	slices.Sort(meant)
	return fmt.Errorf("%w\n\nDid you mean this?\n\t%s", err, strings.Join(meant, "\n\t"))
}

// suggestionDistance is how many letters of a suggested command may differ from what
// was typed.
const suggestionDistance = 2

// noArguments refuses arguments; it proposes a subcommand for one that was
// misspelled.
func noArguments(command *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("unknown command %q for %q", args[0], command.CommandPath())
	if !command.HasAvailableSubCommands() {
		text = fmt.Sprintf("%q takes no argument, and %q was given", command.CommandPath(), args[0])
	}
	command.SuggestionsMinimumDistance = suggestionDistance
	if meant := command.SuggestionsFor(args[0]); len(meant) > 0 {
		text += "\n\nDid you mean this?\n\t" + strings.Join(meant, "\n\t")
	}
	return errors.New(text)
}

// oneArgument requires one argument, which is not empty.
func oneArgument(what string) cobra.PositionalArgs {
	return func(command *cobra.Command, args []string) error {
		switch {
		case len(args) == 1 && args[0] != "":
			return nil
		case len(args) > 1:
			return fmt.Errorf("%q takes one %s, and %d were given", command.CommandPath(), what, len(args))
		}
		return fmt.Errorf("%q needs one %s", command.CommandPath(), what)
	}
}

// mayBeOneArgument allows for one argument.
func mayBeOneArgument(what string) cobra.PositionalArgs {
	return func(command *cobra.Command, args []string) error {
		if len(args) > 1 {
			return fmt.Errorf("%q takes one %s, and %d were given", command.CommandPath(), what, len(args))
		}
		return nil
	}
}

// files completes the names of files.
func files(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}
