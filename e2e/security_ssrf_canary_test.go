package e2e

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// An ssrfCanary is a server that no one has a reason to call.
type ssrfCanary struct {
	*httptest.Server
	n atomic.Int64
}

func newSSRFCanary(t *testing.T) *ssrfCanary {
	t.Helper()
	p := &ssrfCanary{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { p.n.Add(1) }))
	t.Cleanup(p.Close)
	return p
}

func (p *ssrfCanary) visits() int64 { return p.n.Load() }
