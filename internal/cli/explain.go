package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/policyfile"
	"atlaskeybot/internal/slackui/client"
)

// A explainCommand is a question about what the rules say of somebody.
type explainCommand struct {
	process Env
	config  config.Config

	user        policy.UserID
	form        policy.Form
	projects    int              // the form has no more of them than it may
	groups      []policy.GroupID // that the user is in
	groupsGiven bool             // groups was given
	orgName     string
	file        string

	org       config.Organization
	directory policy.Directory
	assumed   bool // nobody was asked who is in which group
}

// policyExplain says in sentences whether somebody may ask for something, and
// who would be asked.
func (p Env) policyExplain(ctx context.Context, args []string) error {
	x, err := readExplaining(p, args)
	if err != nil {
		return fmt.Errorf("%w: %w", err, errUsage)
	}
	current, problems := x.policy()
	if err := p.printProblems(problems); err != nil {
		return err
	}
	standing, err := x.people(ctx, current)
	if err != nil {
		return err
	}
	preview, err := current.Explain(ctx, x.directory, x.user, x.form)
	if err != nil {
		return fmt.Errorf("asking who is in which group: %w", err)
	}
	if x.projects > policy.MaxProjects {
		preview.Problems = append(preview.Problems, policy.Problem{Code: policy.TooManyProjects, Limit: policy.MaxProjects})
	}
	x.print(ctx, current, preview, standing)
	return nil
}

func readExplaining(p Env, args []string) (*explainCommand, error) {
	x := &explainCommand{process: p}
	flags := flag.NewFlagSet("policy explain", flag.ContinueOnError)
	flags.SetOutput(p.Stderr)
	flags.Func("user", "who asks, by the Slack user id", func(word string) error {
		x.user = policy.UserID(word)
		if !config.IsApproverID(word) || word[0] == 'S' {
			return errors.New("a user id looks like U012ABCDEF")
		}
		return nil
	})
	flags.Func("roles", "the organization roles, with commas", func(words string) error { x.form.Roles = commas[policy.Role](words); return nil })
	flags.Func("for", "how long, as in 8h or 7d", func(word string) (err error) {
		x.form.Lifetime, err = policyfile.ParseDuration(word)
		return err
	})
	flags.StringVar(&x.form.Networks, "from", "", "addresses and blocks, with commas")
	flags.Func("network", "network presets, with commas", func(words string) error { x.form.NetworkPresets = commas[string](words); return nil })
	projects := flags.Int("projects", 0, "in how many projects")
	flags.Func("project-roles", "the roles there, with commas", func(words string) error { x.form.ProjectRoles = commas[policy.Role](words); return nil })
	flags.Func("groups", "the user groups that they are in, with commas; empty: none; left out: Slack is asked, if SLACK_BOT_TOKEN is set", func(words string) error {
		x.groups, x.groupsGiven = commas[policy.GroupID](words), true
		return nil
	})
	flags.StringVar(&x.orgName, "org", "", "the organization, by its name, if there are several")
	if err := flags.Parse(args); err != nil {
		return nil, errors.New(policyUsage)
	}
	x.projects = *projects
	for i := range min(max(x.projects, 0), policy.MaxProjects) {
		x.form.Projects = append(x.form.Projects, policy.ProjectID(fmt.Sprint(i)))
	}
	x.file = flags.Arg(0)
	switch {
	case flags.NArg() > 1:
		return nil, errors.New(policyUsage)
	case x.user == "" || len(x.form.Roles) == 0 || x.form.Lifetime == 0:
		return nil, errors.New("-user, -roles and -for have to be given")
	case (x.projects > 0) != (len(x.form.ProjectRoles) > 0):
		return nil, errors.New("-projects and -project-roles go together")
	}
	return x, nil
}

// commas reads a list.
func commas[T ~string](words string) []T {
	var all []T
	for word := range strings.SplitSeq(words, ",") {
		if word = strings.TrimSpace(word); word != "" {
			all = append(all, T(word))
		}
	}
	return all
}

// policy returns the rules that go, or what is wrong with them.
func (x *explainCommand) policy() (policy.Policy, []error) {
	var problems []error
	x.config, problems = config.ReadRules(x.process.Environ)
	orgs := x.config.Organizations
	at := 0
	if x.orgName != "" {
		at = slices.IndexFunc(orgs, func(o config.Organization) bool { return o.Matches(x.orgName) })
	}
	switch {
	case at < 0 || len(orgs) == 0:
		return policy.Policy{}, append(problems, fmt.Errorf("there is no organization %q: there are %s", x.orgName, namesOf(orgs)))
	case x.orgName == "" && len(orgs) > 1:
		return policy.Policy{}, append(problems, fmt.Errorf("-org has to say which organization: %s", namesOf(orgs)))
	}
	x.org = orgs[at]
	current := x.config.BasePolicy(x.org.Approvers)
	if x.file == "" {
		x.file = x.org.PolicyFile
	}
	if x.file != "" {
		var err error
		current, err = policyfile.Read(x.file, current)
		return current, append(problems, config.SplitErrors(err)...)
	}
	if x.org.Approvers.IsZero() {
		problems = append(problems, errors.New("nobody approves: set SLACK_APPROVERS, or name a policy file"))
	}
	return current, problems
}

func namesOf(orgs []config.Organization) string {
	var all []string
	for _, o := range orgs {
		all = append(all, o.Name)
	}
	return strings.Join(all, ", ")
}

// explainLimit bounds what Slack is asked.
const explainLimit = 20 * time.Second

// people finds out who is in which group, and what the user is to the workspace,
// as far as Slack can be asked.
func (x *explainCommand) people(ctx context.Context, current policy.Policy) (policy.MemberStatus, error) {
	if x.groupsGiven || x.config.SlackBotToken.IsZero() {
		x.assumed = true
		x.directory = policyfile.StaticDirectory{User: x.user, In: x.groups}
		return policy.Member, nil
	}
	ctx, cancel := context.WithTimeout(ctx, explainLimit)
	defer cancel()
	s, err := client.Connect(ctx, client.Config{
		Token: x.config.SlackBotToken, APIURL: x.config.SlackAPIURL, Log: slog.New(slog.DiscardHandler), Now: x.process.Now,
	})
	if err != nil {
		return "", fmt.Errorf("asking Slack (give -groups to do without): %w", err)
	}
	directory := s.Directory()
	x.directory = directory
	standing, err := directory.MemberStatus(ctx, policy.Actor{User: x.user, Team: s.Team, Enterprise: s.Enterprise})
	if err != nil {
		return "", fmt.Errorf("asking Slack (give -groups to do without): %w", err)
	}
	return standing, nil
}
