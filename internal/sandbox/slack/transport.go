package slack

import (
	"context"
	"encoding/json"
	"errors"
)

// Reasons why the app's acknowledgement did not come.
var (
	errNoAck        = errors.New("the app did not acknowledge in time")
	errNoConnection = errors.New("the app is not connected")
	errBadAnswer    = errors.New("the app answered with an error status")
)

// The kinds of delivery, as Socket Mode names them.
const (
	kindCommand     = "slash_commands"
	kindInteraction = "interactive"
	kindEvent       = "events_api"
)

// delivery is one request to the app.
type delivery struct {
	id      string // envelope_id; the same when delivered again
	kind    string
	payload json.RawMessage
	accepts bool // an answer may carry a payload
	retry   int  // of an event: 1 is the first retry
}

// transport delivers to the app and returns its response, which is empty for a plain
// acknowledgement.
type transport interface {
	deliver(context.Context, delivery) ([]byte, error)
}

// send delivers p, and by chance a second time: Slack delivers at least
// once. The response to the second is dropped.
func (w *Workspace) send(ctx context.Context, p delivery) ([]byte, error) {
	answer, err := w.transport.deliver(ctx, p)
	reached := ctx.Err() == nil && !errors.Is(err, errNoConnection)
	if p.kind != kindEvent && reached && w.random01(w.opts.Redeliver) {
		_, _ = w.transport.deliver(ctx, p) // the response is not used
	}
	return answer, err
}

// newDelivery wraps a payload. The caller holds mu.
func (w *Workspace) newDelivery(kind string, payload any, accepts bool) delivery {
	return delivery{id: w.uuid(), kind: kind, payload: encode(payload), accepts: accepts}
}
