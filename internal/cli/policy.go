package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/policyfile"
)

const policyUsage = "bot policy check [FILE], or bot policy explain -user U… -roles A,B -for 7d [FILE]"

// policy reads rules without running anything. docs/policy.md explains them.
func (p Env) policy(ctx context.Context, args []string) error {
	switch {
	case len(args) > 0 && args[0] == "check":
		return p.policyCheck(args[1:])
	case len(args) > 0 && args[0] == "explain":
		return p.policyExplain(ctx, args[1:])
	}
	return fmt.Errorf("%s: %w", policyUsage, errUsage)
}

// policyCheck prints what a file comes to, or everything that is wrong with it.
func (p Env) policyCheck(args []string) error {
	flags := flag.NewFlagSet("policy check", flag.ContinueOnError)
	flags.SetOutput(p.Stderr)
	if err := flags.Parse(args); err != nil || flags.NArg() > 1 {
		return fmt.Errorf("%s: %w", policyUsage, errUsage)
	}
	files, problems := p.policyFiles(flags.Arg(0))
	if len(problems) == 0 && len(files) == 0 {
		return fmt.Errorf("there is no policy file: name one, or set POLICY_FILE: %w", errUsage)
	}
	var summaries []string
	for _, f := range files {
		current, err := policyfile.Read(f.name, f.base)
		problems = append(problems, config.SplitErrors(err)...)
		summaries = append(summaries, fmt.Sprintf("%s is in order: %s", f.name, policyfile.Summary(current)))
	}
	if err := p.printProblems(problems); err != nil {
		return err
	}
	for _, says := range summaries {
		fmt.Fprintln(p.Stdout, says)
	}
	return nil
}

// A policyFile is a policy file and what the environment says of what it leaves
// out.
type policyFile struct {
	name string
	base policy.Policy
}

// policyFiles are the given one, or those of every organization, each once.
func (p Env) policyFiles(given string) ([]policyFile, []error) {
	c, problems := config.ReadRules(p.Environ)
	if given != "" {
		return []policyFile{{given, c.BasePolicy(config.ParsePrincipals(c.SlackApprovers))}}, problems
	}
	var files []policyFile
	for _, o := range c.Organizations {
		known := slices.ContainsFunc(files, func(f policyFile) bool { return f.name == o.PolicyFile })
		if o.PolicyFile != "" && !known {
			files = append(files, policyFile{o.PolicyFile, c.BasePolicy(o.Approvers)})
		}
	}
	return files, problems
}

// printProblems prints each in a line, and returns an error if there are any.
func (p Env) printProblems(problems []error) error {
	problems = config.CleanErrors(problems)
	for _, problem := range problems {
		fmt.Fprintln(p.Stdout, problem)
	}
	switch len(problems) {
	case 0:
		return nil
	case 1:
		return errors.New("there is a problem")
	}
	return fmt.Errorf("there are %d problems", len(problems))
}
