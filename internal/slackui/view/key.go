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
	what := "You get a new key with the same access and expiry. " + r.Key.PublicKey + " keeps working while you switch over."
	if len(r.Owns) > 0 {
		what += " The new key won't own the projects that this one created."
	}
	return mrkdwn.WithConfirm(button(ActionRotate, r, "Rotate", ""), "Rotate this key?", mrkdwn.PlainText(what), "Rotate", "Cancel")
}

// retireButton names the request and not the key: a request knows its own
// key only.
func retireButton(r approval.Request) *slack.ButtonBlockElement {
	return mrkdwn.WithConfirm(
		button(ActionRetirePredecessor, r, "Delete old key", slack.StylePrimary),
		"Delete old key?", mrkdwn.PlainText("The key of request "+string(r.ParentID)+" is deleted in Atlas now. Whatever still uses it stops working. This can't be undone."), "Delete old key", "Cancel",
	)
}

// earlierKey says of a successor how long the key before it stays. Whether that
// is gone by now is not known here.
func (v Screens) earlierKey(r approval.Request) mrkdwn.Text {
	if r.Type != approval.Rotation || r.State != approval.StateActive {
		return ""
	}
	return mrkdwn.Textf("Your previous key, of request %s, keeps working for up to %s. Finished switching? Press *Delete old key*.",
		r.ParentID, mrkdwn.BotText(mrkdwn.Duration(v.Policy(r).RotationGracePeriod)))
}

// KeyMessage shows a key to the one person who may see it. The private half is
// in a block and nowhere else: the text goes into notifications and previews. Each
// half has a block of its own, which a long press on a phone copies.
//
//	┌────────────────────────────────────────────────────┐
//	│ Your Atlas API key AKR-7F3K2. Save it now: …       │
//	│ Public key (MONGODB_ATLAS_PUBLIC_API_KEY)          │
//	│ ┌────────────────────────────────────────────────┐ │
//	│ │ abcdefgh                                       │ │
//	│ └────────────────────────────────────────────────┘ │
//	│ Private key (MONGODB_ATLAS_PRIVATE_API_KEY)        │
//	│ ┌────────────────────────────────────────────────┐ │
//	│ │ 00000000-1111-2222-3333-444444444444           │ │
//	│ └────────────────────────────────────────────────┘ │
//	│ Use the public key as username and …               │
//	│ [ I saved it ]  [ Replace key ]                    │
//	│ How do I use this? curl --digest …                 │
//	└────────────────────────────────────────────────────┘
func (v Screens) KeyMessage(r approval.Request, c approval.Credential) mrkdwn.Message {
	ends := r.KeyExpiresAt
	if ends.IsZero() {
		ends = c.MadeAt.Add(r.Access.Lifetime)
	}
	return mrkdwn.NewMessage("Your Atlas API key is here.",
		mrkdwn.Section(mrkdwn.Textf("*Your Atlas API key for %s.* Save it now: I show the private key only once, only to you, and don't store it.", r.ID)),
		mrkdwn.Section("*Public key* (`MONGODB_ATLAS_PUBLIC_API_KEY`)"),
		mrkdwn.CodeBlock(c.PublicKey),
		mrkdwn.Section("*Private key* (`MONGODB_ATLAS_PRIVATE_API_KEY`)"),
		mrkdwn.CodeBlock(c.PrivateKey.Reveal()),
		mrkdwn.Section(mrkdwn.Textf("Use the public key as username and the private key as password (HTTP Digest). IP access list: %s. Expires %s.", addresses(r.Access), mrkdwn.Date(ends))),
		buttonsIn(KeySurface, r, confirmOrReplace(r)...),
		howToUse(c.PublicKey),
	)
}

// howToUse names the usual clients, and never the private key: curl asks for it.
func howToUse(publicKey string) slack.Block {
	return mrkdwn.Footnote(mrkdwn.JoinedBy("\n", "*How do I use this?*",
		mrkdwn.Textf("• curl, which prompts for the private key: %s", mrkdwn.Code("curl --digest --user "+publicKey+" https://cloud.mongodb.com/api/atlas/v2/groups -H 'Accept: application/vnd.atlas.2023-01-01+json'")),
		"• Atlas CLI and Terraform: set both as environment variables, under the names above."))
}
