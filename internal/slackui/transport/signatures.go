package transport

import (
	"errors"
	"log/slog"
	"sync"
)

// wrongSecret is what wrong signatures most likely come from.
const wrongSecret = "no signature has been right so far, and at least one was wrong: SLACK_SIGNING_SECRET is probably not this app's (Basic Information, App Credentials, Signing Secret), or a proxy changes what Slack sends"

// signatures notices that the signing secret is wrong. Until a first signature
// is right, a wrong one is logged once; after that it is a request of another sender.
type signatures struct {
	log *slog.Logger

	mu    sync.Mutex
	right bool // one was
	wrong bool // one was, and none right
}

func (s *signatures) accepted() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.right, s.wrong = true, false
}

func (s *signatures) refused(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.right || s.wrong || !errors.Is(why, errWrongSignature) {
		return
	}
	s.wrong = true
	s.log.Error("Slack's requests are refused", "problem", wrongSecret)
}

// Problem says, for an operator, why no request of Slack's is accepted; empty if one
// was, or none came.
func (h *HTTP) Problem() string {
	s := h.signatures
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wrong {
		return wrongSecret
	}
	return ""
}
