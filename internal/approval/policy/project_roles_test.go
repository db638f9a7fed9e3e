package policy_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval/policy"
)

// What is said of a role fits under its option in Slack.
func TestRolesHaveDescriptions(t *testing.T) {
	t.Parallel()
	require.Len(t, policy.OrgRoles, 7)
	require.Len(t, policy.ProjectRoles, 26)
	seen := map[string]bool{}
	for prefix, roles := range map[string][]policy.RoleInfo{"ORG_": policy.OrgRoles, "GROUP_": policy.ProjectRoles} {
		for _, info := range roles {
			assert.True(t, strings.HasPrefix(string(info.Name), prefix), info.Name)
			assert.NotEmpty(t, info.Title, info.Name)
			assert.LessOrEqual(t, utf8.RuneCountInString(info.Grants), 75, info.Name)
			assert.True(t, strings.HasSuffix(info.Grants, "."), info.Name)
			assert.Equal(t, info, info.Name.Info())
			assert.False(t, seen[info.Title], info.Title)
			seen[info.Title] = true
		}
	}
	unknown := policy.Role("GROUP_LATER").Info()
	assert.True(t, unknown.Powerful)
	assert.Equal(t, "GROUP_LATER", unknown.Title)
}

func TestDefaultProjectRoles(t *testing.T) {
	t.Parallel()
	roles := policy.DefaultProjectRoles()
	require.Len(t, roles, 24)
	assert.NotContains(t, roles, policy.Role("GROUP_OWNER"))
	assert.NotContains(t, roles, policy.Role("GROUP_ACCESS_MANAGER"))
	assert.False(t, policy.Role("GROUP_READ_ONLY").Info().Powerful)
	assert.True(t, policy.Role("GROUP_DATA_ACCESS_READ_WRITE").Info().Powerful)
}

// The list is by hand: a role that reads data, also through logs or samples of
// queries, takes an approval.
func TestPowerfulRolesAreMarked(t *testing.T) {
	t.Parallel()
	var harmless []policy.Role
	for _, info := range append(append([]policy.RoleInfo{}, policy.OrgRoles...), policy.ProjectRoles...) {
		if !info.Powerful {
			harmless = append(harmless, info.Name)
		}
	}
	assert.Equal(t, []policy.Role{"ORG_MEMBER", "ORG_READ_ONLY", "ORG_BILLING_READ_ONLY", "GROUP_READ_ONLY", "GROUP_ALERTS_MANAGER"}, harmless)
}
