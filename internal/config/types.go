package config

import (
	"log/slog"
	"time"

	"atlaskeybot/internal/policyfile"
)

// A duration is a duration in an operator's words: 90m, 8h or 30d.
type duration time.Duration

// UnmarshalText reads Go's durations and whole days.
func (s *duration) UnmarshalText(text []byte) error {
	d, err := policyfile.ParseDuration(string(text))
	*s = duration(d)
	return err
}

// A prefixLength is the length of a network's prefix in bits, written with or without
// its slash.
type prefixLength int

// UnmarshalText reads /24 and 24.
func (m *prefixLength) UnmarshalText(text []byte) error {
	bits, err := policyfile.ParsePrefixLength(string(text))
	*m = prefixLength(bits)
	return err
}

// Level is the level of LOG_LEVEL.
func (v Variables) Level() slog.Level { return levels[v.LogLevel] }

var levels = map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
