// Package demo runs the bot against the sandbox: an emulated Slack workspace and
// emulated Atlas organizations on this machine.
package demo

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"time"

	"atlaskeybot/internal/app"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/sandbox"
	"atlaskeybot/internal/sandbox/slack"
)

// redeliveredShare is the share of clicks and commands that the sandbox delivers
// twice, as Slack may.
const redeliveredShare = 0.2

// Main runs the sandbox until ctx ends, and returns the exit code.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	switch err := run(ctx, args, stdout, stderr); {
	case errors.Is(err, errUsage):
		return 2
	case err != nil:
		fmt.Fprintf(stderr, "sandbox: %v\n", err)
		return 1
	}
	return 0
}

// errUsage is an error in how the command was typed.
var errUsage = errors.New("see -help")

// run runs an emulated Slack workspace and emulated Atlas organizations, and the
// bot against them over the real protocols.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	flags.SetOutput(stderr)
	listen := flags.String("listen", "127.0.0.1:8484", "the loopback address of the page and of both platforms")
	overHTTP := flags.Bool("http", false, "deliver as signed HTTP requests instead of over Socket Mode")
	database := flags.String("database", "sqlite::memory:", "where the bot keeps its requests")
	current := flags.String("policy", "", "a policy file; without it one that has something of everything")
	orgs := flags.Int("orgs", 1, "how many Atlas organizations there are, up to 5")
	seed := flags.Uint64("seed", 0, "repeat what was random in an earlier run; 0 picks one")
	verbose := flags.Bool("verbose", false, "print the bot's log")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 || *orgs < 1 || *orgs > 5 {
		return errUsage
	}
	level := slog.LevelWarn
	if *verbose {
		level = slog.LevelInfo
	}
	door, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening for the bot: %w", err)
	}
	opts := sandbox.Options{
		Listen: *listen, Seed: *seed, Redeliver: redeliveredShare, Organizations: *orgs,
		Slack: slack.Options{
			EphemeralNeedsLook: true, // who looks elsewhere misses the note, as may be in life
			MayCallCrowds:      true, // break-glass does, once
		},
	}
	if *overHTTP {
		opts.HTTPTarget = "http://" + door.Addr().String()
	}
	s, err := sandbox.New(opts)
	if err != nil {
		return fmt.Errorf("%w (choose another address with -listen)", err)
	}
	defer closeSandbox(s)
	dir, err := os.MkdirTemp("", "atlas-key-bot-sandbox-")
	if err != nil {
		return fmt.Errorf("making a directory for the sandbox: %w", err)
	}
	defer os.RemoveAll(dir)
	environ, err := seedSandbox(s, *current, dir)
	if err != nil {
		return err
	}
	environ["DATABASE_URL"] = *database
	config, err := config.Read(environ)
	if err != nil {
		return fmt.Errorf("configuring the bot for the sandbox: %w", err)
	}
	fmt.Fprintf(stdout, "Open %s in a browser. Nothing leaves this machine; Ctrl-C ends it.\nseed %d\n", s.URL(), s.Seed())
	b := &app.App{
		Config: config, Now: s.Clock.Now, Listener: door,
		Log:     slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level})),
		OnStart: func(wake func()) { s.Clock.Subscribe(wake) },
	}
	return b.Run(ctx)
}

func closeSandbox(s *sandbox.Sandbox) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	s.Close(ctx)
}
