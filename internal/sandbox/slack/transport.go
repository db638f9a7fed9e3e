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

// The kinds of parcel, as Socket Mode names them.
const (
	kindCommand     = "slash_commands"
	kindInteraction = "interactive"
	kindEvent       = "events_api"
)

// parcel is one thing the app has to be told.
type parcel struct {
	id      string // envelope_id; the same when delivered again
	kind    string
	payload json.RawMessage
	accepts bool // an answer may carry a payload
	retry   int  // of an event: 1 is the first retry
}

// transport hands parcels to the app and returns its answer, which is empty for a
// plain acknowledgement.
type transport interface {
	deliver(context.Context, parcel) ([]byte, error)
}

// send delivers a parcel, and by chance a second time: Slack promises at least
// once. What the app answers to the second is dropped.
func (w *Workspace) send(ctx context.Context, p parcel) ([]byte, error) {
	answer, err := w.transport.deliver(ctx, p)
	reached := ctx.Err() == nil && !errors.Is(err, errNoConnection)
	if p.kind != kindEvent && reached && w.random01(w.opts.Redeliver) {
		_, _ = w.transport.deliver(ctx, p) // the response is not used
	}
	return answer, err
}

// parcel wraps a payload. The caller holds mu.
func (w *Workspace) parcel(kind string, payload any, accepts bool) parcel {
	return parcel{id: w.uuid(), kind: kind, payload: encode(payload), accepts: accepts}
}
