// Command bot is Atlas Key Bot: engineers request MongoDB Atlas organization API
// keys in Slack, approvers approve them, and each key is shown once.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"atlaskeybot/internal/cli"
	"atlaskeybot/internal/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(cli.Main(ctx, os.Args[1:], cli.Env{Environ: config.Environ(), Stdout: os.Stdout, Stderr: os.Stderr}))
}
