package service

import (
	"context"
	"errors"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

var (
	// ErrBreakGlassNotAllowed says that somebody may not break the glass.
	ErrBreakGlassNotAllowed = errors.New("not named for break-glass")

	// ErrAlreadyReviewed says that somebody has signed already.
	ErrAlreadyReviewed = errors.New("signed already")
)

// MayBreakGlass returns the organizations in which who may take a key without
// approval, or [ErrBreakGlassNotAllowed]. Nothing is recorded but a refusal.
func (s *Service) MayBreakGlass(ctx context.Context, who policy.Actor) (policy.Orgs, error) {
	open, err := s.breakGlassIn(ctx, who)
	if err != nil {
		return nil, s.refuseToAsk(ctx, s.orgIDOf(policy.Form{}), who.User, approval.ByBreakGlass, err)
	}
	return open, nil
}

func (s *Service) breakGlassIn(ctx context.Context, who policy.Actor) (policy.Orgs, error) {
	if err := requireMember(ctx, s.Directory, who); err != nil {
		return nil, err
	}
	var open policy.Orgs
	why := ErrBreakGlassNotAllowed
	for _, org := range s.Orgs {
		named, err := org.Policy.Resolve(ctx, s.Directory).Members.Contains(org.Policy.BreakGlass.People, who.User)
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
func (s *Service) BreakGlass(ctx context.Context, who policy.Actor, f policy.Form) (approval.Request, error) {
	r, err := s.breakGlass(ctx, who, f)
	if err != nil {
		return approval.Request{}, s.refuseToAsk(ctx, s.orgIDOf(f), who.User, approval.ByBreakGlass, err)
	}
	return r, nil
}

func (s *Service) breakGlass(ctx context.Context, who policy.Actor, f policy.Form) (approval.Request, error) {
	org, err := s.orgOf(f)
	if err != nil {
		return approval.Request{}, err
	}
	if err := requireMember(ctx, s.Directory, who); err != nil {
		return approval.Request{}, err
	}
	rule := org.Policy.BreakGlass
	named, err := org.Policy.Resolve(ctx, s.Directory).Members.Contains(rule.People, who.User)
	switch {
	case err != nil:
		return approval.Request{}, err
	case !named:
		return approval.Request{}, ErrBreakGlassNotAllowed
	}
	f.Lifetime, f.Projects, f.ProjectRoles = rule.Lifetime, nil, nil
	access, err := org.Policy.ForBreakGlass().Check(f)
	if err != nil {
		return approval.Request{}, err
	}
	r := s.newRequest(org, who.User, f, access)
	r.State, r.BreakGlass = approval.StateIssuing, true
	r.ExpiresAt, r.NextApproverReminderAt, r.EscalateAt = time.Time{}, time.Time{}, time.Time{}
	r.Decision = approval.Decision{At: r.RequestedAt}
	r.Messages = []approval.MessageName{approval.CardMessage, approval.ReadyMessage, approval.ReviewNotice}
	r.StartIssuing(r.RequestedAt)
	return s.create(ctx, r)
}

// Review is an approver's signature under a key that was taken by break-glass. It
// is never that of anybody who has or had the key.
func (s *Service) Review(ctx context.Context, who policy.Actor, id policy.ID) (approval.Request, error) {
	may := func(ctx context.Context, r approval.Request) error {
		switch err := s.requireApprover(ctx, who, r); {
		case err != nil:
			return err
		case !r.BreakGlass:
			return approval.ErrNotAllowed
		case r.OwnedBefore(who.User):
			return policy.ErrOwnRequest
		case r.Review.By != "":
			return ErrAlreadyReviewed
		}
		return nil
	}
	return s.act(ctx, who, id, approval.EventReview, may, "", func(r *approval.Request, now time.Time) {
		if r.Review.By == "" {
			r.Review = approval.Review{By: who.User, At: now}
		}
	})
}

// AwaitingReview lists the keys taken by break-glass that nobody else has signed, of
// the organizations that who oversees, oldest first.
func (s *Service) AwaitingReview(ctx context.Context, who policy.Actor) ([]approval.Request, error) {
	overseen, err := s.administered(ctx, who)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.AwaitingReview(ctx)
	if err != nil {
		return nil, err
	}
	var open []approval.Request
	for _, r := range all {
		if _, ok := overseen[r.Org]; ok {
			open = append(open, r)
		}
	}
	return open, nil
}
