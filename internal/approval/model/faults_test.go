package model_test

import (
	"errors"
	"sync"
	"time"

	"pgregory.net/rapid"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
)

// faults is what will go wrong outside of the process, call by call.
type faults struct {
	mu     sync.Mutex
	coming map[approvaltest.Call][]approvaltest.Failure
	store  map[string][]bool // whether it happened nevertheless
	usual  time.Duration     // what a call takes
	slow   map[approvaltest.Call]time.Duration
}

func newFaults(usual time.Duration) *faults {
	f := &faults{usual: usual}
	f.heal()
	return f
}

// heal takes back what has not happened yet.
func (f *faults) heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.coming = map[approvaltest.Call][]approvaltest.Failure{}
	f.store = map[string][]bool{}
	f.slow = map[approvaltest.Call]time.Duration{}
}

// take says how long every call takes from now on, and returns how long it
// took before.
func (f *faults) take(d time.Duration) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := f.usual
	f.usual = d
	return before
}

func (f *faults) add(call approvaltest.Call, m ...approvaltest.Failure) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.coming[call] = append(f.coming[call], m...)
}

func (f *faults) addStore(method string, applied ...bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.store[method] = append(f.store[method], applied...)
}

func (f *faults) delay(call approvaltest.Call, d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.slow[call] = d
}

func (f *faults) latency(call approvaltest.Call) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	if d, ok := f.slow[call]; ok {
		return d
	}
	return f.usual
}

// into puts the next mishap of a call, if any, into a stand-in's script at the
// moment of the call. Until then it can be taken back.
func (f *faults) into(s *approvaltest.Script) func(approvaltest.Call) {
	return func(call approvaltest.Call) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if all := f.coming[call]; len(all) > 0 {
			f.coming[call] = all[1:]
			s.Fail(call, all[0])
		}
	}
}

// ofStore reports whether the next call of that method fails, and whether what
// it should do is done nevertheless.
func (f *faults) ofStore(method string) (fails, applied bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.store[method]
	if len(all) == 0 {
		return false, false
	}
	f.store[method] = all[1:]
	return true, all[0]
}

// areOfClicks reports whether something is to come that a click may meet.
func (f *faults) areOfClicks() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.coming[approvaltest.CallMemberStatus]) + len(f.coming[approvaltest.CallMembers]) + len(f.coming[approvaltest.CallProjects]) + len(f.coming[approvaltest.CallDeactivated])
	for _, all := range f.store {
		n += len(all)
	}
	return n > 0
}

var faultyCalls = []approvaltest.Call{
	approvaltest.CallCreate, approvaltest.CallCreate, approvaltest.CallRestrict, approvaltest.CallRevealKey,
	approvaltest.CallDelete, approvaltest.CallFindTagged, approvaltest.CallWasUsed, approvaltest.CallListTagged,
	approvaltest.CallInspect, approvaltest.CallCreatedButUnlisted, approvaltest.CallSyncMessage, approvaltest.CallMemberStatus, approvaltest.CallMembers,
	approvaltest.CallAddAccess, approvaltest.CallAddAccess, approvaltest.CallKeepAccess, approvaltest.CallKeepAccess, approvaltest.CallAssign, approvaltest.CallAssign, approvaltest.CallProjects, approvaltest.CallDeactivated,
}

// drawMishap makes up how a call fails. Only of a call whose verdict is
// After Indeterminate, the call may have happened or not.
func drawMishap(t *rapid.T) approvaltest.Failure {
	switch pick(t, "mishap", []string{"refused", "not now", "wait", "lost", "unheard", "unforeseen", "fine"}) {
	case "refused":
		return approvaltest.Lost(approvaltest.Permanent(approval.CauseBadAddress))
	case "not now":
		return approvaltest.Lost(approvaltest.Transient(approval.CauseAtlasUnavailable))
	case "wait":
		f := approvaltest.Transient(approval.CauseAtlasUnavailable)
		f.RetryAfter = 40 * time.Second
		return approvaltest.Lost(f)
	case "lost":
		return approvaltest.Lost(approvaltest.Indeterminate())
	case "unheard":
		return approvaltest.AnswerLost(approvaltest.Indeterminate())
	case "unforeseen":
		return approvaltest.AnswerLost(errors.New("an unforeseen error"))
	}
	return approvaltest.Fine()
}
