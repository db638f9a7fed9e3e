package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/policyfile"
)

func newPolicyCommand(env Env) *cobra.Command {
	command := &cobra.Command{
		Use:     "policy",
		Short:   "Write, check or explain a policy file",
		GroupID: groupRead,
		Long:    "Write a policy file, check one, or explain what it says, without running anything. docs/policy.md has\nevery key.",
		Example: example("policy init policy.yaml", "policy check policy.yaml", "policy explain --user U012ABCDEF --roles ORG_OWNER --for 8h policy.yaml"),
		Args:    noArguments,
		RunE:    func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	command.AddCommand(newPolicyInitCommand(env), newPolicyCheckCommand(env), newPolicyExplainCommand(env), newPolicySchemaCommand(env))
	return command
}

func newPolicyCheckCommand(env Env) *cobra.Command {
	command := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Check a policy file",
		Long: "Print what a policy file comes to, or everything that is wrong with it, with lines. Without FILE it\n" +
			"checks the files that the environment names. It needs no token and calls nothing.\n" +
			"It ends with 1 if there is a problem.",
		Example:           example("policy check policy.yaml", "policy check --output json"),
		Args:              mayBeOneArgument("FILE"),
		ValidArgsFunction: files,
	}
	output := addOutputFlag(command, outputText, outputJSON)
	command.RunE = func(_ *cobra.Command, args []string) error {
		given := ""
		if len(args) > 0 {
			given = args[0]
		}
		return checkPolicy(env, given, output)
	}
	return command
}

// A policyResult is what a policy file comes to, as JSON.
type policyResult struct {
	File    string `json:"file"`
	Summary string `json:"summary"`
}

func checkPolicy(env Env, given string, output *outputFormat) error {
	files, problems := policyFiles(env, given)
	if len(problems) == 0 && len(files) == 0 {
		return usagef("there is no policy file: name one, or set POLICY_FILE")
	}
	results := []policyResult{}
	for _, f := range files {
		current, err := policyfile.Read(f.name, f.base)
		problems = append(problems, config.SplitErrors(err)...)
		results = append(results, policyResult{f.name, policyfile.Summary(current)})
	}
	if len(problems) > 0 {
		return printProblems(env.Stdout, problems, output)
	}
	if output.isJSON() {
		return printJSON(env.Stdout, map[string]any{"files": results})
	}
	for _, r := range results {
		if _, err := fmt.Fprintf(env.Stdout, "%s is in order: %s\n", r.File, r.Summary); err != nil {
			return err
		}
	}
	return nil
}

// A policyFile is a policy file and the policy that applies to what the file leaves
// out.
type policyFile struct {
	name string
	base policy.Policy
}

// policyFiles are the given one, or those of every organization, each once.
func policyFiles(env Env, given string) ([]policyFile, []error) {
	c, problems := config.ReadRules(env.Environ)
	if given != "" {
		return []policyFile{{given, policyfile.Default(config.ParsePrincipals(c.SlackApprovers))}}, problems
	}
	var files []policyFile
	for _, o := range c.Organizations {
		known := slices.ContainsFunc(files, func(f policyFile) bool { return f.name == o.PolicyFile })
		if o.PolicyFile != "" && !known {
			files = append(files, policyFile{o.PolicyFile, policyfile.Default(o.Approvers)})
		}
	}
	return files, problems
}

// printProblems prints each problem in a line, and returns the error that the
// command ends with.
func printProblems(w io.Writer, problems []error, output *outputFormat) error {
	texts := []string{}
	for _, problem := range config.CleanErrors(problems) {
		texts = append(texts, problem.Error())
	}
	if output.isJSON() {
		if err := printJSON(w, map[string]any{"problems": texts}); err != nil {
			return err
		}
	} else {
		for _, text := range texts {
			fmt.Fprintln(w, text)
		}
	}
	if len(texts) == 1 {
		return errors.New("there is a problem")
	}
	return fmt.Errorf("there are %d problems", len(texts))
}
