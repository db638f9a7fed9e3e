package view

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// A FormState is a form as far as it is filled in.
type FormState struct {
	policy.Form
	ChosenProjects []policy.Project // those of the form, with their names
}

// A FormView is the modal in which a user requests a key, at one moment.
type FormView struct {
	Orgs    policy.Orgs // to choose from; not shown if there is one
	Offer   service.Entitlements
	Filled  FormState
	Preview FormPreview
}

// Form is the modal in which a key is asked for. Its id at Slack becomes the
// request's origin, so that a form sent twice makes one request. A choice in it
// draws it again: another organization offers something else, and what is below
// follows from what is chosen. What is typed stays.
//
//	┌──────────────────────────────────────────────┐
//	│ Request an API key                           │
//	│ Organization  [ Production      ▾ ]│
//	│ Description    [                   ]│
//	│ What may it do?         [ roles           ▾ ]│
//	│ In which projects?      [ type a name     ▾ ]│
//	│ What may it do in them? [ roles           ▾ ]│
//	│ From which networks?    [ office          ▾ ]│
//	│ From which addresses?   [                   ]│
//	│ For how long?           [ 8 hours         ▾ ]│
//	│ Why?                    [                   ]│
//	│ This will go to 1 of @platform and …         │
//	│                          [ Cancel ] [ Send ] │
//	└──────────────────────────────────────────────┘
func Form(s FormView) slack.ModalViewRequest {
	blocks := orgBlock(s.Orgs, s.Offer.Org.ID)
	if len(s.Offer.Roles) == 0 {
		blocks = append(blocks, mrkdwn.Section(NothingOffered(s.Offer.Org)))
	} else {
		blocks = append(blocks, s.fields()...)
		blocks = append(blocks, s.Preview.blocks()...)
	}
	m := mrkdwn.Modal(ViewForm, "Request an API key", blocks...)
	m.Submit = mrkdwn.PlainText("Submit")
	m.PrivateMetadata = FormMetadata{s.Offer.Org.ID, s.orgIndex()}.Encode()
	return m
}

// NothingOffered says that the user may request no role in an organization.
func NothingOffered(org policy.Org) mrkdwn.Text {
	return mrkdwn.Textf("In %s there's no role that you may request. The operator of this bot can change that.", mrkdwn.OrgText(org.Name))
}

// orgIndex is the index of the organization in the list.
func (s FormView) orgIndex() int { return orgIndex(s.Offer.Org.ID, s.Orgs) }

func orgIndex(id policy.OrgID, orgs policy.Orgs) int {
	return max(slices.IndexFunc(orgs, func(o policy.Org) bool { return o.ID == id }), 0)
}

// orgBlock is empty if there is nothing to choose.
func orgBlock(orgs policy.Orgs, chosen policy.OrgID) []slack.Block {
	if len(orgs) < 2 {
		return nil
	}
	f, id := fieldOf(policy.FieldOrg), string(policy.FieldOrg)
	b := mrkdwn.InputBlock(id, f.label, f.hint, mrkdwn.OrgsMenu(id, orgs, chosen))
	refreshing(b)
	return []slack.Block{b}
}

func (s FormView) fields() []slack.Block {
	in := inputs{orgIndex: s.orgIndex(), policy: s.Offer.Org.Policy, roles: s.Offer.Roles, projectRoles: s.Offer.ProjectRoles, lifetimes: s.Offer.Lifetimes, filled: s.Filled}
	in.problems = s.Preview.Problems
	blocks := append([]slack.Block{in.block(policy.FieldDescription)}, in.blocks(policy.FieldRoles, refreshing)...)
	if len(s.Offer.ProjectRoles) > 0 {
		blocks = append(blocks, in.blocks(policy.FieldProjects, refreshing, optionalInput)...)
		blocks = append(blocks, in.blocks(policy.FieldProjectRoles, refreshing, optionalInput)...)
	}
	blocks = append(blocks, in.networkBlocks(refreshing)...)
	blocks = append(blocks, in.blocks(policy.FieldLifetime, refreshing)...)
	blocks = append(blocks, in.block(policy.FieldReason))
	return append(blocks, in.detailBlocks()...)
}

func networksHint(p policy.Policy) string {
	return "Public IPs or CIDR blocks, e.g. 203.0.113.7 or 198.51.100.0/24. " + widest(p) + ". Your IP: curl https://checkip.amazonaws.com"
}

func widest(p policy.Policy) string {
	return "Max /" + decimal(p.MinPrefixIPv4) + " (IPv6 /" + decimal(p.MinPrefixIPv6) + "), at most " + decimal(p.MaxEntries) + " entries"
}

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

// A FormPreview is what sending a form would come to, as far as it is filled in.
type FormPreview struct {
	policy.Preview
	Unknown bool // the rules could not be evaluated in time
}

// maxPreviewProblems problems are told of one field before a form is sent; the rest is counted.
const maxPreviewProblems = 3

// blocks is what stands below a form.
//
//	┌──────────────────────────────────────────────┐
//	│ ⚠ You have 5 open requests …                 │
//	│ This needs 1 approval from @platform …       │
//	│ Updates as you choose. …                     │
//	└──────────────────────────────────────────────┘
func (o FormPreview) blocks() []slack.Block {
	blocks := []slack.Block{slack.NewDividerBlock()}
	blocks = append(blocks, limitsReached(o.Problems)...)
	return append(blocks, mrkdwn.Section(o.route("This needs")), mrkdwn.Footnote("Updates as you choose. Addresses are checked when you submit."))
}

// route says whose approval it would take, after "This needs".
func (o FormPreview) route(needs mrkdwn.Text) mrkdwn.Text {
	switch {
	case o.Unknown:
		return "I couldn't check who needs to approve this. You can still submit it."
	case o.Rule != "":
		return mrkdwn.Textf(":zap: *Auto-approved* by rule %s. Recorded, and approvers are notified.", o.Rule)
	}
	return mrkdwn.JoinSentences(mrkdwn.Textf("%s %s.", needs, approvalsNeeded(o.Requirements)), o.noEligibleApprover())
}

func (o FormPreview) noEligibleApprover() mrkdwn.Text {
	if !o.NoEligibleApprover {
		return ""
	}
	who := mrkdwn.Text("you're the only one who could approve this, and you can't approve your own request")
	if needed(approval.Request{Requirements: o.Requirements}) > 1 {
		who = "there are too few people besides you who could approve this"
	}
	return mrkdwn.Textf(":warning: As far as I can see, %s. You can submit it, but tell the operator of this bot that it needs other approvers.", who)
}

// isLimit reports whether a problem is about what the person has already, and
// nothing in the form.
func isLimit(p policy.Problem) bool {
	return p.Code == policy.TooManyOpen || p.Code == policy.TooManyKeys || p.Code == policy.TooManyPerHour
}

// isTold reports whether a problem is told while the form is filled in. What is
// typed may be half a word; only what a role says about it is told.
func isTold(p policy.Problem) bool {
	isTyped := p.Field == policy.FieldNetworks || p.Field == policy.FieldDescription || p.Field == policy.FieldReason || p.Label != ""
	return !isLimit(p) && (!isTyped || p.Code == policy.TooWide)
}

// problemsAt tells what is wrong with what was chosen in a field.
func problemsAt(f policy.Field, problems []policy.Problem) []slack.Block {
	return told(problems, func(p policy.Problem) bool { return p.Field == f && isTold(p) })
}

// limitsReached tells of what no field of a form can change.
func limitsReached(problems []policy.Problem) []slack.Block { return told(problems, isLimit) }

func told(problems []policy.Problem, which func(policy.Problem) bool) []slack.Block {
	var texts []string
	for _, p := range problems {
		if which(p) {
			texts = append(texts, ProblemText(p))
		}
	}
	if len(texts) == 0 {
		return nil
	}
	if more := len(texts) - maxPreviewProblems; more > 0 {
		texts = append(texts[:maxPreviewProblems], fmt.Sprintf("And %d more.", more))
	}
	return []slack.Block{mrkdwn.PlainSection("\u26a0\ufe0f Fix before submitting: " + strings.Join(texts, " "))}
}

// A BreakGlassView is the modal in which a user takes a key without
// approval, at one moment.
type BreakGlassView struct {
	Orgs    policy.Orgs // in which they may
	Org     policy.Org  // the one that it is about
	Channel string      // its approvers'
	Filled  FormState
}

// BreakGlassForm is the modal for break-glass. What it does is said first: it
// asks no approver. Its view id becomes the request's idempotency key.
//
//	┌──────────────────────────────────────────────┐
//	│ Break-glass key                              │
//	│ 🚨 A key at once, without approval …         │
//	│ Organization  [ Production      ▾ ]│
//	│ Description    [                   ]│
//	│ What may it do?         [ roles           ▾ ]│
//	│ From which networks?    [ office          ▾ ]│
//	│ From which addresses?   [                   ]│
//	│ Reason for the emergency  [                   ]│
//	│                      [ Cancel ] [ Take key ] │
//	└──────────────────────────────────────────────┘
func BreakGlassForm(s BreakGlassView) slack.ModalViewRequest {
	rule := s.Org.Policy.BreakGlass
	in := inputs{orgIndex: orgIndex(s.Org.ID, s.Orgs), policy: s.Org.Policy, roles: rule.Roles, filled: s.Filled}
	blocks := []slack.Block{
		mrkdwn.Section(mrkdwn.Textf(":rotating_light: *This creates a key at once, without approval.*\n"+
			"• Only you see it, in our messages. It's deleted after %s.\n"+
			"• <#%s> is notified now, with your name, the roles and your reason.\n"+
			"• Another person must review it there afterwards.\n"+
			"If it can wait for an approver, close this and request a key instead.", mrkdwn.BotText(mrkdwn.Duration(rule.Lifetime)), mrkdwn.BotText(s.Channel))),
	}
	blocks = append(blocks, orgBlock(s.Orgs, s.Org.ID)...)
	blocks = append(blocks, in.block(policy.FieldDescription), in.block(policy.FieldRoles, asking("Organization roles", "Choose the fewest that work.")))
	blocks = append(blocks, in.networkBlocks()...)
	blocks = append(blocks, in.block(policy.FieldReason, asking("Reason for the emergency", "Visible to everyone in the approvers' channel, and to the reviewer.")))
	m := mrkdwn.Modal(ViewBreakGlass, "Emergency key", append(blocks, in.detailBlocks()...)...)
	m.Submit = mrkdwn.PlainText("Create emergency key")
	m.PrivateMetadata = FormMetadata{s.Org.ID, in.orgIndex}.Encode()
	return m
}
