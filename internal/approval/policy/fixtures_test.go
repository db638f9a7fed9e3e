package policy_test

import "atlaskeybot/internal/approval/approvaltest"

// The fixtures of package approvaltest, in short.
const (
	security = approvaltest.Security
)

var (
	testPolicy = approvaltest.Policy
	form       = approvaltest.Form
	as         = approvaltest.As
)
