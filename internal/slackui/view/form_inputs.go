package view

import (
	"slices"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
)

func networksMenu(id string, offered []policy.NetworkPreset, chosen []string) *slack.MultiSelectBlockElement {
	return mrkdwn.MultiSelect(id, "Choose networks", offered, networkOption, func(n policy.NetworkPreset) bool { return slices.Contains(chosen, n.Name) })
}

func networkOption(n policy.NetworkPreset) *slack.OptionBlockObject {
	below := mrkdwn.Truncate(addresses(policy.Access{Networks: n.Networks}), mrkdwn.MaxOption)
	if below == "" {
		return slack.NewOptionBlockObject(n.Name, mrkdwn.PlainText(n.Name), nil)
	}
	return slack.NewOptionBlockObject(n.Name, mrkdwn.PlainText(n.Name), mrkdwn.PlainText(below))
}
