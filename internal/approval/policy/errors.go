package policy

import "errors"

// ErrOwnRequest refuses a requester who decides on their own request.
var ErrOwnRequest = errors.New("own request")

// ErrNotApprover refuses a user who is not among the approvers.
var ErrNotApprover = errors.New("not an approver")

// ErrCannotCheck says that Slack did not answer who a user is, or who is in a group.
var ErrCannotCheck = errors.New("the user could not be checked")
