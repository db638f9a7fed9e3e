// Package wire is between a client and an emulator. It records the calls and injects
// faults. Faults come in pairs, before the effect of a call and after it, because a
// client has to survive both and cannot tell them apart.
//
// It breaks real connections, so it needs HTTP/1.1 over a socket.
package wire

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Sides of the wire.
const (
	Slack       = "slack"
	Atlas       = "atlas"
	ResponseURL = "response_url" // also the name of its only operation
)

// A Call is one request and its response.
type Call struct {
	Seq       int       `json:"seq"` // from 1, in order of arrival
	At        time.Time `json:"at"`
	Side      string    `json:"side"`      // Slack, Atlas or ResponseURL
	Operation string    `json:"operation"` // "chat.postMessage", "DELETE /orgs/{orgId}/apiKeys/{id}", "response_url"
	Path      string    `json:"path"`      // as sent, with the query
	Request   string    `json:"request"`   // body, cut at 64 KiB
	Response  string    `json:"response"`  // of the emulator, even if a fault withheld it from the client; secrets included
	Status    int       `json:"status"`    // of that response, or of the fault's if the emulator was not called; 0: none (yet)
	Fault     Mode      `json:"fault"`     // empty: none
	Auth      bool      `json:"auth"`      // carried an Authorization header
}

// A Phase is the point of a call at which the hook is called.
type Phase int

const (
	BeforeEffect Phase = iota // the request is read and has had no effect
	AfterEffect               // it has had its effect, and the client has no response
)

// limits of one body, read and recorded
const (
	maxBody     = 8 << 20
	maxRecorded = 64 << 10
)

// A Recorder keeps the history and injects the faults of one sandbox.
type Recorder struct {
	now    func() time.Time
	closed chan struct{}

	mu      sync.Mutex
	calls   []Call
	faults  []*planned
	release chan struct{} // closed by Release, then replaced
	hook    func(Phase, Call)
}

// NewRecorder returns an empty Recorder that dates calls by now.
func NewRecorder(now func() time.Time) *Recorder {
	return &Recorder{now: now, closed: make(chan struct{}), release: make(chan struct{})}
}

// Close releases every call that a fault holds.
func (rec *Recorder) Close() {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	select {
	case <-rec.closed:
	default:
		close(rec.closed)
	}
}

// Calls returns the history so far, oldest first.
func (rec *Recorder) Calls() []Call {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return slices.Clone(rec.calls)
}

// OnCall sets a hook that is called before and after the effect of each call,
// on the goroutine that serves it: while it blocks, the call waits. In
// BeforeEffect the Call has no status yet.
func (rec *Recorder) OnCall(hook func(Phase, Call)) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.hook = hook
}

// Handler wraps next: it names every request by name, records it, and injects the
// fault that is due, if any.
func (rec *Recorder) Handler(side string, name func(*http.Request) string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			http.Error(w, "reading the request: "+err.Error(), http.StatusBadRequest)
			return
		}
		call := Call{
			Side: side, Operation: name(r), Path: r.URL.RequestURI(),
			Request: truncate(body), Auth: r.Header.Get("Authorization") != "",
		}
		fault := rec.begin(&call)
		p := &injection{rec: rec, w: w, r: r, body: body, next: next, fault: fault, call: call}
		if fault == nil {
			p.pass()
			return
		}
		modes[fault.Mode].inject(p)
	})
}

// begin numbers the call and takes the fault that is due for it.
func (rec *Recorder) begin(call *Call) *Fault {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	fault := rec.due(*call)
	if fault != nil {
		call.Fault = fault.Mode
	}
	call.Seq = len(rec.calls) + 1
	call.At = rec.now()
	rec.calls = append(rec.calls, *call)
	return fault
}

func (rec *Recorder) finish(call Call) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.calls[call.Seq-1] = call
}

func (rec *Recorder) callHook(at Phase, call Call) {
	rec.mu.Lock()
	hook := rec.hook
	rec.mu.Unlock()
	if hook != nil {
		hook(at, call)
	}
}

func truncate(body []byte) string { return string(body[:min(len(body), maxRecorded)]) }

// A response is what an emulator says, held back until it is known whether the
// client may hear it.
type response struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *response) Header() http.Header { return a.header }

func (a *response) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *response) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}
