package policy_test

import "atlaskeybot/internal/approval/approvaltest"

// The fixtures of package approvaltest, in short.
var (
	testPolicy = approvaltest.Policy
	form       = approvaltest.Form
)
