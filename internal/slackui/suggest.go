package slackui

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/plaintext"
)

// optionsResponse are what a menu shows while somebody types into it.
type optionsResponse struct {
	Options []*slack.OptionBlockObject `json:"options"`
}

// noOptions is also the answer to whoever may not see any.
var noOptions = optionsResponse{Options: []*slack.OptionBlockObject{}}

// maxSuggested is in bytes. An answer travels in one frame, of which Slack takes
// 20,480; what does not fit is found by typing more.
const maxSuggested = 18_000

// LoadOptions answers what somebody types into the menu of projects. Only whoever
// can ask for roles in projects there sees their names.
func (a *App) LoadOptions(ctx context.Context, i interaction, answer ack) {
	if wait, _ := a.inHurry(i.who(), typing); wait > 0 {
		answer(noOptions) // a menu has no room for a sentence
		return
	}
	found, err := a.searchProjects(forDrawing(ctx), i)
	if err != nil {
		a.log.Warn("suggesting projects", "user", i.User.ID, "error", err) // what was typed is nobody's business
	}
	answer(fitToFrame(found, i.Value))
}

func (a *App) searchProjects(ctx context.Context, i interaction) ([]approval.Project, error) {
	ctx, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	drawn := parseFormMetadata(i.View.Metadata)
	if i.View.CallbackID != viewForm || i.ActionID != forOrgID(blockFormProjects, drawn.orgIndex) {
		return nil, nil
	}
	offer, err := a.service.Entitlements(ctx, i.who(), drawn.org)
	if err != nil || len(offer.ProjectRoles) == 0 {
		return nil, err
	}
	return a.service.Projects.Search(ctx, offer.Org.ID, i.Value)
}

// fitToFrame are as many of the projects as Slack takes, those first whose name
// begins with what was typed.
func fitToFrame(found []approval.Project, typed string) optionsResponse {
	typed = plaintext.Fold(typed)
	begins := func(p approval.Project) int {
		if strings.HasPrefix(plaintext.Fold(p.Name), typed) {
			return 0
		}
		return 1
	}
	found = slices.Clone(found)
	slices.SortStableFunc(found, func(a, b approval.Project) int { return begins(a) - begins(b) })
	fit, size := noOptions, 0
	for _, p := range found[:min(len(found), maxOptions)] {
		o := projectOption(p)
		encoded, err := json.Marshal(o)
		if size += len(encoded) + 1; err != nil || size > maxSuggested {
			break
		}
		fit.Options = append(fit.Options, o)
	}
	return fit
}
