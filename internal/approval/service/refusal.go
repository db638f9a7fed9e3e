package service

import (
	"context"
	"errors"
	"fmt"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// Refusals are in the audit trail: who tried what, and why it was refused. A form with a
// mistake is corrected where it was typed and leaves no line, unless a rule of the policy
// refuses it.

var (
	// ErrNothingOffered refuses a user who can request nothing by the policy.
	ErrNothingOffered = errors.New("nothing is offered")

	// ErrMisplaced refuses a click on a button where the bot did not put it, or in an
	// older copy of the message.
	ErrMisplaced = errors.New("clicked where the bot put no such button")
)

// refusals names, for the audit trail, the errors that refuse an action.
// docs/audit.md lists them; TestRefusalsAreDocumented keeps both together.
var refusals = []struct {
	err  error
	name string
}{
	{approval.ErrNotAllowed, "not_allowed"}, {policy.ErrOwnRequest, "own_request"}, {policy.ErrNotApprover, "not_approver"},
	{approval.ErrNotOwner, "not_owner"}, {approval.ErrGuest, "guest"}, {approval.ErrDeactivated, "deactivated"}, {approval.ErrBot, "bot"},
	{approval.ErrExternal, "external"}, {policy.ErrCannotCheck, "cannot_check"}, {approval.ErrNotFound, "not_found"},
	{ErrAlreadyApproved, "already_approved"}, {ErrNotNeeded, "not_needed"}, {approval.ErrAlreadyNudged, "already_nudged"},
	{policy.ErrNoOrg, "no_org"}, {approval.ErrPredecessorNotActive, "predecessor_not_active"}, {approval.ErrRotationUnderway, "rotation_underway"}, {ErrBreakGlassNotAllowed, "break_glass_not_allowed"},
	{approval.ErrAlreadyReviewed, "already_reviewed"}, {ErrOwnerActive, "owner_active"}, {ErrNotEligible, "not_eligible"}, {ErrToSelf, "transfer_to_self"},
	{approval.ErrPredecessorRevoked, "predecessor_revoked"},
	{policy.ErrRoleNotOffered, "role_not_offered"}, {policy.ErrRoleNotTheirs, "role_not_theirs"},
	{policy.ErrOutlivesRole, "outlives_role"}, {policy.ErrBreakGlassEnds, "break_glass_ends"},
	{ErrNothingOffered, "nothing_offered"}, {ErrMisplaced, "misplaced"}, {ErrNoProjects, "no_projects"},
	{ErrTooManyForForm, "too_many_for_form"},
}

// policyProblems are the problems of a form that are not mistakes of typing: a rule of
// the policy refuses it, it has what no menu offers, or an approver's form asks for more
// than the requester did. The audit trail has their codes.
var policyProblems = map[policy.ProblemCode]bool{
	policy.RoleNotAllowed: true, policy.RoleNotForRequester: true, policy.LifetimeNotAllowed: true, policy.LifetimeTooLong: true, policy.ExtensionTooLong: true,
	policy.TooWide: true, policy.TooMany: true, policy.TooManyProjects: true, policy.NotASubset: true,
	policy.NoSuchNetwork: true, policy.NoSuchProject: true, policy.TooManyOpen: true, policy.TooManyKeys: true, policy.TooManyPerHour: true,
}

// Refusals lists the reasons that the audit trail may give for a refusal.
func Refusals() []string {
	var all []string
	for _, r := range refusals {
		all = append(all, r.name)
	}
	for code := range policyProblems {
		all = append(all, string(code))
	}
	return all
}

// reasonFor returns the name of a refusal; empty for a mistake in a form, or a failure.
func reasonFor(why error) string {
	if form, ok := errors.AsType[*policy.FormError](why); ok {
		for _, p := range form.Problems {
			if policyProblems[p.Code] {
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

// refuse records a refused attempt and returns why it was refused.
func (s *Service) refuse(ctx context.Context, r approval.Request, on approval.Event, by policy.UserID, why error) error {
	return s.recordRefusal(ctx, r.Refused(on, by), why)
}

// refuseNew is refuse for an attempt without a request yet. note says what was asked for,
// unless it is a normal key.
func (s *Service) refuseNew(ctx context.Context, org policy.OrgID, by policy.UserID, note string, why error) error {
	return s.recordRefusal(ctx, approval.AuditEntry{Org: org, Event: approval.EventSubmit, By: by, Note: note}, why)
}

func (s *Service) recordRefusal(ctx context.Context, e approval.AuditEntry, why error) error {
	e.At, e.Refused = s.Now(), reasonFor(why)
	if e.Refused == "" {
		return why
	}
	if e.By != "" { // the operator is not limited
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

// RefuseView records that the caller was refused a list, and returns why.
func (s *Service) RefuseView(ctx context.Context, caller policy.Actor, list string, why error) error {
	return s.recordRefusal(ctx, approval.AuditEntry{Event: approval.EventView, By: caller.User, Note: list}, why)
}

// RefusePress records a click on a button where it does not belong, and returns
// [ErrMisplaced], or [approval.ErrNotFound] if there is no such request.
func (s *Service) RefusePress(ctx context.Context, caller policy.Actor, id policy.ID, on approval.Event) error {
	r, err := s.get(ctx, caller, id, on)
	if err != nil {
		return err
	}
	return s.refuse(ctx, r, on, caller.User, ErrMisplaced)
}
