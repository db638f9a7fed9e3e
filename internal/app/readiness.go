package app

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
)

// Readiness is what /readyz tells: ready means that somebody who asks for a key
// now is served.
type Readiness struct {
	mu      sync.Mutex
	pending map[string]string // what, and why; an operator reads it
	probes  []func() (what, why string)
	warning func() (what, why string) // of what keeps nobody from being served
}

func newReadiness() *Readiness { return &Readiness{pending: map[string]string{}} }

// SetPending notes that what is not there yet, and why.
func (s *Readiness) SetPending(what, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending[what] = why
}

// SetReady notes that what is there.
func (s *Readiness) SetReady(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pending, what)
}

// AddProbe adds a question that is asked each time. An empty why is a yes.
func (s *Readiness) AddProbe(ask func() (what, why string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.probes = append(s.probes, ask)
}

// SetWarning sets a question whose answer is told while the bot is ready.
func (s *Readiness) SetWarning(ask func() (what, why string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.warning = ask
}

// warnings are what is not as it should be.
func (s *Readiness) warnings() map[string]string {
	s.mu.Lock()
	ask := s.warning
	s.mu.Unlock()
	if ask == nil {
		return nil
	}
	what, why := ask()
	if why == "" {
		return nil
	}
	return map[string]string{what: why}
}

func (s *Readiness) Pending() map[string]string {
	s.mu.Lock()
	missing := map[string]string{}
	for what, why := range s.pending {
		missing[what] = why
	}
	checks := slices.Clone(s.probes)
	s.mu.Unlock()
	for _, ask := range checks {
		if what, why := ask(); why != "" {
			missing[what] = why
		}
	}
	return missing
}

// ServeHTTP answers 200 {"ready":true}, or 503 with what is missing; with
// warnings, if there are any.
func (s *Readiness) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	missing := s.Pending()
	w.Header().Set("Content-Type", "application/json")
	if len(missing) > 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	says := map[string]any{"ready": len(missing) == 0, "missing": missing}
	if warnings := s.warnings(); len(warnings) > 0 {
		says["warnings"] = warnings
	}
	json.NewEncoder(w).Encode(says)
}
