package slackui

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/plaintext"
	"atlaskeybot/internal/slackui/client"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/pace"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// maxOptionsSize is in bytes. An answer travels in one frame, of which Slack takes
// 20,480; what does not fit is found by typing more.
const maxOptionsSize = 18_000

// LoadOptions answers what a user types into the menu of projects. Only users who
// can ask for roles in projects there see their names.
func (a *App) LoadOptions(ctx context.Context, i payload.Interaction, answer payload.Ack) {
	if wait, _ := a.takePace(i.Who(), pace.Typing); wait > 0 {
		answer(payload.NoOptions) // a menu has no room for a sentence
		return
	}
	found, err := a.searchProjects(client.ForRefresh(ctx), i)
	if err != nil {
		a.log.Warn("suggesting projects", "user", i.User.ID, "error", err) // not what was typed, which may be confidential
	}
	answer(fitToFrame(found, i.Value))
}

func (a *App) searchProjects(ctx context.Context, i payload.Interaction) ([]policy.Project, error) {
	ctx, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	drawn := view.ParseFormMetadata(i.View.Metadata)
	if i.View.CallbackID != view.ViewForm || i.ActionID != view.InputID(policy.FieldProjects, drawn.OrgIndex) {
		return nil, nil
	}
	offer, err := a.service.Entitlements(ctx, i.Who(), drawn.Org)
	if err != nil || len(offer.ProjectRoles) == 0 {
		return nil, err
	}
	return a.service.Projects.Search(ctx, offer.Org.ID, i.Value)
}

// fitToFrame are as many of the projects as Slack takes, those first whose name
// begins with what was typed.
func fitToFrame(found []policy.Project, typed string) payload.OptionsResponse {
	typed = plaintext.Fold(typed)
	begins := func(p policy.Project) int {
		if strings.HasPrefix(plaintext.Fold(p.Name), typed) {
			return 0
		}
		return 1
	}
	found = slices.Clone(found)
	slices.SortStableFunc(found, func(a, b policy.Project) int { return begins(a) - begins(b) })
	fit, size := payload.NoOptions, 0
	for _, p := range found[:min(len(found), mrkdwn.MaxOptions)] {
		o := mrkdwn.ProjectOption(p)
		encoded, err := json.Marshal(o)
		if size += len(encoded) + 1; err != nil || size > maxOptionsSize {
			break
		}
		fit.Options = append(fit.Options, o)
	}
	return fit
}
