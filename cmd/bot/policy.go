package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"

	"github.com/caarlos0/env/v11"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/policyfile"
)

const policyUsage = "bot policy check [FILE], or bot policy explain -user U… -roles A,B -for 7d [FILE]"

// policy reads rules without running anything. docs/policy.md explains them.
func (p process) policy(ctx context.Context, args []string) error {
	switch {
	case len(args) > 0 && args[0] == "check":
		return p.policyCheck(args[1:])
	case len(args) > 0 && args[0] == "explain":
		return p.policyExplain(ctx, args[1:])
	}
	return fmt.Errorf("%s: %w", policyUsage, errUsage)
}

// policyCheck prints what a file comes to, or everything that is wrong with it.
func (p process) policyCheck(args []string) error {
	flags := flag.NewFlagSet("policy check", flag.ContinueOnError)
	flags.SetOutput(p.stderr)
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
		problems = append(problems, problemsOf(err)...)
		summaries = append(summaries, fmt.Sprintf("%s is in order: %s", f.name, policyfile.Summary(current)))
	}
	if err := p.printProblems(problems); err != nil {
		return err
	}
	for _, says := range summaries {
		fmt.Fprintln(p.stdout, says)
	}
	return nil
}

// A rulesFile is a policy file and what the environment says of what it leaves
// out.
type rulesFile struct {
	name string
	base policy.Policy
}

// policyFiles are the given one, or those of every organization, each once.
func (p process) policyFiles(given string) ([]rulesFile, []error) {
	c, problems := readRules(p.environ)
	if given != "" {
		return []rulesFile{{given, c.policy(whoOf(c.SlackApprovers))}}, problems
	}
	var files []rulesFile
	for _, o := range c.organizations {
		known := slices.ContainsFunc(files, func(f rulesFile) bool { return f.name == o.policyFile })
		if o.policyFile != "" && !known {
			files = append(files, rulesFile{o.policyFile, c.policy(o.approvers)})
		}
	}
	return files, problems
}

// readRules reads what the environment says of rules. The rest of it may be
// missing: whoever reviews rules need not hold tokens.
func readRules(environ map[string]string) (Config, []error) {
	environ, problems := readable(environ)
	c, _ := readConfig(environ) // with what it says of the rest
	var values []error
	err := env.ParseWithOptions(&Config{}, env.Options{Environment: environ})
	if all, ok := errors.AsType[env.AggregateError](err); ok {
		for _, e := range all.Errors {
			if _, ok := errors.AsType[env.ParseError](e); ok {
				values = append(values, e)
			}
		}
	}
	if len(values) > 0 {
		problems = append(problems, inOperatorsNames(env.AggregateError{Errors: values}, "")...)
	}
	c.checkPolicy(func(bad bool, format string, args ...any) {
		if bad {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	})
	return c, problems
}

// printProblems prints each in a line, and returns an error if there are any.
func (p process) printProblems(problems []error) error {
	problems = eachOnce(withoutCredentials(problems))
	for _, problem := range problems {
		fmt.Fprintln(p.stdout, problem)
	}
	switch len(problems) {
	case 0:
		return nil
	case 1:
		return errors.New("there is a problem")
	}
	return fmt.Errorf("there are %d problems", len(problems))
}
