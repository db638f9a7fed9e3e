package approval

import (
	"context"
	"errors"
	"fmt"
)

// What is refused is in the audit trail: who tried what, and why it was not
// done. A form with a mistake is corrected where it was typed and leaves no line,
// unless a rule of the policy refuses it.

var (
	// ErrNothingOffered says that the rules let a person ask for nothing.
	ErrNothingOffered = errors.New("nothing is offered")

	// ErrMisplaced says that a button was pressed where the bot did not put it,
	// or in an older copy of the message.
	ErrMisplaced = errors.New("pressed where the button is not")
)

// refusals names, for the audit trail, the errors that refuse an action.
// docs/audit.md lists them; TestRefusalsAreDocumented keeps both together.
var refusals = []struct {
	err  error
	name string
}{
	{ErrNotAllowed, "not_allowed"}, {ErrOwnRequest, "own_request"}, {ErrNotApprover, "not_approver"},
	{ErrNotOwner, "not_owner"}, {ErrGuest, "guest"}, {ErrDeactivated, "deactivated"}, {ErrBot, "robot"},
	{ErrExternal, "outsider"}, {ErrCannotCheck, "cannot_check"}, {ErrNotFound, "not_found"},
	{ErrAlreadyApproved, "already_approved"}, {ErrNotNeeded, "not_needed"}, {ErrAlreadyNudged, "nudged"},
	{ErrNoOrg, "no_org"}, {ErrPredecessorNotActive, "not_live"}, {ErrRotationUnderway, "underway"}, {ErrBreakGlassNotAllowed, "not_named"},
	{ErrAlreadyReviewed, "signed"}, {ErrOwnerActive, "owner_back"}, {ErrNotEligible, "not_eligible"}, {ErrToSelf, "to_self"},
	{ErrPredecessorRevoked, "predecessor_revoked"},
	{ErrRoleNotOffered, "role_not_offered"}, {ErrRoleNotTheirs, "role_not_theirs"},
	{ErrOutlivesRole, "outlives_role"}, {ErrBreakGlassEnds, "break_glass_ends"},
	{ErrNothingOffered, "nothing_offered"}, {ErrMisplaced, "misplaced"}, {ErrNoProjects, "no_projects"},
}

// ruled are the problems of a form that are no mistakes: a rule of the policy
// refuses it, or an approver's form asks for more than the requester did. Their
// codes are in the audit trail.
var ruled = map[ProblemCode]bool{
	RoleNotAllowed: true, RoleNotForRequester: true, LifetimeNotAllowed: true, LifetimeTooLong: true, ExtensionTooLong: true,
	TooWide: true, TooMany: true, TooManyProjects: true, NotASubset: true,
	TooManyOpen: true, TooManyKeys: true, TooManyPerHour: true,
}

// Refusals lists the reasons that the audit trail may give for a refusal.
func Refusals() []string {
	var all []string
	for _, r := range refusals {
		all = append(all, r.name)
	}
	for code := range ruled {
		all = append(all, string(code))
	}
	return all
}

// reasonFor is the name of a refusal; empty if why is none, but a mistake in a
// form or a failure.
func reasonFor(why error) string {
	if form, ok := errors.AsType[*FormError](why); ok {
		for _, p := range form.Problems {
			if ruled[p.Code] {
				return string(p.Code)
			}
		}
		return ""
	}
	for _, r := range refusals {
		if errors.Is(why, r.err) {
			return r.name
		}
	}
	return ""
}

// refuse records a refused action and returns why it was refused.
func (s *Service) refuse(ctx context.Context, r Request, on Event, by UserID, why error) error {
	e := AuditEntry{Org: r.Org, Request: r.ID, Event: on, From: r.State, To: r.State, By: by}
	return s.recordRefusal(ctx, e.withKey(r.Key, r.Key), why)
}

// refuseToAsk is refuse for what is about no request yet: note says what was
// asked for, unless it is a plain key.
func (s *Service) refuseToAsk(ctx context.Context, org OrgID, by UserID, note string, why error) error {
	return s.recordRefusal(ctx, AuditEntry{Org: org, Event: EventSubmit, By: by, Note: note}, why)
}

func (s *Service) recordRefusal(ctx context.Context, e AuditEntry, why error) error {
	e.At, e.Refused = s.Now(), reasonFor(why)
	if e.Refused == "" {
		return why
	}
	if e.By != "" { // the operator is no flood
		recorded, leftOut := s.refused.take(e.By, e.At)
		if !recorded {
			return why
		}
		e.Note = noteLeftOut(e.Note, leftOut)
	}
	if err := s.Store.Record(ctx, e); err != nil {
		return errors.Join(why, fmt.Errorf("recording the refusal: %w", err))
	}
	return why
}

// RefuseView records that who was shown nothing of a list, and returns why.
func (s *Service) RefuseView(ctx context.Context, who Actor, list string, why error) error {
	return s.recordRefusal(ctx, AuditEntry{Event: EventView, By: who.User, Note: list}, why)
}

// RefusePress records that a button was pressed where it is not, and returns
// [ErrMisplaced], or that there is no such request.
func (s *Service) RefusePress(ctx context.Context, who Actor, id ID, on Event) error {
	r, err := s.get(ctx, who, id, on)
	if err != nil {
		return err
	}
	return s.refuse(ctx, r, on, who.User, ErrMisplaced)
}

// get reads the request that somebody names to do something with it. That there
// is none is a refusal.
func (s *Service) get(ctx context.Context, who Actor, id ID, on Event) (Request, error) {
	r, err := s.Store.Get(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		return Request{}, s.refuse(ctx, Request{ID: id}, on, who.User, err)
	case err != nil:
		return Request{}, fmt.Errorf("reading request %s: %w", id, err)
	}
	return r, nil
}
