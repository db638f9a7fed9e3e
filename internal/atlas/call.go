package atlas

import (
	"context"
	"net/http"
)

// A session is a sequence of calls that share a signer, and so one digest
// challenge.
type session struct {
	client *Client
	signer Signer
}

func (c *Client) session() *session {
	return &session{client: c, signer: c.login.Signer()}
}

// do makes the call and returns the response body. It retries if that is
// harmless and may help. Its error is an [*Error].
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
			return nil, err // the cause says more than that time ran out
		}
	}
}

// maxAttempts bounds the requests of one try: one to be challenged, one that is
// signed, and one more for an expired nonce or a spurious 401.
const maxAttempts = 3

// try makes the call once: unsigned to be challenged if necessary, then signed. A
// 401 with a challenge precedes any effect, so even a POST may be repeated after
// it.
func (s *session) try(ctx context.Context, c call) ([]byte, *Error) {
	for attempt := 1; ; attempt++ {
		res := s.roundTrip(ctx, c)
		if res.status == http.StatusUnauthorized {
			res.challenged = s.signer.Challenged(res.header)
			if res.challenged && res.header.Get(codeHeader) == "" && attempt < maxAttempts {
				continue
			}
		}
		if err := s.client.classify(c, res); err != nil {
			return nil, err
		}
		return res.body, nil
	}
}
