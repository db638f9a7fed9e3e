package view

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/mrkdwn"
)

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
