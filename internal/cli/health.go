package cli

import (
	"context"

	"atlaskeybot/internal/config"
	"atlaskeybot/internal/preflight"
)

// health asks the bot on this machine, at LISTEN, whether it is alive: a
// container has no other program that could.
func (p Env) health(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return errUsage
	}
	return preflight.CheckAlive(ctx, config.Listen(p.Environ))
}
