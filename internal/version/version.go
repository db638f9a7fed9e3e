package version

import (
	"fmt"
	"runtime/debug"
)

// BuildVersion says what Go knows of the build: the commit and the toolchain.
func BuildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "atlas-key-bot, of an unknown build"
	}
	revision, modified := "unknown", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = " with changes"
		}
	}
	return fmt.Sprintf("atlas-key-bot %s%s, %s", revision, modified, info.GoVersion)
}
