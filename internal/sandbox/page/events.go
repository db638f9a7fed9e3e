package page

import (
	"fmt"
	"net/http"
	"sync"
)

// hub notifies every open tab of a change. Tabs then fetch the page again, so
// several changes may be one notification.
type hub struct {
	mu   sync.Mutex
	tabs map[chan struct{}]bool
}

func newHub() *hub { return &hub{tabs: map[chan struct{}]bool{}} }

// notify never blocks: a tab that has not taken the last tick needs no other.
func (h *hub) notify() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for tab := range h.tabs {
		select {
		case tab <- struct{}{}:
		default:
		}
	}
}

func (h *hub) listen() (ticks <-chan struct{}, stop func()) {
	tab := make(chan struct{}, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tabs[tab] = true
	return tab, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.tabs, tab)
	}
}

// events is a stream of server-sent events: one "changed" at once, for what
// happened while the tab was not listening, and one after each change.
func (p *page) events(w http.ResponseWriter, r *http.Request) {
	inSlack, stopSlack := p.Slack.Changes()
	defer stopSlack()
	elsewhere, stop := p.hub.listen()
	defer stop()

	w.Header().Set("Content-Type", "text/event-stream")
	stream := http.NewResponseController(w)
	for n := 1; ; n++ {
		if _, err := fmt.Fprintf(w, "event: changed\nid: %d\ndata: %d\n\n", n, n); err != nil {
			return
		}
		if err := stream.Flush(); err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-inSlack:
		case <-elsewhere:
		}
	}
}
