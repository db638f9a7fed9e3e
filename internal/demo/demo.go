// Package demo runs the bot against the sandbox: an emulated Slack workspace and
// emulated Atlas organizations on this machine.
package demo

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"

	"atlaskeybot/internal/app"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/sandbox"
	"atlaskeybot/internal/sandbox/slack"
)

const (
	// redeliveredShare is the share of clicks and commands that the sandbox
	// delivers twice, as Slack may.
	redeliveredShare = 0.2

	// maxOrganizations bounds --orgs.
	maxOrganizations = 5
)

// Main runs the sandbox until ctx ends, and returns the exit code: 1 for a
// failure, 2 for a command that was not understood.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o := options{stdout: stdout, stderr: stderr}
	command := o.command()
	command.SetArgs(append([]string{}, args...)) // nil would mean those of the process
	err := command.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "sandbox: %v\n", err)
	if o.started {
		return 1
	}
	fmt.Fprintln(stderr, "See 'go run ./cmd/sandbox --help'.")
	return 2
}

// options are the flags of the command.
type options struct {
	listen   string
	database string
	policy   string
	orgs     int
	seed     uint64
	overHTTP bool
	open     bool
	verbose  bool

	started        bool
	stdout, stderr io.Writer
}

func (o *options) command() *cobra.Command {
	command := &cobra.Command{
		Use:   "sandbox",
		Short: "Try the bot on this machine, without any account",
		Long: "Run the bot against an emulated Slack workspace and emulated Atlas organizations, over the real\n" +
			"protocols, until Ctrl-C. Open the address that it prints in a browser. The first build takes a minute.",
		Example:           "  go run ./cmd/sandbox --open\n  go run ./cmd/sandbox --orgs 2 --policy policy.yaml",
		Args:              cobra.NoArgs,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE: func(command *cobra.Command, _ []string) error {
			if o.orgs < 1 || o.orgs > maxOrganizations {
				return fmt.Errorf("--orgs is %d: 1 to %d", o.orgs, maxOrganizations)
			}
			o.started = true
			return o.run(command.Context())
		},
	}
	command.SetOut(o.stdout)
	command.SetErr(o.stderr)
	flags := command.Flags()
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8484", "the loopback `address` of the page and of both platforms")
	flags.StringVar(&o.database, "database", "sqlite::memory:", "the `URL` of the bot's database")
	flags.StringVar(&o.policy, "policy", "", "a policy `file`; the default has something of everything")
	flags.IntVar(&o.orgs, "orgs", 1, fmt.Sprintf("this `number` of Atlas organizations, up to %d", maxOrganizations))
	flags.Uint64Var(&o.seed, "seed", 0, "repeat what was random in an earlier run, by the `number` that it printed")
	flags.BoolVar(&o.overHTTP, "http", false, "deliver as signed HTTP requests instead of over Socket Mode")
	flags.BoolVar(&o.open, "open", false, "open the page in a browser")
	flags.BoolVar(&o.verbose, "verbose", false, "print the bot's log")
	return command
}

// run runs the sandbox and the bot in it.
func (o *options) run(ctx context.Context) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening for the bot: %w", err)
	}
	defer listener.Close()
	s, err := sandbox.New(o.sandbox(listener))
	if err != nil {
		return fmt.Errorf("%w (choose another address with --listen)", err)
	}
	defer closeSandbox(s)
	dir, err := os.MkdirTemp("", "atlas-key-bot-sandbox-")
	if err != nil {
		return fmt.Errorf("making a directory for the sandbox: %w", err)
	}
	defer os.RemoveAll(dir)
	bot, err := o.bot(s, listener, dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.stdout, "Open %s in a browser. Nothing leaves this machine; Ctrl-C ends it. The first build takes a minute, the next start a second.\nseed %d\n", s.URL(), s.Seed())
	if o.open {
		if err := openBrowser(s.URL()); err != nil {
			fmt.Fprintf(o.stderr, "The browser did not open: %v\n", err)
		}
	}
	return bot.Run(ctx)
}

func (o *options) sandbox(bot net.Listener) sandbox.Options {
	opts := sandbox.Options{
		Listen: o.listen, Seed: o.seed, Redeliver: redeliveredShare, Organizations: o.orgs,
		Slack: slack.Options{
			EphemeralNeedsLook: true, // a person who looks elsewhere misses an ephemeral message
			MayCallCrowds:      true, // break-glass does, once
		},
	}
	if o.overHTTP {
		opts.HTTPTarget = "http://" + bot.Addr().String()
	}
	return opts
}

// bot returns the bot of a sandbox, which runs by the sandbox's clock.
func (o *options) bot(s *sandbox.Sandbox, listener net.Listener, dir string) (*app.App, error) {
	environ, err := seedSandbox(s, o.policy, dir)
	if err != nil {
		return nil, err
	}
	environ["DATABASE_URL"] = o.database
	c, err := config.Read(environ)
	if err != nil {
		return nil, fmt.Errorf("configuring the bot for the sandbox: %w", err)
	}
	level := slog.LevelWarn
	if o.verbose {
		level = slog.LevelInfo
	}
	return &app.App{
		Config: c, Now: s.Clock.Now, Listener: listener,
		Log:     slog.New(slog.NewTextHandler(o.stderr, &slog.HandlerOptions{Level: level})),
		OnStart: func(wake func()) { s.Clock.Subscribe(wake) },
	}, nil
}

func closeSandbox(s *sandbox.Sandbox) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	s.Close(ctx)
}
