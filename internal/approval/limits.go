package approval

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Limits bound what one person has in one organization at a time. Zero: no
// bound.
type Limits struct {
	OpenRequests    int // that wait for a decision, for their key to be made or for a change
	LiveKeys        int // and keys on their way; a rotation is not counted
	RequestsPerHour int // of every kind, also those that take no approval
}

// DefaultLimits go if the policy does not say otherwise: more than people need
// by hand, and less than a script does harm with.
var DefaultLimits = Limits{OpenRequests: 20, LiveKeys: 50, RequestsPerHour: 30}

// MaxListed bounds the requests of one person that are read at once.
const MaxListed = 100

// An Usage counts one person's requests.
type Usage struct {
	Any        bool // they asked before, in any organization
	Held       int  // live keys, in all organizations
	Open       int  // of the organization, that are open
	Coming     int  // of these, those that get a new key
	ActiveKeys int  // live keys of the organization
	Recent     int  // of the organization, since the given time
}

// checkLimits returns a *[FormError] if one more request r is too much.
func (l Limits) checkLimits(newKey bool, have Usage) error {
	var problems []Problem
	over := func(limit, is int, code ProblemCode) {
		if limit > 0 && is >= limit {
			problems = append(problems, Problem{Field: FieldReason, Code: code, Limit: limit})
		}
	}
	over(l.OpenRequests, have.Open, TooManyOpen)
	if newKey {
		over(l.LiveKeys, have.ActiveKeys+have.Coming, TooManyKeys)
	}
	over(l.RequestsPerHour, have.Recent, TooManyPerHour)
	return newFormError(problems)
}

// limitsReached lists the limits that one more request of user for a key would
// exceed.
func (s *Service) limitsReached(ctx context.Context, user UserID, org Org) ([]Problem, error) {
	have, err := s.Store.Usage(ctx, user, org.ID, s.Now().Add(-time.Hour))
	if err != nil {
		return nil, fmt.Errorf("counting the requests of %s: %w", user, err)
	}
	reached, _ := errors.AsType[*FormError](org.Policy.Limits.checkLimits(true, have))
	if reached == nil {
		return nil, nil
	}
	return reached.Problems, nil
}

// mayHoldOneMore returns a *[FormError] with [TooManyKeys] if user has as many
// live keys of the organization, with those on their way, as one person may.
func (s *Service) mayHoldOneMore(ctx context.Context, user UserID, org OrgID) error {
	have, err := s.Store.Usage(ctx, user, org, s.Now())
	if err != nil {
		return fmt.Errorf("counting the keys of %s: %w", user, err)
	}
	return Limits{LiveKeys: s.policy(org).Limits.LiveKeys}.checkLimits(true, have)
}

// admit counts what r's requester has, notes it on r and holds it against the
// limits. A form that was sent before is admitted: it makes no other request.
func (s *Service) admit(ctx context.Context, r *Request) error {
	have, err := s.Store.Usage(ctx, r.Requester, r.Org, r.RequestedAt.Add(-time.Hour))
	if err != nil {
		return fmt.Errorf("counting the requests of %s: %w", r.Requester, err)
	}
	if r.Type != Rotation || r.State == StatePending {
		r.RequesterHistory = RequesterHistory{ActiveKeys: have.Held, FirstRequest: !have.Any}
	}
	limit := s.policy(r.Org).Limits.checkLimits(r.Type == NewKey, have)
	if limit == nil {
		return nil
	}
	switch _, err := s.Store.ByOrigin(ctx, r.IdempotencyKey); {
	case err == nil:
		return nil
	case !errors.Is(err, ErrNotFound):
		return fmt.Errorf("looking for the request of a form: %w", err)
	}
	return limit
}
