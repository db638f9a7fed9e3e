package client

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

const (
	groupFresh = 5 * time.Minute  // a group's list is not asked for again
	groupStale = 15 * time.Minute // the list counts, if Slack does not answer
	groupLimit = 1500 * time.Millisecond
)

// A group is what is known of a user group. The holder of the turn may ask Slack;
// the others wait for what it says, as long as they can.
type group struct {
	turn chan struct{} // holds one value while the turn is taken

	members []policy.UserID
	asked   time.Time // when members were true; zero: never
}

// Members implements [approval.Directory]. Slack allows about twenty such calls
// a minute, so the list is kept for a while. Deactivated members do no harm in
// it: the user who acts is looked up by [Directory.MemberStatus].
func (d *Directory) Members(ctx context.Context, id policy.GroupID) ([]policy.UserID, error) {
	g := d.group(id)
	select {
	case g.turn <- struct{}{}:
		defer func() { <-g.turn }()
	case <-ctx.Done():
		return nil, fmt.Errorf("listing group %s: %w", id, ctx.Err())
	}
	now := d.slack.Config.Now()
	if approval.IsWithin(g.asked, now, groupFresh) {
		return slices.Clone(g.members), nil
	}
	members, err := d.ask(ctx, id)
	switch {
	case err == nil:
		g.members, g.asked = members, d.slack.Config.Now()
	case !approval.IsWithin(g.asked, now, groupStale):
		return nil, err
	}
	return slices.Clone(g.members), nil
}

func (d *Directory) group(id policy.GroupID) *group {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.groups[id] == nil {
		d.groups[id] = &group{turn: make(chan struct{}, 1)}
	}
	return d.groups[id]
}

// maxGroupPages bounds the pages of one group. Slack answers with one today,
// and lists invalid_cursor among the method's errors.
const maxGroupPages = 20

// ask lists a group to its last page, or fails: half a list would take approvers
// their say without a word.
func (d *Directory) ask(ctx context.Context, id policy.GroupID) ([]policy.UserID, error) {
	ctx, cancel := context.WithTimeout(ctx, groupLimit)
	defer cancel()
	var members []policy.UserID
	cursor := ""
	for range maxGroupPages {
		page, err := d.slack.groupPage(ctx, id, cursor)
		if err != nil {
			return nil, fmt.Errorf("listing group %s: %w", id, CallError(err))
		}
		for _, u := range *page.Users {
			if u == "" {
				return nil, fmt.Errorf("listing group %s: %w", id, MalformedResponse("usergroups.users.list"))
			}
			members = append(members, policy.UserID(u))
		}
		if cursor = page.ResponseMetadata.Cursor; cursor == "" {
			return members, nil
		}
	}
	return nil, fmt.Errorf("listing group %s: %w", id, MalformedResponse("usergroups.users.list"))
}

// A groupPage is an answer of usergroups.users.list. slack-go's own call drops
// the cursor.
type groupPage struct {
	slack.SlackResponse
	Users *[]string `json:"users"` // an empty group is [], an answer that says nothing is not
}

func (s *Slack) groupPage(ctx context.Context, id policy.GroupID, cursor string) (groupPage, error) {
	args := url.Values{"usergroup": {string(id)}}
	if cursor != "" {
		args.Set("cursor", cursor)
	}
	var page groupPage
	if err := s.call(ctx, "usergroups.users.list", args, &page); err != nil {
		return groupPage{}, err
	}
	if err := page.Err(); err != nil {
		return groupPage{}, err
	}
	if !page.Ok || page.Users == nil {
		return groupPage{}, MalformedResponse("usergroups.users.list")
	}
	return page, nil
}
