package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/atlas"
	"atlaskeybot/internal/backoff"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/preflight"
	"atlaskeybot/internal/proxy"
	"atlaskeybot/internal/slackui/client"
)

const (
	// minRetryWait and maxRetryWait lie between two tries to reach Atlas or Slack.
	minRetryWait = time.Second
	maxRetryWait = 30 * time.Second

	// maxRefusedLogins is how often Atlas has to refuse a credential before the
	// start is aborted: Atlas has been seen to refuse a good one once.
	maxRefusedLogins = 3
)

// connectAtlas checks the bot's credential in every organization. Credentials that
// are refused abort the start, all of them together; an Atlas that does not answer
// is waited for.
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

// connectOrganization tries a credential that is refused a few times before it
// believes the answer.
func (b *App) connectOrganization(ctx context.Context, o config.Organization, api *atlas.Client) error {
	refusals := 0
	return b.retryUntilReady(ctx, "atlas", func() (bool, error) {
		permanent, err := b.probes().Atlas(ctx, o, api)
		if p, ok := errors.AsType[*preflight.Problem](err); ok && p.MayBeStray() {
			refusals++
			permanent = refusals >= maxRefusedLogins
		}
		return permanent, err
	})
}

// connectSlack checks the token, its scopes, and the approvers' channels.
func (b *App) connectSlack(ctx context.Context) error {
	transport := b.slackTransport()
	connect := func(ctx context.Context) (*client.Slack, error) {
		return client.Connect(ctx, client.Config{
			Token: b.Config.SlackBotToken, AppToken: b.Config.SlackAppToken, SigningSecret: b.Config.SlackSigningSecret,
			APIURL: b.Config.SlackAPIURL, Channels: b.Config.Channels(), KeysPages: b.Config.KeysPages(), Command: b.Config.SlackCommand,
			Log: b.Log, Now: b.Now, Transport: transport, Proxy: b.Config.Proxy,
		})
	}
	return b.retryUntilReady(ctx, "slack", func() (permanent bool, err error) {
		b.slack, permanent, err = b.probes().Slack(ctx, connect)
		return permanent, err
	})
}

// probes are those that 'atlas-key-bot check' runs, too.
func (b *App) probes() preflight.Start {
	return preflight.Start{Config: b.Config, Now: b.Now}
}

// slackTransport returns the transport through the proxy, unless another is set.
func (b *App) slackTransport() http.RoundTripper {
	if b.Transport == nil {
		return b.Config.Proxy.Transport()
	}
	return b.Transport
}

// retryUntilReady tries until there is no error, the error is permanent, or ctx
// ends.
func (b *App) retryUntilReady(ctx context.Context, what string, try func() (permanent bool, err error)) error {
	defer b.ready.SetReady(what)
	for tries := 1; ; tries++ {
		permanent, err := try()
		if err == nil || permanent {
			return err
		}
		b.ready.SetPending(what, connectProblem(err))
		pause := backoff.Exponential(minRetryWait, maxRetryWait, tries)
		b.Log.Warn("waiting for the other side", "side", what, "again_in", pause.String(), "error", err)
		if err := backoff.Sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// connectProblem is the text of /readyz for an error of a first call. It names a
// proxy that refuses.
func connectProblem(err error) string {
	if e, ok := errors.AsType[*proxy.Error](err); ok {
		return "it does not answer: " + e.Error()
	}
	return "it does not answer"
}
