package isolate

import (
	"runtime/debug"
)

// A PanicError is the error of a function that panicked. It keeps only the place in
// the code, because the panic value can contain user input or a key.
type PanicError struct{ Stack string }

func (e *PanicError) Error() string { return "it panicked" }

// Safely calls do and returns a panic as an error, so that one request cannot end the
// process, and again after every restart.
func Safely[T any](do func() (T, error)) (result T, err error) {
	defer func() {
		if recover() != nil {
			err = &PanicError{string(debug.Stack())}
		}
	}()
	return do()
}

// SafelyDo is [Safely] for a function that only returns an error.
func SafelyDo(do func() error) error {
	_, err := Safely(func() (struct{}, error) { return struct{}{}, do() })
	return err
}
