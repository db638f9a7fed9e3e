package client

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/view"
)

// Messenger is [approval.Messenger] in Slack's messages.
type Messenger struct {
	slack *Slack
	Views view.Screens
}

var _ approval.Messenger = (*Messenger)(nil)

// messageGoneErrors are Slack's words for a message that can never be changed again.
var messageGoneErrors = []string{"message_not_found", "cant_update_message", "edit_window_closed", "is_inactive", "block_mismatch"}

// SyncMessage implements [approval.Messenger]. A message that already looks as it should
// is not sent again; one that is lost is posted anew while it still matters.
func (s *Messenger) SyncMessage(ctx context.Context, r approval.Request, name approval.MessageName) (approval.MessageRef, error) {
	m := s.Views.Message(r, name)
	at := r.MessageRefs[name]
	digest := m.Digest()
	if at.TS != "" && at.Digest == digest {
		return at, nil
	}
	at.Digest = digest
	if at.TS == "" {
		return s.post(ctx, r, name, m, at)
	}
	if name.ToApprovers() {
		// People of another company would read who decides.
		if err := s.slack.channels.open(ctx, at.Channel); CodeOf(err) == codeShared {
			return approval.MessageRef{}, err
		}
	}
	err := s.slack.Update(ctx, at.Channel, at.TS, m)
	switch {
	case err == nil:
		return at, nil
	case !slices.Contains(messageGoneErrors, CodeOf(err)):
		return approval.MessageRef{}, CallError(err)
	case r.State.Final():
		return at, nil
	}
	return s.post(ctx, r, name, m, at)
}

func (s *Messenger) post(ctx context.Context, r approval.Request, name approval.MessageName, m mrkdwn.Message, at approval.MessageRef) (approval.MessageRef, error) {
	channel, where, options := string(r.Requester), inDMs, m.Options()
	if name.ToApprovers() {
		options = m.Naming(s.Views.Called(r, name),
			func(u policy.UserID) string { return s.slack.nameOf(ctx, u) },
			func(g policy.GroupID) string { return s.slack.handleOf(ctx, g) }).Options()
		card := r.MessageRefs[approval.CardMessage]
		channel = s.Views.Channel(r)
		if name.InThread() && card.TS != "" {
			channel = cmp.Or(card.Channel, channel)
			options = append(options, slack.MsgOptionTS(card.TS))
		}
		if err := s.slack.channels.open(ctx, channel); err != nil {
			return approval.MessageRef{}, err
		}
		where = "channel " + channel
	}
	channel, ts, err := s.slack.API.PostMessageContext(ctx, channel, options...)
	s.slack.troubles.sent(where, CodeOf(err))
	if err != nil {
		f := CallError(err)
		if forbidden[f.Code] != "" {
			f.Cause = approval.CauseNotPermitted
		}
		return approval.MessageRef{}, f
	}
	if channel == "" || ts == "" {
		return approval.MessageRef{}, MalformedResponse("chat.postMessage")
	}
	at.Channel, at.TS = channel, ts
	return at, nil
}

// Update makes a message of ours look like m. It sends everything each time:
// Slack keeps or drops what is left out.
func (s *Slack) Update(ctx context.Context, channel, ts string, m mrkdwn.Message) error {
	_, updated, _, err := s.API.UpdateMessageContext(ctx, channel, ts, m.Options()...)
	if err == nil && updated == "" {
		return MalformedResponse("chat.update")
	}
	return err
}

// RevealKey implements [approval.Messenger]: the key appears to r's requester in the
// conversation in which they pressed, and nowhere else. It is sent once; that
// Slack took it is no proof that it was seen.
func (s *Messenger) RevealKey(ctx context.Context, r approval.Request, c approval.Credential) error {
	m := s.Views.KeyMessage(r, c)
	ts, err := s.slack.API.PostEphemeralContext(ctx, conversation(r), string(r.Requester), m.Options()...)
	s.slack.troubles.sent(inDMs, CodeOf(err))
	if err != nil {
		f := CallError(err)
		f.Err = errors.New("showing the key") // what Slack says about blocks could quote them
		return f
	}
	if ts == "" {
		return MalformedResponse("chat.postEphemeral")
	}
	return nil
}

// conversation is the one with the requester. A user can click faster than
// the place of the message is recorded; an earlier one is in the same place.
func conversation(r approval.Request) string {
	return cmp.Or(r.MessageRefs[approval.ReadyMessage].Channel, r.MessageRefs[approval.RequestedMessage].Channel)
}
