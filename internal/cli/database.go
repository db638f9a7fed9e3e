package cli

import (
	"cmp"

	"github.com/spf13/cobra"

	"atlaskeybot/internal/config"
)

// addDatabaseFlag adds --database. The returned function returns the database that
// a command uses.
func addDatabaseFlag(command *cobra.Command, env Env) func() string {
	url := command.Flags().String("database", "", "the `URL` of the database (default DATABASE_URL, or "+config.DefaultDatabase+")")
	return func() string { return cmp.Or(*url, config.DatabaseURL(env.Environ)) }
}
