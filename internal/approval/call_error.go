package approval

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// A FailureClass says what a failed call leaves behind.
type FailureClass string

const (
	Permanent     FailureClass = "refused" // for good; nothing happened
	Transient     FailureClass = "not_now" // nothing happened; a later try may work
	Indeterminate FailureClass = "unknown" // it may have happened
)

// A CallError is why a call to Atlas or Slack did not work. Its text is for the log.
type CallError struct {
	Class      FailureClass
	Cause      Cause
	Code       string        // the other side's own word for it
	RetryAfter time.Duration // zero: it was not said; never more than [MaxWait]
	Err        error
}

func (f *CallError) Error() string {
	text := string(f.Class)
	for _, word := range []string{string(f.Cause), f.Code} {
		if word != "" {
			text += ", " + word
		}
	}
	return fmt.Sprintf("%s: %v", text, f.Err)
}

// Note describes the failure for the audit trail, in words of closed lists only.
func (f *CallError) Note() string { return strings.TrimSpace(string(f.Cause) + " " + f.Code) }

// Unwrap returns the cause.
func (f *CallError) Unwrap() error { return f.Err }

// CallErrorOf returns the *CallError in err's chain. Any other error counts as
// Indeterminate, which is the careful reading.
func CallErrorOf(err error) *CallError {
	if f, ok := errors.AsType[*CallError](err); ok {
		return f
	}
	return &CallError{Class: Indeterminate, Cause: CauseUnknown, Err: err}
}
