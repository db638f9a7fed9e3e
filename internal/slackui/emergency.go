package slackui

import (
	"context"
	"errors"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// An breakGlassViewFor is the modal in which somebody takes a key without
// approval, at one moment.
type breakGlassView struct {
	orgs    approval.Orgs // in which they may
	org     approval.Org  // the one that it is about
	channel string        // its approvers'
	filled  formState
}

// breakGlassForm is the modal for break-glass. What it does is said first: it
// asks nobody. Its id at Slack becomes the request's origin.
//
//	┌──────────────────────────────────────────────┐
//	│ Break-glass key                              │
//	│ 🚨 A key at once, without approval …         │
//	│ In which organization?  [ Production      ▾ ]│
//	│ What is the key for?    [                   ]│
//	│ What may it do?         [ roles           ▾ ]│
//	│ From which networks?    [ office          ▾ ]│
//	│ From which addresses?   [                   ]│
//	│ What is the emergency?  [                   ]│
//	│                      [ Cancel ] [ Take key ] │
//	└──────────────────────────────────────────────┘
func breakGlassForm(s breakGlassView) slack.ModalViewRequest {
	place := placeOf(s.org.ID, s.orgs)
	ids, rule := breakGlassBlocks.forOrg(place), s.org.Policy.BreakGlass
	blocks := []slack.Block{
		section(mrkdwnf(":rotating_light: *This makes a key at once, without anybody's approval.*\n"+
			"• It appears in our conversation, visible to you alone, lives %s and is deleted then.\n"+
			"• <#%s> reads at once that you took it, what it may do, and your reason.\n"+
			"• Somebody else has to look at that and sign it there.\n"+
			"If it can wait for an approver, close this and ask in the normal way.", botText(humanDuration(rule.Lifetime)), botText(s.channel))),
	}
	blocks = append(blocks, orgField(blockEmergencyOrg, s.orgs, s.org.ID)...)
	byName, addresses := networkFields(ids, s.org.Policy, s.filled.NetworkPresets, s.filled.Networks)
	blocks = append(blocks,
		inputBlock(blockEmergencyDescription, "What is the key for?", "It becomes the key's description in Atlas.",
			line(blockEmergencyDescription, s.filled.Description, approval.MaxDescription)),
		inputBlock(ids[approval.FieldRoles], "What may it do?", "Organization roles. As few as will do.",
			rolesMenu(ids[approval.FieldRoles], rule.Roles, s.filled.Roles)))
	if byName != nil {
		blocks = append(blocks, byName)
	}
	m := modal(viewBreakGlass, "Break-glass key", append(blocks, addresses,
		inputBlock(blockEmergencyReason, "What is the emergency?", "Everybody in the approvers' channel reads this, and whoever signs it.",
			lines(blockEmergencyReason, s.filled.Reason, approval.MaxReason)))...)
	m.Submit = plainText("Take the key")
	m.PrivateMetadata = formMetadata{s.org.ID, place}.encode()
	return m
}

// openBreakGlass answers the command's "emergency".
func (a *App) openBreakGlass(ctx context.Context, c command) {
	s, err := a.breakGlassViewFor(ctx, c.who, formState{})
	if err != nil {
		a.logRefusal("opening break-glass", c.who, approval.Request{}, err)
		a.respond(ctx, c.responseURL, a.breakGlassRefusal(err))
		return
	}
	if err := a.openView(ctx, c.trigger, breakGlassForm(s)); err != nil {
		a.log.Warn("opening break-glass", "user", c.who.User, "error", err)
		a.respond(ctx, c.responseURL, notOpened(err, "The form could not be opened: Slack gives me three seconds for it, and they were over. No key was made; try it once more."))
	}
}

func (a *App) breakGlassRefusal(err error) mrkdwn {
	if errors.Is(err, approval.ErrBreakGlassNotAllowed) {
		return mrkdwnf("A key without approval is for a few people who are named for emergencies, and you are not among them. Nothing was made. The normal way is `%s`: say in the reason how urgent it is.", botText(a.screens.command))
	}
	return userError(err, approval.Request{})
}

// breakGlassViewFor finds out where who may take a key. A draft for no
// organization of those is one for the first.
func (a *App) breakGlassViewFor(ctx context.Context, who approval.Actor, from formState) (breakGlassView, error) {
	ctx, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	orgs, err := a.service.MayBreakGlass(ctx, who)
	if err != nil {
		return breakGlassView{}, err
	}
	org, err := orgs.Find(from.Org)
	if err != nil {
		org = orgs[0]
	}
	return breakGlassView{orgs, org, a.screens.channels[org.ID], from}, nil
}

// refreshBreakGlass is the modal after a choice in it.
func (a *App) refreshBreakGlass(ctx context.Context, i interaction) (slack.ModalViewRequest, error) {
	s, err := a.breakGlassViewFor(ctx, i.who(), breakGlassBlocks.switchOrg(i.View))
	if err != nil {
		return slack.ModalViewRequest{}, err
	}
	return breakGlassForm(s), nil
}
