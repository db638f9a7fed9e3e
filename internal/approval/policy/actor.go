package policy

// An Actor is who pressed, as the signed payload says.
type Actor struct {
	User UserID
	Team string // the workspace the person belongs to

	// Enterprise is the organization of an Enterprise workspace, or empty.
	Enterprise string
}
