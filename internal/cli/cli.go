// Package cli has the commands of the bot, one file each.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"atlaskeybot/internal/plaintext"
)

// Env is what a command uses of its process, so that tests can run commands.
type Env struct {
	Environ map[string]string
	Stdout  io.Writer
	Stderr  io.Writer

	// Now is the clock; nil is [time.Now].
	Now func() time.Time
}

// A subcommand is one word after "bot".
type subcommand struct {
	name string
	what string
	run  func(p Env, ctx context.Context, args []string) error
}

// commands is in the order of the help text. A function, since help lists it.
func commands() []subcommand {
	return []subcommand{
		{"run", "run the bot (the default)", Env.run},
		{"manifest", "print the Slack app manifest", Env.manifest},
		{"audit", "print, verify or compare the audit trail", Env.audit},
		{"check", "look before running: tokens, channel, approvers, Atlas; changes nothing", Env.check},
		{"policy", "check a policy file, or explain what it says of somebody", Env.policy},
		{"backup", "copy the database into a new file, beside a running bot", Env.backup},
		{"restore", "put a backup in the place of the database; the bot must be stopped", Env.restore},
		{"revoke", "have a live key deleted, beside a running bot", Env.revoke},
		{"health", "ask a running bot whether it is alive; for containers", Env.health},
		{"version", "print the version", Env.version},
		{"help", "print this", Env.help},
	}
}

// errUsage is an error in how the command was typed.
var errUsage = errors.New("see 'bot help'")

// Main runs a command and reports its error on standard error. It returns the exit
// code.
func Main(ctx context.Context, args []string, p Env) int {
	err := Run(ctx, args, p)
	if err != nil {
		fmt.Fprintf(plaintext.NewTerminalWriter(p.Stderr), "bot: %v\n", err)
	}
	return ExitCode(err)
}

// Run runs the command that args name; without one the bot.
func Run(ctx context.Context, args []string, p Env) error {
	name := "run"
	if len(args) > 0 {
		name, args = args[0], args[1:]
	}
	p.Stdout, p.Stderr = plaintext.NewTerminalWriter(p.Stdout), plaintext.NewTerminalWriter(p.Stderr)
	if p.Now == nil {
		p.Now = time.Now
	}
	for _, c := range commands() {
		if c.name == name {
			return c.run(p, ctx, args)
		}
	}
	return fmt.Errorf("unknown command %q: %w", name, errUsage)
}

// ExitCode is 0 for success, 1 for a failure, and 2 for a command that was not
// understood.
func ExitCode(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errUsage):
		return 2
	}
	return 1
}

func (p Env) help(context.Context, []string) error {
	fmt.Fprint(p.Stdout, "Atlas Key Bot: MongoDB Atlas API keys in Slack, with approval, shown once.\n\nusage: bot [command]\n\n")
	for _, c := range commands() {
		fmt.Fprintf(p.Stdout, "  %-10s %s\n", c.name, c.what)
	}
	fmt.Fprint(p.Stdout, "\nThe bot is configured by its environment; .env.example lists every variable.\n")
	return nil
}
