package cli

import (
	"context"
	"fmt"

	"atlaskeybot/internal/version"
)

// version prints what Go knows of the build: the commit and the toolchain.
func (p Env) version(context.Context, []string) error {
	_, err := fmt.Fprintln(p.Stdout, version.BuildVersion())
	return err
}
