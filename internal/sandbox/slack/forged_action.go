package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"
)

// Forgery is a click that need not be possible. Empty fields are filled in as
// if it were real.
type Forgery struct {
	User         string // the user of the click, which need not exist; Eve if empty
	TeamID       string // user.team_id
	OrgWide      bool   // the app is installed org-wide: team is null
	Conversation string // Approvals if empty
	TS           string // the conversation's last message if empty
	ActionID     string
	BlockID      string
	Value        string
	Ephemeral    bool            // claims to come from an ephemeral message
	Payload      json.RawMessage // if not nil, sent as it is, instead of all the above
}

// ForgeClick delivers an arbitrary block_actions payload.
func (w *Workspace) ForgeClick(ctx context.Context, f Forgery) error {
	w.mu.Lock()
	delivery := w.newDelivery(kindInteraction, w.forged(f), false)
	w.mu.Unlock()
	return w.sendClick(ctx, cmp.Or(f.User, Eve), delivery)
}

// Forge delivers an arbitrary interaction payload, such as a block_suggestion,
// and returns what the app answered.
func (w *Workspace) Forge(ctx context.Context, payload json.RawMessage) (answer json.RawMessage, err error) {
	w.mu.Lock()
	delivery := w.newDelivery(kindInteraction, payload, true)
	w.mu.Unlock()
	return w.transport.deliver(ctx, delivery)
}

// forged is the payload of a forged click.
func (w *Workspace) forged(f Forgery) any {
	if f.Payload != nil {
		return f.Payload
	}
	p := w.forger(f)
	r := w.rooms[cmp.Or(f.Conversation, Approvals)]
	if r == nil {
		r = &room{id: f.Conversation, kind: KindChannel, name: "elsewhere"}
	}
	m := w.forgedMessage(f, r)
	payload := w.clickPayload(p, r, m, w.forgedAction(f, m))
	if f.OrgWide {
		payload["team"], payload["is_enterprise_install"] = nil, true
		payload["enterprise"] = obj{"id": "E0SANDBOX", "name": "Sandbox Org"}
	}
	return payload
}

func (w *Workspace) forger(f Forgery) Person {
	id := cmp.Or(f.User, Eve)
	p := Person{ID: id, Name: strings.ToLower(id), TeamID: TeamID}
	if known := w.people[id]; known != nil {
		p = *known
	}
	p.TeamID = cmp.Or(f.TeamID, p.TeamID)
	return p
}

func (w *Workspace) forgedMessage(f Forgery, r *room) *message {
	m := r.find(f.TS)
	switch {
	case m == nil && f.TS == "" && len(r.messages) > 0:
		m = r.messages[len(r.messages)-1]
	case m == nil:
		m = &message{ts: cmp.Or(f.TS, w.stamp()), room: r.id, author: BotUser, bot: true}
	}
	if !f.Ephemeral {
		return m
	}
	claimed := *m
	claimed.ephemeral = true
	return &claimed
}

// forgedAction is the real action if the message has it, changed as the forgery
// says, or else an invented button.
func (w *Workspace) forgedAction(f Forgery, m *message) obj {
	action, _, err := w.use(newForm(objects(anyList(m.blocks))), f.ActionID, nil)
	if err != nil {
		action = obj{
			"type": "button", "action_id": f.ActionID, "block_id": cmp.Or(f.BlockID, "forged"), "value": f.Value,
			"text": obj{"type": "plain_text", "text": "Forged", "emoji": true}, "action_ts": w.stamp(),
		}
	}
	if f.BlockID != "" {
		action["block_id"] = f.BlockID
	}
	if f.Value != "" {
		action["value"] = f.Value
	}
	return action
}
