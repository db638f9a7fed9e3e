// Command sandbox lets people try the bot without any account: it runs the bot
// against an emulated Slack workspace and an emulated Atlas organization.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"atlaskeybot/internal/demo"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(demo.Main(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
