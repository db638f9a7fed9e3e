package slack

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
)

const (
	frameLimit   = 20_480 // bytes; a longer frame closes the link with 1009
	writeLimit   = 5 * time.Second
	pongLimit    = 10 * time.Second
	openingLimit = 50 // calls of apps.connections.open a minute
)

// Reason is why Slack ends a WebSocket.
type Reason string

const (
	Warning           Reason = "warning" // closes after Options.WarningGrace
	RefreshRequested  Reason = "refresh_requested"
	LinkDisabled      Reason = "link_disabled"
	TooManyWebsockets Reason = "too_many_websockets"
	Abrupt            Reason = "" // the TCP connection is cut, without a frame
)

// link is one WebSocket of the app.
type link struct{ conn *websocket.Conn }

// openConnection answers apps.connections.open with a URL that works once.
func (w *Workspace) openConnection(*call) obj {
	w.openings++
	now := w.opts.Now()
	recent := w.opened[:0]
	for _, at := range append(w.opened, now) {
		if now.Sub(at) < time.Minute {
			recent = append(recent, at)
		}
	}
	w.opened = recent
	if len(recent) == openingLimit+1 {
		w.find(FoundReconnects, "apps.connections.open", fmt.Sprintf("more than %d calls within a minute", openingLimit))
	}
	ticket := w.random(alphanumeric, 24)
	w.hub.mu.Lock()
	w.hub.tickets[ticket] = true
	w.hub.mu.Unlock()
	return obj{"url": "ws" + strings.TrimPrefix(w.base, "http") + "/link/?ticket=" + ticket + "&app_id=" + AppID}
}

// ConnectionsOpened counts the calls of apps.connections.open so far.
func (w *Workspace) ConnectionsOpened() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.openings
}

func (h *hub) serveLink(rw http.ResponseWriter, r *http.Request) {
	if !h.redeem(r.URL.Query().Get("ticket")) {
		http.Error(rw, "a ticket opens one connection", http.StatusForbidden)
		return
	}
	if !h.w.begin() {
		http.Error(rw, "closing", http.StatusServiceUnavailable)
		return
	}
	defer h.w.tasks.Done()
	// Some clients send an Origin of Slack. Only the ticket authenticates.
	conn, err := websocket.Accept(rw, r, &websocket.AcceptOptions{OriginPatterns: []string{"api.slack.com"}})
	if err != nil {
		return // Accept has answered
	}
	defer conn.CloseNow()
	conn.SetReadLimit(frameLimit)
	h.serve(&link{conn})
}

// redeem uses a ticket up.
func (h *hub) redeem(ticket string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	ok := h.tickets[ticket]
	delete(h.tickets, ticket)
	return ok
}

// begin registers a connection that Close waits for.
func (w *Workspace) begin() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return false
	}
	w.tasks.Add(1)
	return true
}

// serve says hello, then reads acknowledgements until the link ends.
func (h *hub) serve(l *link) {
	ctx, cancel := context.WithCancel(h.w.ctx)
	defer cancel()
	n, ok := h.enter()
	if !ok {
		l.write(goodbye(TooManyWebsockets, n))
		_ = l.conn.Close(websocket.StatusNormalClosure, "")
		return
	}
	l.write(hello(n))
	h.admit(l)
	defer h.leave(l)
	h.w.tasks.Go(func() { l.keepAlive(ctx, h.w.opts.PingEvery) })
	for {
		_, frame, err := l.conn.Read(ctx)
		if err != nil {
			return
		}
		h.acknowledge(frame)
	}
}

// keepAlive pings until the link ends, and ends it if no pong comes back.
func (l *link) keepAlive(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		pong, cancel := context.WithTimeout(ctx, pongLimit)
		err := l.conn.Ping(pong)
		cancel()
		if err != nil {
			l.cut()
			return
		}
	}
}

// write sends one frame. If that fails, the link is dead, and its reader ends.
func (l *link) write(frame []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), writeLimit) // ends with the limit
	defer cancel()
	if l.conn.Write(ctx, websocket.MessageText, frame) != nil {
		l.cut()
	}
}

func (l *link) cut() { _ = l.conn.CloseNow() }

// Disconnect ends every WebSocket of the app, for the given reason.
func (w *Workspace) Disconnect(reason Reason) {
	links := w.hub.all()
	for _, l := range links {
		if reason == Abrupt {
			l.cut()
			continue
		}
		l.write(goodbye(reason, len(links)))
		w.spawn(func(ctx context.Context) {
			if reason == Warning && !pause(ctx, w.opts.WarningGrace) {
				return
			}
			_ = l.conn.Close(websocket.StatusNormalClosure, "")
		})
	}
}

// pause waits for d; it returns false if ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func hello(links int) []byte {
	return encode(obj{
		"type": "hello", "num_connections": links, "connection_info": obj{"app_id": AppID},
		"debug_info": obj{"host": "applink-sandbox", "build_number": 1, "approximate_connection_time": 18060},
	})
}

func goodbye(reason Reason, links int) []byte {
	o := obj{"type": "disconnect", "reason": reason, "debug_info": obj{"host": "wss-sandbox"}}
	if reason == TooManyWebsockets {
		o["num_connections"], o["connection_info"] = links, obj{"app_id": AppID}
	}
	return encode(o)
}
