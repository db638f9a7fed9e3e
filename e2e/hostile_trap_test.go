package e2e

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// A trap is a server that nobody has a reason to call.
type trap struct {
	*httptest.Server
	n atomic.Int64
}

func newTrap(t *testing.T) *trap {
	t.Helper()
	p := &trap{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { p.n.Add(1) }))
	t.Cleanup(p.Close)
	return p
}

func (p *trap) visits() int64 { return p.n.Load() }
