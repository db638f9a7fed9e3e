// Package bench measures the bot as its users meet it: a process on a processor of its
// own, durable as in production, between Slack and Atlas as stubs that do next to
// nothing. docs/performance.md has the method and the figures.
package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// The commands with which the program starts itself.
const (
	botCommand   = "bot"
	floorCommand = "floor"
)

// Main runs the command and returns the exit code.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newCommand(stdout)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetArgs(append([]string{}, args...)) // nil would mean those of the process
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintf(stderr, "bench: %v\n", err)
		return 1
	}
	return 0
}

func newCommand(stdout io.Writer) *cobra.Command {
	s := &session{out: stdout}
	docs := ""
	root := &cobra.Command{
		Use:   "bench",
		Short: "Measure the bot",
		Long: "Measure flows, commands and the Home tab of the bot, with few and with many finished requests in\n" +
			"its database, and print a table. It needs two processors that do nothing else.",
		Example: "  go run ./cmd/bench --docs docs\n  go run ./cmd/bench --length 3s --finished 100",
		Args:    cobra.NoArgs, SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE:              func(command *cobra.Command, _ []string) error { return s.run(command.Context(), docs) },
	}
	flags := root.Flags()
	flags.DurationVar(&s.length, "length", 10*time.Second, "the `time` that each measurement takes")
	flags.IntSliceVar(&s.sizes, "finished", []int{100, 10_000, 100_000}, "the `numbers` of finished requests in the database")
	flags.IntVar(&s.crowd.active, "active", 5000, "the `number` of active keys while Home is measured last")
	flags.IntVar(&s.crowd.pending, "pending", 1000, "the `number` of pending requests while Home is measured last")
	flags.StringVar(&s.profile, "profile", "", "a `file`: write the CPU profile of the bot with the most finished requests into it")
	flags.StringVar(&docs, "docs", "", "a `folder`: write table and curve into its performance.md and performance.svg")
	root.AddCommand(
		soakCommand(stdout),
		&cobra.Command{Use: botCommand, Hidden: true, RunE: func(command *cobra.Command, _ []string) error { return serveBot(command.Context()) }},
		&cobra.Command{Use: floorCommand, Hidden: true, RunE: func(*cobra.Command, []string) error { return serveFloor() }},
	)
	return root
}

// run measures, prints the table and writes it into the docs.
func (s *session) run(ctx context.Context, docs string) error {
	var err error
	if s.program, err = os.Executable(); err != nil {
		return err
	}
	if s.dir, err = os.MkdirTemp("", "atlas-key-bot-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(s.dir)
	if err := pinSelf(); err != nil {
		return err
	}
	if err := s.measure(ctx); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\n%s", table(s.figures))
	if docs == "" {
		return nil
	}
	return s.write(docs)
}

// The table in performance.md stands between these lines.
const tableStarts, tableEnds = "<!-- figures -->\n", "<!-- end of figures -->"

func (s *session) write(docs string) error {
	file := filepath.Join(docs, "performance.md")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), tableStarts)
	_, after, ok2 := strings.Cut(rest, tableEnds)
	if !ok || !ok2 {
		return fmt.Errorf("%s has no lines %q and %q", file, strings.TrimSpace(tableStarts), tableEnds)
	}
	if err := os.WriteFile(file, []byte(before+tableStarts+table(s.figures)+tableEnds+after), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(docs, "performance.svg"), []byte(curve(s.points)), 0o644)
}

func soakCommand(stdout io.Writer) *cobra.Command {
	s := &soak{out: stdout}
	command := &cobra.Command{
		Use:   "soak",
		Short: "Run the bot for a while and show whether what it uses grows",
		Long: "Run the bot in the sandbox over Socket Mode: people request keys at a steady pace, a quarter of the keys\n" +
			"ends because it is not saved, connections end, and the bot is restarted. Fails if memory, goroutines,\n" +
			"files or the database's WAL grow by more than a fifth. Keys of an hour expire if it runs for longer.",
		Example: "  go run ./cmd/bench soak\n  go run ./cmd/bench soak --length 8h",
		Args:    cobra.NoArgs,
		RunE:    func(command *cobra.Command, _ []string) error { return s.run(command.Context()) },
	}
	flags := command.Flags()
	flags.DurationVar(&s.length, "length", 30*time.Minute, "the `time` that it takes")
	flags.IntVar(&s.perMinute, "per-minute", 20, "the `number` of requests a minute")
	flags.DurationVar(&s.restart, "restart", 7*time.Minute, "the `time` between two restarts")
	flags.DurationVar(&s.disconnect, "disconnect", 2*time.Minute, "the `time` between two ends of the connection")
	return command
}
