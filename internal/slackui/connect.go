package slackui

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/proxy"
	"atlaskeybot/internal/secret"
)

// Config is what is needed to talk to one Slack workspace.
type Config struct {
	Token         secret.Secret // xoxb-, of the bot
	AppToken      secret.Secret // xapp-, for the Socket Mode door; may be empty
	SigningSecret secret.Secret // for the HTTP door; may be empty

	// APIURL is where the Web API is, and ends in a slash, as in
	// https://slack.com/api/.
	APIURL string

	// Channels are the approvers' channels of the organizations: ids, as in
	// C0123456789.
	Channels map[approval.OrgID]string

	// KeysPages are Atlas's pages of the organizations' API keys: URLs. What has
	// none is told of without a link.
	KeysPages map[approval.OrgID]string

	Command string // the slash command, as in /atlas-key

	Log *slog.Logger
	Now func() time.Time

	// Transport carries every call to Slack; nil is [http.DefaultTransport].
	Transport http.RoundTripper

	// Proxy is how the WebSocket of Socket Mode gets out.
	Proxy proxy.Settings
}

// callLimit bounds one call to Slack; what a person waits for is bounded more
// tightly where it is made.
const callLimit = 10 * time.Second

// Slack is a workspace that accepted our token.
type Slack struct {
	config Config
	API    *slack.Client
	client *http.Client

	channels *channels
	troubles *troubles

	Team       string   // our workspace, as in T0123456789
	Enterprise string   // its organization in Enterprise Grid, or empty
	BotUser    string   // our own user id
	URL        string   // of the workspace, for people
	Scopes     []string // that the token has; nil if Slack did not say
}

// Connect asks Slack who we are. Its error is a *[approval.CallError]: with verdict
// Refused the token is no good, else it may be tried again.
func Connect(ctx context.Context, c Config) (*Slack, error) {
	client := &http.Client{Transport: answers{&retryAfterReader{next: c.Transport, now: c.Now}}, Timeout: callLimit, CheckRedirect: noRedirects}
	s := &Slack{config: c, client: client, API: newAPI(c, client), troubles: newTroubles(c.Log)}
	s.channels = newChannels(s)
	me, err := s.API.AuthTestContext(ctx)
	if err != nil {
		return nil, callError(err)
	}
	if me.TeamID == "" || me.UserID == "" {
		return nil, malformedResponse("auth.test")
	}
	s.Team, s.Enterprise, s.BotUser, s.URL = me.TeamID, me.EnterpriseID, me.UserID, me.URL
	if scopes := me.Header.Get("X-Oauth-Scopes"); scopes != "" {
		s.Scopes = strings.Split(strings.ReplaceAll(scopes, " ", ""), ",")
	}
	return s, nil
}

// newAPI never retries and never debugs. The worker tries a drawing again by
// itself, a person is told at once, and a message sent twice cannot be taken
// back; debugging would log whole bodies, private keys included.
func newAPI(c Config, client *http.Client) *slack.Client {
	return slack.New(c.Token.Reveal(),
		slack.OptionAPIURL(c.APIURL),
		slack.OptionAppLevelToken(c.AppToken.Reveal()),
		slack.OptionHTTPClient(client),
	)
}

func noRedirects(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// MissingScopes lists what the token may not do although the bot needs it.
func (s *Slack) MissingScopes() []string {
	have := map[string]bool{}
	for _, scope := range s.Scopes {
		have[scope] = true
	}
	var missing []string
	for _, scope := range Scopes {
		if len(have) > 0 && !have[scope.Name] {
			missing = append(missing, scope.Name)
		}
	}
	return missing
}

// Directory is the workspace as the domain asks it about people.
func (s *Slack) Directory() *Directory {
	return &Directory{slack: s, accounts: newAccounts(s.config.Now), groups: map[approval.GroupID]*group{}}
}

// Messenger shows requests of these organizations in the workspace.
func (s *Slack) Messenger(orgs approval.Orgs) *Messenger {
	return &Messenger{slack: s, views: Screens{
		orgs:      orgs,
		channels:  s.config.Channels,
		keysPages: s.config.KeysPages,
		command:   s.config.Command,
		troubles:  s.troubles,
	}}
}

// loopback reports whether u stays on this machine.
func loopback(u *url.URL) bool {
	switch u.Hostname() {
	case "localhost", "127.0.0.1", "::1":
		return true
	}
	return false
}
