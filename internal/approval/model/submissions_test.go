package model_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
)

// A sentForm form can be sent again.
type sentForm struct {
	who  policy.UserID
	wish string
}

func (f sentForm) isEmergency() bool { return strings.HasPrefix(f.wish, "emergency") }

// openAtMost keeps runs small: more requests at once are only slower.
const openAtMost = 5

// submitForm sends a new form, or one that was sent before.
func (tr *run) submitForm(t *rapid.T) {
	n := len(tr.forms)
	isNew := n == 0 || len(tr.among(isOpen)) < openAtMost && number(t, "form", 4) > 1
	if isNew {
		all := slices.Sorted(maps.Keys(wishes))
		tr.forms = append(tr.forms, sentForm{
			pick(t, "who", []policy.UserID{alice, alice, alice, carol, carol, dana, gil}),
			pick(t, "wish", append(all, "wide", "all", "ci", "projects", "emergency", "staging")),
		})
	} else {
		n = number(t, "again", n) - 1
	}
	tr.submit(n)
}

// submit sends the n-th form. Of one form there is one request, however often
// it is sent.
func (tr *run) submit(n int) approval.Request {
	f := tr.forms[n]
	w := wishes[f.wish]
	isForeseen, many := tr.isQuiet() && (tr.searchMoved == 0 || len(w.want.Projects) == 0), len(tr.known())
	against := tr.whyNotSubmit(f)
	filled := form(w.fill, func(to *policy.Form) { to.IdempotencyKey, to.Org = fmt.Sprintf("V%d", n), w.org })
	ask := tr.process.service.Submit
	if f.isEmergency() {
		ask = tr.process.service.BreakGlass
	}
	made := tr.countOne()
	r, err := ask(context.Background(), as(f.who), filled)
	made()
	tr.write("%s sends %q: %s %v", f.who, f.wish, r.ID, err)
	tr.recordSubmitAnswer(f, r, err)
	switch {
	case err == nil:
		require.Contains(tr.t, []policy.ID{"", r.ID}, tr.asked[n], "one form made two requests")
		tr.asked[n] = r.ID
		tr.checkAsked(f, r)
	case isForeseen && !errors.Is(err, service.ErrNoProjects):
		require.True(tr.t, isFor(err, against), "%q was not taken: %v, and not %v", f.wish, err, against)
	}
	if isForeseen && len(against) > 0 {
		require.Error(tr.t, err, "%+v, against which there is %v", f, against)
		require.Len(tr.t, tr.known(), many, "%+v was refused and made a request", f)
	}
	return r
}

// whyNotSubmit lists by hand what speaks against a form.
func (tr *run) whyNotSubmit(f sentForm) []error {
	w := wishes[f.wish]
	all := tr.whyNotMember(f.who)
	switch {
	case w.org == nowhere:
		return append(all, policy.ErrNoOrg)
	case f.isEmergency() && !tr.spec.mayBreakGlass(f.who, w.org):
		all = append(all, service.ErrBreakGlassNotAllowed)
	case !f.isEmergency() && slices.Contains(w.want.Roles, owners) && !tr.spec.isOf(platform, f.who):
		all = append(all, errMistake)
	}
	if w.mistaken {
		all = append(all, errMistake)
	}
	return all
}

func (tr *run) recordSubmitAnswer(f sentForm, r approval.Request, err error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	_, isMistake := errors.AsType[*policy.FormError](err)
	switch {
	case err == nil:
		tr.recordAnswer(snapshot{r.ID, approval.EventSubmit, f.who}, account{accepted: 1})
	case isAccident(err):
		tr.recordAnswer(snapshot{On: approval.EventSubmit, By: f.who}, account{unclear: 1})
	case !isMistake && !isRefusal(err) && !errors.Is(err, service.ErrNoProjects):
		tr.wrong = append(tr.wrong, fmt.Sprintf("%+v was answered with an error for which there is no sentence: %v", f, err))
	}
}

// checkAsked asserts that what was recorded is what was filled in. What it took
// is looked at when it is stored.
func (tr *run) checkAsked(f sentForm, r approval.Request) {
	want := wishes[f.wish].want
	got := tr.requestedAccess(r.ID)
	require.True(tr.t, isWithin(got, want) && isWithin(want, got), "%q became %+v", f.wish, got)
	require.Equal(tr.t, f.isEmergency(), r.BreakGlass)
	require.Equal(tr.t, wishes[f.wish].org, r.Org)
}

func (tr *run) requestedAccess(id policy.ID) policy.Access {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.wanted[id]
}

// breakGlassRequester is who took a key by break-glass.
func (tr *run) breakGlassRequester(id policy.ID) policy.UserID {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.broke[id]
}

// wasSent reports whether a form was sent before, and taken.
func (tr *run) wasSent(p click) bool {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for _, r := range tr.rows {
		if r.IdempotencyKey == p.origin() {
			return true
		}
	}
	return false
}
