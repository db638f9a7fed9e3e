package isolate

import (
	"log/slog"
	"runtime/debug"
)

// LogPanic recovers from a panic and logs its place. Defer it in every goroutine,
// because a panic in one ends the process. The panic value can contain user input,
// so it is not logged.
func LogPanic(log *slog.Logger, what string) {
	if p := recover(); p != nil {
		log.Error(what, "stack", string(debug.Stack()))
	}
}
