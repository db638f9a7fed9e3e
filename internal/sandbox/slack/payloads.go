package slack

import "fmt"

// verificationToken is what payloads carry in "token". It is long out of use;
// apps must not rely on it.
const verificationToken = "sandbox-verification-token"

func team() obj { return obj{"id": TeamID, "domain": "sandbox"} }

func (p Person) wire() obj {
	return obj{"id": p.ID, "username": p.Name, "name": p.Name, "team_id": p.TeamID}
}

// channelName is what payloads call a conversation.
func (r *room) channelName() string {
	switch {
	case r.kind != KindChannel:
		return "directmessage"
	case r.private:
		return "privategroup"
	default:
		return r.name
	}
}

// interactionOf is what all interaction payloads share.
func interactionOf(kind string, p Person) obj {
	return obj{
		"type": kind, "user": p.wire(), "team": team(), "api_app_id": AppID, "token": verificationToken,
		"enterprise": nil, "is_enterprise_install": false,
	}
}

// commandPayload is a slash command. Slack does not escape what was typed
// unless the manifest asks for it.
func (w *Workspace) commandPayload(p Person, r *room, command, typed string) obj {
	return obj{
		"token": verificationToken, "team_id": TeamID, "team_domain": "sandbox", "channel_id": r.id, "channel_name": r.channelName(),
		"user_id": p.ID, "user_name": p.Name, "command": command, "text": typed, "api_app_id": AppID,
		"response_url": w.newResponseURL(p.ID, r, nil), "trigger_id": w.newTrigger(p.ID),
	}
}

// clickPayload is the use of an element of a message. An ephemeral message is
// stored nowhere, so it does not come along.
func (w *Workspace) clickPayload(p Person, r *room, m *message, action obj) obj {
	o := interactionOf("block_actions", p)
	container := obj{"type": "message", "message_ts": m.ts, "channel_id": r.id, "is_ephemeral": m.ephemeral}
	if m.threadTS != "" {
		container["thread_ts"] = m.threadTS
	}
	o["container"], o["channel"] = container, obj{"id": r.id, "name": r.channelName()}
	o["trigger_id"], o["response_url"] = w.newTrigger(p.ID), w.newResponseURL(p.ID, r, m)
	o["state"] = obj{"values": w.messageForm(p.ID, m).values()}
	o["actions"] = []any{action}
	if !m.ephemeral {
		o["message"] = m.wire()
	}
	return o
}

// viewClickPayload is the use of an element of a modal or the Home tab.
func (w *Workspace) viewClickPayload(p Person, v *view, action obj) obj {
	o := interactionOf("block_actions", p)
	o["container"] = obj{"type": "view", "view_id": v.id}
	o["trigger_id"], o["view"], o["actions"] = w.newTrigger(p.ID), v.wire(), []any{action}
	return o
}

func (w *Workspace) submissionPayload(p Person, wire any) obj {
	o := interactionOf("view_submission", p)
	o["trigger_id"], o["view"], o["response_urls"] = w.newTrigger(p.ID), wire, []any{}
	return o
}

func (w *Workspace) closedPayload(p Person, wire any, cleared bool) obj {
	o := interactionOf("view_closed", p)
	o["view"], o["is_cleared"], o["response_urls"] = wire, cleared, []any{}
	return o
}

func (w *Workspace) optionsPayload(p Person, v *view, blockID, actionID, typed string) obj {
	o := interactionOf("block_suggestion", p)
	o["container"] = obj{"type": "view", "view_id": v.id}
	o["view"], o["block_id"], o["action_id"], o["value"] = v.wire(), blockID, actionID, typed
	return o
}

// homeOpenedPayload is the event; the view comes along once there is one.
func (w *Workspace) homeOpenedPayload(p Person) obj {
	event := obj{
		"type": "app_home_opened", "user": p.ID, "channel": w.appRoom(p.ID).id, "tab": "home", "event_ts": w.stamp(),
	}
	if v := w.homes[p.ID]; v != nil {
		event["view"] = v.wire()
	}
	return w.eventPayload(event)
}

func (w *Workspace) eventPayload(event obj) obj {
	return obj{
		"token": verificationToken, "team_id": TeamID, "api_app_id": AppID, "event": event, "type": "event_callback",
		"event_id": "Ev0" + w.random(capitals, 8), "event_time": w.opts.Now().Unix(), "is_ext_shared_channel": false,
		"event_context": fmt.Sprintf("1-%s-%s", event["type"], TeamID),
		"authorizations": []any{obj{
			"enterprise_id": nil, "team_id": TeamID, "user_id": BotUser, "is_bot": true, "is_enterprise_install": false,
		}},
	}
}
