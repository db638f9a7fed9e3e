package slack

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"
)

const (
	maxLinks   = 10  // WebSockets of one app
	maxWaiting = 100 // envelopes kept while the app is not connected
)

// hub is Socket Mode: it distributes envelopes over the app's WebSockets and keeps
// the unacknowledged ones.
type hub struct {
	w *Workspace

	mu      sync.Mutex // guards everything below; taken after Workspace.mu if both
	tickets map[string]bool
	links   []*link       // that were greeted
	opening int           // being greeted: they have a place, and get nothing yet
	sent    []*envelope   // handed to a link, not acknowledged
	waiting []*envelope   // for a link to come
	came    chan struct{} // closed when a link opens
}

// envelope is a delivery in transit.
type envelope struct {
	id       string
	frame    []byte
	on       *link // nil until handed to one
	answered chan []byte
}

func newHub(w *Workspace) *hub {
	return &hub{w: w, tickets: map[string]bool{}, came: make(chan struct{})}
}

// deliver implements transport. An envelope that is not acknowledged in time stays
// with the hub: when its link dies it goes out on the next one, as it was.
func (h *hub) deliver(ctx context.Context, p delivery) ([]byte, error) {
	e := &envelope{id: p.id, frame: p.frame(), answered: make(chan []byte, 1)}
	h.hand(e)
	limit := time.NewTimer(h.w.opts.AckWithin)
	defer limit.Stop()
	select {
	case answer := <-e.answered:
		if !p.accepts {
			answer = nil
		}
		return answer, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-limit.C:
		h.mu.Lock()
		defer h.mu.Unlock()
		if e.on == nil {
			return nil, errNoConnection
		}
		return nil, errNoAck
	}
}

// frame is the delivery as an envelope.
func (p delivery) frame() []byte {
	o := obj{"envelope_id": p.id, "type": p.kind, "payload": p.payload, "accepts_response_payload": p.accepts}
	if p.kind == kindEvent {
		o["retry_attempt"], o["retry_reason"] = p.retry, ""
		if p.retry > 0 {
			o["retry_reason"] = "timeout"
		}
	}
	return encode(o)
}

// hand sends e to exactly one link, or keeps it until there is one.
func (h *hub) hand(e *envelope) {
	draw := h.w.draw() // before taking the lock: Workspace.mu comes first
	h.mu.Lock()
	if len(h.links) == 0 {
		h.waiting = append(h.waiting, e)
		h.waiting = h.waiting[max(0, len(h.waiting)-maxWaiting):]
		h.mu.Unlock()
		return
	}
	l := h.links[draw%len(h.links)]
	e.on = l
	h.sent = append(h.sent, e)
	h.sent = h.sent[max(0, len(h.sent)-maxWaiting):]
	h.mu.Unlock()
	l.write(e.frame)
}

// acknowledge settles an envelope. An acknowledgement of an unknown one, or
// of one that was settled before, means nothing.
func (h *hub) acknowledge(frame []byte) {
	var ack struct {
		ID      string          `json:"envelope_id"`
		Payload json.RawMessage `json:"payload"`
	}
	if json.Unmarshal(frame, &ack) != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.sent {
		if e.id == ack.ID {
			select {
			case e.answered <- ack.Payload:
			default:
			}
		}
	}
	h.sent = slices.DeleteFunc(h.sent, func(e *envelope) bool { return e.id == ack.ID })
}

// enter keeps a place for a new link. It returns how many there are with it,
// and false if there is no room.
func (h *hub) enter() (n int, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n = len(h.links) + h.opening
	if n >= maxLinks {
		return n, false
	}
	h.opening++
	return n + 1, true
}

// admit adds a link after its hello, and sends the waiting envelopes.
func (h *hub) admit(l *link) {
	h.mu.Lock()
	h.opening--
	h.links = append(h.links, l)
	close(h.came)
	h.came = make(chan struct{})
	h.mu.Unlock()
	h.flush()
}

// flush sends the waiting envelopes.
func (h *hub) flush() {
	h.mu.Lock()
	waiting := h.waiting
	h.waiting = nil
	h.mu.Unlock()
	for _, e := range waiting {
		h.hand(e)
	}
}

// leave removes a link. What it had not acknowledged goes to another.
func (h *hub) leave(l *link) {
	h.mu.Lock()
	h.links = slices.DeleteFunc(h.links, func(other *link) bool { return other == l })
	var orphans []*envelope
	h.sent = slices.DeleteFunc(h.sent, func(e *envelope) bool {
		if e.on == l {
			orphans = append(orphans, e)
		}
		return e.on == l
	})
	h.mu.Unlock()
	for _, e := range orphans {
		h.hand(e)
	}
}

// all returns the open links.
func (h *hub) all() []*link {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.links)
}

func (h *hub) close() {
	for _, l := range h.all() {
		l.cut()
	}
}

// AwaitConnection blocks until the app has a WebSocket open; in HTTPMode it
// returns at once.
func (w *Workspace) AwaitConnection(ctx context.Context) error {
	for w.opts.Deliver != HTTPMode {
		w.hub.mu.Lock()
		open, came := len(w.hub.links) > 0, w.hub.came
		w.hub.mu.Unlock()
		if open {
			return nil
		}
		select {
		case <-came:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Connections is the number of open WebSockets.
func (w *Workspace) Connections() int { return len(w.hub.all()) }

// SendEnvelope sends an envelope of any type with any payload and waits for
// the acknowledgement: the app must tolerate what Slack may add.
func (w *Workspace) SendEnvelope(ctx context.Context, kind string, payload json.RawMessage) error {
	w.mu.Lock()
	id := w.uuid()
	w.mu.Unlock()
	_, err := w.hub.deliver(ctx, delivery{id: id, kind: kind, payload: payload})
	return err
}
