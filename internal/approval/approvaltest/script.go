package approvaltest

import (
	"errors"
	"sync"

	"atlaskeybot/internal/approval"
)

// A Call names what a fake was asked to do.
type Call string

// The calls that can fail.
const (
	CallCreate             Call = "create"   // Keys.Create, up to Atlas's answer
	CallRestrict           Call = "restrict" // Keys.Create, the access list
	CallAddAccess          Call = "add_access"
	CallKeepAccess         Call = "keep_access"
	CallDelete             Call = "delete"
	CallFindTagged         Call = "find_tagged"
	CallListTagged         Call = "list_tagged"
	CallCreatedButUnlisted Call = "created_but_unlisted"
	CallInspect            Call = "inspect"
	CallWasUsed            Call = "was_used"

	CallSyncMessage Call = "sync_message"
	CallRevealKey   Call = "reveal_key"

	CallMemberStatus Call = "member_status"
	CallDeactivated  Call = "deactivated"
	CallMembers      Call = "members"
)

// A Failure is how one call goes wrong. Failures come in pairs: the call was
// lost, or it happened and only its answer was lost. The caller is told the
// same.
type Failure struct {
	Happened bool
	Err      error // what the caller gets; nil is no failure
}

// Lost is a call that did nothing.
func Lost(err error) Failure { return Failure{Err: err} }

// AnswerLost is a call that did everything and did not say so.
func AnswerLost(err error) Failure { return Failure{Happened: true, Err: err} }

// Fine is a call that goes well, to let a later one fail.
func Fine() Failure { return Failure{} }

// Permanent is the error of a call that was refused for good.
func Permanent(why approval.Cause) *approval.CallError {
	return &approval.CallError{Class: approval.Permanent, Cause: why, Code: "SCRIPTED", Err: errors.New("refused by the script")}
}

// Transient is the error of a call that did nothing and may work later.
func Transient(why approval.Cause) *approval.CallError {
	return &approval.CallError{Class: approval.Transient, Cause: why, Code: "SCRIPTED", Err: errors.New("put off by the script")}
}

// Indeterminate is the error of a call that may have happened or not.
func Indeterminate() *approval.CallError {
	return &approval.CallError{Class: approval.Indeterminate, Cause: approval.CauseUnknown, Err: errors.New("the connection was cut by the script")}
}

// Script is what will go wrong with a fake's calls, and how often each was
// made.
type Script struct {
	mu     sync.Mutex
	onCall func(Call)
	coming map[Call][]Failure
	calls  map[Call]int
}

// Fail says how the next calls of that name go, in their order. Calls beyond
// them go well.
func (s *Script) Fail(call Call, failures ...Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.coming == nil {
		s.coming = map[Call][]Failure{}
	}
	s.coming[call] = append(s.coming[call], failures...)
}

// Calls counts the calls of that name so far.
func (s *Script) Calls(call Call) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[call]
}

// SetOnCall has hook hear of every call before it is made, on the caller's
// goroutine: the moment for another person to click. nil: none does.
func (s *Script) SetOnCall(hook func(Call)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onCall = hook
}

// OnCall returns the hook.
func (s *Script) OnCall() func(Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.onCall
}

// next counts a call and takes its failure off the script.
func (s *Script) next(call Call) Failure {
	if hook := s.OnCall(); hook != nil {
		hook(call)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls == nil {
		s.calls = map[Call]int{}
	}
	s.calls[call]++
	if len(s.coming[call]) == 0 {
		return Failure{}
	}
	m := s.coming[call][0]
	s.coming[call] = s.coming[call][1:]
	return m
}

// do makes a call: happen runs unless the script says that it is lost.
func (s *Script) do(call Call, happen func()) error {
	m := s.next(call)
	if m.Err == nil || m.Happened {
		happen()
	}
	return m.Err
}
