package slackui

import (
	"context"
	"errors"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/view"
)

func (a *App) submitForm(ctx context.Context, s submission) (approval.Request, error) {
	return a.service.Submit(ctx, s.by, view.ReadForm(s.view).Form)
}

func (a *App) submitBreakGlass(ctx context.Context, s submission) (approval.Request, error) {
	return a.service.BreakGlass(ctx, s.by, view.ReadForm(s.view).Form)
}

func (a *App) submitDenial(ctx context.Context, s submission) (approval.Request, error) {
	return a.service.Deny(ctx, s.by, s.id, view.ReasonGiven(s.view))
}

func (a *App) submitPartial(ctx context.Context, s submission) (approval.Request, error) {
	return a.service.ApprovePartially(ctx, s.by, s.id, view.PartialApproval(s.view))
}

func (a *App) submitExtension(ctx context.Context, s submission) (approval.Request, error) {
	return a.service.Extend(ctx, s.by, s.id, view.Extension(s.view))
}

func (a *App) submitAccessList(ctx context.Context, s submission) (approval.Request, error) {
	return a.service.ReplaceAccessList(ctx, s.by, s.id, view.AccessListChange(s.view))
}

func (a *App) submitRevocation(ctx context.Context, s submission) (approval.Request, error) {
	return a.service.Revoke(ctx, s.by, s.id, view.ReasonGiven(s.view))
}

// neverRepeats is for forms of which the service answers the same twice.
func neverRepeats(*App, context.Context, submission, approval.Request, error) bool { return false }

func isTheirDenial(_ *App, _ context.Context, s submission, r approval.Request, err error) bool {
	return errors.Is(err, approval.ErrNotAllowed) && r.State == approval.StateDenied && r.Decision.By == s.by.User
}

func isTheirPartialApproval(_ *App, _ context.Context, s submission, r approval.Request, _ error) bool {
	return view.IsApprovedAs(r, s.by.User, view.PartialApproval(s.view))
}

func isTheirRevocation(_ *App, _ context.Context, s submission, r approval.Request, err error) bool {
	return errors.Is(err, approval.ErrNotAllowed) && hasEnded(r) && r.Outcome.By == s.by.User
}

// isRecorded reports whether the user has a request that came from this view.
func (a *App) isRecorded(ctx context.Context, s submission, _ approval.Request, _ error) bool {
	r, err := a.service.ByIdempotencyKey(ctx, s.by, s.view.ID)
	return err == nil && r.Requester == s.by.User
}

func (a *App) formRefusal(_ submission, r approval.Request, err error) mrkdwn.Text {
	if errors.Is(err, service.ErrBreakGlassNotAllowed) {
		return a.breakGlassRefusal(err)
	}
	return view.UserError(err, r)
}

func (a *App) approverFormRefusal(s submission, r approval.Request, err error) mrkdwn.Text {
	if errors.Is(err, approval.ErrNotAllowed) {
		return view.AlreadyDecided(r, s.by.User)
	}
	return view.UserError(err, r)
}

func (a *App) ownerFormRefusal(_ submission, r approval.Request, err error) mrkdwn.Text {
	return ownerRefusal(r, err)
}

func (a *App) keyAdminFormRefusal(_ submission, r approval.Request, err error) mrkdwn.Text {
	return keyAdminRefusal(r, err)
}
