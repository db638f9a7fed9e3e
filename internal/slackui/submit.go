package slackui

import (
	"context"
	"errors"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// A submission is one view that a user sent.
type submission struct {
	by   policy.Actor
	id   policy.ID // the request that it is about; empty in a form for a new key
	view payload.SentView
	home *homeContext // set if it was opened from a Home tab
}

// A form is what happens when a view of one kind is sent. It is not remembered
// what was sent before: the same view sent again gets the same answer from the
// store.
type form struct {
	doing  string // in the log, if it is refused
	button string
	isNew  bool // it is for a new key, and about no request

	record func(*App, context.Context, submission) (approval.Request, error)
	// repeats reports whether a refusal means that the same view was recorded
	// before.
	repeats func(*App, context.Context, submission, approval.Request, error) bool
	refused func(*App, submission, approval.Request, error) mrkdwn.Text
}

// forms lists every form there is, by callback_id.
var forms = map[string]form{
	view.ViewForm:       {"requesting a key", "Send", true, (*App).submitForm, neverRepeats, (*App).formRefusal},
	view.ViewBreakGlass: {"break-glass", "Create emergency key", true, (*App).submitBreakGlass, neverRepeats, (*App).formRefusal},
	view.ViewDeny:       {"denying", "Deny", false, (*App).submitDenial, isTheirDenial, (*App).approverFormRefusal},
	view.ViewPartial:    {"approving partially", "Approve", false, (*App).submitPartial, isTheirPartialApproval, (*App).approverFormRefusal},
	view.ViewExtend:     {"requesting an extension", "Send", false, (*App).submitExtension, (*App).isRecorded, (*App).ownerFormRefusal},
	view.ViewAccessList: {"requesting another access list", "Send", false, (*App).submitAccessList, (*App).isRecorded, (*App).ownerFormRefusal},
	view.ViewRevoke:     {"revoking", "Revoke", false, (*App).submitRevocation, isTheirRevocation, (*App).keyAdminFormRefusal},
}

// submit records what a view asks for, or shows what to correct with everything
// typed still there.
func (a *App) submit(ctx context.Context, i payload.Interaction, answer payload.Ack) {
	f, isOurs := forms[i.View.CallbackID]
	if !isOurs {
		a.log.Warn("a modal that is not ours was sent", "user", i.User.ID)
		answer(nil)
		return
	}
	s := submission{by: i.Who(), view: i.View}
	if !f.isNew {
		var isRequest bool
		if s.id, s.home, isRequest = requestOf(i.View); !isRequest {
			a.log.Warn("a modal about no request was sent", "user", i.User.ID)
			answer(replaceView(view.UserError(approval.ErrNotFound, approval.Request{})))
			return
		}
	}
	inputs := view.InputsOf(i.View)
	if i.View.ID == "" || f.isNew && inputs[""] == "" { // without its id, a request could be made twice
		a.log.Warn("a form that is not complete was sent", "user", i.User.ID)
		answer(incomplete)
		return
	}
	if org := view.ChosenOrg(i.View); f.isNew && org != "" && org != view.ReadForm(i.View).Org {
		// It was sent before it followed the choice of another organization: what
		// was chosen below was not meant for that one.
		answer(fieldError(inputs.Of(policy.FieldOrg), "Below was still what another organization offers. Look at it again, choose what is needed here, then send it."))
		a.refreshView(ctx, i, "")
		return
	}
	if a.submittedTooFast(i, answer) {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	r, err := f.record(a, bounded, s)
	if err != nil && f.repeats(a, bounded, s, r, err) {
		err = nil
	}
	mistakes, hasMistakes := errors.AsType[*policy.FormError](err)
	switch {
	case hasMistakes && inputs[""] == "":
		answer(incomplete)
		return
	case hasMistakes:
		answer(slack.NewErrorsViewSubmissionResponse(view.FormErrors(mistakes.Problems, inputs)))
		return
	case err == nil && i.View.CallbackID == view.ViewPartial && view.MissingApprovalsNote(r) != "":
		answer(slack.NewUpdateViewSubmissionResponse(viewOf(view.Notice("Approval recorded", view.MissingApprovalsNote(r)))))
	case err == nil:
		answer(nil)
	case errors.Is(err, approval.ErrNotAllowed), errors.Is(err, service.ErrBreakGlassNotAllowed), isPermanent(err):
		answer(replaceView(f.refused(a, s, r, err)))
	case errors.Is(err, service.ErrNoProjects):
		answer(fieldError(inputs.Of(policy.FieldProjects), "Atlas did not tell me its projects just now, so I could not look yours up. Nothing that you typed is lost: press "+f.button+" again in a minute."))
	default:
		answer(fieldError(inputs[""], "This could not be recorded just now, and nothing was changed. Nothing that you typed is lost: press "+f.button+" again "+soon(err)+"."))
	}
	if err != nil {
		a.logRefusal(f.doing, s.by, r, err)
	}
	if err == nil && i.View.CallbackID == view.ViewBreakGlass {
		a.sayKeyIsReady(ctx, i.View.ID)
	}
	a.publishHomeTo(ctx, s.by, s.home)
}

// fieldError says something under one input; in a notice if there is none.
func fieldError(input, said string) *slack.ViewSubmissionResponse {
	if input == "" {
		return replaceView(mrkdwn.Textf("%s", said))
	}
	return slack.NewErrorsViewSubmissionResponse(map[string]string{input: said})
}

// replaceView is the answer to a form that cannot be sent any more.
func replaceView(said mrkdwn.Text) *slack.ViewSubmissionResponse {
	return slack.NewUpdateViewSubmissionResponse(viewOf(view.Notice("Nothing was changed", said)))
}

var incomplete = replaceView("This form is not complete. Close it and open a new one.")

func viewOf(v slack.ModalViewRequest) *slack.ModalViewRequest { return &v }

// isPermanent reports whether sending the same again would be refused again.
func isPermanent(err error) bool {
	for _, w := range view.UserErrors {
		if errors.Is(err, w.Err) {
			return !errors.Is(err, policy.ErrCannotCheck) && !errors.Is(err, approval.ErrConflict)
		}
	}
	return false
}
