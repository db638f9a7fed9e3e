package isolate

import (
	"runtime/debug"
)

// A panicError stands for a panic of some work. What panicked can hold what
// people typed, or a key: only the place in the code is kept.
type PanicError struct{ Stack string }

func (e *PanicError) Error() string { return "it panicked" }

// safely calls do and returns a panic of it as an error: one request must not
// end the process, and again at every start.
func Safely[T any](do func() (T, error)) (result T, err error) {
	defer func() {
		if recover() != nil {
			err = &PanicError{string(debug.Stack())}
		}
	}()
	return do()
}

// safelyDo is safely for what returns nothing but an error.
func SafelyDo(do func() error) error {
	_, err := Safely(func() (struct{}, error) { return struct{}{}, do() })
	return err
}
