package view

import (
	"slices"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// missingApprovalsShort says whose approvals a pending request still waits for, as far as can
// be said without knowing who is in which group.
func missingApprovalsShort(r approval.Request) mrkdwn.Text {
	return mrkdwn.TruncateText(missingApprovals(r), 900)
}

// Called are those whom Slack is to notify of the named message when it is posted: they
// have to act. It mentions no others; see [mrkdwn.Message.Naming].
func (v Screens) Called(r approval.Request, name approval.MessageName) policy.Principals {
	notify := v.Policy(r).Notify
	_, isReminder := name.Number("approver_reminder")
	_, isOwnerDeactivated := name.Number("owner_deactivated")
	_, isDrift := name.Number("drift")
	switch {
	case name == approval.CardMessage && r.BreakGlass, isOwnerDeactivated, isDrift,
		name == approval.UnknownKeyNotice, name == approval.UnknownKeysNotice, name == approval.DeletionOverdueNotice:
		return policy.FromAll(v.Policy(r).Requirements)
	case name == approval.EscalatedNotice:
		return r.EscalatedTo
	case name == approval.CardMessage && notify != policy.NotifyNobody && notify != policy.NotifyHere,
		(isReminder || name == approval.NudgedNotice) && notify != policy.NotifyNobody:
		return r.AwaitedApprovers()
	}
	return policy.Principals{}
}

// calling asks those whom the message is for to do something, as in "look at it"; empty
// if it is for no one in particular.
func (v Screens) calling(r approval.Request, name approval.MessageName, what mrkdwn.BotText) mrkdwn.Text {
	called := v.Called(r, name)
	if called.Everyone || called.IsZero() {
		return ""
	}
	return mrkdwn.Textf("%s, please %s.", people(called), what)
}

func missingApprovals(r approval.Request) mrkdwn.Text {
	missing := needed(r) - len(r.Counted())
	switch {
	case len(r.Requirements) == 0:
		return "an approval"
	case len(r.Counted()) == 0:
		return approvalsNeeded(r.Requirements)
	case len(r.Requirements) == 1 && missing > 0:
		return mrkdwn.Textf("%s from %s", mrkdwn.BotText(mrkdwn.Count(missing, "more approval")), people(r.Requirements[0].From))
	}
	return mrkdwn.Textf("%s (needs %s)", mrkdwn.BotText(mrkdwn.Count(max(missing, 1), "more approval")), approvalsNeeded(r.Requirements))
}

// needed counts the approvals that r takes in all.
func needed(r approval.Request) int {
	sum := 0
	for _, n := range r.Requirements {
		sum += n.Count
	}
	return sum
}

// approvedSoFar is empty before the first approval, and after the last.
func approvedSoFar(r approval.Request) mrkdwn.Text {
	if r.State != approval.StatePending {
		return ""
	}
	var so mrkdwn.Text
	if n := len(r.Counted()); n > 0 {
		so = mrkdwn.Textf("Approved by %s (%s of %s).", approvers(r), n, max(needed(r), n+1))
	}
	return mrkdwn.JoinSentences(so, notCounted(r.Approvals))
}

// approvers names whose approval counts, in their order.
func approvers(r approval.Request) mrkdwn.Text {
	counted := r.Counted()
	if len(counted) == 0 {
		return Mention(r.Decision.By)
	}
	var all []mrkdwn.Text
	for _, user := range counted {
		all = append(all, Mention(user))
	}
	return enumerated(all, "and")
}

// approvedBy is empty if neither an approver nor a rule approved. A successor that took no
// approval carries the decision on the key before it.
func approvedBy(r approval.Request) mrkdwn.Text {
	switch {
	case r.State == approval.StateDenied, r.CarriesDecision:
		return ""
	case r.Decision.Rule != "":
		return mrkdwn.Textf(":white_check_mark: *Auto-approved* by rule %s %s.", mrkdwn.Truncate(r.Decision.Rule, maxName), mrkdwn.Date(r.Decision.At))
	case r.Decision.By == "":
		return ""
	}
	return mrkdwn.Textf(":white_check_mark: *Approved* by %s %s.", approvers(r), mrkdwn.Date(r.Decision.At))
}

// nudgedNote says what was done to get a decision.
func nudgedNote(r approval.Request) mrkdwn.Text {
	var nudged, escalated mrkdwn.Text
	if !r.NudgedAt.IsZero() {
		nudged = mrkdwn.Textf("%s reminded you %s.", Mention(r.Requester), mrkdwn.Date(r.NudgedAt))
	}
	if !r.EscalatedAt.IsZero() {
		escalated = mrkdwn.Textf("Since %s %s can approve as well.", mrkdwn.Date(r.EscalatedAt), people(r.EscalatedTo))
	}
	return mrkdwn.JoinSentences(nudged, escalated)
}

// approvalsNeeded says whose approvals needs are: "1 approval from @platform and 1
// from @security (because of Organization Owner)".
func approvalsNeeded(needs []policy.Requirement) mrkdwn.Text {
	all := make([]mrkdwn.Text, len(needs))
	for i, n := range needs {
		from := people(n.From)
		if n.From.Everyone {
			from = "any member of this workspace"
		}
		all[i] = mrkdwn.Textf("%s from %s", n.Count, from)
		if i == 0 {
			all[i] = mrkdwn.Textf("%s from %s", mrkdwn.BotText(mrkdwn.Count(n.Count, "approval")), from)
		}
		sameNext := i+1 < len(needs) && slices.Equal(n.For, needs[i+1].For)
		if len(n.For) > 0 && !sameNext {
			all[i] += mrkdwn.Textf(" (because of %s)", mrkdwn.BotText(Titles(n.For)))
		}
	}
	return enumerated(all, "and")
}

// What came before an action that can be done once.

func alreadyApproved(r approval.Request) mrkdwn.Text {
	return mrkdwn.Textf("You already approved this. Waiting for %s.", missingApprovalsShort(r))
}

func notNeeded(r approval.Request) mrkdwn.Text {
	return mrkdwn.Textf("Your approval isn't needed any more. Waiting for %s.", missingApprovalsShort(r))
}

func alreadyNudged(r approval.Request) mrkdwn.Text {
	return mrkdwn.Textf("You already reminded the approvers %s.", mrkdwn.Date(r.NudgedAt))
}

// AlreadyReviewed says who reviewed r.
func AlreadyReviewed(r approval.Request) mrkdwn.Text {
	return mrkdwn.Textf("%s already reviewed this %s.", Mention(r.Review.By), mrkdwn.Date(r.Review.At))
}

func ownedAgain(r approval.Request) mrkdwn.Text {
	switch {
	case !r.OwnerDeactivatedAt.IsZero():
		return "They already own this key, and their account is deactivated. Choose another person."
	case len(r.Transfers) > 0:
		return transferred(r)
	}
	return OwnerStillActive(r)
}

// OwnerStillActive says why a key is not transferred.
func OwnerStillActive(r approval.Request) mrkdwn.Text {
	return mrkdwn.Textf("The account of %s is active, so the key stays theirs.", Mention(r.Requester))
}

// notCounted names the approvals that do not count any more, and why.
func notCounted(approvals []approval.Approval) mrkdwn.Text {
	var all []mrkdwn.Text
	for _, a := range approvals {
		if a.Void != "" {
			all = append(all, mrkdwn.Textf("The approval of %s no longer counts: %s.", Mention(a.By), whyVoid(a.Void)))
		}
	}
	return mrkdwn.JoinSentences(all...)
}

func whyVoid(reason policy.VoidReason) mrkdwn.Text {
	switch reason {
	case policy.VoidDeactivated:
		return "that account is deactivated"
	case policy.VoidGuest:
		return "guests can't approve"
	case policy.VoidExternal:
		return "they aren't a member of this workspace"
	case policy.VoidBot:
		return "bots can't approve"
	case policy.VoidOwnRequest:
		return "it's their own request"
	}
	return "they aren't an approver"
}

// MissingApprovalsNote tells an approver that theirs was not the last approval,
// because an earlier one does not count any more. Otherwise nothing is said: the
// card shows it.
func MissingApprovalsNote(r approval.Request) mrkdwn.Text {
	void := notCounted(r.Approvals)
	if r.State != approval.StatePending || void == "" {
		return ""
	}
	return mrkdwn.JoinSentences("Your approval is recorded.", void, mrkdwn.Textf("Waiting for %s.", missingApprovalsShort(r)))
}

// unapproved says why no approval was needed for what happens.
func unapproved(r approval.Request) mrkdwn.Text {
	switch {
	case r.CarriesDecision && r.BreakGlassOf != "":
		return mrkdwn.Textf("No approval needed: replaces break-glass key %s with the same access and expiry.", r.ParentID)
	case r.CarriesDecision:
		return mrkdwn.Textf("No approval needed: replaces %s with the same access and expiry.", r.ParentID)
	case r.Type == approval.AccessListChange && r.Decision.By == "" && r.Decision.Rule == "" && !r.Decision.At.IsZero():
		return "No approval needed: entries are only removed."
	}
	return ""
}
