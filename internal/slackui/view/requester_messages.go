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
//	│ Waiting for 1 approval from @… in #… │
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
		return mrkdwn.Textf("I have your request, but can't reach the approvers' channel yet. I keep trying. Expires %s if nobody decides.", mrkdwn.Date(r.ExpiresAt))
	case r.State == approval.StatePending:
		return mrkdwn.JoinedBy("\n", mrkdwn.JoinSentences(approvedSoFar(r), removedByApprover(r)),
			mrkdwn.Textf("Waiting for %s in <#%s>. I'll message you here. Expires %s if nobody decides.", missingApprovalsShort(r), mrkdwn.BotText(v.Channel(r)), mrkdwn.Date(r.ExpiresAt)), nudgeNote(r))
	case isReverting(r):
		return changing(r)
	case r.State == approval.StateApplying:
		return "The change is being made. I'll message you here when it's done."
	case r.Decision.At.IsZero(), r.State == approval.StateDenied, r.Outcome.Cause == approval.CauseDeclined, isChange(r):
		return StatusForRequester(r)
	}
	return mrkdwn.JoinSentences(approvedBy(r), removedByApprover(r), "See the next message for your key.")
}

// nudgeNote says what was done to get a decision.
func nudgeNote(r approval.Request) mrkdwn.Text {
	var nudged, escalated mrkdwn.Text
	if !r.NudgedAt.IsZero() {
		nudged = mrkdwn.Textf("You reminded them %s.", mrkdwn.Date(r.NudgedAt))
	}
	if !r.EscalatedAt.IsZero() {
		escalated = mrkdwn.Textf("%s can approve as well since %s.", people(r.EscalatedTo), mrkdwn.Date(r.EscalatedAt))
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
		readyFacts(r),
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

// readyFacts is what an active key may do.
func readyFacts(r approval.Request) slack.Block {
	if r.State != approval.StateActive {
		return nil
	}
	return mrkdwn.Facts(accessFacts(r.Access)[1:]...) // the description is below
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
	status := mrkdwn.Textf("*Did you save your key*%s*?* %s", KeyName(r), confirmOrLose(r))
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
			mrkdwn.Textf(":rotating_light: Your key%s of request %s is still active in Atlas. Deleting it hasn't worked since %s.", KeyName(r), r.ID, mrkdwn.Date(r.Deletion.Since)),
			whyNotDeleted(r),
			"I keep trying, and the approvers know. Assume that it still works.",
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
			"Remind approvers?", mrkdwn.PlainText("Slack notifies the approvers whose approval is missing. You can do that once."), "Remind", "Cancel",
		))
	}
	return append(all, withdrawButton(r))
}

// withdrawButton takes a request back, or declines what was left of it.
func withdrawButton(r approval.Request) *slack.ButtonBlockElement {
	if r.State == approval.StateApproved && isPartial(r) {
		return mrkdwn.WithConfirm(
			button(ActionWithdraw, r, "Decline", ""),
			"Decline the reduced access?", mrkdwn.PlainText("No key is created. You can request again at any time, and say why you need more."), "Decline", "Cancel",
		)
	}
	return mrkdwn.WithConfirm(
		button(ActionWithdraw, r, "Withdraw", ""),
		"Withdraw this request?", mrkdwn.PlainText(withdrawing(r)), "Withdraw", "Cancel",
	)
}

func withdrawing(r approval.Request) string {
	if isChange(r) {
		return "The key stays as it is. You can ask again at any time."
	}
	return "No key is created. You can request again at any time."
}

func confirmOrReplace(r approval.Request) []*slack.ButtonBlockElement {
	return []*slack.ButtonBlockElement{
		button(ActionConfirm, r, "I saved it", slack.StylePrimary),
		mrkdwn.WithConfirm(button(ActionReplace, r, "Replace key", ""),
			"Replace this key?", mrkdwn.PlainText("The key that was shown stops working, and I show you a new one at once. Only the last key shown works."), "Replace key", "Cancel"),
	}
}

func revokeButton(r approval.Request) *slack.ButtonBlockElement {
	return mrkdwn.WithConfirm(
		button(ActionRevoke, r, "Revoke", slack.StyleDanger),
		"Revoke this key?", mrkdwn.PlainText("The key "+r.Key.PublicKey+" is deleted in Atlas. Whatever uses it stops working. This can't be undone."), "Revoke", "Cancel",
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
		return "Your key is still being created. It appears in this conversation, or I'll say here why it couldn't be."
	case r.IsDeleting() && r.Deletion.Tries > 0:
		return mrkdwn.JoinSentences(StatusForRequester(r), "Trying again now.")
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
//	│ ⏳ Your key abcdefgh expires …               │
//	│ [ Extend ]  [ Rotate ]  [ Revoke ]           │
//	│ Request AKR-7F3K2: invoices                  │
//	└──────────────────────────────────────────────┘
func (v Screens) expiryReminder(r approval.Request, n int) mrkdwn.Message {
	switch {
	case r.SaysOutcome() == approval.ExpiryReminderMessage(n):
		return v.outcomeIn(approval.ExpiryReminderMessage(n), r)
	case r.State != approval.StateActive || n != r.ExpiryReminders:
		return greyLine(mrkdwn.Textf("Request %s: I reminded you that the key%s would expire.", r.ID, KeyName(r)))
	}
	status := mrkdwn.Textf(":hourglass_flowing_sand: *Your key%s expires %s.* Then it's deleted, and whatever uses it stops working.", KeyName(r), mrkdwn.Date(r.KeyExpiresAt))
	way := mrkdwn.Text("Need it for longer? Press *Extend*. Done with it? Revoke it.")
	return mrkdwn.NewMessage(
		mrkdwn.JoinSentences(status, way, mrkdwn.Textf("Request %s: %s.", r.ID, r.Access.Description)),
		mrkdwn.Section(status),
		mrkdwn.Section(way),
		buttonsIn(approval.ExpiryReminderMessage(n), r,
			button(ActionExtend, r, "Extend", slack.StylePrimary),
			rotateButton(r),
			revokeButton(r),
		),
		mrkdwn.Footnote(requestLine(r)),
	)
}
