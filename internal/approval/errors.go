package approval

import (
	"errors"
)

// ErrPredecessorRevoked says that the key before this one was revoked, and this
// one goes as well.
var ErrPredecessorRevoked = errors.New("the key before it was revoked")

// ErrPredecessorNotActive says that the key which a successor would take over from is gone, or
// somebody else's by now.
var ErrPredecessorNotActive = errors.New("the key before it is not theirs and live any more")
