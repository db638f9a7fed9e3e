package model_test

import "atlaskeybot/internal/approval/approvaltest"

// The fixtures of package approvaltest, in short.
const (
	alice    = approvaltest.Alice
	bob      = approvaltest.Bob
	dana     = approvaltest.Dana
	carol    = approvaltest.Carol
	gil      = approvaltest.Gil
	eve      = approvaltest.Eve
	frank    = approvaltest.Frank
	grace    = approvaltest.Grace
	heidi    = approvaltest.Heidi
	ivan     = approvaltest.Ivan
	platform = approvaltest.Platform
	security = approvaltest.Security
	managers = approvaltest.Managers
	onCall   = approvaltest.OnCall
)

var (
	everyone       = approvaltest.Everyone
	payments       = approvaltest.Payments
	search         = approvaltest.Search
	users          = approvaltest.Users
	groups         = approvaltest.Groups
	anyOf          = approvaltest.AnyOf
	prefixes       = approvaltest.Prefixes
	orgs           = approvaltest.Orgs
	testPolicy     = approvaltest.Policy
	form           = approvaltest.Form
	breakGlassForm = approvaltest.BreakGlassForm
	as             = approvaltest.As
)
