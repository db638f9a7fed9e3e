package slack

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Finding is something that Slack accepts and the app should not do.
type Finding struct {
	At    time.Time `json:"at"`
	Kind  string    `json:"kind"`
	Where string    `json:"where"` // the call, "chat.postMessage"
	What  string    `json:"what"`  // never contains the secret itself
}

// The kinds of finding.
const (
	FoundSecret      = "secret"       // a secret outside an ephemeral's blocks
	FoundMention     = "live_mention" // what a person typed pings or links
	FoundUnescaped   = "unescaped"    // a < that starts nothing Slack knows
	FoundLinkNames   = "link_names"   // link_names is set
	FoundUnfurl      = "unfurl"       // unfurling is not switched off
	FoundNoText      = "no_text"      // blocks without text: nothing to read aloud
	FoundLongText    = "long_text"    // text beyond what Slack keeps or advises
	FoundReconnects  = "reconnects"   // more than 50 apps.connections.open a minute
	FoundUnsolicited = "unsolicited"  // an ephemeral that follows no action of its recipient
	FoundOptions     = "options"      // no good answer to block_suggestion
)

// solicited is how long after an action of a person an ephemeral message to
// them counts as an answer.
const solicited = 2 * time.Minute

// Findings lists the findings so far, oldest first.
func (w *Workspace) Findings() []Finding {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.found)
}

func (w *Workspace) find(kind, where, what string) {
	w.found = append(w.found, Finding{At: w.opts.Now(), Kind: kind, Where: where, What: what})
}

// inspect checks a call that Slack accepts. The caller holds mu.
func (w *Workspace) inspect(c *call, secrets []string) {
	switch c.name {
	case "chat.postMessage", "chat.update", "chat.postEphemeral":
		w.inspectMessage(c, secrets)
	case "views.open", "views.push", "views.update", "views.publish":
		w.inspectContent(c.name, c.view()["blocks"])
		w.seek(c.name, secrets, c.raw)
	default:
		w.seek(c.name, secrets, c.raw)
	}
}

func (w *Workspace) inspectMessage(c *call, secrets []string) {
	length := utf8.RuneCountInString(c.text())
	unfurls := c.str("unfurl_links") != "false" || c.str("unfurl_media") != "false"
	for _, it := range []struct {
		wrong      bool
		kind, what string
	}{
		{c.is("link_names"), FoundLinkNames, "link_names turns @name and #name in any text into live ones"},
		{c.name == "chat.postMessage" && unfurls, FoundUnfurl, "unfurl_links and unfurl_media are not both false"},
		{c.text() == "", FoundNoText, "there is no text for notifications and screen readers"},
		{c.name == "chat.postMessage" && length > editLimit, FoundLongText, "text has more than 4000 characters"},
	} {
		if it.wrong {
			w.find(it.kind, c.name, it.what)
		}
	}
	w.inspectMarkup(c.name, c.text())
	w.inspectContent(c.name, anyList(c.blocks()))
	if c.name == "chat.postEphemeral" {
		w.seekInNote(c.name, secrets, c.args)
		return
	}
	w.seek(c.name, secrets, c.raw)
}

// seekInNote looks for secrets in an ephemeral message. The texts of its blocks
// are the one place for them; what comes back with a click is not.
func (w *Workspace) seekInNote(where string, secrets []string, args obj) {
	for _, name := range sorted(args) {
		if name != "blocks" {
			w.seek(where, secrets, string(encode(args[name])))
		}
	}
	blocks := (&call{args: args}).blocks()
	eachString(blocks, "", func(name, s string) {
		if name != "text" {
			w.seek(where, secrets, s)
		}
	})
}

func (w *Workspace) seek(where string, secrets []string, in string) {
	for _, s := range secrets {
		if s != "" && strings.Contains(in, s) {
			w.find(FoundSecret, where, "a secret where it is stored, logged or shown to others")
		}
	}
}

// eachString visits every string in v with the name of the field it is in.
func eachString(v any, name string, visit func(name, s string)) {
	switch v := v.(type) {
	case string:
		visit(name, v)
	case []any:
		for _, it := range v {
			eachString(it, name, visit)
		}
	case obj:
		for _, field := range sorted(v) {
			eachString(v[field], field, visit)
		}
	}
}

// isUnsolicited reports an ephemeral message that follows no action of its reader.
func (w *Workspace) isUnsolicited(c *call) {
	s := w.sessions[c.str("user")]
	if s == nil || w.opts.Now().Sub(s.acted) > solicited {
		w.find(FoundUnsolicited, c.name, "ephemeral messages answer something the person just did")
	}
}
