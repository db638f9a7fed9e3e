package view

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// keyActions are the buttons of a key that lives, on one screen.
type keyActions struct{ switched, extend, rotate, addresses, revoke string }

var (
	readyKey = keyActions{ActionReadySwitched, ActionReadyExtend, ActionReadyRotate, ActionReadyAddresses, ActionReadyRevoke}
	listKey  = keyActions{ActionListSwitched, ActionListExtend, ActionListRotate, ActionListAddresses, ActionListRevoke}
	homeKey  = keyActions{ActionHomeSwitched, ActionHomeExtend, ActionHomeRotate, ActionHomeAddresses, ActionHomeRevoke}

	transferKey = keyActions{ActionTransferSwitched, ActionTransferExtend, ActionTransferRotate, ActionTransferAddresses, ActionTransferRevoke}
)

// keyButtons is what the owner of an active key can do with it.
func keyButtons(r approval.Request, on keyActions) []*slack.ButtonBlockElement {
	var all []*slack.ButtonBlockElement
	if r.Type == approval.Rotation {
		all = append(all, retireButton(r, on.switched))
	}
	return append(all,
		mrkdwn.Button(on.extend, string(r.ID), "Extend", ""),
		rotateButton(r, on.rotate),
		mrkdwn.Button(on.addresses, string(r.ID), "Change addresses", ""),
		revokeButton(r, on.revoke),
	)
}

func rotateButton(r approval.Request, action string) *slack.ButtonBlockElement {
	what := "You get another key with the same access until the same end. The key " + r.Key.PublicKey + " keeps working while you switch over."
	if len(r.Owns) > 0 {
		what += " The projects that it created stay its own: the new key does not own them."
	}
	return mrkdwn.WithConfirm(mrkdwn.Button(action, string(r.ID), "Rotate", ""), "Make a successor?", mrkdwn.PlainText(what), "Rotate", "Cancel")
}

// retireButton names the request and not the key: a request knows its own
// key only.
func retireButton(r approval.Request, action string) *slack.ButtonBlockElement {
	return mrkdwn.WithConfirm(
		mrkdwn.Button(action, string(r.ID), "I switched over", slack.StylePrimary),
		"Delete the earlier key?", mrkdwn.PlainText("The earlier key, of request "+string(r.ParentID)+", is deleted in Atlas now. Whatever still uses it stops working, and that cannot be undone."), "Delete it", "Not yet",
	)
}

// earlierKey says of a successor how long the key before it stays. Whether that
// is gone by now is not known here.
func (v Screens) earlierKey(r approval.Request) mrkdwn.Mrkdwn {
	if r.Type != approval.Rotation || r.State != approval.StateActive {
		return ""
	}
	return mrkdwn.Mrkdwnf("The earlier key, of request %s, stays for a while so that you can switch: for %s after you saved this one, if nothing ends it before and you do not extend it. "+
		"When nothing uses it any more, press *I switched over*.", r.ParentID, mrkdwn.BotText(mrkdwn.HumanDuration(v.Policy(r).RotationGracePeriod)))
}
