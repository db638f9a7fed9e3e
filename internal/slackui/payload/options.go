package payload

import (
	"github.com/slack-go/slack"
)

// OptionsResponse is what a menu shows while a user types into it.
type OptionsResponse struct {
	Options []*slack.OptionBlockObject `json:"options"`
}

// NoOptions is also the answer to users who may not see any.
var NoOptions = OptionsResponse{Options: []*slack.OptionBlockObject{}}
