package e2e

import (
	"bytes"
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/cli"
	"atlaskeybot/internal/config/configtest"
	"atlaskeybot/internal/sandbox"
	"atlaskeybot/internal/store"
)

// The settings of package configtest, in short.
var (
	environment          = configtest.Environment
	set                  = configtest.Set
	severalOrganizations = configtest.SeveralOrganizations
	policyOf             = configtest.PolicyFile
)

// runCommand runs a command as an operator would.
func runCommand(t *testing.T, environ map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = cli.Main(t.Context(), args, cli.Env{Environ: environ, Stdout: &out, Stderr: &errs})
	return code, out.String(), errs.String()
}

// createDatabase makes a database with this many requests.
func createDatabase(t *testing.T, path string, requests int) {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite:"+path, store.Options{})
	require.NoError(t, err)
	for i := range requests {
		id := policy.ID("AKR-0000" + string(rune('A'+i)))
		r := approval.Request{ID: id, Org: "5f1f2a3b4c5d6e7f8a9b0c1d", Kind: approval.APIKey, State: approval.StatePending, Requester: "U0BO", IdempotencyKey: string(id), RequestedAt: dayOne, ExpiresAt: dayOne.Add(time.Hour)}
		_, err := s.Create(t.Context(), r, approval.AuditEntry{At: dayOne, Org: "5f1f2a3b4c5d6e7f8a9b0c1d", Request: id, Event: approval.EventSubmit, To: approval.StatePending, By: "U0BO"})
		require.NoError(t, err)
	}
	require.NoError(t, s.Close())
}

// tamper does to the file what nothing in the database may stop: who can write
// it can take the triggers away.
func tamper(t *testing.T, database, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+database)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), `
		DROP TRIGGER audit_is_never_changed; DROP TRIGGER audit_is_never_shortened; DROP TRIGGER audit_is_only_continued;
		DROP TRIGGER audit_head_never_goes_back; DROP TRIGGER audit_head_is_never_removed;`+statements)
	require.NoError(t, err)
}

// asSeveral puts the sandbox's organizations into an environment, as production
// and staging.
func asSeveral(environ map[string]string, s *sandbox.Sandbox) {
	for _, name := range []string{"ATLAS_ORG_ID", "ATLAS_PUBLIC_KEY", "ATLAS_PRIVATE_KEY"} {
		delete(environ, name)
	}
	environ["ORGS"] = "production,staging"
	for i, prefix := range []string{"ORG_PRODUCTION_", "ORG_STAGING_"} {
		public, private := s.Atlases[i].Credential()
		environ[prefix+"ATLAS_ORG_ID"] = s.Atlases[i].Snapshot().ID
		environ[prefix+"ATLAS_PUBLIC_KEY"], environ[prefix+"ATLAS_PRIVATE_KEY"] = public, private
	}
}

var dayOne = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

// What Atlas's events are called, and how late they may be.
const (
	gaveProject = "API_KEY_ADDED_TO_GROUP"
	tookProject = "API_KEY_REMOVED_FROM_GROUP"
	feedDelay   = 5 * time.Minute
)

func closeSandbox(s *sandbox.Sandbox) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	s.Close(ctx)
}
