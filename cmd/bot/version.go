package main

import (
	"context"
	"fmt"
	"runtime/debug"
)

// version prints what Go knows of the build: the commit and the toolchain.
func (p process) version(context.Context, []string) error {
	revision, modified := "unknown", ""
	info, ok := debug.ReadBuildInfo()
	if !ok {
		_, err := fmt.Fprintln(p.stdout, "atlas-key-bot, of an unknown build")
		return err
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = " with changes"
		}
	}
	_, err := fmt.Fprintf(p.stdout, "atlas-key-bot %s%s, %s\n", revision, modified, info.GoVersion)
	return err
}
