package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// newHelpCommand replaces cobra's own, which ends with 0 for a command that does
// not exist.
func newHelpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "help [command]",
		Short:   "Print the help text of a command",
		Long:    "Print the help text of a command, which says what the command does, its flags, and an example.",
		Example: example("help audit", "help policy explain"),
		ValidArgsFunction: func(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			at, _, err := c.Root().Find(args)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var all []cobra.Completion
			for _, sub := range at.Commands() {
				if sub.IsAvailableCommand() {
					all = append(all, cobra.CompletionWithDesc(sub.Name(), sub.Short))
				}
			}
			return all, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			command, rest, err := c.Root().Find(args)
			if err != nil {
				return usagef("%w", err)
			}
			if len(rest) > 0 {
				return usagef("there is no command %q", strings.Join(args, " "))
			}
			command.InitDefaultHelpFlag()
			if err := command.Help(); err != nil {
				return fmt.Errorf("printing the help text: %w", err)
			}
			return nil
		},
	}
}
