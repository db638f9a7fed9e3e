package service_test

import (
	"flag"
	"os"
	"testing"

	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
)

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
	platform = approvaltest.Platform
	security = approvaltest.Security
	onCall   = approvaltest.OnCall
)

var (
	everyone        = approvaltest.Everyone
	payments        = approvaltest.Payments
	search          = approvaltest.Search
	users           = approvaltest.Users
	groups          = approvaltest.Groups
	anyOf           = approvaltest.AnyOf
	prefixes        = approvaltest.Prefixes
	orgs            = approvaltest.Orgs
	testPolicy      = approvaltest.Policy
	strictPolicy    = approvaltest.StrictPolicy
	allowProjects   = approvaltest.AllowProjects
	allowBreakGlass = approvaltest.AllowBreakGlass
	limited         = approvaltest.Limited
	form            = approvaltest.Form
	breakGlassForm  = approvaltest.BreakGlassForm
	withRoles       = approvaltest.WithRoles
	as              = approvaltest.As
)

// An env is an [approvaltest.Env] with what the tests of this package do in it.
type env struct{ *approvaltest.Env }

func newEnv(t *testing.T, p policy.Policy) *env { return &env{approvaltest.NewEnv(t, p)} }

// inEnv runs f in a bubble whose clock jumps, beside a running worker.
func inEnv(t *testing.T, f func(w *env), edit ...func(*policy.Policy)) {
	t.Helper()
	approvaltest.InEnv(t, func(e *approvaltest.Env) { f(&env{e}) }, edit...)
}

// TestMain lets properties take fewer examples in short runs, unless the command line
// says how many.
func TestMain(m *testing.M) {
	flag.Parse()
	if checks := flag.Lookup("rapid.checks"); testing.Short() && checks.Value.String() == checks.DefValue {
		if err := checks.Value.Set("6"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
