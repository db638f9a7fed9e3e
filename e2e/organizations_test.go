package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/app"
	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/cli"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/sandbox"
)

// Each organization is compared with its own credential, and only its own lines
// count.
func TestComparingSeveralOrganizations(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutBot(t, false, func(o *sandbox.Options) { o.Organizations = 2 })
	asSeveral(w.environ, w.Sandbox)
	w.StartBotForTest()
	staging := w.Atlases[1].Snapshot().ID
	require.NoError(t, w.store().Record(t.Context(), approval.AuditEntry{
		At: w.Clock.Now(), Org: policy.OrgID(staging), Request: "AKR-00001", Event: approval.EventKeyCreated,
		From: approval.StateIssuing, To: approval.StateIssuing, Key: "nosuchke", KeyID: "0123456789abcdef01234567",
	}))
	w.Advance(2 * feedDelay)
	for org, want := range map[string]int{"": 1, "staging": 1, staging: 1, "Production": 0} {
		args := []string{"compare"}
		if org != "" {
			args = append(args, "--org", org)
		}
		out, err := w.runCommand(w.environ, append([]string{"audit"}, args...)...)
		if want == 0 {
			require.NoError(t, err, org)
			require.Empty(t, out)
			continue
		}
		require.EqualError(t, err, "differences between the audit trail and Atlas's events: 1", org)
		require.Contains(t, out, `"org":"`+staging+`"`)
	}
	_, err := w.runCommand(w.environ, "audit", "compare", "--org", "elsewhere")
	require.Equal(t, 2, cli.ExitCode(err))
	require.ErrorContains(t, err, "the environment has no credential for the organization elsewhere")
}

// A bot ends its start with every credential that is refused, by its name.
func TestStartChecksEveryCredential(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutBot(t, false, func(o *sandbox.Options) { o.Organizations = 2 })
	asSeveral(w.environ, w.Sandbox)
	for _, prefix := range []string{"ORG_PRODUCTION_", "ORG_STAGING_"} {
		w.environ[prefix+"ATLAS_PRIVATE_KEY"] = "00000000-0000-4000-8000-00000000beef"
	}
	config, err := config.Read(w.environ)
	require.NoError(t, err)
	b := &app.App{Config: config, Now: w.Clock.Now, Listener: w.listener, Log: app.NewLogger(w.log, config)}
	err = b.Run(t.Context())
	require.ErrorContains(t, err, "Production: Atlas does not accept ORG_PRODUCTION_ATLAS_PUBLIC_KEY and ORG_PRODUCTION_ATLAS_PRIVATE_KEY")
	require.ErrorContains(t, err, "Staging: Atlas does not accept ORG_STAGING_ATLAS_PUBLIC_KEY and ORG_STAGING_ATLAS_PRIVATE_KEY")
}

func TestStartFailsOnSwappedOrganizations(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutBot(t, false, func(o *sandbox.Options) { o.Organizations = 2 })
	asSeveral(w.environ, w.Sandbox)
	production, staging := "ORG_PRODUCTION_ATLAS_ORG_ID", "ORG_STAGING_ATLAS_ORG_ID"
	w.environ[production], w.environ[staging] = w.environ[staging], w.environ[production]
	config, err := config.Read(w.environ)
	require.NoError(t, err)
	b := &app.App{Config: config, Now: w.Clock.Now, Listener: w.listener, Log: app.NewLogger(w.log, config)}
	err = b.Run(t.Context())
	require.ErrorContains(t, err, "set ORG_PRODUCTION_ATLAS_ORG_ID to "+w.Atlases[0].Snapshot().ID)
	require.ErrorContains(t, err, "set ORG_STAGING_ATLAS_ORG_ID to "+w.Atlases[1].Snapshot().ID)
}
