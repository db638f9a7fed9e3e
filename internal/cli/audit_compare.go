package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/audittrail"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/preflight"
)

func newAuditCompareCommand(env Env) *cobra.Command {
	command := &cobra.Command{
		Use:   "compare",
		Short: "Compare the audit trail with the events of Atlas",
		Long: "Print what only one of the audit trail and Atlas's own events tells of. It reads the ATLAS variables\n" +
			"and the database; a key with Organization Read Only will do.\n" +
			"It ends with 1 if there are differences, and with 2 if it could not compare.",
		Example: example("audit compare", "audit compare --since 2026-03-01 --org Production --output csv"),
		Args:    noArguments,
	}
	var window audittrail.Filter
	addWindowFlags(command, &window, env)
	database := addDatabaseFlag(command, env)
	output := addOutputFlag(command, outputJSON, outputCSV)
	command.RunE = func(*cobra.Command, []string) error {
		window.Org = organizationID(env, window.Org)
		return compare(command.Context(), env, database(), window, output)
	}
	return command
}

func compare(ctx context.Context, env Env, database string, window audittrail.Filter, output *outputFormat) error {
	s, err := openReadOnly(ctx, database)
	if err != nil {
		return uncheckedError{err}
	}
	defer s.Close()
	c, orgs, err := atlasOrganizations(env, window.Org)
	if err != nil {
		return uncheckedError{err}
	}
	comparer := &audittrail.Comparer{
		Store: s, Config: c, Now: env.Now, Organizations: orgs, Window: window,
		Format: output.value, Stdout: env.Stdout, Stderr: env.Stderr,
	}
	err = comparer.Run(ctx)
	if errors.Is(err, audittrail.ErrAtlas) {
		message, hint := preflight.AtlasProblem(c.AtlasBaseURL, err)
		err = fmt.Errorf("%w. %s %s", err, message, hint)
	}
	if err != nil && !errors.Is(err, audittrail.ErrDifferences) {
		return uncheckedError{err}
	}
	return err
}

// atlasOrganizations reads the ATLAS variables alone: an auditor need not hold
// Slack's secrets. It returns the organizations to compare, all of them or one.
func atlasOrganizations(env Env, only policy.OrgID) (config.Config, []config.Organization, error) {
	c, _ := config.Read(env.Environ) // problems of other variables do not matter here
	if err := config.CheckURL(c.AtlasBaseURL); err != nil {
		return c, nil, fmt.Errorf("ATLAS_BASE_URL is %q: %w", c.AtlasBaseURL, err)
	}
	var orgs []config.Organization
	for _, o := range c.Organizations {
		if only != "" && only != o.ID {
			continue
		}
		if !config.IsOrgID(string(o.ID)) || o.PublicKey == "" || o.PrivateKey.IsZero() {
			return c, nil, fmt.Errorf("comparing reads Atlas: set %s, %s and %s; a key with Organization Read Only will do",
				o.Variable("ATLAS_ORG_ID"), o.Variable("ATLAS_PUBLIC_KEY"), o.Variable("ATLAS_PRIVATE_KEY"))
		}
		orgs = append(orgs, o)
	}
	if len(orgs) == 0 {
		return c, nil, fmt.Errorf("the environment has no credential for the organization %s", only)
	}
	return c, orgs, nil
}
