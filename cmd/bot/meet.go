package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/atlas"
	"atlaskeybot/internal/slackui"
)

const (
	// firstPause and longestPause lie between two tries to reach Atlas or Slack.
	firstPause   = time.Second
	longestPause = 30 * time.Second

	// loginTries is how often Atlas may refuse the credential before it is
	// believed: a stray 401 on a good credential has been seen.
	loginTries = 3
)

// meetAtlas checks the bot's own credential. A refused one ends the start; an
// Atlas that does not answer is waited for.
func (b *bot) meetAtlas(ctx context.Context) error {
	var err error
	b.api, err = atlas.New(atlas.Config{
		BaseURL: b.config.AtlasBaseURL, OrgID: b.config.AtlasOrgID, Now: b.now, Log: b.log,
		HTTP: b.transport, Sleep: b.sleep,
		Login: atlas.Digest{PublicKey: b.config.AtlasPublicKey, PrivateKey: b.config.AtlasPrivateKey},
	})
	if err != nil {
		return fmt.Errorf("connecting to Atlas: %w", err)
	}
	refusals := 0
	return b.waitFor(ctx, "atlas", func() (bool, error) {
		who, err := b.api.Status(ctx)
		kind := atlas.KindOf(err)
		if kind == atlas.BadLogin {
			refusals++
		}
		switch {
		case err == nil && len(who.Roles) > 0 && !slices.Contains(who.Roles, "ORG_OWNER"):
			return true, fmt.Errorf("the key in ATLAS_PUBLIC_KEY has the roles %s in the organization: making keys needs ORG_OWNER", strings.Join(who.Roles, ", "))
		case kind == atlas.Refused || kind == atlas.Gone || refusals >= loginTries:
			return true, fmt.Errorf("atlas does not accept ATLAS_PUBLIC_KEY and ATLAS_PRIVATE_KEY: %w", err)
		}
		return false, err
	})
}

// meetSlack checks the token and the approvers' channel.
func (b *bot) meetSlack(ctx context.Context) error {
	return b.waitFor(ctx, "slack", func() (bool, error) {
		var err error
		b.slack, err = slackui.Connect(ctx, slackui.Config{
			Token: b.config.SlackBotToken, AppToken: b.config.SlackAppToken, SigningSecret: b.config.SlackSigningSecret,
			APIURL: b.config.SlackAPIURL, Channels: b.config.channels(), Command: b.config.SlackCommand,
			Log: b.log, Now: b.now, Transport: b.slackTransport(),
		})
		if f, ok := errors.AsType[*approval.Fault](err); ok && f.Verdict == approval.Refused {
			return true, fmt.Errorf("slack does not accept SLACK_BOT_TOKEN: %w", err)
		}
		if err != nil {
			return false, err
		}
		if missing := b.slack.MissingScopes(); len(missing) > 0 {
			return true, fmt.Errorf("SLACK_BOT_TOKEN lacks the scopes %s: add them to the app, and install it again", strings.Join(missing, ", "))
		}
		err = b.slack.CheckChannel(ctx, b.config.SlackApprovalChannel)
		if wrong, ok := errors.AsType[*slackui.ChannelError](err); ok {
			return true, fmt.Errorf("SLACK_APPROVAL_CHANNEL: %w", wrong)
		}
		return false, err
	})
}

// slackTransport is nil, and not a nil transport, unless one was set.
func (b *bot) slackTransport() http.RoundTripper {
	if b.transport == nil {
		return nil
	}
	return b.transport
}

// waitFor tries until it works, it is hopeless, or ctx ends.
func (b *bot) waitFor(ctx context.Context, what string, try func() (hopeless bool, err error)) error {
	defer b.status.done(what)
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		hopeless, err := try()
		if err == nil || hopeless {
			return err
		}
		b.status.wait(what, "it does not answer")
		b.log.Warn("waiting for the other side", "side", what, "again_in", pause.String(), "error", err)
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}
