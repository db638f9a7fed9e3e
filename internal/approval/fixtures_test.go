package approval_test

import "atlaskeybot/internal/approval/approvaltest"

// The fixtures of package approvaltest, in short.
const (
	alice = approvaltest.Alice
	bob   = approvaltest.Bob
	dana  = approvaltest.Dana
	carol = approvaltest.Carol
)

var (
	users      = approvaltest.Users
	testPolicy = approvaltest.Policy
)
