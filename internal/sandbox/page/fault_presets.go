package page

import (
	"fmt"

	"atlaskeybot/internal/sandbox/wire"
)

// faultState is the faults that are planned and those to choose from.
type faultState struct {
	Presets []preset
	Planned []string
}

// preset is a fault with a name for people.
type preset struct {
	ID    string
	Label string
	fault wire.Fault
}

const (
	createKey  = "POST /orgs/{orgId}/apiKeys"
	accessList = "POST /orgs/{orgId}/apiKeys/{id}/accessList"
	deleteKey  = "DELETE /orgs/{orgId}/apiKeys/{id}"
)

// presets are the most useful faults. The control API has all others.
var presets = []preset{
	{"atlas-503", "Atlas answers 503 to everything, until cleared", wire.Fault{Side: wire.Atlas, Mode: wire.HTML503, Count: -1}},
	{"create-lost", "Atlas makes the next key, its answer is lost", wire.Fault{Side: wire.Atlas, Operation: createKey, Mode: wire.LostAfter}},
	{"create-refused", "Atlas has too many keys for the next one", wire.Fault{Side: wire.Atlas, Operation: createKey, Mode: wire.AtlasError, Status: 400, Code: "MAX_API_KEYS_EXCEEDED", Detail: "too many API keys"}},
	{"list-refused", "Atlas answers 500 to the next access list", wire.Fault{Side: wire.Atlas, Operation: accessList, Mode: wire.Error500Before}},
	{"delete-503", "Atlas deletes no key, until cleared", wire.Fault{Side: wire.Atlas, Operation: deleteKey, Mode: wire.HTML503, Count: -1}},
	{"credential", "Atlas forgets the bot's credential, until cleared", wire.Fault{Side: wire.Atlas, Mode: wire.Empty401, Count: -1}},
	{"note-lost", "Slack shows the next private message, its answer is lost", wire.Fault{Side: wire.Slack, Operation: "chat.postEphemeral", Mode: wire.LostAfter}},
	{"note-refused", "Slack refuses the next private message", wire.Fault{Side: wire.Slack, Operation: "chat.postEphemeral", Mode: wire.SlackError, Error: "user_not_in_channel"}},
	{"note-held", "Slack holds the next private message until repaired: go away meanwhile, and it is lost", wire.Fault{Side: wire.Slack, Operation: "chat.postEphemeral", Mode: wire.Freeze}},
	{"card-twice", "Slack posts the next message, its answer is lost", wire.Fault{Side: wire.Slack, Operation: "chat.postMessage", Mode: wire.LostAfter}},
	{"rate-limit", "Slack limits the next three posts (Retry-After 2)", wire.Fault{Side: wire.Slack, Operation: "chat.postMessage", Mode: wire.RateLimited, RetryAfter: 2, Count: 3}},
	{"form-late", "The next form opens too late", wire.Fault{Side: wire.Slack, Operation: "views.open", Mode: wire.SlackError, Error: "expired_trigger_id"}},
}

func (p *page) faultPresets() faultState {
	w := faultState{Presets: presets}
	for _, f := range p.Wire.Faults() {
		w.Planned = append(w.Planned, nameOf(f))
	}
	return w
}

func nameOf(f wire.Fault) string {
	for _, preset := range presets {
		if preset.fault == f {
			return preset.Label
		}
	}
	operation := f.Operation
	if operation == "" {
		operation = "everything"
	}
	return fmt.Sprintf("%s: %s on %s", f.Side, f.Mode, operation)
}

func (p *page) setFault(id string) error {
	for _, preset := range presets {
		if preset.ID == id {
			return p.Wire.Set(preset.fault)
		}
	}
	return fmt.Errorf("there is no fault called %q", id)
}
