package view

import (
	"context"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/payload"
)

// An ExtendView is the modal in which the owner of an active key asks for more
// time, at one moment.
type ExtendView struct {
	KeyTarget
	MaxLifetime     time.Duration // that the key may live in all, as mostOf says; zero if no role does
	MaxLifetimeRole policy.Role
	Preview         FormPreview
}

// ExtendForm asks how much longer a key should live, and why.
//
//	┌──────────────────────────────────────────────┐
//	│ More time                                    │
//	│ The key abcdefgh of AKR-7F3K2 ends …         │
//	│ How much longer?   [ 8 hours             ▾ ] │
//	│ Why?               [                       ] │
//	│ This will go to 1 of @platform               │
//	│                        [ Cancel ] [ Send ]   │
//	└──────────────────────────────────────────────┘
func ExtendForm(s ExtendView) slack.ModalViewRequest {
	in := inputs{lifetimes: s.choices()}
	blocks := []slack.Block{mrkdwn.Section(mrkdwn.Textf("The key%s of request %s (%s) expires %s. Once approved, the same key expires later.", KeyName(s.Request), s.Request.ID, s.Request.Access.Description, mrkdwn.Date(s.Request.KeyExpiresAt)))}
	if s.MaxLifetime > 0 {
		blocks = append(blocks, mrkdwn.Section(mrkdwn.Textf("%s keys last %s at most, including extensions and rotations.", mrkdwn.BotText(Titles([]policy.Role{s.MaxLifetimeRole})), mrkdwn.BotText(mrkdwn.Duration(s.MaxLifetime)))))
	}
	blocks = append(blocks,
		in.block(policy.FieldLifetime, refreshing, asking("Extend by", "Added to the current expiry.")),
		in.block(policy.FieldReason),
	)
	m := mrkdwn.Modal(ViewExtend, "Extend", append(blocks, slack.NewDividerBlock(), mrkdwn.Section(s.Preview.route("This needs")))...)
	m.Submit = mrkdwn.PlainText("Submit")
	m.PrivateMetadata = s.Metadata
	return m
}

// choices are those that the limit leaves; a menu without any Slack would
// refuse.
func (s ExtendView) choices() []time.Duration {
	all := s.Org.Policy.Lifetimes
	within := slices.DeleteFunc(slices.Clone(all), func(d time.Duration) bool { return s.MaxLifetime > 0 && TotalLifetime(s.Request, d) > s.MaxLifetime })
	if len(within) == 0 {
		return all
	}
	return within
}

// Extension is the form as it was sent.
func Extension(v payload.SentView) service.ExtensionForm {
	f := ReadForm(v)
	return service.ExtensionForm{IdempotencyKey: v.ID, Reason: f.Reason, ExtendBy: f.Lifetime}
}

// TotalLifetime is how long a key would be valid in all, which is what a rule that
// approves looks at; zero if no extension is chosen.
func TotalLifetime(r approval.Request, extra time.Duration) time.Duration {
	if extra <= 0 {
		return 0
	}
	return r.LifeUntil(r.KeyExpiresAt.Add(extra))
}

// A KeyTarget is a key whose owner asks for a change of it in a modal.
type KeyTarget struct {
	Request  approval.Request
	Org      policy.Org
	Metadata string // of the modal: see [requestMetadata]
}

// A MayChange is [approval.Service.MayReplaceAccessList] or [approval.Service.MayExtend].
type MayChange func(context.Context, policy.Actor, policy.ID) (approval.Request, policy.Org, error)

// AccessListForm asks for another access list. What it will do is said before it
// is sent: the list belongs to the key, not to a project.
//
//	┌──────────────────────────────────────────────┐
//	│ Change addresses                             │
//	│ The whole list of the key … It counts …      │
//	│ From which networks?   [ office          ▾ ] │
//	│ From which addresses?  [ 203.0.113.7       ] │
//	│ Why?                   [                   ] │
//	│ This will go to 1 of @platform               │
//	│                        [ Cancel ] [ Send ]   │
//	└──────────────────────────────────────────────┘
func AccessListForm(k KeyTarget, o FormPreview) slack.ModalViewRequest {
	blocks := []slack.Block{
		mrkdwn.Section(mrkdwn.Textf("The complete IP access list of the key%s (%s). :warning: *Applies everywhere this key is used*, in every project. Addresses that you remove stop working.", KeyName(k.Request), k.Request.ID)),
		mrkdwn.Section("Removing addresses needs no approval and happens at once. Anything else waits for approval, and the list doesn't change until then."),
	}
	has := FormOf(WithOfferedPresets(k.Request.Access, k.Org.Policy))
	in := inputs{policy: k.Org.Policy, problems: o.Problems, filled: FormState{Form: policy.Form{Networks: has.Networks, NetworkPresets: has.NetworkPresets}}}
	blocks = append(blocks, in.networkBlocks(refreshing)...)
	blocks = append(blocks, in.block(policy.FieldReason), slack.NewDividerBlock())
	blocks = append(blocks, limitsReached(o.Problems)...)
	m := mrkdwn.Modal(ViewAccessList, "Change IP access list", append(blocks, mrkdwn.Section(o.route("Added addresses need")))...)
	m.Submit = mrkdwn.PlainText("Submit")
	m.PrivateMetadata = k.Metadata
	return m
}

// AccessListChange is the form as it was sent.
func AccessListChange(v payload.SentView) service.AccessListForm {
	f := ReadForm(v)
	return service.AccessListForm{IdempotencyKey: v.ID, NetworkPresets: f.NetworkPresets, Networks: f.Networks, Reason: f.Reason}
}

// isChange reports whether r is about an active key of another request rather than
// about a key of its own.
func isChange(r approval.Request) bool {
	return r.Type == approval.Extension || r.Type == approval.AccessListChange
}

// changing tells how the making of an approved change goes.
func changing(r approval.Request) mrkdwn.Text {
	if isReverting(r) {
		return mrkdwn.JoinSentences("*The change couldn't be made*, so the IP access list goes back to what it was.", whyNotChanged(r.Issuance.Cause),
			"Until that's done, the key may work from both lists. I'll tell you when it is.")
	}
	return mrkdwn.JoinSentences("The change is being made.", notYet(r.Issuance.Cause))
}

// notYet says why a change takes long.
func notYet(c approval.Cause) mrkdwn.Text {
	switch c {
	case approval.CauseNone:
		return ""
	case approval.CauseNoOrg:
		return mrkdwn.JoinSentences(noOrg, keepTrying)
	case approval.CauseInvalidCredential:
		return mrkdwn.JoinSentences(credentialRefused, keepTrying)
	}
	return mrkdwn.JoinSentences(noAnswer, keepTrying)
}

// changed tells what is different, once it is.
func changed(r approval.Request) mrkdwn.Text {
	if r.Type == approval.Extension {
		return mrkdwn.Textf(":white_check_mark: Key of %s extended to %s (%s).", r.ParentID, mrkdwn.Date(r.Change.NewEnd), r.ID)
	}
	return mrkdwn.Textf(":white_check_mark: IP access list of %s updated: %s (%s).", r.ParentID, mrkdwn.Truncate(namedAddresses(r.Access), mrkdwn.MaxFact), r.ID)
}

// isReverting reports whether a change of an access list is being taken back.
func isReverting(r approval.Request) bool {
	return r.State == approval.StateApplying && r.Issuance.Stage == approval.StageRollingBack
}

// revertOverdue tells of an access list that does not go back.
func revertOverdue(r approval.Request) mrkdwn.Text {
	return mrkdwn.JoinSentences(
		mrkdwn.Textf(":rotating_light: The key of request %s may work from more networks than it should.", r.ParentID),
		mrkdwn.Textf("Its IP access list should go back to %s. That hasn't worked since %s.",
			mrkdwn.Truncate(addresses(policy.Access{Networks: r.Change.OldNetworks}), mrkdwn.MaxFact), mrkdwn.Date(r.Deletion.Since)),
		"I keep trying. If it can't wait, revoke the key, or fix the list in Atlas.",
	)
}

// notChanged says why a change was given up, and what the key has now.
func notChanged(r approval.Request) mrkdwn.Text {
	switch {
	case r.Outcome.Cause == approval.CauseKeyNotActive && r.Type == approval.AccessListChange:
		return mrkdwn.Textf("The key of request %s was no longer active, or had another owner.", r.ParentID)
	case r.Outcome.Cause == approval.CauseKeyNotActive:
		return mrkdwn.Textf("The key of request %s was no longer active.", r.ParentID)
	}
	if r.Type != approval.AccessListChange {
		return whyNotChanged(r.Outcome.Cause)
	}
	return mrkdwn.JoinSentences(whyNotChanged(r.Outcome.Cause), mrkdwn.Textf("The key of request %s keeps its previous IP access list.", r.ParentID))
}

func whyNotChanged(c approval.Cause) mrkdwn.Text {
	switch c {
	case approval.CauseBadAddress:
		return "Atlas doesn't accept one of the addresses."
	case approval.CauseKeyNotActive:
		return "The key has another owner by now."
	case approval.CauseNotPermitted:
		return "Atlas doesn't allow this bot to do that; its operator has to fix that."
	case approval.CauseInvalidCredential:
		return "Atlas didn't accept this bot's own credential for an hour; the operator has to fix that."
	case approval.CauseSuspended:
		return "The Atlas organization is suspended or gone."
	case approval.CauseAtlasUnavailable, approval.CauseUnknown:
		return "Atlas gave no clear answer for an hour."
	}
	return "Atlas refused the change."
}
