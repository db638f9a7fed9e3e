package slackui

import "github.com/slack-go/slack"

// approversChannels names where approvers are asked, one channel or several.
func (v Screens) approversChannels() mrkdwn {
	var all mrkdwn
	for i, org := range v.orgs {
		if all += mrkdwnf("<#%s>", botText(v.channels[org.ID])); i < len(v.orgs)-1 {
			all += ", "
		}
	}
	return all
}

// help explains everything there is to the command.
func (v Screens) help(first mrkdwn) message {
	how := mrkdwnf("I hand out MongoDB Atlas organization API keys, with approval.\n"+
		"• `%[1]s` opens a form: what the key is for, its roles, the addresses it may be used from, how long it lives, and why.\n"+
		"• `%[1]s list` shows your requests and keys: withdraw, extend, rotate, change addresses, revoke.\n"+
		"• `%[1]s revoke AKR-7F3K2` ends a key: yours, or any if you are an approver.\n"+
		"• `%[1]s pending` shows approvers what waits for them.\n"+
		"%[2]s• `%[1]s help` shows this.", botText(v.command), v.helpBreakGlass())
	next := mrkdwnf("Your request goes to the approvers in %s. Once it is approved, I send you a message with *Create my key*: "+
		"press it when you are ready to save the key. The private key is shown once, in our conversation, to you alone, and stored nowhere. "+
		"Say *I saved it*, or *I did not see it* for another one. I tell you before the key's end date, at which it is deleted. My *Home* tab shows all this in one place.", v.approversChannels())
	text := joinSentences(first, how, next)
	var blocks []slack.Block
	if first != "" {
		blocks = append(blocks, section(first))
	}
	return newMessage(text, append(blocks, section(how), section(next))...)
}

// helpBreakGlass is empty if nobody may take a key without approval.
func (v Screens) helpBreakGlass() mrkdwn {
	for _, org := range v.orgs {
		if !org.Policy.BreakGlass.People.IsZero() {
			return mrkdwnf("• `%s emergency` gives the people named for it a short-lived key at once; approvers are called, and somebody else reviews it.\n", botText(v.command))
		}
	}
	return ""
}
