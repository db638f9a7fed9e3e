package config

import "log/slog"

// Level is the level of LOG_LEVEL.
func (v Variables) Level() slog.Level { return levels[v.LogLevel] }

var levels = map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
