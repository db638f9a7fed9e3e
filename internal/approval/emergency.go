package approval

import (
	"context"
	"errors"
	"time"
)

var (
	// ErrNotNamed says that somebody may not break the glass.
	ErrNotNamed = errors.New("not named for break-glass")

	// ErrSigned says that somebody has signed already.
	ErrSigned = errors.New("signed already")
)

// byBreakGlass is the note of break-glass in the audit trail.
const byBreakGlass = "break-glass"

// MayBreakGlass returns the organizations in which who may take a key without
// approval, or [ErrNotNamed]. Nothing is recorded but a refusal.
func (s *Service) MayBreakGlass(ctx context.Context, who Actor) (Orgs, error) {
	open, err := s.breakGlassIn(ctx, who)
	if err != nil {
		return nil, s.refuseToAsk(ctx, s.orgIDOf(Form{}), who.User, byBreakGlass, err)
	}
	return open, nil
}

func (s *Service) breakGlassIn(ctx context.Context, who Actor) (Orgs, error) {
	if err := mayAct(ctx, s.Directory, who); err != nil {
		return nil, err
	}
	var open Orgs
	why := ErrNotNamed
	for _, org := range s.Orgs {
		named, err := org.Policy.read(ctx, s.Directory).members.include(org.Policy.BreakGlass.People, who.User)
		if err != nil {
			why = err
		}
		if named {
			open = append(open, org)
		}
	}
	if len(open) == 0 {
		return nil, why
	}
	return open, nil
}

// BreakGlass makes a short-lived key at once, for somebody who is named for
// that. The form's lifetime and projects are not read. A *[FormError] tells what
// to correct; a form sent twice makes one request.
func (s *Service) BreakGlass(ctx context.Context, who Actor, f Form) (Request, error) {
	r, err := s.breakGlass(ctx, who, f)
	if err != nil {
		return Request{}, s.refuseToAsk(ctx, s.orgIDOf(f), who.User, byBreakGlass, err)
	}
	return r, nil
}

func (s *Service) breakGlass(ctx context.Context, who Actor, f Form) (Request, error) {
	org, err := s.orgOf(f)
	if err != nil {
		return Request{}, err
	}
	if err := mayAct(ctx, s.Directory, who); err != nil {
		return Request{}, err
	}
	rule := org.Policy.BreakGlass
	named, err := org.Policy.read(ctx, s.Directory).members.include(rule.People, who.User)
	switch {
	case err != nil:
		return Request{}, err
	case !named:
		return Request{}, ErrNotNamed
	}
	f.Lifetime, f.Projects, f.InProjects = rule.Lifetime, nil, nil
	access, err := org.Policy.inEmergency().Check(f)
	if err != nil {
		return Request{}, err
	}
	r := s.asked(org, who.User, f, access)
	r.State, r.Emergency = Minting, true
	r.LapsesAt, r.ProdAt, r.EscalateAt = time.Time{}, time.Time{}, time.Time{}
	r.Decision = Decision{At: r.AskedAt}
	r.Messages = []MessageName{CardMessage, ReadyMessage, ReviewNotice}
	r.startMinting(r.AskedAt)
	return s.create(ctx, r)
}

// inEmergency is the policy with what break-glass allows in the place of what
// people can ask for. The limits of roles go for their networks still.
func (p Policy) inEmergency() Policy {
	var rules []RoleRule
	for _, role := range p.BreakGlass.Roles {
		rule, known := p.rule(role)
		if !known {
			rule = RoleRule{Role: role}
		}
		rule.Longest = 0
		rules = append(rules, rule)
	}
	p.Roles, p.ProjectRoles, p.Lifetimes = rules, nil, []time.Duration{p.BreakGlass.Lifetime}
	return p
}

// Sign is an approver's signature under a key that was taken by break-glass. It
// is never that of anybody who has or had the key.
func (s *Service) Sign(ctx context.Context, who Actor, id ID) (Request, error) {
	may := func(ctx context.Context, r Request) error {
		switch err := s.mayOversee(ctx, who, r); {
		case err != nil:
			return err
		case !r.Emergency:
			return ErrNotAllowed
		case r.ownedBefore(who.User):
			return ErrOwnRequest
		case r.Review.By != "":
			return ErrSigned
		}
		return nil
	}
	return s.act(ctx, who, id, Sign, may, "", func(r *Request, now time.Time) {
		if r.Review.By == "" {
			r.Review = Review{By: who.User, At: now}
		}
	})
}

// Unsigned lists the keys taken by break-glass that nobody else has signed, of
// the organizations that who oversees, oldest first.
func (s *Service) Unsigned(ctx context.Context, who Actor) ([]Request, error) {
	overseen, err := s.overseen(ctx, who)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.Unsigned(ctx)
	if err != nil {
		return nil, err
	}
	var open []Request
	for _, r := range all {
		if _, ok := overseen[r.Org]; ok {
			open = append(open, r)
		}
	}
	return open, nil
}
