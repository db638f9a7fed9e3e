//go:build !linux

package bench

// pinSelf does nothing: processors cannot be chosen here, and the figures say less.
func pinSelf() error { return nil }

func onBotsProcessor(start func() error) error { return start() }
