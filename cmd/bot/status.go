package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
)

// status is what /readyz tells: ready means that somebody who asks for a key
// now is served.
type status struct {
	mu      sync.Mutex
	missing map[string]string // what, and why; an operator reads it
	checks  []func() (what, why string)
	warn    func() (what, why string) // of what keeps nobody from being served
}

func newStatus() *status { return &status{missing: map[string]string{}} }

// wait notes that what is not there yet, and why.
func (s *status) wait(what, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.missing[what] = why
}

// done notes that what is there.
func (s *status) done(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.missing, what)
}

// check adds a question that is asked each time. An empty why is a yes.
func (s *status) check(ask func() (what, why string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checks = append(s.checks, ask)
}

// warns sets a question whose answer is told while the bot is ready.
func (s *status) warns(ask func() (what, why string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.warn = ask
}

// warnings are what is not as it should be.
func (s *status) warnings() map[string]string {
	s.mu.Lock()
	ask := s.warn
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

func (s *status) now() map[string]string {
	s.mu.Lock()
	missing := map[string]string{}
	for what, why := range s.missing {
		missing[what] = why
	}
	checks := slices.Clone(s.checks)
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
func (s *status) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	missing := s.now()
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
