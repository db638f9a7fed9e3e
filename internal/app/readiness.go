package app

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
)

// readiness answers /readyz. The bot is ready if it serves a requester who asks for
// a key now.
type readiness struct {
	mu      sync.Mutex
	pending map[string]string // by subject, the reason that an operator reads
	probes  []func() (what, why string)
	warning func() (what, why string) // a problem with which the bot is ready
}

func newReadiness() *readiness { return &readiness{pending: map[string]string{}} }

// SetPending notes that a subject is not ready, and why.
func (s *readiness) SetPending(what, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending[what] = why
}

// SetReady notes that a subject is ready.
func (s *readiness) SetReady(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pending, what)
}

// AddProbe adds a probe that each request runs. An empty reason means ready.
func (s *readiness) AddProbe(ask func() (what, why string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.probes = append(s.probes, ask)
}

// SetWarning sets a probe whose reason is a warning: the bot is ready all the same.
func (s *readiness) SetWarning(ask func() (what, why string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.warning = ask
}

// warnings returns the warning, if there is one.
func (s *readiness) warnings() map[string]string {
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

// Pending runs the probes and returns what is not ready, and why.
func (s *readiness) Pending() map[string]string {
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

// ServeHTTP answers 200 if the bot is ready, or 503 with what is not, and the
// warnings if there are any.
func (s *readiness) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	missing := s.Pending()
	w.Header().Set("Content-Type", "application/json")
	if len(missing) > 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	body := map[string]any{"ready": len(missing) == 0, "missing": missing}
	if warnings := s.warnings(); len(warnings) > 0 {
		body["warnings"] = warnings
	}
	json.NewEncoder(w).Encode(body)
}
