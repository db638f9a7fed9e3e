package cli

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"atlaskeybot/internal/config"
	"atlaskeybot/internal/slackui/client"
)

func newManifestCommand(env Env) *cobra.Command {
	command := &cobra.Command{
		Use:     "manifest",
		Short:   "Print the manifest of the Slack app",
		GroupID: groupRead,
		Long: "Print the manifest of the Slack app, in JSON. Paste it at api.slack.com/apps: Create New App, From a\n" +
			"manifest. Without --http it is for Socket Mode.",
		Example: example("manifest", "manifest --http https://keys.example.com"),
		Args:    noArguments,
	}
	address := command.Flags().String("http", "", "HTTP mode: the public https `URL` of the bot")
	name := command.Flags().String("command", "", "the `name` of the slash command (default SLACK_COMMAND, or /atlas-key)")
	command.RunE = func(*cobra.Command, []string) error {
		slash := cmp.Or(*name, config.SlackCommand(env.Environ))
		if !config.IsCommand(slash) {
			return usagef("--command is %q: a slash and up to 31 lower-case letters, digits, - and _", slash)
		}
		transport := client.SocketModeTransport
		if command.Flags().Changed("http") {
			transport = client.HTTPTransport
			if err := config.CheckURL(*address); err != nil || !strings.HasPrefix(*address, "https://") {
				return usagef("--http is %q: Slack calls https addresses only", *address)
			}
		}
		text, err := client.Manifest(transport, slash, strings.TrimSuffix(*address, "/"))
		if err != nil {
			return fmt.Errorf("writing the manifest: %w", err)
		}
		_, err = fmt.Fprint(env.Stdout, text)
		return err
	}
	return command
}
