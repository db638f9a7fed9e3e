package slack

import (
	"fmt"
	"time"
)

const (
	hexadecimal  = "0123456789abcdef"
	capitals     = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

// random returns n characters of alphabet. The caller holds mu, except in New.
func (w *Workspace) random(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[w.rng.IntN(len(alphabet))]
	}
	return string(b)
}

// elementID is what Slack gives a block or an element that has no id.
func (w *Workspace) elementID() string { return w.random(alphanumeric, 5) }

// uuid names an envelope.
func (w *Workspace) uuid() string {
	h := w.random(hexadecimal, 32)
	return fmt.Sprintf("%s-%s-%s-%s-%s", h[:8], h[8:12], h[12:16], h[16:20], h[20:])
}

// stamp returns a timestamp no message has had before: "1605853634.000400".
func (w *Workspace) stamp() string {
	at := w.opts.Now().UnixMicro()
	w.lastTS = max(at, w.lastTS+1)
	return fmt.Sprintf("%d.%06d", w.lastTS/1e6, w.lastTS%1e6)
}

// random01 is true in the given share of cases.
func (w *Workspace) random01(share float64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rng.Float64() < share
}

const triggerLife = 3 * time.Second

// trigger lets the app open one view on one person's screen, soon.
type trigger struct {
	user  string
	at    time.Time
	spent bool
}

// newTrigger returns a trigger_id, "132456.7890.abcd".
func (w *Workspace) newTrigger(user string) string {
	id := fmt.Sprintf("%s.%s.%s", w.random(hexadecimal[:10], 13), w.random(hexadecimal[:10], 11), w.random(hexadecimal, 32))
	w.triggers[id] = &trigger{user: user, at: w.opts.Now()}
	return id
}

// draw returns a random number.
func (w *Workspace) draw() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rng.IntN(1 << 30)
}
