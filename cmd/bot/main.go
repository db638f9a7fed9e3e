// Command bot is Atlas Key Bot: engineers get MongoDB Atlas organization API
// keys in Slack, with somebody's approval, shown once.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/caarlos0/env/v11"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := process{environ: env.ToMap(os.Environ()), stdout: os.Stdout, stderr: os.Stderr}
	os.Exit(p.main(ctx, os.Args[1:]))
}

// A process is what a command may use of the process around it, so that tests
// can run commands.
type process struct {
	environ map[string]string
	stdout  io.Writer
	stderr  io.Writer
}

// A command is one word after "bot".
type subcommand struct {
	name string
	what string
	run  func(p process, ctx context.Context, args []string) error
}

// commands is in the order of the help text. A function, since help lists it.
func commands() []subcommand {
	return []subcommand{
		{"run", "run the bot (the default)", process.run},
		{"sandbox", "try everything on this machine, without any account", process.sandbox},
		{"manifest", "print the Slack app manifest", process.manifest},
		{"audit", "print, verify or compare the audit trail", process.audit},
		{"check", "look before running: tokens, channel, approvers, Atlas; changes nothing", process.check},
		{"policy", "check a policy file, or explain what it says of somebody", process.policy},
		{"backup", "copy the database into a new file, beside a running bot", process.backup},
		{"restore", "put a backup in the place of the database; the bot must be stopped", process.restore},
		{"revoke", "have a live key deleted, beside a running bot", process.revoke},
		{"health", "ask a running bot whether it is alive; for containers", process.health},
		{"version", "print the version", process.version},
		{"help", "print this", process.help},
	}
}

// errUsage is an error in how the command was typed.
var errUsage = errors.New("see 'bot help'")

// main returns the exit code: 0 for success, 1 for a failure, 2 for a command
// that was not understood.
func (p process) main(ctx context.Context, args []string) int {
	name := "run"
	if len(args) > 0 {
		name, args = args[0], args[1:]
	}
	p.stdout, p.stderr = &terminal{to: p.stdout}, &terminal{to: p.stderr}
	err := fmt.Errorf("unknown command %q: %w", name, errUsage)
	for _, c := range commands() {
		if c.name == name {
			err = c.run(p, ctx, args)
		}
	}
	if err == nil {
		return 0
	}
	fmt.Fprintf(p.stderr, "bot: %v\n", err)
	if errors.Is(err, errUsage) {
		return 2
	}
	return 1
}

func (p process) help(context.Context, []string) error {
	fmt.Fprint(p.stdout, "Atlas Key Bot: MongoDB Atlas API keys in Slack, with approval, shown once.\n\nusage: bot [command]\n\n")
	for _, c := range commands() {
		fmt.Fprintf(p.stdout, "  %-10s %s\n", c.name, c.what)
	}
	fmt.Fprint(p.stdout, "\nThe bot is configured by its environment; .env.example lists every variable.\n")
	return nil
}
