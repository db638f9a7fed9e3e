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
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/atlas"
	"atlaskeybot/internal/proxy"
	"atlaskeybot/internal/slackui/client"
)

const (
	// firstPause and longestPause lie between two tries to reach Atlas or Slack.
	firstPause   = time.Second
	longestPause = 30 * time.Second

	// loginTries is how often Atlas may refuse the credential before it is
	// believed: a stray 401 on a good credential has been seen.
	loginTries = 3
)

// meetAtlas checks the bot's own credential in every organization. Refused ones
// end the start, all of them at once; an Atlas that does not answer is waited
// for.
func (b *bot) meetAtlas(ctx context.Context) error {
	b.apis = map[policy.OrgID]*atlas.Client{}
	var refused []error
	for _, o := range b.config.organizations {
		api, err := atlas.New(atlas.Config{
			BaseURL: b.config.AtlasBaseURL, OrgID: string(o.id), Now: b.now, Log: b.log,
			HTTP: b.transport, Proxy: b.config.proxy, Sleep: b.sleep,
			Login: atlas.Digest{PublicKey: o.publicKey, PrivateKey: o.privateKey},
		})
		if err != nil {
			return fmt.Errorf("connecting to Atlas: %w", err)
		}
		b.apis[o.id] = api
		if err := b.meetOrganization(ctx, o, api); ctx.Err() != nil {
			return err
		} else if err != nil {
			refused = append(refused, err)
		}
	}
	return errors.Join(refused...)
}

func (b *bot) meetOrganization(ctx context.Context, o organization, api *atlas.Client) error {
	refusals := 0
	return b.waitFor(ctx, "atlas", func() (bool, error) {
		who, err := api.Status(ctx)
		kind := atlas.KindOf(err)
		if kind == atlas.InvalidCredential {
			refusals++
		}
		switch {
		case err == nil && len(who.Roles) > 0 && !slices.Contains(who.Roles, "ORG_OWNER"):
			return true, fmt.Errorf("the key in %s has the roles %s in the organization: making keys needs ORG_OWNER", o.variable("ATLAS_PUBLIC_KEY"), strings.Join(who.Roles, ", "))
		case kind == atlas.Permanent || kind == atlas.Gone || refusals >= loginTries:
			return true, fmt.Errorf("atlas does not accept %s and %s: %w", o.variable("ATLAS_PUBLIC_KEY"), o.variable("ATLAS_PRIVATE_KEY"), err)
		case err == nil && len(b.config.organizations) > 1:
			return b.isItsOwn(ctx, o, api)
		}
		return false, err
	})
}

// isItsOwn finds credentials that were swapped between organizations: Atlas
// accepts them, and says so only when it is asked about the organization.
func (b *bot) isItsOwn(ctx context.Context, o organization, api *atlas.Client) (hopeless bool, err error) {
	_, err = api.Organization(ctx)
	switch atlas.KindOf(err) {
	case atlas.InvalidCredential, atlas.Permanent, atlas.Gone:
		return true, fmt.Errorf("the key in %s is not of the organization in %s: %w", o.variable("ATLAS_PUBLIC_KEY"), o.variable("ATLAS_ORG_ID"), err)
	}
	return false, err
}

// meetSlack checks the token and the approvers' channels.
func (b *bot) meetSlack(ctx context.Context) error {
	transport := b.slackTransport()
	return b.waitFor(ctx, "slack", func() (bool, error) {
		var err error
		b.slack, err = client.Connect(ctx, client.Config{
			Token: b.config.SlackBotToken, AppToken: b.config.SlackAppToken, SigningSecret: b.config.SlackSigningSecret,
			APIURL: b.config.SlackAPIURL, Channels: b.config.channels(), KeysPages: b.config.keysPages(), Command: b.config.SlackCommand,
			Log: b.log, Now: b.now, Transport: transport, Proxy: b.config.proxy,
		})
		if f, ok := errors.AsType[*approval.CallError](err); ok && f.Class == approval.Permanent {
			return true, fmt.Errorf("slack does not accept SLACK_BOT_TOKEN: %w", err)
		}
		if err != nil {
			return false, err
		}
		if missing := b.slack.MissingScopes(); len(missing) > 0 {
			return true, fmt.Errorf("SLACK_BOT_TOKEN lacks the scopes %s: add them to the app, and install it again", strings.Join(missing, ", "))
		}
		return b.checkChannels(ctx)
	})
}

// checkChannels looks at the approvers' channel of every organization, each
// once.
func (b *bot) checkChannels(ctx context.Context) (hopeless bool, err error) {
	var refused []error
	checked := map[string]bool{}
	for _, o := range b.config.organizations {
		if checked[o.channel] {
			continue
		}
		checked[o.channel] = true
		err := b.slack.CheckChannel(ctx, o.channel)
		if wrong, ok := errors.AsType[*client.ChannelError](err); ok {
			refused = append(refused, fmt.Errorf("%s: %w", o.channelVariable, wrong))
		} else if err != nil {
			return false, err
		}
	}
	return len(refused) > 0, errors.Join(refused...)
}

// slackTransport goes through the proxy, unless another transport was set.
func (b *bot) slackTransport() http.RoundTripper {
	if b.transport == nil {
		return b.config.proxy.Transport()
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
		b.status.wait(what, whyNoAnswer(err))
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

// whyNoAnswer is what /readyz says of the error of a first contact: it names a
// proxy that stands in the way.
func whyNoAnswer(err error) string {
	if e, ok := errors.AsType[*proxy.Error](err); ok {
		return "it does not answer: " + e.Error()
	}
	return "it does not answer"
}
