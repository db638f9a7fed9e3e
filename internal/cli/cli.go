// Package cli has the commands of the bot, one file each.
package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"atlaskeybot/internal/plaintext"
	"atlaskeybot/internal/version"
)

// Name is what the binary is called.
const Name = "atlas-key-bot"

// Env is what a command uses of its process, so that tests can run commands.
type Env struct {
	Environ map[string]string
	Stdout  io.Writer
	Stderr  io.Writer

	// Now is the clock; nil is [time.Now].
	Now func() time.Time
}

// Main runs a command and reports its error on standard error. It returns the exit
// code.
func Main(ctx context.Context, args []string, env Env) int {
	err := Run(ctx, args, env)
	if err != nil {
		fmt.Fprintf(plaintext.NewTerminalWriter(env.Stderr), "%s: %v\n", Name, err)
	}
	return ExitCode(err)
}

// Run runs the command that args name.
func Run(ctx context.Context, args []string, env Env) error {
	env.Stdout, env.Stderr = plaintext.NewTerminalWriter(env.Stdout), plaintext.NewTerminalWriter(env.Stderr)
	if env.Now == nil {
		env.Now = time.Now
	}
	root := NewCommand(env)
	root.SetArgs(append([]string{}, args...)) // nil would mean those of the process
	started := markStart(root)
	command, err := root.ExecuteContextC(ctx)
	return withUsage(command, err, *started)
}

// NewCommand returns the command that has all the others.
func NewCommand(env Env) *cobra.Command {
	root := &cobra.Command{
		Use:   Name,
		Short: "MongoDB Atlas API keys in Slack, with approval, shown once",
		Long: "Atlas Key Bot lets people request MongoDB Atlas API keys in Slack. Approvers decide, the bot\n" +
			"creates the key and shows it once, and deletes it when it expires.\n\n" +
			"The environment has credentials and addresses; .env.example lists every variable. The policy file has\n" +
			"the rules; 'policy init' writes one with every key.",
		Example:       example("check", "run", "audit --since 7d"),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	printVersion := root.Flags().BoolP("version", "v", false, "print the version")
	root.RunE = func(*cobra.Command, []string) error {
		if *printVersion { // without cobra's templates, which would link text/template
			_, err := fmt.Fprintln(env.Stdout, version.String())
			return err
		}
		return root.Help()
	}
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.SetFlagErrorFunc(flagError)
	root.SuggestionsMinimumDistance = suggestionDistance
	noFiles := cobra.ShellCompDirectiveNoFileComp
	root.CompletionOptions.DefaultShellCompDirective = &noFiles
	root.AddGroup(
		&cobra.Group{ID: groupRun, Title: "Run the bot:"},
		&cobra.Group{ID: groupOperate, Title: "Operate it:"},
		&cobra.Group{ID: groupRead, Title: "Read, beside a running bot or without one:"},
	)
	root.AddCommand(
		newRunCommand(env), newCheckCommand(env), newManifestCommand(env), newHealthCommand(env),
		newBackupCommand(env), newRestoreCommand(env), newRevokeCommand(env),
		newKeysCommand(env), newRequestsCommand(env), newAuditCommand(env), newPolicyCommand(env), newVersionCommand(env),
	)
	root.SetHelpCommand(newHelpCommand())
	return root
}

// Groups of commands in the help text.
const (
	groupRun     = "run"
	groupOperate = "operate"
	groupRead    = "read"
)

// example formats command lines for the help text.
func example(lines ...string) string {
	var b strings.Builder
	for i, line := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString("  " + Name + " " + line)
	}
	return b.String()
}
