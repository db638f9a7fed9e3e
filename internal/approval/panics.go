package approval

import "runtime/debug"

// A panicError stands for a panic of some work. What panicked can hold what
// people typed, or a key: only the place in the code is kept.
type panicError struct{ stack string }

func (e *panicError) Error() string { return "it panicked" }

// safely calls do and returns a panic of it as an error: one request must not
// end the process, and again at every start.
func safely[T any](do func() (T, error)) (result T, err error) {
	defer func() {
		if recover() != nil {
			err = &panicError{string(debug.Stack())}
		}
	}()
	return do()
}

// safelyDo is safely for what returns nothing but an error.
func safelyDo(do func() error) error {
	_, err := safely(func() (struct{}, error) { return struct{}{}, do() })
	return err
}
