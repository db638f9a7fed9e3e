package view

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// The messages in the conversation with the requester, in the order in which
// they appear there. Each is drawn for every state: what has become of it
// replaces its buttons.

// requested says what was kept of the form and where it waits.
//
//	┌──────────────────────────────────────────────┐
//	│ Your request AKR-7F3K2                       │
//	│ It waits in #atlas-approvals for 1 of @…     │
//	│ Description: …  Role: …  May be used from: … │
//	│ ▏backfill of invoices, TICKET-12             │
//	│ [ Remind approvers ]  [ Withdraw ]                      │
//	└──────────────────────────────────────────────┘
func (v Screens) requested(r approval.Request) mrkdwn.Message {
	summary, status := v.summaryOf(r), v.statusWhilePending(r)
	var pressable []*slack.ButtonBlockElement
	if r.State == approval.StatePending {
		pressable = pendingButtons(r)
	}
	return mrkdwn.NewMessage(
		mrkdwn.JoinSentences(mrkdwn.Textf("Your request %s %s.", r.ID, summary.yours), status, summary.text),
		mrkdwn.Header("Your request "+string(r.ID)),
		mrkdwn.Section(status),
		mrkdwn.Facts(summary.facts...),
		optional(summary.dates),
		mrkdwn.Quote(r.Reason),
		buttonsIn(approval.RequestedMessage, r, pressable...),
	)
}

func (v Screens) statusWhilePending(r approval.Request) mrkdwn.Text {
	switch {
	case r.State == approval.StatePending && r.MessageRefs[approval.CardMessage].TS == "":
		return mrkdwn.Textf("I have your request, but could not reach the approvers' channel yet. Nothing is lost: I keep trying. Without a decision it expires %s.", mrkdwn.Date(r.ExpiresAt))
	case r.State == approval.StatePending:
		return mrkdwn.JoinedBy("\n", mrkdwn.JoinSentences(approvedSoFar(r), removedByApprover(r, "you asked for")),
			mrkdwn.Textf("It waits for %s in <#%s>. I tell you here when they decide; without a decision it expires %s.", missingApprovalsShort(r), mrkdwn.BotText(v.Channel(r)), mrkdwn.Date(r.ExpiresAt)), nudgeNote(r))
	case isReverting(r):
		return changing(r)
	case r.State == approval.StateApplying:
		return "The change is being made. I tell you here when it is."
	case r.Decision.At.IsZero(), r.State == approval.StateDenied, r.Outcome.Cause == approval.CauseDeclined, isChange(r):
		return StatusForRequester(r)
	}
	return mrkdwn.JoinSentences(approvedBy(r), removedByApprover(r, "you asked for"), "How it goes on is in the message about your key.")
}

// nudgeNote says what was done to get a decision.
func nudgeNote(r approval.Request) mrkdwn.Text {
	var nudged, escalated mrkdwn.Text
	if !r.NudgedAt.IsZero() {
		nudged = mrkdwn.Textf("You asked once more %s.", mrkdwn.Date(r.NudgedAt))
	}
	if !r.EscalatedAt.IsZero() {
		escalated = mrkdwn.Textf("It went to %s as well %s.", people(r.EscalatedTo), mrkdwn.Date(r.EscalatedAt))
	}
	return mrkdwn.JoinSentences(nudged, escalated)
}

// ready is where the key is created, appears, and is looked after.
//
//	┌──────────────────────────────────────────────┐
//	│ Your Atlas API key AKR-7F3K2                 │
//	│ Approved by @bob. Press Create my key when … │
//	│ [ Create my key ]  [ Withdraw ]              │
//	│ invoices                                     │
//	└──────────────────────────────────────────────┘
func (v Screens) ready(r approval.Request) mrkdwn.Message {
	status := mrkdwn.JoinSentences(StatusForRequester(r), v.earlierKey(r))
	if r.SaysOutcome() != "" {
		status = "This is over: a newer message says how it ended."
	}
	return mrkdwn.NewMessage(
		mrkdwn.JoinSentences(status, mrkdwn.Textf("Request %s: %s.", r.ID, r.Access.Description)),
		mrkdwn.Header("Your Atlas API key "+string(r.ID)),
		mrkdwn.Section(status),
		buttonsIn(approval.ReadyMessage, r, readyButtons(r)...),
		mrkdwn.Footnote(mrkdwn.Code(r.Access.Description)),
	)
}

// issueLabel is the button that issues a key. In an emergency a key is what is on the
// mind, not how it is made.
func issueLabel(r approval.Request) mrkdwn.BotText {
	if r.BreakGlass {
		return "Show my key"
	}
	return "Create my key"
}

func readyButtons(r approval.Request) []*slack.ButtonBlockElement {
	switch r.State {
	case approval.StateApproved:
		return []*slack.ButtonBlockElement{
			button(ActionIssue, r, string(issueLabel(r)), slack.StylePrimary),
			withdrawButton(r),
		}
	case approval.StateIssuing:
		if again := deleting(r); again != nil {
			return again
		}
		return []*slack.ButtonBlockElement{button(ActionRetry, r, "Check again", "")}
	case approval.StateRevoking:
		return deleting(r)
	case approval.StateDelivered:
		return confirmOrReplace(r)
	case approval.StateActive:
		return keyButtons(r)
	}
	return nil
}

// reminder asks once more whether a key that was shown is saved.
func (v Screens) reminder(r approval.Request) mrkdwn.Message {
	if r.State != approval.StateDelivered {
		return greyLine(mrkdwn.Textf("Request %s: I reminded you to save the key%s.", r.ID, KeyName(r)))
	}
	status := mrkdwn.Textf("*Did you save the private key*%s? Tell me by %s, or I delete it: a key without a holder must not stay.", KeyName(r), mrkdwn.Date(r.Confirmation.ConfirmBy))
	pressable := confirmOrReplace(r)
	return mrkdwn.NewMessage(
		mrkdwn.JoinSentences(status, mrkdwn.Textf("Request %s: %s.", r.ID, r.Access.Description)),
		mrkdwn.Section(status),
		buttonsIn(approval.ReminderMessage, r, pressable...),
		mrkdwn.Footnote(mrkdwn.Textf("Request %s", r.ID)),
	)
}

// outcome says how a request ended, with a way to ask again.
func (v Screens) outcome(r approval.Request) mrkdwn.Message {
	return v.outcomeIn(approval.OutcomeMessage, r)
}

// outcomeIn is outcome in the named message.
func (v Screens) outcomeIn(name approval.MessageName, r approval.Request) mrkdwn.Message {
	status := StatusForRequester(r)
	text := mrkdwn.JoinSentences(mrkdwn.Textf("Request %s (%s):", r.ID, r.Access.Description), status)
	if r.State == approval.StateDenied && r.Decision.Reason != "" {
		text = mrkdwn.JoinSentences(text, mrkdwn.Textf("The reason: %s", r.Decision.Reason))
	}
	var pressable []*slack.ButtonBlockElement
	if canRequestAgain(r) {
		pressable = append(pressable, button(ActionRequestAgain, r, "Request again", ""))
	}
	return mrkdwn.NewMessage(mrkdwn.JoinSentences(text, revokeReasonText(r)),
		mrkdwn.Section(status),
		denialReason(r),
		revokeReason(r),
		buttonsIn(name, r, pressable...),
		mrkdwn.Footnote(requestLine(r)),
	)
}

// greyLine is what is left of a message whose time is over.
func greyLine(said mrkdwn.Text) mrkdwn.Message { return mrkdwn.NewMessage(said, mrkdwn.Footnote(said)) }

// canRequestAgain reports whether the form behind the command can bring what came
// to nothing. A change is asked for where the key is, and so is a rotation
// that was not collected.
func canRequestAgain(r approval.Request) bool {
	return r.State.Final() && (r.Type == approval.NewKey || r.Type == approval.Rotation && r.State == approval.StateEnded)
}

// deletionOverdue says that a key which should be gone is not.
func (v Screens) deletionOverdue(r approval.Request) mrkdwn.Message {
	status := StatusForRequester(r)
	switch {
	case isDeletionOverdue(r) && isChange(r):
		status = revertOverdue(r)
	case isDeletionOverdue(r):
		status = mrkdwn.JoinSentences(
			mrkdwn.Textf(":rotating_light: Your key%s of request %s is still alive in Atlas: it should be gone%s, but deleting it has not worked since %s.", KeyName(r), r.ID, endReason(r), mrkdwn.Date(r.Deletion.Since)),
			whyNotDeleted(r),
			"I keep trying, and the approvers know. Treat it as a key that works.",
		)
	}
	return mrkdwn.NewMessage(status, mrkdwn.Section(status), buttonsIn(approval.DeletionOverdueMessage, r, deleting(r)...), mrkdwn.Footnote(mrkdwn.Textf("Request %s", r.ID)))
}

// pendingButtons are what the requester can do meanwhile. They can remind once,
// if there is a card to do it under.
func pendingButtons(r approval.Request) []*slack.ButtonBlockElement {
	var all []*slack.ButtonBlockElement
	if r.NudgedAt.IsZero() && r.MessageRefs[approval.CardMessage].TS != "" {
		all = append(all, mrkdwn.WithConfirm(
			button(ActionNudge, r, "Remind approvers", ""),
			"Remind the approvers?", mrkdwn.PlainText("Approvers read under the card that you still wait for a decision. You can do that once."), "Remind", "Not yet",
		))
	}
	return append(all, withdrawButton(r))
}

// withdrawButton takes a request back, or declines what was left of it.
func withdrawButton(r approval.Request) *slack.ButtonBlockElement {
	if r.State == approval.StateApproved && isPartial(r) {
		return mrkdwn.WithConfirm(
			button(ActionWithdraw, r, "Decline", ""),
			"Decline what was approved?", mrkdwn.PlainText("It ends here, and no key is made. You can ask again at any time, and say why you need more."), "Decline", "Keep it",
		)
	}
	return mrkdwn.WithConfirm(
		button(ActionWithdraw, r, "Withdraw", ""),
		"Withdraw this request?", mrkdwn.PlainText(withdrawing(r)), "Withdraw", "Keep it",
	)
}

func withdrawing(r approval.Request) string {
	if isChange(r) {
		return "It ends here, and the key stays as it is. You can ask again at any time."
	}
	return "It ends here, and no key is made for it. You can ask again at any time."
}

func confirmOrReplace(r approval.Request) []*slack.ButtonBlockElement {
	return []*slack.ButtonBlockElement{
		button(ActionConfirm, r, "I saved it", slack.StylePrimary),
		mrkdwn.WithConfirm(button(ActionReplace, r, "I did not see it", ""),
			"Make another key?", mrkdwn.PlainText("The key that was shown stops working, and you are shown a new one at once. Only the last key shown works."), "Make another", "Cancel"),
	}
}

func revokeButton(r approval.Request) *slack.ButtonBlockElement {
	return mrkdwn.WithConfirm(
		button(ActionRevoke, r, "Revoke", slack.StyleDanger),
		"Revoke this key?", mrkdwn.PlainText("The key "+r.Key.PublicKey+" is deleted in Atlas. Whatever uses it stops working. This can't be undone."), "Revoke", "Keep it",
	)
}

// StatusReply is the answer to [ActionRetry]: where r stands, with the buttons
// that go with it. The message that the button is in may be old, if Slack does
// not let it be changed.
func StatusReply(r approval.Request) mrkdwn.Message {
	status := statusNow(r)
	return mrkdwn.NewMessage(status, mrkdwn.Section(status), buttonsIn(StatusSurface, r, statusButtons(r)...))
}

func statusNow(r approval.Request) mrkdwn.Text {
	switch {
	case r.State == approval.StateIssuing && r.Issuance.Stage != approval.StageRollingBack:
		return "Your key is still being made. It appears in this conversation, or I say here why it could not be made."
	case r.IsDeleting() && r.Deletion.Tries > 0:
		return mrkdwn.JoinSentences(StatusForRequester(r), "I try again right now.")
	}
	return StatusForRequester(r)
}

// statusButtons are those of the message about the key, for an ephemeral one.
func statusButtons(r approval.Request) []*slack.ButtonBlockElement {
	switch r.State {
	case approval.StateApproved:
		return []*slack.ButtonBlockElement{button(ActionIssue, r, string(issueLabel(r)), slack.StylePrimary)}
	case approval.StateDelivered:
		return confirmOrReplace(r)
	}
	return nil
}

// expiryReminder tells the owner that a key's end comes near, while there is something
// to do about it. What came later, or another telling, leaves one line.
//
//	┌──────────────────────────────────────────────┐
//	│ ⏳ Your key abcdefgh ends … and is deleted … │
//	│ [ Extend ]  [ Rotate ]  [ Revoke now ]       │
//	│ Request AKR-7F3K2: invoices                  │
//	└──────────────────────────────────────────────┘
func (v Screens) expiryReminder(r approval.Request, n int) mrkdwn.Message {
	switch {
	case r.SaysOutcome() == approval.ExpiryReminderMessage(n):
		return v.outcomeIn(approval.ExpiryReminderMessage(n), r)
	case r.State != approval.StateActive || n != r.ExpiryReminders:
		return greyLine(mrkdwn.Textf("Request %s: I reminded you that the key%s would expire.", r.ID, KeyName(r)))
	}
	status := mrkdwn.Textf(":hourglass_flowing_sand: *Your key%s ends %s* and is deleted then: whatever uses it stops working.", KeyName(r), mrkdwn.Date(r.KeyExpiresAt))
	way := mrkdwn.Text("If you need it for longer, ask for more time with *Extend*. If you are done with it, revoke it.")
	return mrkdwn.NewMessage(
		mrkdwn.JoinSentences(status, way, mrkdwn.Textf("Request %s: %s.", r.ID, r.Access.Description)),
		mrkdwn.Section(status),
		mrkdwn.Section(way),
		buttonsIn(approval.ExpiryReminderMessage(n), r,
			button(ActionExtend, r, "Extend", slack.StylePrimary),
			rotateButton(r),
			labelled(revokeButton(r), "Revoke now"),
		),
		mrkdwn.Footnote(requestLine(r)),
	)
}

func labelled(b *slack.ButtonBlockElement, label string) *slack.ButtonBlockElement {
	b.Text = mrkdwn.PlainText(label)
	return b
}
