package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/audittrail"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/store"
)

func newAuditCommand(env Env) *cobra.Command {
	command := &cobra.Command{
		Use:     "audit",
		Short:   "Print, verify or compare the audit trail",
		GroupID: groupRead,
		Long: "Print the audit trail, oldest line first, beside a running bot. Filters pick lines; a line has to match\n" +
			"all of them. docs/audit.md says what a line means.",
		Example: example("audit", "audit --since 7d --user U012ABCDEF", "audit --key abcdefgh --output csv", "audit verify"),
		Args:    noArguments,
	}
	filter := addFilterFlags(command, env)
	database := addDatabaseFlag(command, env)
	output := addOutputFlag(command, outputJSON, outputCSV)
	command.RunE = func(*cobra.Command, []string) error {
		s, err := openReadOnly(command.Context(), database())
		if err != nil {
			return err
		}
		defer s.Close()
		filter.Org = organizationID(env, filter.Org)
		return audittrail.Print(command.Context(), s, *filter, output.value, env.Stdout)
	}
	command.AddCommand(newAuditVerifyCommand(env), newAuditCompareCommand(env))
	return command
}

func openReadOnly(ctx context.Context, database string) (*store.Store, error) {
	s, err := store.Open(ctx, database, store.Options{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	return s, nil
}

// organizationID returns the ID of an organization that is named by its ID, its
// name, or its word of ORGS.
func organizationID(env Env, word policy.OrgID) policy.OrgID {
	c, _ := config.Read(env.Environ) // problems of other variables do not matter here
	for _, o := range c.Organizations {
		if o.Matches(string(word)) && o.ID != "" {
			return o.ID
		}
	}
	return word
}
