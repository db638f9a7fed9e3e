package policy

import (
	"slices"
)

// A RoleInfo describes a role to requesters and approvers.
type RoleInfo struct {
	Name   Role
	Title  string // as Atlas calls it
	Grants string // one sentence, at most 75 characters

	// Powerful roles are marked for the approver, and no rule approves them by
	// itself: they can spend money, read or change data, decide who reaches it, or
	// make more keys.
	Powerful bool
}

// OrgRoles lists every organization role an API key can have, least first.
// Source: MongoDB's role reference and the Admin API specification of August
// 2026, which lists exactly these seven for API keys.
var OrgRoles = []RoleInfo{
	{"ORG_MEMBER", "Organization Member", "Reads settings and users, and only projects it was added to.", false},
	{"ORG_READ_ONLY", "Organization Read Only", "Reads settings, users and all projects.", false},
	{"ORG_BILLING_READ_ONLY", "Organization Billing Viewer", "Reads invoices and billing settings.", false},
	{"ORG_GROUP_CREATOR", "Organization Project Creator", "Creates projects, and owns the ones it creates.", true},
	{"ORG_STREAM_PROCESSING_ADMIN", "Organization Stream Processing Admin", "Manages stream processing in every project.", true},
	{"ORG_BILLING_ADMIN", "Organization Billing Admin", "Changes billing and payment data.", true},
	{"ORG_OWNER", "Organization Owner", "Does everything: projects, data, users, billing, more keys.", true},
}

// Info describes r. A role that Atlas added later than this list is shown by
// its name and treated as powerful.
func (r Role) Info() RoleInfo {
	for _, known := range [][]RoleInfo{OrgRoles, ProjectRoles} {
		if i := slices.IndexFunc(known, func(info RoleInfo) bool { return info.Name == r }); i >= 0 {
			return known[i]
		}
	}
	return RoleInfo{Name: r, Title: string(r), Grants: "See the Atlas documentation.", Powerful: true}
}
