// Package version says which build this is.
package version

import (
	"fmt"
	"runtime/debug"
)

// A Build is what Go knows of a build.
type Build struct {
	Revision string `json:"revision"` // the commit; "unknown" outside of a checkout
	Modified bool   `json:"modified"` // whether files differed from the commit
	Go       string `json:"go"`       // the version of the toolchain
}

// Read returns this build.
func Read() Build {
	b := Build{Revision: "unknown"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Go = info.GoVersion
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// String names this build in one line.
func String() string {
	b := Read()
	modified := ""
	if b.Modified {
		modified = " with changes"
	}
	return fmt.Sprintf("atlas-key-bot %s%s, %s", b.Revision, modified, b.Go)
}
