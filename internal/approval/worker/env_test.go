package worker_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
)

// The fixtures of package approvaltest, in short.
const (
	alice    = approvaltest.Alice
	bob      = approvaltest.Bob
	carol    = approvaltest.Carol
	gil      = approvaltest.Gil
	eve      = approvaltest.Eve
	frank    = approvaltest.Frank
	ivan     = approvaltest.Ivan
	security = approvaltest.Security
	managers = approvaltest.Managers
	onCall   = approvaltest.OnCall
)

var (
	groups     = approvaltest.Groups
	testPolicy = approvaltest.Policy
	form       = approvaltest.Form
	as         = approvaltest.As
)

// An env is an [approvaltest.Env] with what the tests of this package do in it.
type env struct{ *approvaltest.Env }

func newEnv(t *testing.T, p policy.Policy) *env { return &env{approvaltest.NewEnv(t, p)} }

// inEnv runs f in a bubble whose clock jumps, beside a running worker.
func inEnv(t *testing.T, f func(w *env), edit ...func(*policy.Policy)) {
	t.Helper()
	approvaltest.InEnv(t, func(e *approvaltest.Env) { f(&env{e}) }, edit...)
}

// runUntil runs the worker in real time until done.
func runUntil(t *testing.T, w *env, done func() bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	ended := make(chan struct{})
	go func() { defer close(ended); w.Worker.Run(ctx) }()
	for !done() {
		require.NoError(t, ctx.Err(), "it did not happen in time")
		w.Worker.Wake()
		<-time.After(time.Millisecond)
	}
	stop()
	<-ended
}
