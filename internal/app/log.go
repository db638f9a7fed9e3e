package app

import (
	"io"
	"log/slog"

	"atlaskeybot/internal/config"
)

// NewLogger returns a logger in the format and at the level that c names.
func NewLogger(to io.Writer, c config.Config) *slog.Logger {
	o := &slog.HandlerOptions{Level: c.Level()}
	if c.LogFormat == "text" {
		return slog.New(slog.NewTextHandler(to, o))
	}
	return slog.New(slog.NewJSONHandler(to, o))
}
