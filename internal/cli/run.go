package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"atlaskeybot/internal/app"
	"atlaskeybot/internal/config"
)

func newRunCommand(env Env) *cobra.Command {
	return &cobra.Command{
		Use:     "run",
		Short:   "Run the bot",
		GroupID: groupRun,
		Long: "Run the bot until it gets SIGINT or SIGTERM. The start reads the whole configuration and names every\n" +
			"problem at once. The log goes to standard error.",
		Example: example("run"),
		Args:    noArguments,
		RunE: func(command *cobra.Command, _ []string) error {
			c, err := config.Read(env.Environ)
			if err != nil {
				return fmt.Errorf("the configuration has problems:\n%w", err)
			}
			log := app.NewLogger(env.Stderr, c)
			for _, warning := range c.Warnings {
				log.Warn("the configuration: " + warning)
			}
			bot := &app.App{Config: c, Now: env.Now, Log: log}
			return bot.Run(command.Context())
		},
	}
}
