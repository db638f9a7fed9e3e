package cli

import (
	"context"
	"fmt"
	"time"

	"atlaskeybot/internal/app"
	"atlaskeybot/internal/config"
)

// run is the bot as an operator runs it.
func (p Env) run(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return errUsage
	}
	config, err := config.Read(p.Environ)
	if err != nil {
		return fmt.Errorf("the configuration has problems:\n%w", err)
	}
	b := &app.App{Config: config, Now: time.Now, Log: app.NewLogger(p.Stderr, config)}
	for _, w := range config.Warnings {
		b.Log.Warn("the configuration: " + w)
	}
	return b.Run(ctx)
}
