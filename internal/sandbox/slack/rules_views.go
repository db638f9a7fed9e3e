package slack

// Which methods a rule is for.
var (
	viewing   = []string{"views.open", "views.push", "views.update", "views.publish"}
	modal     = []string{"views.open", "views.push", "views.update"}
	triggered = []string{"views.open", "views.push"}
	updating  = []string{"views.update"}
	hashed    = []string{"views.update", "views.publish"}
	home      = []string{"views.publish"}
)

const (
	viewLimit  = 250_000 // bytes
	stackLimit = 3
)

var viewRules = []Rule{
	{"view_too_large", "a view has at most 250 kB", methodPage, viewing, func(c *call) bool {
		v, _ := c.decode("view")
		return len(encode(v)) > viewLimit
	}},
	{"invalid_arguments", "the view is JSON", guess, viewing, func(c *call) bool {
		_, ok := c.decode("view")
		return c.warn(!ok, "[ERROR] failed to match all allowed schemas [json-pointer:/view]")
	}},
	{"invalid_arguments", "a modal follows Block Kit", modalPage, modal, func(c *call) bool {
		v, _ := c.decode("view")
		c.problems = checkView(c.w.opts.AppName, onModal, v)
		return c.problems != nil
	}},
	{"invalid_arguments", "a Home view follows Block Kit", blockPages, home, func(c *call) bool {
		v, _ := c.decode("view")
		c.problems = checkView(c.w.opts.AppName, onHome, v)
		return c.problems != nil
	}},
	{"invalid_arguments", "opening a view takes a trigger", methodPage, triggered, func(c *call) bool {
		return c.warn(!c.has("trigger_id"), "invalid `trigger_id`")
	}},
	{"invalid_trigger_id", "Slack gave the trigger out", methodPage, triggered, func(c *call) bool { return c.trigger() == nil }},
	{"exchanged_trigger_id", "a trigger opens one view", interaction, triggered, func(c *call) bool { return c.trigger().spent }},
	{"expired_trigger_id", "a trigger lives three seconds", interaction, triggered, func(c *call) bool {
		return c.w.opts.Now().Sub(c.trigger().at) > triggerLife
	}},
	{"invalid_arguments", "a Home view is for a user of this workspace", methodPage, home, func(c *call) bool {
		p := c.w.people[c.str("user_id")]
		return c.warn(p == nil || p.Deleted || p.stranger(), "invalid `user_id`")
	}},
	{"not_enabled", "the Home tab is on", methodPage, home, func(c *call) bool { return c.w.homeOff }},
	{"not_found", "the view to update is open", methodPage, updating, func(c *call) bool { return c.existing() == nil }},
	{"hash_conflict", "the hash is that of the view as it is now", methodPage, hashed, func(c *call) bool {
		v := c.existing()
		return c.has("hash") && (v == nil || v.hash != c.str("hash"))
	}},
	{"duplicate_external_id", "an external_id names one view", methodPage, viewing, func(c *call) bool {
		src, _ := c.decode("view")
		id, _ := src.(obj)["external_id"].(string)
		other := c.w.external(id)
		return id != "" && other != nil && other != c.existing()
	}},
	{"not_found", "a view is pushed on an open one", methodPage, []string{"views.push"}, func(c *call) bool {
		return len(c.w.stacks[c.trigger().user]) == 0
	}},
	{"push_limit_reached", "at most three views are stacked", methodPage, []string{"views.push"}, func(c *call) bool {
		return len(c.w.stacks[c.trigger().user]) >= stackLimit
	}},
}

func (c *call) trigger() *trigger { return c.w.triggers[c.str("trigger_id")] }

// existing is the view an update or a publish replaces, or nil.
func (c *call) existing() *view {
	switch {
	case c.name == "views.publish":
		return c.w.homes[c.str("user_id")]
	case c.name != "views.update":
		return nil
	case c.has("view_id"):
		return c.w.views[c.str("view_id")]
	default:
		return c.w.external(c.str("external_id"))
	}
}

// external finds a view by the app's own id for it.
func (w *Workspace) external(id string) *view {
	for _, v := range w.views {
		if id != "" && v.src["external_id"] == id {
			return v
		}
	}
	return nil
}
