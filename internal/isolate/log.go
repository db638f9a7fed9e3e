package isolate

import (
	"log/slog"
	"runtime/debug"
)

// logPanic ends a panic and logs where it was. It is to be deferred, in every
// goroutine that is started: a panic in one would end the process. What panicked
// can hold what people typed, so only the place is logged.
func LogPanic(log *slog.Logger, what string) {
	if p := recover(); p != nil {
		log.Error(what, "stack", string(debug.Stack()))
	}
}
