package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"atlaskeybot/internal/version"
)

func newVersionCommand(env Env) *cobra.Command {
	command := &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		GroupID: groupRead,
		Long:    "Print the commit that this binary was built from, and the version of Go that built it.",
		Example: example("version", "version --output json"),
		Args:    noArguments,
	}
	output := addOutputFlag(command, outputText, outputJSON)
	command.RunE = func(*cobra.Command, []string) error {
		if output.isJSON() {
			return printJSON(env.Stdout, version.Read())
		}
		_, err := fmt.Fprintln(env.Stdout, version.String())
		return err
	}
	return command
}
