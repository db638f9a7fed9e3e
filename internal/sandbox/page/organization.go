package page

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"atlaskeybot/internal/sandbox/atlas"
)

// organization is Atlas as its console shows it.
type organization struct {
	Name              string
	ID                string
	RequireAccessList bool
	Keys              []key // newest first, the bot's own apart
	Own               []key
	Events            []event // newest first
}

type key struct {
	atlas.Key
	Words []string // roles in words
	Age   string
}

type event struct {
	atlas.Event
	ID    string
	Words string
	Ago   string
}

// eventsShown is how much of the feed the page shows.
const eventsShown = 15

func observe(o Organization, now time.Time) organization {
	s := o.Snapshot()
	seen := organization{Name: s.Name, ID: s.ID, RequireAccessList: s.RequireAccessList}
	for _, k := range slices.Backward(s.Keys) {
		drawn := key{Key: k, Words: roleText(k.Roles), Age: age(now.Sub(k.Created))}
		if k.Own {
			seen.Own = append(seen.Own, drawn)
			continue
		}
		seen.Keys = append(seen.Keys, drawn)
	}
	all := o.Events()
	for i := len(all) - 1; i >= max(0, len(all)-eventsShown); i-- {
		seen.Events = append(seen.Events, drawEvent(i, all[i], now))
	}
	return seen
}

func drawEvent(i int, e atlas.Event, now time.Time) event {
	words := strings.TrimPrefix(e.Type, "API_KEY_")
	words = strings.ToLower(strings.ReplaceAll(words, "_", " "))
	return event{Event: e, ID: "event-" + strconv.Itoa(i), Words: words, Ago: age(now.Sub(e.At))}
}

// roleText turns ORG_READ_ONLY into "Org read only", with the project apart.
func roleText(roles []atlas.Role) []string {
	var all []string
	for _, r := range roles {
		words := strings.ToLower(strings.ReplaceAll(r.Name, "_", " "))
		if words != "" {
			words = strings.ToUpper(words[:1]) + words[1:]
		}
		all = append(all, words)
	}
	return all
}

// age says roughly how long ago something was.
func age(d time.Duration) string {
	words, _, _ := strings.Cut(span(d), ", ")
	return cmp.Or(words, "just now")
}

// span says a duration in days, hours and minutes; nothing if it is less.
func span(d time.Duration) string {
	var words []string
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, " d"}, {time.Hour, " h"}, {time.Minute, " min"}} {
		if n := int(d / unit.size); n > 0 {
			words = append(words, strconv.Itoa(n)+unit.name)
			d -= time.Duration(n) * unit.size
		}
	}
	return strings.Join(words, ", ")
}
