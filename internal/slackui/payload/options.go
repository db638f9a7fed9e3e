package payload

import (
	"github.com/slack-go/slack"
)

// optionsResponse are what a menu shows while somebody types into it.
type OptionsResponse struct {
	Options []*slack.OptionBlockObject `json:"options"`
}

// noOptions is also the answer to whoever may not see any.
var NoOptions = OptionsResponse{Options: []*slack.OptionBlockObject{}}
