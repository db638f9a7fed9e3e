package approval

import (
	"context"
	"errors"
	"time"
)

var (
	// ErrBreakGlassNotAllowed says that somebody may not break the glass.
	ErrBreakGlassNotAllowed = errors.New("not named for break-glass")

	// ErrAlreadyReviewed says that somebody has signed already.
	ErrAlreadyReviewed = errors.New("signed already")
)

// byBreakGlass is the note of break-glass in the audit trail.
const byBreakGlass = "break-glass"

// MayBreakGlass returns the organizations in which who may take a key without
// approval, or [ErrBreakGlassNotAllowed]. Nothing is recorded but a refusal.
func (s *Service) MayBreakGlass(ctx context.Context, who Actor) (Orgs, error) {
	open, err := s.breakGlassIn(ctx, who)
	if err != nil {
		return nil, s.refuseToAsk(ctx, s.orgIDOf(Form{}), who.User, byBreakGlass, err)
	}
	return open, nil
}

func (s *Service) breakGlassIn(ctx context.Context, who Actor) (Orgs, error) {
	if err := requireMember(ctx, s.Directory, who); err != nil {
		return nil, err
	}
	var open Orgs
	why := ErrBreakGlassNotAllowed
	for _, org := range s.Orgs {
		named, err := org.Policy.Resolve(ctx, s.Directory).members.contains(org.Policy.BreakGlass.People, who.User)
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
	if err := requireMember(ctx, s.Directory, who); err != nil {
		return Request{}, err
	}
	rule := org.Policy.BreakGlass
	named, err := org.Policy.Resolve(ctx, s.Directory).members.contains(rule.People, who.User)
	switch {
	case err != nil:
		return Request{}, err
	case !named:
		return Request{}, ErrBreakGlassNotAllowed
	}
	f.Lifetime, f.Projects, f.ProjectRoles = rule.Lifetime, nil, nil
	access, err := org.Policy.forBreakGlass().Check(f)
	if err != nil {
		return Request{}, err
	}
	r := s.newRequest(org, who.User, f, access)
	r.State, r.BreakGlass = StateIssuing, true
	r.ExpiresAt, r.NextApproverReminderAt, r.EscalateAt = time.Time{}, time.Time{}, time.Time{}
	r.Decision = Decision{At: r.RequestedAt}
	r.Messages = []MessageName{CardMessage, ReadyMessage, ReviewNotice}
	r.startIssuing(r.RequestedAt)
	return s.create(ctx, r)
}

// forBreakGlass is the policy with what break-glass allows in the place of what
// people can ask for. The limits of roles go for their networks still.
func (p Policy) forBreakGlass() Policy {
	var rules []RoleRule
	for _, role := range p.BreakGlass.Roles {
		rule, known := p.rule(role)
		if !known {
			rule = RoleRule{Role: role}
		}
		rule.MaxLifetime = 0
		rules = append(rules, rule)
	}
	p.Roles, p.ProjectRoles, p.Lifetimes = rules, nil, []time.Duration{p.BreakGlass.Lifetime}
	return p
}

// Review is an approver's signature under a key that was taken by break-glass. It
// is never that of anybody who has or had the key.
func (s *Service) Review(ctx context.Context, who Actor, id ID) (Request, error) {
	may := func(ctx context.Context, r Request) error {
		switch err := s.requireApprover(ctx, who, r); {
		case err != nil:
			return err
		case !r.BreakGlass:
			return ErrNotAllowed
		case r.ownedBefore(who.User):
			return ErrOwnRequest
		case r.Review.By != "":
			return ErrAlreadyReviewed
		}
		return nil
	}
	return s.act(ctx, who, id, EventReview, may, "", func(r *Request, now time.Time) {
		if r.Review.By == "" {
			r.Review = Review{By: who.User, At: now}
		}
	})
}

// AwaitingReview lists the keys taken by break-glass that nobody else has signed, of
// the organizations that who oversees, oldest first.
func (s *Service) AwaitingReview(ctx context.Context, who Actor) ([]Request, error) {
	overseen, err := s.administered(ctx, who)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.AwaitingReview(ctx)
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
