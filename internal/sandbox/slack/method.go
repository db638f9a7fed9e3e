package slack

// method is a row of the Web API's table.
type method struct {
	json     bool     // accepts a JSON body
	app      bool     // wants the app-level token
	scopes   []string // all needed
	tier     int      // calls a minute
	required []string
	do       func(*Workspace, *call) obj
}

// Calls a minute that Slack's tiers allow. "Special" tiers are generous.
const (
	tier2   = 20
	tier3   = 50
	tier4   = 100
	special = 300
)

// methods is what this workspace serves; everything else is unknown_method.
// From the method pages of docs.slack.dev, August 2026.
var methods = map[string]*method{
	"auth.test":             {json: true, tier: special, do: (*Workspace).authTest},
	"apps.connections.open": {json: true, app: true, tier: tier3, do: (*Workspace).openConnection},

	"chat.postMessage":   {json: true, scopes: []string{"chat:write"}, tier: special, required: []string{"channel"}, do: (*Workspace).postMessage},
	"chat.postEphemeral": {json: true, scopes: []string{"chat:write"}, tier: tier4, required: []string{"channel", "user"}, do: (*Workspace).postEphemeral},
	"chat.update":        {json: true, scopes: []string{"chat:write"}, tier: tier3, required: []string{"channel", "ts"}, do: (*Workspace).updateMessage},
	"chat.delete":        {json: true, scopes: []string{"chat:write"}, tier: tier3, required: []string{"channel", "ts"}, do: (*Workspace).deleteMessage},

	"conversations.open":    {json: true, scopes: []string{"im:write"}, tier: tier3, do: (*Workspace).openConversation},
	"conversations.info":    {tier: tier3, required: []string{"channel"}, do: (*Workspace).conversationInfo},
	"conversations.members": {tier: tier4, required: []string{"channel"}, do: (*Workspace).conversationMembers},

	"users.info":            {scopes: []string{"users:read"}, tier: tier4, required: []string{"user"}, do: (*Workspace).userInfo},
	"bots.info":             {scopes: []string{"users:read"}, tier: tier3, do: (*Workspace).botInfo},
	"team.info":             {json: true, scopes: []string{"team:read"}, tier: tier3, do: (*Workspace).teamInfo},
	"usergroups.list":       {scopes: []string{"usergroups:read"}, tier: tier2, do: (*Workspace).groupList},
	"usergroups.users.list": {scopes: []string{"usergroups:read"}, tier: tier2, required: []string{"usergroup"}, do: (*Workspace).groupMembers},

	"views.open":    {json: true, tier: tier4, required: []string{"view"}, do: (*Workspace).openView},
	"views.push":    {json: true, tier: tier4, required: []string{"view"}, do: (*Workspace).pushView},
	"views.update":  {json: true, tier: tier4, required: []string{"view"}, do: (*Workspace).updateView},
	"views.publish": {json: true, tier: tier4, required: []string{"view"}, do: (*Workspace).publishView},
}

// needs lists the scopes a call needs. For conversations they depend on the
// kind of conversation.
func (c *call) needs() []string {
	if c.name != "conversations.info" && c.name != "conversations.members" {
		return c.method.scopes
	}
	r := c.w.rooms[c.str("channel")]
	switch {
	case r == nil || !r.private:
		return []string{"channels:read"}
	case r.kind == KindChannel:
		return []string{"groups:read"}
	default:
		return []string{"im:read"}
	}
}
