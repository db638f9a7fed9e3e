package main

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// A span is a duration in an operator's words: 90m, 8h or 30d.
type span time.Duration

// UnmarshalText reads Go's durations and whole days.
func (s *span) UnmarshalText(text []byte) error {
	word := strings.TrimSpace(string(text))
	if days, ok := strings.CutSuffix(word, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err == nil && n > 0 {
			*s = span(time.Duration(n) * 24 * time.Hour)
			return nil
		}
	}
	d, err := time.ParseDuration(word)
	if err != nil || d <= 0 {
		return fmt.Errorf("%q is not a length of time, like 90m, 8h or 30d", word)
	}
	*s = span(d)
	return nil
}

// A mask is the length of a network's prefix in bits, written with or without
// its slash.
type mask int

// UnmarshalText reads /24 and 24.
func (m *mask) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(strings.TrimPrefix(strings.TrimSpace(string(text)), "/"), 10, 8)
	if err != nil {
		return fmt.Errorf("%q is not the length of a network's prefix, like /24", text)
	}
	*m = mask(n)
	return nil
}

var levels = map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
