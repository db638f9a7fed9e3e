package client

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/proxy"
	"atlaskeybot/internal/secret"
	"atlaskeybot/internal/slackui/view"
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
	Channels map[policy.OrgID]string

	// KeysPages are Atlas's pages of the organizations' API keys: URLs. What has
	// none is told of without a link.
	KeysPages map[policy.OrgID]string

	Command string // the slash command, as in /atlas-key

	Log *slog.Logger
	Now func() time.Time

	// Transport carries every call to Slack; nil is [http.DefaultTransport].
	Transport http.RoundTripper

	// Proxy is how the WebSocket of Socket Mode gets out.
	Proxy proxy.Settings
}

// CallLimit bounds one call to Slack; what a person waits for is bounded more
// tightly where it is made.
const CallLimit = 10 * time.Second

// Slack is a workspace that accepted our token.
type Slack struct {
	Config Config
	API    *slack.Client
	Client *http.Client

	channels *channels
	troubles *troubles
	names    *names

	Team       string   // our workspace, as in T0123456789
	Enterprise string   // its organization in Enterprise Grid, or empty
	BotUser    string   // our own user id
	URL        string   // of the workspace, for people
	Scopes     []string // that the token has; nil if Slack did not say
}

// Connect asks Slack who we are. Its error is a *[approval.CallError]: with verdict
// Refused the token is no good, else it may be tried again.
func Connect(ctx context.Context, c Config) (*Slack, error) {
	client := &http.Client{Transport: answers{&RetryAfterReader{Next: c.Transport, Now: c.Now}}, Timeout: CallLimit, CheckRedirect: NoRedirects}
	s := &Slack{Config: c, Client: client, API: NewAPI(c, client), troubles: newTroubles(c.Log), names: newNames()}
	s.channels = newChannels(s)
	me, err := s.API.AuthTestContext(ctx)
	if err != nil {
		return nil, CallError(err)
	}
	if me.TeamID == "" || me.UserID == "" {
		return nil, MalformedResponse("auth.test")
	}
	s.Team, s.Enterprise, s.BotUser, s.URL = me.TeamID, me.EnterpriseID, me.UserID, me.URL
	if scopes := me.Header.Get("X-Oauth-Scopes"); scopes != "" {
		s.Scopes = strings.Split(strings.ReplaceAll(scopes, " ", ""), ",")
	}
	return s, nil
}

// NewAPI never retries and never debugs. The worker tries a drawing again by
// itself, a person is told at once, and a message sent twice cannot be taken
// back; debugging would log whole bodies, private keys included.
func NewAPI(c Config, client *http.Client) *slack.Client {
	return slack.New(c.Token.Reveal(),
		slack.OptionAPIURL(c.APIURL),
		slack.OptionAppLevelToken(c.AppToken.Reveal()),
		slack.OptionHTTPClient(client),
	)
}

// NoRedirects makes an HTTP client follow none.
func NoRedirects(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

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
	return &Directory{slack: s, accounts: newAccounts(s.Config.Now), groups: map[policy.GroupID]*group{}}
}

// Messenger shows requests of these organizations in the workspace.
func (s *Slack) Messenger(orgs policy.Orgs) *Messenger {
	return &Messenger{slack: s, Views: view.Screens{
		Orgs:      orgs,
		Channels:  s.Config.Channels,
		KeysPages: s.Config.KeysPages,
		Command:   s.Config.Command,
		TabIsOff:  s.troubles.tabIsOff,
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
