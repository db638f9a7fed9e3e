package policyfile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/policyfile"
)

func TestDefaultPolicy(t *testing.T) {
	t.Parallel()
	const hour, day = time.Hour, 24 * time.Hour
	want := policy.Policy{
		Requirements: []policy.Requirement{{From: users("U0BOB"), Count: 1}},
		Roles:        policy.RulesFor("ORG_MEMBER", "ORG_READ_ONLY", "ORG_BILLING_READ_ONLY", "ORG_GROUP_CREATOR", "ORG_STREAM_PROCESSING_ADMIN", "ORG_BILLING_ADMIN"),
		Lifetimes:    []time.Duration{8 * hour, 24 * hour, 7 * day, 30 * day, 90 * day}, MinPrefixIPv4: 24, MinPrefixIPv6: 64, MaxEntries: 20,
		RemindApproversAfter: []time.Duration{12 * hour}, ExpireAfter: 24 * hour, IssueWithin: 24 * hour, ConfirmWithin: hour,
		RemindBeforeExpiry: []time.Duration{24 * hour, hour}, RotationGracePeriod: 24 * hour,
		Notify: policy.NotifyApprovers,
		Limits: policy.Limits{OpenRequests: 20, ActiveKeys: 50, RequestsPerHour: 30},
	}
	assert.Equal(t, want, policyfile.Default(users("U0BOB")))
	want.Requirements = nil
	assert.Equal(t, want, policyfile.Default(policy.Principals{}))
}

// The file that operators start from changes nothing until they edit it.
func TestDefaultFileIsTheDefaultPolicy(t *testing.T) {
	t.Parallel()
	base := policyfile.Default(users("U0BOB"))
	got, err := policyfile.Parse("policy.yaml", policyfile.DefaultFile(), base)
	require.NoError(t, err)
	assert.Equal(t, base, got)
	_, err = policyfile.Parse("policy.yaml", policyfile.DefaultFile(), policyfile.Default(policy.Principals{}))
	assert.ErrorContains(t, err, "there are no approvers: required_approvals is missing, and SLACK_APPROVERS is not set")
}

func TestExamplesOfTheDefaultFileParse(t *testing.T) {
	t.Parallel()
	got, err := policyfile.Parse("policy.yaml", policyfile.Uncommented(), policy.Policy{})
	require.NoError(t, err)
	assert.Len(t, got.Requirements, 1)
	assert.Len(t, got.Roles, 7)
	assert.Len(t, got.ProjectRoles, 2)
	assert.Len(t, got.NetworkPresets, 2)
	assert.Len(t, got.AutoApprovals, 1)
	assert.Equal(t, 8*time.Hour, got.EscalateAfter)
	assert.Equal(t, groups("S0ONCALL"), got.BreakGlass.AllowedRequesters)
}

func TestDefaultFilePointsAtItsSchema(t *testing.T) {
	t.Parallel()
	first, _, _ := strings.Cut(string(policyfile.DefaultFile()), "\n")
	assert.Equal(t, "# yaml-language-server: $schema=./"+policyfile.SchemaFile, first)
}
