package slackui

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// keyActions are the buttons of a key that lives, on one screen.
type keyActions struct{ switched, extend, rotate, addresses, revoke string }

var (
	readyKey = keyActions{actionReadySwitched, actionReadyExtend, actionReadyRotate, actionReadyAddresses, actionReadyRevoke}
	listKey  = keyActions{actionListSwitched, actionListExtend, actionListRotate, actionListAddresses, actionListRevoke}
	homeKey  = keyActions{actionHomeSwitched, actionHomeExtend, actionHomeRotate, actionHomeAddresses, actionHomeRevoke}

	transferKey = keyActions{actionTransferSwitched, actionTransferExtend, actionTransferRotate, actionTransferAddresses, actionTransferRevoke}
)

// keyButtons is what the owner of an active key can do with it.
func keyButtons(r approval.Request, on keyActions) []*slack.ButtonBlockElement {
	var all []*slack.ButtonBlockElement
	if r.Type == approval.Rotation {
		all = append(all, retireButton(r, on.switched))
	}
	return append(all,
		button(on.extend, string(r.ID), "Extend", ""),
		rotateButton(r, on.rotate),
		button(on.addresses, string(r.ID), "Change addresses", ""),
		revokeButton(r, on.revoke),
	)
}

func rotateButton(r approval.Request, action string) *slack.ButtonBlockElement {
	what := "You get another key with the same access until the same end. The key " + r.Key.PublicKey + " keeps working while you switch over."
	if len(r.Owns) > 0 {
		what += " The projects that it created stay its own: the new key does not own them."
	}
	return withConfirm(button(action, string(r.ID), "Rotate", ""), "Make a successor?", plainText(what), "Rotate", "Cancel")
}

// retireButton names the request and not the key: a request knows its own
// key only.
func retireButton(r approval.Request, action string) *slack.ButtonBlockElement {
	return withConfirm(
		button(action, string(r.ID), "I switched over", slack.StylePrimary),
		"Delete the earlier key?", plainText("The earlier key, of request "+string(r.ParentID)+", is deleted in Atlas now. Whatever still uses it stops working, and that cannot be undone."), "Delete it", "Not yet",
	)
}

// earlierKey says of a successor how long the key before it stays. Whether that
// is gone by now is not known here.
func (v Screens) earlierKey(r approval.Request) mrkdwn {
	if r.Type != approval.Rotation || r.State != approval.StateActive {
		return ""
	}
	return mrkdwnf("The earlier key, of request %s, stays for a while so that you can switch: for %s after you saved this one, if nothing ends it before and you do not extend it. "+
		"When nothing uses it any more, press *I switched over*.", r.ParentID, botText(humanDuration(v.policy(r).RotationGracePeriod)))
}
