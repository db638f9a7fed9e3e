package policy

// An Actor is the user who acts, as Slack's signed payload says.
type Actor struct {
	User UserID
	Team string // the workspace that the user belongs to

	// Enterprise is the Enterprise organization of that workspace, or empty.
	Enterprise string
}
