package view

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
)

const (
	maxProblems   = 4   // told of one field; the rest is counted
	maxGiven      = 80  // characters of what was typed, quoted back
	MaxFieldError = 600 // characters under one field
)

func decimal(n int) string { return strconv.Itoa(n) }

// FormErrors is what the modal shows under its fields: one text a field, by
// block id. Each problem tells the way out. The texts are plain: Slack obeys
// nothing in them.
func FormErrors(problems []policy.Problem, inputs InputIDs) map[string]string {
	byBlock := map[string][]string{}
	for _, p := range problems {
		block := inputs.Of(p.Field)
		text := ProblemText(p)
		if _, canChoose := inputs[policy.FieldNetworkPresets]; p.Field == policy.FieldNetworks && p.Code == policy.Missing && !canChoose {
			text = "Add at least one IP address. Atlas rejects keys without one."
		}
		byBlock[block] = append(byBlock[block], text)
	}
	texts := map[string]string{}
	for block, all := range byBlock {
		more := ""
		if len(all) > maxProblems {
			more = fmt.Sprintf(" (and %d more)", len(all)-maxProblems)
			all = all[:maxProblems]
		}
		texts[block] = mrkdwn.Truncate(strings.Join(all, " "), MaxFieldError-len(more)) + more
	}
	return texts
}

// ProblemText says what is wrong with a field, and the way out.
func ProblemText(p policy.Problem) string {
	given := mrkdwn.Truncate(p.Given, maxGiven)
	if p.Label != "" && (p.Code == policy.Missing || p.Code == policy.NotMatching) {
		return detailProblem(p)
	}
	switch p.Code {
	case policy.Missing:
		return cmp.Or(fieldOf(p.Field).missing, "Enter a reason: approvers see it.")
	case policy.TooLong:
		return fmt.Sprintf("This is too long. Shorten it to %d characters.", p.Limit)
	case policy.Unprintable:
		return fmt.Sprintf("This has an invisible character or one that reverses text, %s. Type it instead of pasting it.", p.Given)
	case policy.NotAnAddress:
		if p.Hint != "" {
			return fmt.Sprintf("“%s” is more than an address. Use only %s.", given, p.Hint)
		}
		return fmt.Sprintf("“%s” isn't an address. Use an IP or CIDR block, like 203.0.113.7 or 198.51.100.0/24.", given)
	case policy.IsRange:
		return fmt.Sprintf("“%s” is a range. Enter its CIDR blocks instead: %s.", given, p.Hint)
	case policy.IsMask:
		return fmt.Sprintf("“%s” has a netmask. Enter it as a CIDR block instead: %s.", given, p.Hint)
	case policy.HostBits:
		return notANetwork(p)
	case policy.TooWide:
		return tooWide(p)
	case policy.NotPublic:
		return fmt.Sprintf("“%s” is %s, and Atlas sees only public ones. Enter the public address that your traffic comes from.", given, article(p.Hint))
	case policy.SecurityGroup:
		return fmt.Sprintf("“%s” is a security group, and an API key can't have one. Enter the public address instead.", given)
	case policy.TooMany:
		return fmt.Sprintf("These are %s entries, and at most %d are allowed. Combine adjacent addresses into CIDR blocks.", given, p.Limit)
	case policy.RoleNotAllowed:
		return fmt.Sprintf("“%s” can't be requested here. Choose another role.", given)
	case policy.RoleNotForRequester:
		return fmt.Sprintf("You may not request %s. Choose another role.", title(p.Given))
	case policy.NoSuchNetwork:
		return fmt.Sprintf("There's no network “%s” here (any more). Choose from the list.", given)
	case policy.NoSuchProject:
		return fmt.Sprintf("There's no project “%s” in this organization (any more). Choose from what appears while you type.", given)
	case policy.TooManyProjects:
		return fmt.Sprintf("A request can have at most %d projects. Request the others separately.", p.Limit)
	case policy.NotASubset:
		return notASubset(p)
	case policy.LifetimeTooLong:
		return fmt.Sprintf("%s keys last %s at most. Choose an earlier expiry or remove that role.", title(p.Given), mrkdwn.Duration(p.Most))
	case policy.TooManyOpen:
		return fmt.Sprintf("You have %d open requests, the most that one person may have. Withdraw one first, or wait for a decision.", p.Limit)
	case policy.TooManyKeys:
		return fmt.Sprintf("You have %d active or approved keys, the most that one person may have. Revoke one that isn't needed, then submit again.", p.Limit)
	case policy.TooManyPerHour:
		return fmt.Sprintf("You sent %d requests within an hour, the most that one person may send. Submit again later.", p.Limit)
	case policy.ExtensionTooLong:
		return fmt.Sprintf("%s keys last %s at most, including extensions and rotations. Choose less.", title(p.Given), mrkdwn.Duration(p.Most))
	case policy.LifetimeNotAllowed:
		return "This expiry isn't available here (any more). Choose one from the list."
	case policy.Unchanged:
		return "The key has exactly this list already. Change something, or close this."
	}
	return "This isn't accepted. Change it and submit again."
}

// notANetwork says of an address with a mask what can be entered instead.
func notANetwork(p policy.Problem) string {
	given := mrkdwn.Truncate(p.Given, maxGiven)
	host, _, _ := strings.Cut(given, "/")
	if p.Hint == "" {
		return fmt.Sprintf("%s isn't a network address. Use %s for one host, or a smaller network.", given, host)
	}
	return fmt.Sprintf("%s isn't a network address. Use %s for the network or %s for one host.", given, p.Hint, host)
}

// tooWide says whose limit it is that a network exceeds.
func tooWide(p policy.Problem) string {
	given, limit := mrkdwn.Truncate(p.Given, maxGiven), p.Hint+" is the widest network allowed here"
	if p.Role != "" {
		limit = fmt.Sprintf("%s keys allow no network wider than %s", title(string(p.Role)), p.Hint)
	}
	if p.Field == policy.FieldNetworkPresets {
		return fmt.Sprintf("The network “%s” is too wide: %s. Remove it, or enter some of its addresses.", given, limit)
	}
	return fmt.Sprintf("“%s” is too wide: %s.", given, limit)
}

// notASubset says that an approver would grant more than is asked for.
func notASubset(p policy.Problem) string {
	switch p.Field {
	case policy.FieldRoles:
		return fmt.Sprintf("%s isn't requested (any more). Remove it.", title(p.Given))
	case policy.FieldNetworks:
		return fmt.Sprintf("“%s” isn't within the requested addresses. Keep some of those, or narrow them.", mrkdwn.Truncate(p.Given, maxGiven))
	}
	return "This is longer than requested, or not available here (any more). Choose from the list."
}

// title names a role as Atlas does.
func title(role string) string { return mrkdwn.Truncate(policy.Role(role).Info().Title, maxGiven) }

func article(kind string) string {
	if strings.HasPrefix(kind, "u") {
		return "an " + kind + " address"
	}
	return "a " + kind + " address"
}
