package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"atlaskeybot/internal/plaintext"
)

// Formats of --output.
const (
	outputText = "text"
	outputJSON = "json"
	outputCSV  = "csv"
)

// An outputFormat is the value of --output.
type outputFormat struct {
	value   string
	formats []string
}

// addOutputFlag adds --output with the formats that a command has. The first is
// the default.
func addOutputFlag(command *cobra.Command, formats ...string) *outputFormat {
	f := &outputFormat{value: formats[0], formats: formats}
	command.Flags().VarP(f, "output", "o", "print in this `format`: "+strings.Join(formats, " or "))
	_ = command.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp)) // fails for a flag that is not there
	return f
}

// String implements [pflag.Value].
func (f *outputFormat) String() string { return f.value }

// Type implements [pflag.Value].
func (f *outputFormat) Type() string { return "format" }

// Set implements [pflag.Value].
func (f *outputFormat) Set(value string) error {
	if !slices.Contains(f.formats, value) {
		return fmt.Errorf("it is one of %s", strings.Join(f.formats, ", "))
	}
	f.value = value
	return nil
}

func (f *outputFormat) isJSON() bool { return f.value == outputJSON }

// printJSON prints v as one indented JSON value.
func printJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("encoding the output: %w", err)
	}
	if _, err := w.Write(plaintext.EscapeJSON(b.Bytes())); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}
