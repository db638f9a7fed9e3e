package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// A ChannelError says what is wrong with the approvers' channel. Its text is a
// sentence for the operator, with a way on.
type ChannelError struct {
	Channel string
	Code    string // of a closed list, as in "channel_shared"
	Problem string
}

// Error says what is wrong with the channel.
func (e *ChannelError) Error() string { return fmt.Sprintf("channel %s: %s", e.Channel, e.Problem) }

// CheckChannel reports why approvers could not be asked in the channel: a
// *[ChannelError], or a *[approval.CallError] if Slack did not say.
func (s *Slack) CheckChannel(ctx context.Context, id string) error {
	wrong := func(code, problem string) error { return &ChannelError{Channel: id, Code: code, Problem: problem} }
	info, err := s.API.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: id})
	if f := CallError(err); f != nil && f.Code == "channel_not_found" {
		return wrong(f.Code, "Slack knows no such channel, or it is private and the bot is not in it; invite the bot there and use the channel's id")
	} else if f != nil && forbidden[f.Code] != "" {
		return wrong(f.Code, forbidden[f.Code])
	} else if f != nil {
		return f
	}
	switch {
	case info.ID == "":
		return MalformedResponse("conversations.info")
	case info.IsArchived:
		return wrong("channel_archived", "it is archived; choose another one")
	case info.IsIM, info.IsMpIM:
		return wrong("channel_direct", "it is a direct conversation; approvers are asked in a channel")
	case info.IsExtShared, info.IsPendingExtShared:
		return wrong(codeShared, "it is shared with another company, whose people would see every request; choose one that is not")
	case !info.IsMember:
		return wrong("not_in_channel", "the bot is not a member; type /invite with the bot's name there")
	}
	return nil
}

// codeShared is the Code of a channel that people of another company read.
const codeShared = "channel_shared"

// channelFresh is how long a channel that was found in order is not looked at
// again: the longest that people of another company could read what is written
// there. Slack allows about fifty looks a minute.
const channelFresh = 5 * time.Second

// channels looks at a channel before something is posted there: it may have been
// shared with another company since the start.
type channels struct {
	slack *Slack

	mu    sync.Mutex
	fine  map[string]time.Time     // when it was
	wrong map[string]*ChannelError // what was wrong when it was last looked at
}

func newChannels(s *Slack) *channels {
	return &channels{slack: s, fine: map[string]time.Time{}, wrong: map[string]*ChannelError{}}
}

// open returns nil if approvers may be written to in the channel, or a
// *[approval.CallError]. What is wrong is looked at again each time, so that what
// waits goes out once it is mended.
func (c *channels) open(ctx context.Context, id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.slack.Config.Now()
	if at, ok := c.fine[id]; ok && now.Sub(at) >= 0 && now.Sub(at) < channelFresh {
		return nil
	}
	delete(c.fine, id)
	err := c.slack.CheckChannel(ctx, id)
	wrong, isWrong := errors.AsType[*ChannelError](err)
	if err != nil && !isWrong {
		return err
	}
	c.note(id, wrong)
	if isWrong {
		return &approval.CallError{Class: approval.Permanent, Cause: approval.CauseNotShown, Code: wrong.Code, Err: wrong}
	}
	c.fine[id] = now
	return nil
}

// note logs when a channel becomes unusable and when it is usable again: an
// operator has to act, and one line is enough. wrong is nil if all is well.
func (c *channels) note(id string, wrong *ChannelError) {
	switch was := c.wrong[id]; {
	case wrong != nil:
		if c.wrong[id] = wrong; was == nil || was.Code != wrong.Code {
			c.slack.Config.Log.Error("approvers cannot be asked in their channel", "channel", id, "code", wrong.Code, "problem", wrong.Problem)
		}
	case was != nil:
		delete(c.wrong, id)
		c.slack.Config.Log.Info("approvers can be asked in their channel again", "channel", id)
	}
}
