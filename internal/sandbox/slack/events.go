package slack

import (
	"context"
	"errors"
	"time"
)

// retries are the pauses before an event that was not acknowledged is sent
// again. docs.slack.dev/apis/events-api: at once, after 1 and after 5 minutes.
var retries = []time.Duration{0, time.Minute, 5 * time.Minute}

// sendEvent delivers an event; further attempts are made behind the scenes.
func (w *Workspace) sendEvent(ctx context.Context, p delivery) {
	if _, err := w.send(ctx, p); !w.redeliver(err) {
		return
	}
	w.spawn(func(ctx context.Context) {
		for i, wait := range retries {
			if !pause(ctx, wait) {
				return
			}
			p.retry = i + 1
			if _, err := w.send(ctx, p); !w.redeliver(err) {
				return
			}
		}
	})
}

// redeliver reports whether an event has to be sent again. Without a WebSocket the
// hub keeps it for the next one.
func (w *Workspace) redeliver(err error) bool {
	waits := w.opts.Deliver != HTTPMode && errors.Is(err, errNoConnection)
	return err != nil && !waits
}
