package policy

type (
	// ID names a request, as in "AKR-7F3K2". People quote it and the key's
	// description in Atlas carries it; it is a name, not a secret.
	ID string

	// UserID names a user; it is opaque here.
	UserID string

	// GroupID names a group of users.
	GroupID string

	// OrgID names an Atlas organization.
	OrgID string

	// Role is an Atlas organization role, as in "ORG_READ_ONLY", or a project
	// role, as in "GROUP_READ_ONLY".
	Role string

	// ProjectID is Atlas's id of a project, 24 hexadecimal digits.
	ProjectID string

	// Kind is the kind of credential. There is one today.
	Kind string
)
