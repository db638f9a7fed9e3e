package slack

import "slices"

// view is a modal or a Home tab as Slack keeps it.
type view struct {
	id, owner      string
	root, previous string
	hash           string
	src            obj                         // as the app gave it, defaults filled in
	entered        map[string]map[string]Value // block_id, action_id: what the person filled in
	offered        map[elementRef][]obj        // of an external select: options the app suggested
	errors         map[string]string
	trouble        string
}

// newView takes over what the app sent. It keeps nothing open yet.
func (w *Workspace) newView(owner string, src obj) *view {
	v := &view{id: "V0" + w.random(capitals, 9), owner: owner}
	v.root = v.id
	w.replace(v, src)
	return v
}

// replace gives a view new content; see carry for the values that stay.
func (w *Workspace) replace(v *view, src obj) {
	blocks, _ := src["blocks"].([]any)
	src = deepCopy(src).(obj)
	src["blocks"] = normal(blocks, w.elementID)
	fillTexts([]any{src["title"], src["submit"], src["close"]})
	f := carry(v.form(), objects(src["blocks"]))
	v.src, v.entered, v.offered = src, f.entered, f.offered
	v.hash, v.errors, v.trouble = w.stamp()+"."+w.random(hexadecimal, 8), nil, ""
	w.changed()
}

func (v *view) blocks() []obj { return objects(v.src["blocks"]) }

// wire is the view as Slack hands it out.
func (v *view) wire() obj {
	o := obj{
		"id": v.id, "team_id": TeamID, "type": v.src["type"], "blocks": v.src["blocks"], "hash": v.hash,
		"private_metadata": text(v.src["private_metadata"]), "callback_id": text(v.src["callback_id"]), "external_id": text(v.src["external_id"]),
		"title": v.src["title"], "submit": v.src["submit"], "close": v.src["close"],
		"clear_on_close": v.src["clear_on_close"] == true, "notify_on_close": v.src["notify_on_close"] == true,
		"state": obj{"values": v.form().values()}, "root_view_id": v.root, "previous_view_id": nil,
		"app_id": AppID, "app_installed_team_id": TeamID, "bot_id": BotID,
	}
	if v.previous != "" {
		o["previous_view_id"] = v.previous
	}
	if o["type"] == string(onHome) {
		o["title"] = obj{"type": "plain_text", "text": "View Title", "emoji": true}
	}
	return o
}

func (w *Workspace) openView(c *call) obj {
	user := c.spendTrigger()
	w.closeAll(user)
	v := w.newView(user, c.view())
	w.push(v)
	return obj{"view": v.wire()}
}

func (w *Workspace) pushView(c *call) obj {
	v := w.newView(c.spendTrigger(), c.view())
	w.push(v)
	return obj{"view": v.wire()}
}

func (w *Workspace) updateView(c *call) obj {
	v := c.existing()
	w.replace(v, c.view())
	return obj{"view": v.wire()}
}

func (w *Workspace) publishView(c *call) obj {
	user := c.str("user_id")
	v := c.existing()
	if v == nil {
		v = w.newView(user, c.view())
		w.homes[user] = v
	} else {
		w.replace(v, c.view())
	}
	return obj{"view": v.wire()}
}

// push puts a modal on top of its owner's screen.
func (w *Workspace) push(v *view) {
	if under := w.top(v.owner); under != nil {
		v.previous, v.root = under.id, under.root
	}
	w.views[v.id] = v
	w.stacks[v.owner] = append(w.stacks[v.owner], v.id)
	w.changed()
}

// top is the modal a person looks at, or nil.
func (w *Workspace) top(user string) *view {
	stack := w.stacks[user]
	if len(stack) == 0 {
		return nil
	}
	return w.views[stack[len(stack)-1]]
}

// closeView takes one modal off its owner's screen.
func (w *Workspace) closeView(v *view) {
	delete(w.views, v.id)
	w.stacks[v.owner] = slices.DeleteFunc(w.stacks[v.owner], func(id string) bool { return id == v.id })
	w.changed()
}

func (w *Workspace) closeAll(user string) {
	for _, id := range w.stacks[user] {
		delete(w.views, id)
	}
	delete(w.stacks, user)
	w.changed()
}

// spendTrigger uses the trigger up and says on whose screen the view opens. A
// refused call does not get here: its trigger can be used again.
func (c *call) spendTrigger() string {
	t := c.trigger()
	t.spent = true
	return t.user
}

func (c *call) view() obj {
	v, _ := c.decode("view")
	return v.(obj)
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func objects(v any) []obj {
	items, _ := v.([]any)
	list := make([]obj, 0, len(items))
	for _, it := range items {
		if o, ok := it.(obj); ok {
			list = append(list, o)
		}
	}
	return list
}
