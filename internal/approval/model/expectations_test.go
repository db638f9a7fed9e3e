package model_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// A expectations is what the model knows of every request from having seen each of
// its changes.
type expectations struct {
	rows      map[policy.ID]approval.Request
	allowed   map[policy.ID]string                        // why the request was: "approved", "by rule", "break-glass"
	wanted    map[policy.ID]policy.Access                 // as it was asked for
	broke     map[policy.ID]policy.UserID                 // who took it by break-glass
	pressed   map[policy.ID]snapshot                      // who last pressed for a key
	openSince map[policy.ID]time.Time                     // it can be collected
	listed    map[policy.ID]map[approval.MessageName]bool // ever
	reminded  map[policy.ID]int                           // since its end moved
	began     map[policy.ID]time.Time                     // when the first key that was delivered was created
	owners    map[policy.ID][]policy.UserID               // who has had it
	scheduled map[string]bool                             // successors, as in the note, whose predecessor was told to expire
	alone     map[policy.ID]bool                          // who last handed it over could alone approve it
	endSince  map[policy.ID]time.Time                     // its end is where it is, and it has an owner
}

func newExpectations() expectations {
	return expectations{
		rows: map[policy.ID]approval.Request{}, allowed: map[policy.ID]string{}, wanted: map[policy.ID]policy.Access{},
		broke: map[policy.ID]policy.UserID{}, pressed: map[policy.ID]snapshot{}, openSince: map[policy.ID]time.Time{},
		listed: map[policy.ID]map[approval.MessageName]bool{}, reminded: map[policy.ID]int{}, began: map[policy.ID]time.Time{}, owners: map[policy.ID][]policy.UserID{}, alone: map[policy.ID]bool{}, scheduled: map[string]bool{}, endSince: map[policy.ID]time.Time{},
	}
}

// moved hears of every change as soon as it is stored, one at a time.
func (tr *run) moved(was, is approval.Request, e approval.AuditEntry) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	m := transition{tr, was, is, e}
	for _, p := range promises {
		if !p.kept(m) {
			tr.wrong = append(tr.wrong, fmt.Sprintf("%s, but: %s %s %s -> %s by %q\nwas %+v\nis  %+v", p.name, is.ID, was.State, e.Event, is.State, e.By, was, is))
		}
	}
	if e.Event == approval.EventApprove || e.Event == approval.EventApproveChange {
		tr.allowed[is.ID] = "approved"
	}
	if e.Event == approval.EventIssue || e.Event == approval.EventReplace {
		tr.pressed[is.ID] = snapshot{is.ID, e.Event, e.By}
	}
	if e.Event == approval.EventScheduleRetirement {
		tr.scheduled[e.Note] = true
	}
	if e.Event == approval.EventTransfer {
		tr.alone[is.ID] = tr.spec.approvesAlone(e.By, is.Org, is.Access)
	}
	if e.Event == approval.EventDeliver && tr.began[is.ID].IsZero() {
		tr.began[is.ID] = is.Key.MadeAt
	}
	tr.note(is, e)
	if !was.KeyExpiresAt.Equal(is.KeyExpiresAt) || was.State == approval.StateDelivered && is.State == approval.StateActive {
		tr.reminded[is.ID], tr.endSince[is.ID] = 0, e.At
	}
	if e.Event == approval.EventRemind && is.State == approval.StateActive {
		tr.reminded[is.ID]++
	}
}

func (tr *run) note(r approval.Request, e approval.AuditEntry) {
	tr.rows[r.ID] = r
	if !slices.Contains(tr.owners[r.ID], r.Requester) {
		tr.owners[r.ID] = append(tr.owners[r.ID], r.Requester)
	}
	if e.From != approval.StateApproved && e.To == approval.StateApproved {
		tr.openSince[r.ID] = e.At
	}
	if tr.listed[r.ID] == nil {
		tr.listed[r.ID] = map[approval.MessageName]bool{}
	}
	if e.Event == approval.EventTransfer { // the new owner gets messages of their own
		maps.DeleteFunc(tr.listed[r.ID], func(m approval.MessageName, _ bool) bool { return !m.ToApprovers() })
	}
	for _, name := range r.Messages {
		tr.listed[r.ID][name] = true
	}
}

// created hears of every request as soon as it is stored.
func (tr *run) created(r approval.Request, e approval.AuditEntry) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.wanted[r.ID] = r.Access
	if r.BreakGlass {
		tr.broke[r.ID] = r.Requester
	}
	if why := tr.whyWrong(r, e); why != "" {
		tr.wrong = append(tr.wrong, fmt.Sprintf("%s: %+v", why, r))
	}
	tr.note(r, e)
}

// whyWrong says what is wrong with a new request, or nothing, and notes why it
// needs no approval.
func (tr *run) whyWrong(r approval.Request, e approval.AuditEntry) string {
	parent := tr.rows[r.ParentID]
	life := r.Access.Lifetime
	if r.Type == approval.Extension {
		life = r.Change.NewEnd.Sub(tr.rootOf(parent).began)
	} else if r.Type != approval.NewKey {
		life = parent.KeyExpiresAt.Sub(tr.rootOf(parent).began)
	}
	isByRule := tr.spec.byRule(r.Requester, r.Org, r.Access, life)
	switch {
	case e.By == "" || e.By != r.Requester || !tr.spec.isMember(e.By):
		return "it is asked by an active member"
	case r.Type != approval.NewKey && (parent.ID == "" || parent.Requester != r.Requester):
		return "a change of a key is requested by its owner"
	case r.Type == approval.Extension && tr.isCalm && tr.spec.whyNotMore(parent, tr.rootOf(parent)) != nil:
		return "more time is within what the owner could ask for in all, and never of break-glass"
	case r.Type == approval.Rotation:
		return tr.whyWrongRotation(r, parent, isByRule)
	case r.BreakGlass:
		tr.allowed[r.ID] = "break-glass"
		if !tr.spec.mayBreakGlass(r.Requester, r.Org) || r.Access.Lifetime != glassLife || !slices.Equal(r.Access.Roles, []policy.Role{owners}) || len(r.Access.Projects) > 0 {
			return "break-glass is for those who are named, for what is named"
		}
	case r.State == approval.StatePending: // a rule whose group cannot be listed approves none
		if isByRule && tr.isCalm {
			return "what a rule approves does not wait"
		}
	case r.Type == approval.AccessListChange && reaches(parent.Access.Networks, r.Access.Networks): // less needs no yes, and gives none
	case !isByRule || r.Decision.Rule == "":
		return "an approver or a rule has to approve it"
	default:
		tr.allowed[r.ID] = "by rule"
	}
	return ""
}

func (tr *run) whyWrongRotation(r, parent approval.Request, isByRule bool) string {
	waits := r.State == approval.StatePending
	switch {
	case waits && tr.isCalm && (isByRule || tr.isForOwner(parent)):
		return "what needs no approval does not wait"
	case !waits && tr.isForOwner(parent):
		tr.allowed[r.ID] = tr.allowed[parent.ID]
	case !waits && !isByRule:
		return "no approver approved that this owner sees a private key"
	case !waits:
		tr.allowed[r.ID] = "by rule"
	}
	isOther := func(o approval.Request) bool {
		return o.ParentID == r.ParentID && o.Type == approval.Rotation && !o.State.Final() && o.Requester == r.Requester
	}
	for _, o := range tr.rows {
		if isOther(o) {
			return "an owner has one successor of a key at a time, and not " + string(o.ID) + " as well"
		}
	}
	if tr.isCalm && tr.spec.whyNotHave(r.Requester, parent, tr.rootOf(parent), parent.KeyExpiresAt) != nil {
		return "who rotates a key could ask for its access"
	}
	if tr.allowed[parent.ID] == "" || !r.KeyExpiresAt.Equal(parent.KeyExpiresAt) || fmt.Sprint(r.Access) != fmt.Sprint(parent.Access) {
		return "a successor is what its predecessor was, until the same end"
	}
	return ""
}

// revealed hears of every private key that is about to be shown.
func (tr *run) revealed(r approval.Request, c approval.Credential) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	var key string
	for _, k := range tr.keys.Alive() {
		isWhole := k.Restricted && fmt.Sprint(k.Assigned) == fmt.Sprint(k.Access.Projects)
		if k.ID == c.ID && isWhole && isWithin(k.Access, tr.rows[r.ID].Access) && k.Org == r.Org {
			key = k.ID
		}
	}
	now := tr.rows[r.ID]
	for name, kept := range map[string]bool{
		"it is alive, whole, and no more than its request says": key != "",
		"it is allowed": tr.allowed[r.ID] != "",
		"it is shown to the requester who clicked": r.Requester == now.Requester && tr.pressed[r.ID].By == now.Requester,
		"it is being made, and known":              now.State == approval.StateIssuing && now.Key.ID == c.ID,
		"it was pressed for just now":              time.Since(now.Issuance.ClickedAt) <= 4*time.Minute,
	} {
		if !kept {
			tr.wrong = append(tr.wrong, fmt.Sprintf("a key is shown although not: %s: %+v", name, now))
		}
	}
}

func (m transition) keepsMessages() bool {
	for _, name := range m.was.Messages {
		isDropped := !slices.Contains(m.is.Messages, name)
		if isDropped && (m.e.Event != approval.EventTransfer || name.ToApprovers()) {
			return false
		}
	}
	for i, name := range m.is.Messages {
		isAgain := !slices.Contains(m.was.Messages, name) && m.run.listed[m.is.ID][name]
		isFormer := m.e.Event == approval.EventTransfer && !name.ToApprovers() && !strings.HasPrefix(string(name), "transfer.")
		if isAgain || isFormer || slices.Contains(m.is.Messages[:i], name) {
			return false
		}
	}
	return true
}

// keepsNumbers asserts that a number comes once and that none goes back.
func (m transition) keepsNumbers() bool {
	for _, name := range m.is.Messages {
		if slices.Contains(m.was.Messages, name) {
			continue
		}
		for kind, count := range map[string]int{"expiry_reminder": m.is.ExpiryReminders, "transfer": len(m.is.Transfers), "approval_added": len(m.is.Approvals), "approver_reminder": m.is.ApproverReminders} {
			if n, is := name.Number(kind); is && n != count {
				return false
			}
		}
	}
	grows := m.is.ExpiryReminders >= m.was.ExpiryReminders && m.is.ApproverReminders >= m.was.ApproverReminders && len(m.is.Transfers) >= len(m.was.Transfers)
	return grows && m.is.ExpiryReminders-m.was.ExpiryReminders <= 1
}

// known lists the names of all requests.
func (tr *run) known() []policy.ID {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	var all []policy.ID
	for id := range tr.rows {
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}

// about returns a request that another names, or the zero value.
func (tr *run) about(id policy.ID) approval.Request {
	r, _ := tr.store.Get(context.Background(), id)
	return r
}
