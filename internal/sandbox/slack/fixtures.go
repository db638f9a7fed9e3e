package slack

import "time"

// The people of the workspace. The page, the control API and the tests know them
// by id.
const (
	TeamID    = "T0SANDBOX"
	OtherTeam = "T0OTHER"
	AppID     = "A0SANDBOX"
	BotUser   = "U0BOT"
	BotID     = "B0SANDBOX"

	Alice = "U0ALICE" // a requester
	Bob   = "U0BOB"   // an approver
	Dana  = "U0DANA"  // an approver
	Carol = "U0CAROL" // an ordinary user
	Eve   = "U0EVE"   // of another workspace, through Slack Connect
	Gil   = "U0GUEST" // a guest
	Dee   = "U0GONE"  // deactivated

	Approvals  = "C0APPROVALS" // #atlas-approvals
	General    = "C0GENERAL"   // #general; the bot is not in it
	AliceCarol = "D0ALICAROL"  // a DM the bot is not in
	Approvers  = "S0APPROVERS" // @atlas-approvers: Bob and Dana
)

// Person is a member, a guest or an external user of the workspace.
type Person struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	RealName string `json:"real_name"`
	TeamID   string `json:"team_id"`
	Deleted  bool   `json:"deleted"` // deactivated: sees and does nothing
	Guest    bool   `json:"guest"`
	Active   bool   `json:"active"` // has Slack open; others miss ephemeral messages
}

// stranger reports whether the person is external: of another workspace.
func (p Person) stranger() bool { return p.TeamID != TeamID }

// room is a conversation as the workspace keeps it.
type room struct {
	id, name   string
	kind       string
	owner      string // of an app DM
	members    []string
	private    bool
	archived   bool
	restricted bool // only admins may post
	shared     bool // through Slack Connect
	messages   []*message
}

// session is what one person's client knows.
type session struct {
	looking string                          // conversation id
	read    map[string]string               // conversation id to the last ts seen
	notes   []*message                      // ephemeral messages on the screen
	acted   time.Time                       // when the person last did something
	chosen  map[string]map[elementRef]Value // by message ts: what they chose in it
}

func (w *Workspace) addPeople() {
	person := func(id, name, realName, team string) *Person {
		return &Person{ID: id, Name: name, RealName: realName, TeamID: team, Active: true}
	}
	w.people = map[string]*Person{}
	for _, p := range []*Person{
		person(Alice, "alice", "Alice Ames", TeamID),
		person(Bob, "bob", "Bob Birch", TeamID),
		person(Dana, "dana", "Dana Diaz", TeamID),
		person(Carol, "carol", "Carol Cohen", TeamID),
		person(Eve, "eve", "Eve Elsewhere", OtherTeam),
		person(Gil, "gil", "Gil Guest", TeamID),
		person(Dee, "dee", "Dee Departed", TeamID),
	} {
		w.people[p.ID] = p
		w.sessions[p.ID] = &session{read: map[string]string{}}
	}
	w.people[Gil].Guest = true
	w.people[Dee].Deleted, w.people[Dee].Active = true, false

	w.rooms = map[string]*room{}
	w.addRoom(&room{id: Approvals, name: "atlas-approvals", kind: KindChannel, members: []string{Alice, Bob, Dana, BotUser}})
	w.addRoom(&room{id: General, name: "general", kind: KindChannel, members: []string{Alice, Bob, Dana, Carol, Gil}})
	w.addRoom(&room{id: AliceCarol, kind: KindDM, private: true, members: []string{Alice, Carol}})
	w.groups = map[string]*group{Approvers: {handle: "atlas-approvers", users: []string{Bob, Dana}}}
}

func (w *Workspace) addRoom(r *room) *room {
	w.rooms[r.id] = r
	w.order = append(w.order, r.id)
	return r
}
