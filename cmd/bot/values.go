package main

import (
	"log/slog"
	"time"

	"atlaskeybot/internal/policyfile"
)

// A span is a duration in an operator's words: 90m, 8h or 30d.
type span time.Duration

// UnmarshalText reads Go's durations and whole days.
func (s *span) UnmarshalText(text []byte) error {
	d, err := policyfile.ParseDuration(string(text))
	*s = span(d)
	return err
}

// A mask is the length of a network's prefix in bits, written with or without
// its slash.
type mask int

// UnmarshalText reads /24 and 24.
func (m *mask) UnmarshalText(text []byte) error {
	bits, err := policyfile.ParseMask(string(text))
	*m = mask(bits)
	return err
}

var levels = map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
