package view

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/slackui/mrkdwn"
)

// approversChannels names where approvers are asked, one channel or several.
func (v Screens) approversChannels() mrkdwn.Text {
	var all mrkdwn.Text
	for i, org := range v.Orgs {
		if all += mrkdwn.Textf("<#%s>", mrkdwn.BotText(v.Channels[org.ID])); i < len(v.Orgs)-1 {
			all += ", "
		}
	}
	return all
}

// Help explains everything there is to the command.
func (v Screens) Help(first mrkdwn.Text) mrkdwn.Message {
	how := mrkdwn.Textf("I hand out MongoDB Atlas organization API keys, with approval.\n"+
		"• `%[1]s` opens a form: what the key is for, its roles, the addresses it may be used from, how long it is valid, and why.\n"+
		"• `%[1]s list` shows your requests and keys: withdraw, extend, rotate, change addresses, revoke.\n"+
		"• `%[1]s revoke AKR-7F3K2` ends a key: yours, or any if you are an approver.\n"+
		"• `%[1]s pending` shows approvers what waits for them.\n"+
		"%[2]s• `%[1]s help` shows this.", mrkdwn.BotText(v.Command), v.helpBreakGlass())
	next := mrkdwn.Textf("Your request goes to the approvers in %s. Once it is approved, I send you a message with *Create my key*: "+
		"press it when you are ready to save the key. The private key is shown once, in our conversation, to you alone, and stored nowhere. "+
		"Say *I saved it*, or *I did not see it* for another one. I tell you before the key's end date, at which it is deleted. My *Home* tab shows all this in one place.", v.approversChannels())
	text := mrkdwn.JoinSentences(first, how, next)
	var blocks []slack.Block
	if first != "" {
		blocks = append(blocks, mrkdwn.Section(first))
	}
	return mrkdwn.NewMessage(text, append(blocks, mrkdwn.Section(how), mrkdwn.Section(next))...)
}

// helpBreakGlass is empty if the policy allows no break-glass.
func (v Screens) helpBreakGlass() mrkdwn.Text {
	for _, org := range v.Orgs {
		if !org.Policy.BreakGlass.AllowedRequesters.IsZero() {
			return mrkdwn.Textf("• `%s emergency` gives the people named for it a short-lived key at once; approvers are notified, and another person reviews it.\n", mrkdwn.BotText(v.Command))
		}
	}
	return ""
}
