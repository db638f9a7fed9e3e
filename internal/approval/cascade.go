package approval

// The keys of one rotation stand for one access: what an approver or the
// operator revokes is gone with every key before and after it. The request that
// was revoked says so on disk, in the same move; the worker ends the others and
// then notes that it did. A crash in between is made up for by the next run.

// A CascadeScope says which requests of the same rotations end with one.
type CascadeScope string

const (
	// CascadeAll ends every key before and after it, and every successor on its way.
	CascadeAll CascadeScope = "all"

	// CascadeUnconfirmed ends successors that their owner has not confirmed.
	CascadeUnconfirmed CascadeScope = "unconfirmed"

	// CascadeUnshown ends successors whose key was not shown.
	CascadeUnshown CascadeScope = "unshown"
)
