package slackui

import (
	"context"
	"errors"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// An emergencyScreen is the modal in which somebody takes a key without
// approval, at one moment.
type emergencyScreen struct {
	orgs    approval.Orgs // in which they may
	org     approval.Org  // the one that it is about
	channel string        // its approvers'
	filled  draft
}

// emergencyForm is the modal for break-glass. What it does is said first: it
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
func emergencyForm(s emergencyScreen) slack.ModalViewRequest {
	place := placeOf(s.org.ID, s.orgs)
	ids, rule := emergencyBlocks.in(place), s.org.Policy.BreakGlass
	blocks := []slack.Block{
		section(say(":rotating_light: *This makes a key at once, without anybody's approval.*\n"+
			"• It appears in our conversation, visible to you alone, lives %s and is deleted then.\n"+
			"• <#%s> reads at once that you took it, what it may do, and your reason.\n"+
			"• Somebody else has to look at that and sign it there.\n"+
			"If it can wait for an approver, close this and ask in the normal way.", botText(span(rule.Lifetime)), botText(s.channel))),
	}
	blocks = append(blocks, orgField(blockEmergencyOrg, s.orgs, s.org.ID)...)
	byName, addresses := networkFields(ids, s.org.Policy, s.filled.Named, s.filled.Networks)
	blocks = append(blocks,
		ask(blockEmergencyDescription, "What is the key for?", "It becomes the key's description in Atlas.",
			line(blockEmergencyDescription, s.filled.Description, approval.MaxDescription)),
		ask(ids[approval.FieldRoles], "What may it do?", "Organization roles. As few as will do.",
			rolesMenu(ids[approval.FieldRoles], rule.Roles, s.filled.Roles)))
	if byName != nil {
		blocks = append(blocks, byName)
	}
	m := modal(viewEmergency, "Break-glass key", append(blocks, addresses,
		ask(blockEmergencyReason, "What is the emergency?", "Everybody in the approvers' channel reads this, and whoever signs it.",
			lines(blockEmergencyReason, s.filled.Reason, approval.MaxReason)))...)
	m.Submit = plain("Take the key")
	m.PrivateMetadata = drawnFor{s.org.ID, place}.encode()
	return m
}

// askEmergency answers the command's "emergency".
func (a *App) askEmergency(ctx context.Context, c command) {
	s, err := a.emergencyScreen(ctx, c.who, draft{})
	if err != nil {
		a.logRefusal("opening break-glass", c.who, approval.Request{}, err)
		a.tell(ctx, c.responseURL, a.noEmergency(err))
		return
	}
	if err := a.openView(ctx, c.trigger, emergencyForm(s)); err != nil {
		a.log.Warn("opening break-glass", "user", c.who.User, "error", err)
		a.tell(ctx, c.responseURL, notOpened(err, "The form could not be opened: Slack gives me three seconds for it, and they were over. No key was made; try it once more."))
	}
}

func (a *App) noEmergency(err error) mrkdwn {
	if errors.Is(err, approval.ErrNotNamed) {
		return say("A key without approval is for a few people who are named for emergencies, and you are not among them. Nothing was made. The normal way is `%s`: say in the reason how urgent it is.", botText(a.views.command))
	}
	return refusal(err, approval.Request{})
}

// emergencyScreen finds out where who may take a key. A draft for no
// organization of those is one for the first.
func (a *App) emergencyScreen(ctx context.Context, who approval.Actor, from draft) (emergencyScreen, error) {
	ctx, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	orgs, err := a.service.MayBreakGlass(ctx, who)
	if err != nil {
		return emergencyScreen{}, err
	}
	org, err := orgs.Find(from.Org)
	if err != nil {
		org = orgs[0]
	}
	return emergencyScreen{orgs, org, a.views.channels[org.ID], from}, nil
}

// emergencyAgain is the modal after a choice in it.
func (a *App) emergencyAgain(ctx context.Context, i interaction) (slack.ModalViewRequest, error) {
	s, err := a.emergencyScreen(ctx, i.who(), emergencyBlocks.moved(i.View))
	if err != nil {
		return slack.ModalViewRequest{}, err
	}
	return emergencyForm(s), nil
}
