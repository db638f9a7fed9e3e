package client

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// A Scope is a permission that the bot asks of Slack.
type Scope struct {
	Name string
	Why  string
}

// Scopes are all that the bot needs, and no more.
var Scopes = []Scope{
	{"commands", "the slash command"},
	{"chat:write", "the card, the messages to the requester, and the one with the key"},
	{"users:read", "who presses: a member, a guest, a stranger, deactivated"},
	{"usergroups:read", "approvers that are named as a user group"},
	{"channels:read", "that the approvers' channel is there and not shared with others"},
	{"groups:read", "the same, if it is private"},
}

// A Transport is how Slack reaches the bot. It is set per app at Slack, not per
// process.
type Transport string

const (
	SocketModeTransport Transport = "socket"
	HTTPTransport       Transport = "http"
)

type manifest struct {
	Metadata struct {
		MajorVersion int `json:"major_version"`
	} `json:"_metadata"`
	Display struct {
		Name        string `json:"name"`
		Description string `json:"description"`
		Background  string `json:"background_color"`
	} `json:"display_information"`
	Features struct {
		Home struct {
			Home     bool `json:"home_tab_enabled"`
			Messages bool `json:"messages_tab_enabled"`
			ReadOnly bool `json:"messages_tab_read_only_enabled"`
		} `json:"app_home"`
		Bot struct {
			Name   string `json:"display_name"`
			Online bool   `json:"always_online"`
		} `json:"bot_user"`
		Commands []manifestCommand `json:"slash_commands"`
	} `json:"features"`
	OAuth struct {
		Scopes struct {
			Bot []string `json:"bot"`
		} `json:"scopes"`
	} `json:"oauth_config"`
	Settings struct {
		Interactivity struct {
			Enabled bool   `json:"is_enabled"`
			URL     string `json:"request_url,omitempty"`
			Options string `json:"message_menu_options_url,omitempty"`
		} `json:"interactivity"`
		Events struct {
			URL string   `json:"request_url,omitempty"`
			Bot []string `json:"bot_events"`
		} `json:"event_subscriptions"`
		OrgDeploy bool `json:"org_deploy_enabled"`
		Socket    bool `json:"socket_mode_enabled"`
		Rotation  bool `json:"token_rotation_enabled"`
	} `json:"settings"`
}

type manifestCommand struct {
	Command     string `json:"command"`
	Description string `json:"description"`
	Usage       string `json:"usage_hint"`
	Escape      bool   `json:"should_escape"`
	URL         string `json:"url,omitempty"`
}

// Manifest is the Slack app that the bot needs, as JSON to paste where Slack
// creates an app from a manifest. baseURL is where Slack reaches the HTTP door,
// as in https://bot.example.com; the Socket Mode door needs none.
func Manifest(door Transport, command, baseURL string) (string, error) {
	if len(command) < 2 || len(command) > 32 || command[0] != '/' || strings.ContainsAny(command, " \t\n") {
		return "", fmt.Errorf("the command is %q; it must be one word of at most 32 characters that begins with a slash", command)
	}
	if u, err := url.Parse(baseURL); door == HTTPTransport && (err != nil || u.Scheme != "https" || u.Host == "") {
		return "", fmt.Errorf("the address is %q; Slack calls only https addresses, as in https://bot.example.com", baseURL)
	}
	text, err := json.MarshalIndent(newManifest(door, command, strings.TrimRight(baseURL, "/")), "", "  ")
	if err != nil {
		return "", fmt.Errorf("encoding the manifest: %w", err)
	}
	return string(text) + "\n", nil
}

func newManifest(door Transport, command, baseURL string) manifest {
	c := manifestCommand{Command: command, Description: "Ask for a MongoDB Atlas API key", Usage: "[list | pending | revoke AKR-… | emergency | help]"}
	var m manifest
	m.Metadata.MajorVersion = 1
	m.Display.Name, m.Display.Description, m.Display.Background = "Atlas Key Bot", "Request MongoDB Atlas API keys with approval", "#00684A"
	// Messages must be on, or no message can be sent; read only, so that no user
	// pastes a secret there.
	m.Features.Home.Home, m.Features.Home.Messages, m.Features.Home.ReadOnly = true, true, true
	m.Features.Bot.Name, m.Features.Bot.Online = "atlas-key-bot", true
	for _, s := range Scopes {
		m.OAuth.Scopes.Bot = append(m.OAuth.Scopes.Bot, s.Name)
	}
	m.Settings.Interactivity.Enabled = true
	m.Settings.Events.Bot = []string{"app_home_opened"} // needs no scope
	m.Settings.Socket = door == SocketModeTransport
	if door == HTTPTransport {
		c.URL = baseURL + "/slack/commands"
		m.Settings.Events.URL = baseURL + "/slack/events"
		m.Settings.Interactivity.URL = baseURL + "/slack/interactions"
		m.Settings.Interactivity.Options = baseURL + "/slack/options"
	}
	m.Features.Commands = []manifestCommand{c}
	return m
}
