package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/policyfile"
	"atlaskeybot/internal/slackui/client"
)

// An explainCommand asks what the policy says about one request.
type explainCommand struct {
	env    Env
	output *outputFormat
	config config.Config

	user        policy.UserID
	form        policy.Form
	projects    int              // as given; the form has at most the allowed number
	groups      []policy.GroupID // of the user
	groupsGiven bool
	orgName     string
	file        string

	org       config.Organization
	directory policy.Directory
	assumed   bool // Slack was not asked who is in which group
}

func newPolicyExplainCommand(env Env) *cobra.Command {
	x := &explainCommand{env: env}
	command := &cobra.Command{
		Use:   "explain [FILE]",
		Short: "Explain whether a person may request something, and who approves it",
		Long: "Explain whether a person may request something, which limit is in the way, and whose approval it\n" +
			"needs. Without FILE it reads the policy of the environment. With SLACK_BOT_TOKEN it asks Slack who\n" +
			"is in which user group; --groups does without.",
		Example:           example("policy explain --user U012ABCDEF --roles ORG_OWNER --for 8h --groups S0SRE policy.yaml"),
		Args:              mayBeOneArgument("FILE"),
		ValidArgsFunction: files,
	}
	x.addFlags(command)
	x.output = addOutputFlag(command, outputText, outputJSON)
	command.RunE = func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			x.file = args[0]
		}
		return x.run(command.Context())
	}
	return command
}

func (x *explainCommand) addFlags(command *cobra.Command) {
	flags := command.Flags()
	flags.Func("user", "the requester, by the Slack user `ID`", func(word string) error {
		x.user = policy.UserID(word)
		if !config.IsApproverID(word) || word[0] == 'S' {
			return errors.New("a user id looks like U012ABCDEF")
		}
		return nil
	})
	flags.Func("roles", "the organization `roles`, separated by commas", func(words string) error { x.form.Roles = commas[policy.Role](words); return nil })
	flags.Func("for", "how long, a `duration` like 8h or 7d", func(word string) (err error) {
		x.form.Lifetime, err = policyfile.ParseDuration(word)
		return err
	})
	flags.StringVar(&x.form.Networks, "from", "", "`addresses` and blocks, separated by commas")
	flags.Func("network", "`names` of network presets, separated by commas", func(words string) error { x.form.NetworkPresets = commas[string](words); return nil })
	flags.IntVar(&x.projects, "projects", 0, "in this `number` of projects")
	flags.Func("project-roles", "the `roles` there, separated by commas", func(words string) error { x.form.ProjectRoles = commas[policy.Role](words); return nil })
	flags.Func("groups", "the `IDs` of the user groups that the requester is in, separated by commas; empty: none", func(words string) error {
		x.groups, x.groupsGiven = commas[policy.GroupID](words), true
		return nil
	})
	flags.Func("ticket", "the `ticket`, if the policy asks for one", func(word string) error {
		x.form.Details = policy.Details{string(policy.FieldTicket): word}
		return notEmpty(word)
	})
	flags.StringVar(&x.orgName, "org", "", "the `organization`, by its name, if there are several")
}

// check completes the form and refuses one that asks for nothing.
func (x *explainCommand) check() error {
	for i := range min(max(x.projects, 0), policy.MaxProjects) {
		x.form.Projects = append(x.form.Projects, policy.ProjectID(fmt.Sprint(i)))
	}
	switch {
	case x.user == "" || len(x.form.Roles) == 0 || x.form.Lifetime == 0:
		return usagef("--user, --roles and --for have to be given")
	case (x.projects > 0) != (len(x.form.ProjectRoles) > 0):
		return usagef("--projects and --project-roles go together")
	}
	return nil
}

func (x *explainCommand) run(ctx context.Context) error {
	if err := x.check(); err != nil {
		return err
	}
	current, problems := x.policy()
	if len(problems) > 0 {
		return printProblems(x.env.Stdout, problems, x.output)
	}
	status, err := x.resolvePeople(ctx, current)
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
	return x.explain(ctx, current, preview, status).print(x.env.Stdout, x.output)
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

// policy returns the policy of the organization, or its problems.
func (x *explainCommand) policy() (policy.Policy, []error) {
	var problems []error
	x.config, problems = config.ReadRules(x.env.Environ)
	orgs := x.config.Organizations
	at := 0
	if x.orgName != "" {
		at = slices.IndexFunc(orgs, func(o config.Organization) bool { return o.Matches(x.orgName) })
	}
	switch {
	case at < 0 || len(orgs) == 0:
		return policy.Policy{}, append(problems, fmt.Errorf("there is no organization %q: there are %s", x.orgName, namesOf(orgs)))
	case x.orgName == "" && len(orgs) > 1:
		return policy.Policy{}, append(problems, fmt.Errorf("--org is missing: it names one of %s", namesOf(orgs)))
	}
	x.org = orgs[at]
	current := policyfile.Default(x.org.Approvers)
	if x.file == "" {
		x.file = x.org.PolicyFile
	}
	if x.file != "" {
		var err error
		current, err = policyfile.Read(x.file, current)
		return current, append(problems, config.SplitErrors(err)...)
	}
	if x.org.Approvers.IsZero() {
		problems = append(problems, errors.New("there are no approvers: set SLACK_APPROVERS, or name a policy file"))
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

// explainTimeout bounds the calls to Slack.
const explainTimeout = 20 * time.Second

// resolvePeople returns the status of the user in the workspace, and sets the
// directory that knows the members of groups. Without Slack it assumes them.
func (x *explainCommand) resolvePeople(ctx context.Context, current policy.Policy) (policy.MemberStatus, error) {
	if x.groupsGiven || x.config.SlackBotToken.IsZero() {
		x.assumed = true
		x.directory = policyfile.StaticDirectory{User: x.user, In: x.groups}
		return policy.Member, nil
	}
	ctx, cancel := context.WithTimeout(ctx, explainTimeout)
	defer cancel()
	s, err := client.Connect(ctx, client.Config{
		Token: x.config.SlackBotToken, APIURL: x.config.SlackAPIURL, Log: slog.New(slog.DiscardHandler), Now: x.env.Now,
	})
	if err != nil {
		return "", fmt.Errorf("asking Slack (give --groups to do without): %w", err)
	}
	directory := s.Directory()
	x.directory = directory
	status, err := directory.MemberStatus(ctx, policy.Actor{User: x.user, Team: s.Team, Enterprise: s.Enterprise})
	if err != nil {
		return "", fmt.Errorf("asking Slack (give --groups to do without): %w", err)
	}
	return status, nil
}
