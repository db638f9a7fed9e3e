package cli

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"strings"

	"atlaskeybot/internal/config"
	"atlaskeybot/internal/slackui/client"
)

// manifest prints what to paste into "Create an app from a manifest".
func (p Env) manifest(_ context.Context, args []string) error {
	flags := flag.NewFlagSet("manifest", flag.ContinueOnError)
	flags.SetOutput(p.Stderr)
	url := flags.String("http", "", "the public https address of the bot, for HTTP mode; without it the manifest is for Socket Mode")
	name := flags.String("command", cmp.Or(config.Unquote(p.Environ["SLACK_COMMAND"]), "/atlas-key"), "the slash command")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return errUsage
	}
	if !config.IsCommand(*name) {
		return fmt.Errorf("-command is %q: a slash and up to 31 lower-case letters, digits, - and _: %w", *name, errUsage)
	}
	door := client.SocketModeTransport
	if *url != "" {
		door = client.HTTPTransport
		if err := config.CheckURL(*url); err != nil || !strings.HasPrefix(*url, "https://") {
			return fmt.Errorf("-http is %q: Slack calls https addresses only: %w", *url, errUsage)
		}
	}
	text, err := client.Manifest(door, *name, strings.TrimSuffix(*url, "/"))
	if err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	_, err = fmt.Fprint(p.Stdout, text)
	return err
}
