package payload

import (
	"encoding/json"
	"errors"

	"atlaskeybot/internal/approval/policy"
)

// An Event is what Slack sends on its own. The app subscribes to one: that a user
// opened its Home tab.
type Event struct {
	Type         string `json:"type"`
	Challenge    string `json:"challenge"` // of "url_verification"
	ID           string `json:"event_id"`
	TeamID       string `json:"team_id"`
	EnterpriseID string `json:"enterprise_id"`
	Event        struct {
		Type string   `json:"type"`
		User string   `json:"user"`
		Tab  string   `json:"tab"`
		View SentView `json:"view"` // if one was published before
	} `json:"event"`
}

// DecodeEvent reads an event. Its error quotes nothing of the payload.
func DecodeEvent(payload []byte) (Event, error) {
	var e Event
	if err := json.Unmarshal(payload, &e); err != nil {
		return Event{}, errors.New("decoding an event: not the JSON expected")
	}
	return e, nil
}

// OpenHome reports whether there is a tab to draw: the event is sent for the
// other tabs too.
func (e Event) OpensHome() bool {
	return e.Event.Type == "app_home_opened" && e.Event.Tab == "home" && e.Event.User != ""
}

// OpensMessages reports whether a user opened the conversation with the app: it
// is on.
func (e Event) OpensMessages() bool {
	return e.Event.Type == "app_home_opened" && e.Event.Tab == "messages" && e.Event.User != ""
}

// Who is the user whom the event is about.
func (e Event) Who() policy.Actor {
	return policy.Actor{User: policy.UserID(e.Event.User), Team: e.TeamID, Enterprise: e.EnterpriseID}
}
