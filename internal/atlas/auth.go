package atlas

import (
	"net/http"

	"github.com/icholy/digest"

	"atlaskeybot/internal/secret"
)

// An Authenticator is a way to log in at Atlas. Today there is [Digest]; a
// service account's bearer token fits as well.
type Authenticator interface {
	// Signer returns a fresh signer for one operation.
	Signer() Signer

	// Name is what Atlas's events call whoever logs in so.
	Name() string
}

// A Signer signs the requests of one operation, one after the other. It is
// never shared between goroutines: a Digest nonce is counted, and Atlas may
// take each count once and in order only.
type Signer interface {
	// Sign puts the login on req. False means that it cannot before it has
	// been challenged; req goes out bare then, without its body.
	Sign(req *http.Request) (bool, error)

	// Challenged reads the header of a 401 and reports whether it holds a
	// challenge that the next Sign answers. If not, the signer starts afresh.
	Challenged(header http.Header) bool
}

// Digest is the login with an API key.
type Digest struct {
	PublicKey  string
	PrivateKey secret.Secret
}

// Signer implements [Authenticator].
func (d Digest) Signer() Signer { return &digestSigner{login: d} }

// Name implements [Authenticator]: the public key.
func (d Digest) Name() string { return d.PublicKey }

// A digestSigner keeps one challenge and answers it once per request. The
// Transport of the digest library would do that too, but it does not tell which
// of its two requests failed, and it throws away the body of a 401.
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
