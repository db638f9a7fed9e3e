package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// eachCommand visits every command that people type, with its words.
func eachCommand(t *testing.T, visit func(words []string, command *cobra.Command)) {
	t.Helper()
	var walk func(words []string, command *cobra.Command)
	walk = func(words []string, command *cobra.Command) {
		visit(words, command)
		for _, sub := range command.Commands() {
			walk(append(words[:len(words):len(words)], sub.Name()), sub)
		}
	}
	walk(nil, NewCommand(Env{}))
}

func TestHelpIsPrintedOnStandardOutput(t *testing.T) {
	t.Parallel()
	eachCommand(t, func(words []string, command *cobra.Command) {
		for _, args := range [][]string{append(words[:len(words):len(words)], "--help"), append(words[:len(words):len(words)], "-h"), append([]string{"help"}, words...)} {
			code, out, errs := runs(t, nil, args...)
			assert.Zero(t, code, args)
			assert.Empty(t, errs, args)
			assert.Contains(t, out, command.Long, args)
			assert.Contains(t, out, command.Example, args)
			command.LocalFlags().VisitAll(func(f *pflag.Flag) { assert.Contains(t, out, "--"+f.Name, args) })
		}
	})
	for _, args := range [][]string{nil, {"policy"}} {
		code, out, _ := runs(t, nil, args...)
		assert.Zero(t, code, args)
		assert.Contains(t, out, "Usage:\n  atlas-key-bot", args)
	}
}

func TestEveryCommandIsDescribed(t *testing.T) {
	t.Parallel()
	eachCommand(t, func(words []string, command *cobra.Command) {
		assert.NotEmpty(t, command.Short, words)
		assert.False(t, strings.HasSuffix(command.Short, "."), words)
		assert.True(t, strings.HasSuffix(command.Long, "."), words)
		assert.Contains(t, command.Example, strings.Join(append([]string{Name}, words...), " "))
		for line := range strings.Lines(command.Long) {
			assert.LessOrEqual(t, len(line), 110, line)
		}
		command.LocalFlags().VisitAll(func(f *pflag.Flag) { assert.NotEmpty(t, f.Usage, f.Name) })
	})
}

func TestVersionIsPrintedOnStandardOutput(t *testing.T) {
	t.Parallel()
	_, want, _ := runs(t, nil, "version")
	for _, flag := range []string{"--version", "-v"} {
		code, out, errs := runs(t, nil, flag)
		assert.Zero(t, code)
		assert.Equal(t, want, out)
		assert.Empty(t, errs)
	}
	_, out, _ := runs(t, nil, "version", "-o", "json")
	var build map[string]any
	require.NoError(t, json.Unmarshal([]byte(out), &build))
	assert.Contains(t, want, build["go"])
}

func TestMisspelledCommandIsAUsageError(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ args, want string }{
		"two letters are swapped": {"adut", "Did you mean this?\n\taudit"},
		"a letter is missing":     {"chek", "Did you mean this?\n\tcheck"},
		"nothing is near":         {"sandbox", `unknown command "sandbox" for "atlas-key-bot"` + "\nSee 'atlas-key-bot --help'."},
		"in help":                 {"help revok", "Did you mean this?\n\trevoke"},
		"a flag of the bot":       {"--since", "unknown flag: --since\nSee 'atlas-key-bot --help'."},
	} {
		code, out, errs := runs(t, nil, strings.Fields(tt.args)...)
		assert.Equal(t, 2, code, name)
		assert.Empty(t, out, name)
		assert.Contains(t, errs, tt.want, name)
	}
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		code, out, errs := runs(t, nil, "completion", shell)
		assert.Zero(t, code, errs)
		assert.Contains(t, out, Name, shell)
	}
	for args, want := range map[string]string{
		"re":                 "restore\t",
		"audit --output ":    "json\ncsv\n:4",
		"audit --si":         "--since\t",
		"help au":            "audit\t",
		"backup x":           ":0\n", // the names of files
		"check ":             ":4\n", // nothing
		"policy explain --g": "--groups\t",
	} {
		code, out, _ := runs(t, nil, append([]string{"__complete"}, strings.Split(args, " ")...)...)
		assert.Zero(t, code, args)
		assert.Contains(t, out, want, args)
	}
}
