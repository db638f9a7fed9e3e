package atlas

import "slices"

// orgRoles are the organization roles a key can have, from the enum of
// CreateAtlasOrganizationApiKey.roles in the specification of August 2026.
var orgRoles = []string{
	"ORG_OWNER", "ORG_MEMBER", "ORG_GROUP_CREATOR", "ORG_BILLING_ADMIN",
	"ORG_BILLING_READ_ONLY", "ORG_STREAM_PROCESSING_ADMIN", "ORG_READ_ONLY",
}

// groupRoles are the project roles a key can have: the enum as it was until the
// specification dropped it in 2025, and those that the documentation has named
// since.
var groupRoles = []string{
	"GROUP_OWNER", "GROUP_CLUSTER_MANAGER", "GROUP_STREAM_PROCESSING_OWNER", "GROUP_DATA_ACCESS_ADMIN",
	"GROUP_DATA_ACCESS_READ_WRITE", "GROUP_DATA_ACCESS_READ_ONLY", "GROUP_DATABASE_ACCESS_ADMIN",
	"GROUP_BACKUP_MANAGER", "GROUP_OBSERVABILITY_VIEWER", "GROUP_READ_ONLY", "GROUP_SEARCH_INDEX_EDITOR",
	"GROUP_ACCESS_MANAGER",
	"GROUP_CLUSTER_CREATOR", "GROUP_REPLICA_SET_MANAGER", "GROUP_CLUSTER_LOG_VIEWER", "GROUP_CLUSTER_RESILIENCE_TESTER",
	"GROUP_BACKUP_CREATOR", "GROUP_BACKUP_RECOVERY_OPERATOR", "GROUP_BACKUP_EXPORT_OPERATOR",
	"GROUP_NETWORK_ACCESS_MANAGER", "GROUP_TRIGGER_MANAGER", "GROUP_INDEX_MANAGER",
	"GROUP_REAL_TIME_PERFORMANCE_OPERATOR", "GROUP_SUPPORT_ACCESS_MANAGER", "GROUP_ALERTS_MANAGER", "GROUP_MODEL_OWNER",
}

// checkRoles checks the names given for an organization, or for a project.
// wrongScope is the rule for a role of the other kind.
func (o *Organization) checkRoles(names, allowed, otherKind []string, wrongScope Rule) *refusal {
	if len(names) == 0 {
		return noRoles.of()
	}
	for i, name := range names {
		switch {
		case slices.Contains(otherKind, name):
			return wrongScope.of()
		case !slices.Contains(allowed, name), slices.Contains(names[:i], name):
			return o.badRole(name)
		}
	}
	return nil
}

// badRole refuses in one of the two ways that Atlas does.
func (o *Organization) badRole(name string) *refusal {
	if o.rand.IntN(2) == 0 {
		return badEnum.of(name)
	}
	r := badRole.of()
	r.fields = []fieldViolation{{Description: "Invalid role name '" + name + "'. Must be a valid Role name.", Field: "_roles"}}
	return r
}

// orgScoped and groupScoped give every name its place.
func orgScoped(org string, names []string) []Role {
	roles := make([]Role, len(names))
	for i, name := range names {
		roles[i] = Role{OrgID: org, Name: name}
	}
	return roles
}

func groupScoped(group string, names []string) []Role {
	roles := make([]Role, len(names))
	for i, name := range names {
		roles[i] = Role{GroupID: group, Name: name}
	}
	return roles
}
