package slackui

import (
	"fmt"
	"strconv"
	"strings"

	"atlaskeybot/internal/approval"
)

const (
	maxProblems = 4   // told of one field; the rest is counted
	maxGiven    = 80  // characters of what was typed, quoted back
	maxFieldSay = 600 // characters under one field
)

func decimal(n int) string { return strconv.Itoa(n) }

// formErrors is what the modal shows under its fields: one text a field, by
// block id. Each problem tells the way out. The texts are plain: Slack obeys
// nothing in them.
func formErrors(problems []approval.Problem, blocks blockIDs) map[string]string {
	byBlock := map[string][]string{}
	for _, p := range problems {
		block, ok := blocks[p.Field]
		if !ok {
			block = blocks[""]
		}
		byBlock[block] = append(byBlock[block], problemText(p))
	}
	texts := map[string]string{}
	for block, all := range byBlock {
		more := ""
		if len(all) > maxProblems {
			more = fmt.Sprintf(" (and %d more)", len(all)-maxProblems)
			all = all[:maxProblems]
		}
		texts[block] = truncate(strings.Join(all, " "), maxFieldSay-len(more)) + more
	}
	return texts
}

func problemText(p approval.Problem) string {
	given := truncate(p.Given, maxGiven)
	switch p.Code {
	case approval.Missing:
		return missing(p.Field)
	case approval.TooLong:
		return fmt.Sprintf("This is too long: shorten it to %d characters.", p.Limit)
	case approval.Unprintable:
		return fmt.Sprintf("There is a character in it that cannot be seen or turns text around, %s: type it again rather than pasting it.", p.Given)
	case approval.NotAnAddress:
		if p.Hint != "" {
			return fmt.Sprintf("“%s” is more than an address: leave only %s.", given, p.Hint)
		}
		return fmt.Sprintf("“%s” is not an address: write it like 203.0.113.7 or 198.51.100.0/24.", given)
	case approval.IsRange:
		return fmt.Sprintf("“%s” is a range: enter the networks that it is instead, which are %s.", given, p.Hint)
	case approval.IsMask:
		return fmt.Sprintf("“%s” has a mask: enter it with its prefix length instead, which is %s.", given, p.Hint)
	case approval.HostBits:
		return fmt.Sprintf("“%s” names one host and a network at once: did you mean %s, or the host without the slash?", given, p.Hint)
	case approval.TooWide:
		if p.Field == approval.FieldNetworkPresets {
			return fmt.Sprintf("The network “%s” is too wide for a key with these roles: %s is the widest. Leave it out, or enter some of its addresses.", given, p.Hint)
		}
		return fmt.Sprintf("“%s” is too wide: %s is the widest that is allowed here.", given, p.Hint)
	case approval.NotPublic:
		return fmt.Sprintf("“%s” is %s, and Atlas sees only public addresses: enter the one that your traffic leaves through.", given, article(p.Hint))
	case approval.SecurityGroup:
		return fmt.Sprintf("“%s” is a security group: those belong to a project's IP access list, not to an API key. Enter the public address instead.", given)
	case approval.TooMany:
		return fmt.Sprintf("These are %s addresses, and at most %d are allowed: combine neighbours into networks.", given, p.Limit)
	case approval.RoleNotAllowed:
		return fmt.Sprintf("“%s” cannot be asked for here: choose another role.", given)
	case approval.RoleNotForRequester:
		return fmt.Sprintf("%s is not a role that you may ask for: choose another one.", title(p.Given))
	case approval.NoSuchNetwork:
		return fmt.Sprintf("There is no network “%s” here (any more): choose from the list.", given)
	case approval.NoSuchProject:
		return fmt.Sprintf("There is no project “%s” in this organization (any more): choose from what appears while you type.", given)
	case approval.TooManyProjects:
		return fmt.Sprintf("At most %d projects fit into one request: send the others in another one.", p.Limit)
	case approval.NotASubset:
		return notLess(p)
	case approval.LifetimeTooLong:
		return fmt.Sprintf("A key with %s lives at most %s: choose a shorter lifetime, or leave that role out.", title(p.Given), humanDuration(p.Most))
	case approval.TooManyOpen:
		return fmt.Sprintf("You have %d open requests, which is as many as may wait at once: withdraw one in the list of your requests, or send this when one is over.", p.Limit)
	case approval.TooManyKeys:
		return fmt.Sprintf("You have %d keys that live or are on their way, which is as many as one person may have: revoke one that nothing needs, then send this again.", p.Limit)
	case approval.TooManyPerHour:
		return fmt.Sprintf("You sent %d requests within an hour, which is as many as one person may: send this again in a while.", p.Limit)
	case approval.ExtensionTooLong:
		return fmt.Sprintf("A key with %s lives at most %s in all, with its extensions and rotations: choose less.", title(p.Given), humanDuration(p.Most))
	case approval.LifetimeNotAllowed:
		return "This lifetime cannot be chosen here (any more): choose one from the list."
	case approval.Unchanged:
		return "The key has exactly this list already: change something, or close this."
	}
	return "This cannot be accepted: change it and send it again."
}

func missing(f approval.Field) string {
	switch f {
	case approval.FieldDescription:
		return "Say in a few words what the key is for."
	case approval.FieldRoles:
		return "Choose at least one role."
	case approval.FieldProjects:
		return "Choose the projects that the project roles are for, or take these roles away."
	case approval.FieldProjectRoles:
		return "Choose what the key may do in these projects, or take the projects away."
	case approval.FieldNetworks:
		return "Enter at least one address: without one Atlas would let the key in from nowhere."
	case approval.FieldLifetime:
		return "Choose how long the key should live."
	}
	return "Say why: approvers read it."
}

// notLess says that an approver would grant more than is asked for.
func notLess(p approval.Problem) string {
	switch p.Field {
	case approval.FieldRoles:
		return fmt.Sprintf("%s is not asked for (any more): take it away.", title(p.Given))
	case approval.FieldNetworks:
		return fmt.Sprintf("“%s” is not among the addresses that are asked for: leave some of those, or narrow them.", truncate(p.Given, maxGiven))
	}
	return "This is longer than what is asked for, or no choice here (any more): choose from the list."
}

// title names a role as Atlas does.
func title(role string) string { return truncate(approval.Role(role).Info().Title, maxGiven) }

func article(kind string) string {
	if strings.HasPrefix(kind, "u") {
		return "an " + kind + " address"
	}
	return "a " + kind + " address"
}
