package view

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/payload"
)

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
		mrkdwn.Section(mrkdwn.Textf("This is the whole access list of the key%s of request %s. :warning: *A change counts wherever the key is used*, in every project it belongs to: what you take away stops working from there.", KeyName(k.Request), k.Request.ID)),
		mrkdwn.Section("If you only take addresses away, no approval is needed and it happens at once. Anything else waits for approval; until then the list stays as it is."),
	}
	has := FormOf(WithOfferedPresets(k.Request.Access, k.Org.Policy))
	in := inputs{policy: k.Org.Policy, filled: FormState{Form: policy.Form{Networks: has.Networks, NetworkPresets: has.NetworkPresets}}}
	blocks = append(blocks, in.networkBlocks(refreshing)...)
	blocks = append(blocks, in.block(policy.FieldReason), slack.NewDividerBlock())
	blocks = append(blocks, previewProblems(o.Problems)...)
	m := mrkdwn.Modal(ViewAccessList, "Change addresses", append(blocks, mrkdwn.Section(o.route("What has to be approved goes to")))...)
	m.Submit = mrkdwn.PlainText("Send")
	m.PrivateMetadata = k.Metadata
	return m
}

// AccessListChange is the form as it was sent.
func AccessListChange(v payload.SentView) service.AccessListForm {
	f := ReadForm(v)
	return service.AccessListForm{IdempotencyKey: v.ID, NetworkPresets: f.NetworkPresets, Networks: f.Networks, Reason: f.Reason}
}
