package slackui

import (
	"context"
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// partialForm is the modal in which an approver approves a part of what was asked
// for. All of it is there at first; what is taken away is not granted.
//
//	┌──────────────────────────────────────────────┐
//	│ Approve less                                 │
//	│ @alice asked for … Take away what …          │
//	│ What may it do?        [ roles            ▾ ]│
//	│ In which projects?     [ projects         ▾ ]│
//	│ From which addresses?  [ 203.0.113.7        ]│
//	│ For how long?          [ 8 hours          ▾ ]│
//	│                       [ Cancel ] [ Approve ] │
//	└──────────────────────────────────────────────┘
func partialForm(p approval.Policy, r approval.Request, metadata string) slack.ModalViewRequest {
	blocks := []slack.Block{
		section(requestedText(r)),
		section(mrkdwnf("Take away what you do not approve, and press *Approve*. %s reads what you took away and by whom, and can decline the rest. Nothing can be added.", mention(r.Requester))),
		inputBlock(blockLessRoles, "What may it do?", "", rolesMenu(blockLessRoles, r.Access.Roles, r.Access.Roles)),
	}
	if len(r.Access.Projects) > 0 {
		blocks = append(blocks, optionalInput(inputBlock(blockLessProjects, "In which projects?", "In each with the project roles that were asked for.", askedProjects(r.Access))))
	}
	m := modal(viewPartial, "Approve less", append(blocks,
		inputBlock(blockLessNetworks, "From which addresses?", "All of them are among those asked for, or inside of them.", lines(blockLessNetworks, wholeList(r.Access), approval.MaxNetworks)),
		inputBlock(blockLessLifetime, "For how long?", "Counted from the moment the key is made.", spansMenu(blockLessLifetime, upTo(r.Access.Lifetime, p.Lifetimes), r.Access.Lifetime)),
	)...)
	m.Submit = plainText("Approve")
	m.PrivateMetadata = metadata
	return m
}

func askedProjects(a approval.Access) *slack.MultiSelectBlockElement {
	return multiSelect(blockLessProjects, "Choose projects", a.Projects,
		func(p approval.ProjectAccess) *slack.OptionBlockObject { return projectOption(p.Project) },
		func(approval.ProjectAccess) bool { return true })
}

// wholeList is every address as somebody would type it, also those that were
// picked by a name.
func wholeList(a approval.Access) string {
	return formatAddresses(approval.Access{Networks: a.Networks})
}

// upTo are the choices that are shorter than what was asked for, and that.
func upTo(asked time.Duration, choices []time.Duration) []time.Duration {
	var shorter []time.Duration
	for _, d := range choices {
		if d < asked {
			shorter = append(shorter, d)
		}
	}
	return append(shorter, asked)
}

func partialApproval(v sentView) approval.PartialApproval {
	return approval.PartialApproval{
		Roles:    selectedValues[approval.Role](v.input(blockLessRoles)),
		Projects: selectedValues[approval.ProjectID](v.input(blockLessProjects)),
		Networks: v.input(blockLessNetworks).text(),
		Lifetime: v.input(blockLessLifetime).span(),
	}
}

// approvePartially opens the form for a part of what was asked for; that is approved when
// it is sent.
func (a *App) approvePartially(ctx context.Context, p action, answer ack) {
	r, err := a.act(ctx, p, answer, a.service.MayApprovePartially)
	switch {
	case errors.Is(err, approval.ErrNotAllowed) && r.State == approval.StatePending:
		a.respondToAction(ctx, p, "A change of a live key is approved as it is or not at all. Nothing was changed.")
	case err != nil:
		a.respondToApprover(ctx, p, r, err)
	case utf8.RuneCountInString(wholeList(r.Access)) > approval.MaxNetworks:
		a.respondToAction(ctx, p, "These are too many addresses for a form, so I cannot take single ones away. Nothing was changed: approve it as it is, or deny it and say why.")
	default:
		a.openAbout(ctx, p, partialForm(a.screens.policy(r), r, requestMetadata(p)))
	}
}

// submitPartial approves a part of a request. Sent twice by one person it is one
// approval.
func (a *App) submitPartial(ctx context.Context, i interaction, answer ack) {
	id, home, ok := requestOf(i.View)
	if !ok {
		a.submittedNothing(i, answer)
		return
	}
	who, n := i.who(), partialApproval(i.View)
	if a.sentInHurry(i, answer) {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	r, err := a.service.ApprovePartially(bounded, who, id, n)
	if err != nil && isApprovedAs(r, who.User, n) {
		err = nil
	}
	mistakes, wrong := errors.AsType[*approval.FormError](err)
	switch {
	case err == nil && stillMissing(r) != "":
		answer(slack.NewUpdateViewSubmissionResponse(viewOf(notice("Approval recorded", stillMissing(r)))))
	case err == nil:
		answer(nil)
	case wrong:
		answer(slack.NewErrorsViewSubmissionResponse(formErrors(mistakes.Problems, partialBlocks.of(i.View))))
		return
	case errors.Is(err, approval.ErrNotAllowed):
		answer(replaceView(tooLateToDecide(r, who.User)))
	case isPermanent(err):
		answer(replaceView(userError(err, r)))
	default:
		answer(notRecorded(blockLessRoles, "Approve", err))
	}
	if err != nil {
		a.logRefusal("approving less", who, r, err)
	}
	a.publishHomeTo(ctx, who, home)
}

// isApprovedAs reports whether user approved r already and it now is what n
// leaves: the same form, sent again.
func isApprovedAs(r approval.Request, user approval.UserID, n approval.PartialApproval) bool {
	approved := slices.ContainsFunc(r.Approvals, func(a approval.Approval) bool { return a.By == user })
	networks, problems := approval.Policy{MaxEntries: approval.MaxNetworks}.Networks(n.Networks)
	return approved && len(problems) == 0 && n.Lifetime == r.Access.Lifetime &&
		sameSet(n.Roles, r.Access.Roles) && sameSet(networks, r.Access.Networks) && sameSet(n.Projects, projectIDs(r.Access))
}

func projectIDs(a approval.Access) []approval.ProjectID {
	var ids []approval.ProjectID
	for _, p := range a.Projects {
		ids = append(ids, p.ID)
	}
	return ids
}

// sameSet compares lists in which nothing is twice.
func sameSet[T comparable](a, b []T) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(it T) bool { return !slices.Contains(b, it) })
}
