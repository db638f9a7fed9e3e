package atlas

import (
	"context"
	"net/http"
)

// A session is one operation: a few calls, one after the other, that share a
// signer and so need one challenge together.
type session struct {
	client *Client
	signer Signer
}

func (c *Client) session() *session {
	return &session{client: c, signer: c.login.Signer()}
}

// do makes the call, again if that is harmless and may help, and returns the
// body of a success. Its error is an [*Error].
func (s *session) do(ctx context.Context, c call) ([]byte, error) {
	var waited retryBudget
	for try := 1; ; try++ {
		body, err := s.try(ctx, c)
		if err == nil {
			return body, nil
		}
		if try == maxTries || !err.transient() || c.noRetry && err.spurious401() {
			return nil, err
		}
		if !waited.add(err, try) || s.client.sleep(ctx, waited.last) != nil {
			return nil, err // why it did not work says more than that time ran out
		}
	}
}

// maxAttempts is how many requests one try may take: one to be challenged, one that
// is signed, and one more for a nonce that was too old or a stray refusal.
const maxAttempts = 3

// try makes the call once: bare to be challenged if need be, then signed. A 401
// with a challenge comes from the door, before anything is done, so that even a
// POST may be repeated after it.
func (s *session) try(ctx context.Context, c call) ([]byte, *Error) {
	for leg := 1; ; leg++ {
		a := s.roundTrip(ctx, c)
		if a.status == http.StatusUnauthorized {
			a.challenged = s.signer.Challenged(a.header)
			if a.challenged && a.header.Get(codeHeader) == "" && leg < maxAttempts {
				continue
			}
		}
		if err := s.client.classify(c, a); err != nil {
			return nil, err
		}
		return a.body, nil
	}
}
