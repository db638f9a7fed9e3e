package view

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// keyButtons is what the owner of an active key can do with it.
func keyButtons(r approval.Request) []*slack.ButtonBlockElement {
	var all []*slack.ButtonBlockElement
	if r.Type == approval.Rotation {
		all = append(all, retireButton(r))
	}
	return append(all,
		button(ActionExtend, r, "Extend", ""),
		rotateButton(r),
		button(ActionReplaceAccessList, r, "Change IP access list", ""),
		revokeButton(r),
	)
}

func rotateButton(r approval.Request) *slack.ButtonBlockElement {
	what := "You get another key with the same access until the same end. The key " + r.Key.PublicKey + " keeps working while you switch over."
	if len(r.Owns) > 0 {
		what += " The projects that it created stay its own: the new key does not own them."
	}
	return mrkdwn.WithConfirm(button(ActionRotate, r, "Rotate", ""), "Make a successor?", mrkdwn.PlainText(what), "Rotate", "Cancel")
}

// retireButton names the request and not the key: a request knows its own
// key only.
func retireButton(r approval.Request) *slack.ButtonBlockElement {
	return mrkdwn.WithConfirm(
		button(ActionRetirePredecessor, r, "I switched over", slack.StylePrimary),
		"Delete the earlier key?", mrkdwn.PlainText("The earlier key, of request "+string(r.ParentID)+", is deleted in Atlas now. Whatever still uses it stops working, and that cannot be undone."), "Delete it", "Not yet",
	)
}

// earlierKey says of a successor how long the key before it stays. Whether that
// is gone by now is not known here.
func (v Screens) earlierKey(r approval.Request) mrkdwn.Text {
	if r.Type != approval.Rotation || r.State != approval.StateActive {
		return ""
	}
	return mrkdwn.Textf("The earlier key, of request %s, stays for a while so that you can switch: for %s after you saved this one, if nothing ends it before and you do not extend it. "+
		"When nothing uses it any more, press *I switched over*.", r.ParentID, mrkdwn.BotText(mrkdwn.Duration(v.Policy(r).RotationGracePeriod)))
}

// KeyMessage shows a key to the one person who may see it. The private half is
// in a block and nowhere else: the text goes into notifications and previews.
//
//	┌────────────────────────────────────────────────────┐
//	│ Your Atlas API key AKR-7F3K2. Save it now: …       │
//	│ ┌────────────────────────────────────────────────┐ │
//	│ │ MONGODB_ATLAS_PUBLIC_API_KEY=…                 │ │
//	│ │ MONGODB_ATLAS_PRIVATE_API_KEY=…                │ │
//	│ └────────────────────────────────────────────────┘ │
//	│ Public key = user name, private key = password …   │
//	│ [ I saved it ]  [ I did not see it ]               │
//	└────────────────────────────────────────────────────┘
func (v Screens) KeyMessage(r approval.Request, c approval.Credential) mrkdwn.Message {
	ends := r.KeyExpiresAt
	if ends.IsZero() {
		ends = c.MadeAt.Add(r.Access.Lifetime)
	}
	return mrkdwn.NewMessage("Your Atlas API key is here.",
		mrkdwn.Section(mrkdwn.Textf("*Your Atlas API key for %s.* Save it now: the private key is shown this once, only to you, and stored nowhere.", r.ID)),
		mrkdwn.CodeBlock("MONGODB_ATLAS_PUBLIC_API_KEY="+c.PublicKey+"\nMONGODB_ATLAS_PRIVATE_API_KEY="+c.PrivateKey.Reveal()),
		mrkdwn.Section(mrkdwn.Textf("The public key is the user name and the private key the password of HTTP Digest. It works from %s until %s.", addresses(r.Access), mrkdwn.Date(ends))),
		keyMessageButtons(r),
	)
}

// keyMessageButtons has no confirmation dialog: a user who reads "I did not see it" here
// looks at a note that did not show the key.
func keyMessageButtons(r approval.Request) slack.Block {
	return buttonsIn(KeySurface, r,
		button(ActionConfirm, r, "I saved it", slack.StylePrimary),
		button(ActionReplace, r, "I did not see it", ""),
	)
}
