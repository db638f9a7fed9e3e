package atlas

import (
	"net/http"

	"github.com/icholy/digest"

	"atlaskeybot/internal/secret"
)

// An Authenticator authenticates requests to Atlas. [Digest] is the only one; a
// service account's bearer token fits as well.
type Authenticator interface {
	// Signer returns a fresh signer for one operation.
	Signer() Signer

	// Name is the actor in Atlas's events.
	Name() string
}

// A Signer signs the requests of one operation, one after another. It is never
// shared between goroutines, because Atlas accepts each count of a digest nonce
// once and in order.
type Signer interface {
	// Sign adds the credential to req. It returns false if it needs a challenge
	// first; req is then sent unsigned, without its body.
	Sign(req *http.Request) (bool, error)

	// Challenged reads the header of a 401 and reports whether it holds a
	// challenge that the next Sign can answer. If not, it resets the signer.
	Challenged(header http.Header) bool
}

// Digest authenticates with an API key (HTTP digest, RFC 7616).
type Digest struct {
	PublicKey  string
	PrivateKey secret.Secret
}

// Signer implements [Authenticator].
func (d Digest) Signer() Signer { return &digestSigner{login: d} }

// Name implements [Authenticator]: the public key.
func (d Digest) Name() string { return d.PublicKey }

// A digestSigner keeps one challenge and answers it once per request. The digest
// library's Transport would do that too, but it does not tell which of its two
// requests failed, and it discards the body of a 401.
type digestSigner struct {
	login     Digest
	challenge *digest.Challenge
	count     int
}

func (s *digestSigner) Sign(req *http.Request) (bool, error) {
	if s.challenge == nil {
		return false, nil
	}
	s.count++
	credentials, err := digest.Digest(s.challenge, digest.Options{
		Method:   req.Method,
		URI:      req.URL.RequestURI(),
		GetBody:  req.GetBody,
		Count:    s.count,
		Username: s.login.PublicKey,
		Password: s.login.PrivateKey.Reveal(),
	})
	if err != nil {
		return false, err
	}
	req.Header.Set("Authorization", credentials.String())
	return true, nil
}

func (s *digestSigner) Challenged(header http.Header) bool {
	challenge, err := digest.FindChallenge(header)
	s.challenge, s.count = challenge, 0
	return err == nil
}
