package e2e

import (
	"errors"
	"regexp"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
)

// An act is something that a user does if their screen lets them. It reports
// whether they did.
type act func(w *crashRun, who string) bool

// click uses the newest button with that name that there is, of a menu with
// the value chosen.
func press(action string, value ...string) act {
	return func(w *crashRun, who string) bool {
		w.t.Helper()
		return w.click(who, action, func(slack.Message) bool { return true }, value...)
	}
}

// click clicks the newest button with that name of a message that fits.
func (w *crashRun) click(who, action string, fits func(slack.Message) bool, value ...string) (did bool) {
	w.t.Helper()
	w.each(who, func(in slack.Conversation, m slack.Message) bool {
		if !offers(m, action) || !fits(m) || w.people.only != "" && requestOf(m) != w.people.only {
			return true
		}
		if did = w.may(who+m.TS+action+m.Text+string(m.Blocks), action); !did {
			return false
		}
		if err := w.Slack.Click(w.ctx(), who, in.ID, m.TS, verbOf(action), value...); !errors.Is(err, slack.ErrCannot) {
			require.NoError(w.t, err)
		}
		return false
	})
	return did
}

// pressAtHome uses a button of the Home tab, and opens that until it is there.
func pressAtHome(action string) act {
	return func(w *crashRun, who string) bool {
		w.t.Helper()
		before := w.Slack.Screen(who)
		if offersButton(before.Home, action) {
			if !w.may(who+action, action) {
				return false
			}
			require.NoError(w.t, w.Slack.ClickInHome(w.ctx(), who, verbOf(action)))
			return true
		}
		if !w.may(who+"home", "home") {
			return false
		}
		require.NoError(w.t, w.Slack.OpenHome(w.ctx(), who))
		ctx, cancel := w.within(3 * time.Second)
		defer cancel()
		_, _ = w.Slack.Wait(ctx, who, func(s slack.Screen) bool { return string(s.Home) != string(before.Home) })
		return true
	}
}

// on narrows an act to the nth request of the flow, from 1.
func on(nth int, do act) act {
	return func(w *crashRun, who string) bool {
		w.t.Helper()
		if len(w.known) < nth {
			return false
		}
		w.people.only = w.known[nth-1]
		defer func() { w.people.only = "" }()
		return do(w, who)
	}
}

// after does something once it can be read that something is so, and until does
// it as long as it cannot.
func after(says string, do act) act {
	words := regexp.MustCompile(says)
	return func(w *crashRun, who string) bool { w.t.Helper(); return w.canRead(who, words) && do(w, who) }
}

func until(says string, do act) act {
	words := regexp.MustCompile(says)
	return func(w *crashRun, who string) bool { w.t.Helper(); return !w.canRead(who, words) && do(w, who) }
}

func (w *crashRun) canRead(who string, words *regexp.Regexp) (found bool) {
	w.each(who, func(_ slack.Conversation, m slack.Message) bool {
		found = words.MatchString(m.Text)
		return !found
	})
	return found
}

func either(first, second act) act {
	return func(w *crashRun, who string) bool { w.t.Helper(); return first(w, who) || second(w, who) }
}

// types is a slash command.
func types(command, text string) act {
	return func(w *crashRun, who string) bool {
		w.t.Helper()
		if !w.may(who+command+text, command) {
			return false
		}
		require.NoError(w.t, w.Slack.Command(w.ctx(), who, slack.General, command, text))
		return true
	}
}

// sends opens a modal and sends it filled in, until it is taken.
func sends(name string, opens act, callback string, fill filling) act {
	return func(w *crashRun, who string) bool {
		w.t.Helper()
		if w.people.taken[who+name] {
			return false
		}
		before := w.Slack.Screen(who)
		if before.Modal == nil {
			if !opens(w, who) {
				return false
			}
			w.awaitsModal(who, before)
			return true
		}
		if callbackOf(before.Modal) != callback || !w.may(who+name, name) {
			return false
		}
		values := fill(w, who)
		if values == nil { // the form does not look as it should: begin anew
			require.NoError(w.t, w.Slack.DismissModals(w.ctx(), who))
			return true
		}
		result, err := w.Slack.Submit(w.ctx(), who, values)
		require.NoError(w.t, err)
		if result.Outcome == slack.Closed {
			w.people.taken[who+name] = true
			if slices.Contains([]string{"form", "extend", "replace_access_list", "breakglass"}, callback) {
				w.people.asked++
			}
		}
		return true
	}
}

// A filling is what a user fills into a modal: block_id and action_id to value.
// It is nil if they cannot.
type filling func(w *crashRun, who string) map[string]map[string]slack.Value

func as(values map[string]map[string]slack.Value) filling {
	return func(*crashRun, string) map[string]map[string]slack.Value { return values }
}

// entered are texts, each after the name of its block; with adds a choice.
func entered(blocks ...string) map[string]map[string]slack.Value {
	values := map[string]map[string]slack.Value{}
	for i := 0; i < len(blocks); i += 2 {
		values[blocks[i]] = map[string]slack.Value{blocks[i]: slack.Text(blocks[i+1])}
	}
	return values
}

func with(values map[string]map[string]slack.Value, block string, choice ...string) map[string]map[string]slack.Value {
	values[block] = map[string]slack.Value{block: slack.Pick(choice...)}
	return values
}

// sawNothing says so once, of the first key that was handed over.
func sawNothing(w *crashRun, who string) bool {
	w.t.Helper()
	return w.click(who, "ready/replace", func(m slack.Message) bool {
		if w.people.replaced == "" {
			w.people.replaced = keyNamed(m)
		}
		return keyNamed(m) == w.people.replaced
	})
}

// saves is honest: of each request it says that the last key that was seen is
// saved, and of any other that it was not seen.
func saves(w *crashRun, who string) bool {
	w.t.Helper()
	handedOver := map[policy.ID]bool{}
	w.each(who, func(_ slack.Conversation, m slack.Message) bool {
		if offers(m, "ready/confirm") && w.isLastShown(m) {
			handedOver[requestOf(m)] = true
		}
		return true
	})
	if w.click(who, "key/confirm", func(m slack.Message) bool { return handedOver[requestOf(m)] && w.isLastShown(m) }) {
		return true
	}
	return w.click(who, "ready/confirm", w.isLastShown) ||
		!w.people.waiting && w.click(who, "ready/replace", func(m slack.Message) bool { return offers(m, "ready/confirm") && !w.isLastShown(m) })
}
