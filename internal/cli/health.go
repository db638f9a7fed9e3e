package cli

import (
	"github.com/spf13/cobra"

	"atlaskeybot/internal/config"
	"atlaskeybot/internal/preflight"
)

func newHealthCommand(env Env) *cobra.Command {
	return &cobra.Command{
		Use:     "health",
		Short:   "Ask the bot on this machine whether it is alive",
		GroupID: groupOperate,
		Long: "Ask the bot on this machine, at LISTEN, whether it is alive. It prints nothing; the exit code says it.\n" +
			"A container has no other program that could ask.",
		Example: example("health"),
		Args:    noArguments,
		RunE: func(command *cobra.Command, _ []string) error {
			return preflight.CheckAlive(command.Context(), config.Listen(env.Environ))
		},
	}
}
