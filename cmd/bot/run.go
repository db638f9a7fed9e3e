package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Defaults of LISTEN and DATABASE_URL, for commands that read nothing else.
const (
	defaultListen   = "127.0.0.1:8080"
	defaultDatabase = "sqlite:atlas-key-bot.db"
)

// run is the bot as an operator runs it.
func (p process) run(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return errUsage
	}
	config, err := readConfig(p.environ)
	if err != nil {
		return fmt.Errorf("the configuration has problems:\n%w", err)
	}
	b := &bot{config: config, now: time.Now, log: newLog(p.stderr, config)}
	for _, w := range config.warnings {
		b.log.Warn("the configuration: " + w)
	}
	return b.run(ctx)
}

func newLog(to io.Writer, c Config) *slog.Logger {
	o := &slog.HandlerOptions{Level: levels[c.LogLevel]}
	if c.LogFormat == "text" {
		return slog.New(slog.NewTextHandler(to, o))
	}
	return slog.New(slog.NewJSONHandler(to, o))
}
