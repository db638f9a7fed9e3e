package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"atlaskeybot/internal/policyfile"
)

func newPolicyInitCommand(env Env) *cobra.Command {
	command := &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a policy file with every key and its default",
		Long: "Write a policy file with every key, its default and an explanation. Without FILE it is printed. The\n" +
			"first line of the file tells editors where its schema is: --schema writes it there.",
		Example:           example("policy init policy.yaml --schema", "policy init > policy.yaml"),
		Args:              mayBeOneArgument("FILE"),
		ValidArgsFunction: files,
	}
	force := command.Flags().Bool("force", false, "replace files that exist")
	schema := command.Flags().Bool("schema", false, "write the schema, too: "+policyfile.SchemaFile+" beside FILE")
	command.RunE = func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) == 1:
			return initPolicy(env, args[0], *schema, *force)
		case *schema:
			return usagef("--schema writes beside FILE: name one, or run '%s policy schema'", Name)
		}
		return printText(env, policyfile.DefaultFile())
	}
	return command
}

func newPolicySchemaCommand(env Env) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of policy files",
		Long: "Print the JSON Schema (draft 7) of policy files. Editors complete, explain and check keys with it. It\n" +
			"knows shapes, names and bounds; 'policy check' knows everything.",
		Example: example("policy schema > " + policyfile.SchemaFile),
		Args:    noArguments,
		RunE:    func(*cobra.Command, []string) error { return printText(env, policyfile.Schema()) },
	}
}

func printText(env Env, text []byte) error {
	if _, err := env.Stdout.Write(text); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

// initPolicy writes the default policy, and its schema if that is wanted. It writes
// nothing if a file is in the way.
func initPolicy(env Env, file string, withSchema, force bool) error {
	texts := map[string][]byte{file: policyfile.DefaultFile()}
	schema := filepath.Join(filepath.Dir(file), policyfile.SchemaFile)
	written := []string{file}
	if withSchema {
		if filepath.Clean(file) == schema {
			return usagef("%s is the name of the schema: give the policy file another one", schema)
		}
		texts[schema] = policyfile.Schema()
		written = append(written, schema)
	}
	for _, name := range written {
		if err := checkReplaceable(name, texts[name], force); err != nil {
			return err
		}
	}
	for _, name := range written {
		if err := writeNewFile(name, texts[name], force); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(env.Stdout, "%s is written.\n", name); err != nil {
			return fmt.Errorf("printing: %w", err)
		}
	}
	_, err := fmt.Fprintf(env.Stdout, "Edit %s, check it with '%s policy check %s', and name it in POLICY_FILE.\n", file, Name, file)
	return err
}

// checkReplaceable refuses a file that is there, unless it has the same text or may
// be replaced.
func checkReplaceable(file string, text []byte, force bool) error {
	present, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("looking for a file in the way: %w", err)
	case force || bytes.Equal(present, text):
		return nil
	}
	return fmt.Errorf("%s exists: choose another name, or replace it with --force", file)
}

// writeNewFile writes a file that was not there when it was checked, or that may be
// replaced.
func writeNewFile(file string, text []byte, force bool) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if present, err := os.ReadFile(file); force || err == nil && bytes.Equal(present, text) {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(file, flags, 0o644)
	if err != nil {
		return fmt.Errorf("writing the file: %w", err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	return nil
}
