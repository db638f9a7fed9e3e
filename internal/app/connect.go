package app

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
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/proxy"
	"atlaskeybot/internal/slackui/client"
)

const (
	// minRetryWait and maxRetryWait lie between two tries to reach Atlas or Slack.
	minRetryWait = time.Second
	maxRetryWait = 30 * time.Second

	// maxRefusedLogins is how often Atlas may refuse the credential before it is
	// believed: a stray 401 on a good credential has been seen.
	maxRefusedLogins = 3
)

// connectAtlas checks the bot's own credential in every organization. Refused ones
// end the start, all of them at once; an Atlas that does not answer is waited
// for.
func (b *App) connectAtlas(ctx context.Context) error {
	b.atlas = map[policy.OrgID]*atlas.Client{}
	var refused []error
	for _, o := range b.Config.Organizations {
		api, err := atlas.New(atlas.Config{
			BaseURL: b.Config.AtlasBaseURL, OrgID: string(o.ID), Now: b.Now, Log: b.Log,
			HTTP: b.Transport, Proxy: b.Config.Proxy, Sleep: b.Sleep,
			Login: atlas.Digest{PublicKey: o.PublicKey, PrivateKey: o.PrivateKey},
		})
		if err != nil {
			return fmt.Errorf("connecting to Atlas: %w", err)
		}
		b.atlas[o.ID] = api
		if err := b.connectOrganization(ctx, o, api); ctx.Err() != nil {
			return err
		} else if err != nil {
			refused = append(refused, err)
		}
	}
	return errors.Join(refused...)
}

func (b *App) connectOrganization(ctx context.Context, o config.Organization, api *atlas.Client) error {
	refusals := 0
	return b.retryUntilReady(ctx, "atlas", func() (bool, error) {
		who, err := api.Status(ctx)
		kind := atlas.KindOf(err)
		if kind == atlas.InvalidCredential {
			refusals++
		}
		switch {
		case err == nil && len(who.Roles) > 0 && !slices.Contains(who.Roles, "ORG_OWNER"):
			return true, fmt.Errorf("the key in %s has the roles %s in the organization: making keys needs ORG_OWNER", o.Variable("ATLAS_PUBLIC_KEY"), strings.Join(who.Roles, ", "))
		case kind == atlas.Permanent || kind == atlas.Gone || refusals >= maxRefusedLogins:
			return true, fmt.Errorf("atlas does not accept %s and %s: %w", o.Variable("ATLAS_PUBLIC_KEY"), o.Variable("ATLAS_PRIVATE_KEY"), err)
		case err == nil && len(b.Config.Organizations) > 1:
			return b.verifyOrg(ctx, o, api)
		}
		return false, err
	})
}

// verifyOrg finds credentials that were swapped between organizations: Atlas
// accepts them, and says so only when it is asked about the organization.
func (b *App) verifyOrg(ctx context.Context, o config.Organization, api *atlas.Client) (hopeless bool, err error) {
	_, err = api.Organization(ctx)
	switch atlas.KindOf(err) {
	case atlas.InvalidCredential, atlas.Permanent, atlas.Gone:
		return true, fmt.Errorf("the key in %s is not of the organization in %s: %w", o.Variable("ATLAS_PUBLIC_KEY"), o.Variable("ATLAS_ORG_ID"), err)
	}
	return false, err
}

// connectSlack checks the token and the approvers' channels.
func (b *App) connectSlack(ctx context.Context) error {
	transport := b.slackTransport()
	return b.retryUntilReady(ctx, "slack", func() (bool, error) {
		var err error
		b.slack, err = client.Connect(ctx, client.Config{
			Token: b.Config.SlackBotToken, AppToken: b.Config.SlackAppToken, SigningSecret: b.Config.SlackSigningSecret,
			APIURL: b.Config.SlackAPIURL, Channels: b.Config.Channels(), KeysPages: b.Config.KeysPages(), Command: b.Config.SlackCommand,
			Log: b.Log, Now: b.Now, Transport: transport, Proxy: b.Config.Proxy,
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
func (b *App) checkChannels(ctx context.Context) (hopeless bool, err error) {
	var refused []error
	checked := map[string]bool{}
	for _, o := range b.Config.Organizations {
		if checked[o.Channel] {
			continue
		}
		checked[o.Channel] = true
		err := b.slack.CheckChannel(ctx, o.Channel)
		if wrong, ok := errors.AsType[*client.ChannelError](err); ok {
			refused = append(refused, fmt.Errorf("%s: %w", o.ChannelVariable, wrong))
		} else if err != nil {
			return false, err
		}
	}
	return len(refused) > 0, errors.Join(refused...)
}

// slackTransport goes through the proxy, unless another transport was set.
func (b *App) slackTransport() http.RoundTripper {
	if b.Transport == nil {
		return b.Config.Proxy.Transport()
	}
	return b.Transport
}

// retryUntilReady tries until it works, it is hopeless, or ctx ends.
func (b *App) retryUntilReady(ctx context.Context, what string, try func() (hopeless bool, err error)) error {
	defer b.readiness.SetReady(what)
	for pause := minRetryWait; ; pause = min(2*pause, maxRetryWait) {
		hopeless, err := try()
		if err == nil || hopeless {
			return err
		}
		b.readiness.SetPending(what, connectProblem(err))
		b.Log.Warn("waiting for the other side", "side", what, "again_in", pause.String(), "error", err)
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// connectProblem is what /readyz says of the error of a first contact: it names a
// proxy that stands in the way.
func connectProblem(err error) string {
	if e, ok := errors.AsType[*proxy.Error](err); ok {
		return "it does not answer: " + e.Error()
	}
	return "it does not answer"
}
