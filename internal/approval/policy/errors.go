package policy

import (
	"errors"
)

var ErrOwnRequest = errors.New("own request")

var ErrNotApprover = errors.New("not an approver")

var ErrCannotCheck = errors.New("the person could not be checked")
