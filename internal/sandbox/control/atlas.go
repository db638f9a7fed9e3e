package control

import (
	"fmt"
	"net/http"
	"time"

	"atlaskeybot/internal/sandbox/atlas"
)

// AtlasInput is the body of POST /control/atlas. Which members matter depends
// on the act.
type AtlasInput struct {
	Act        string   `json:"act"`
	Org        string   `json:"org"` // id of the organization; empty: the first
	ID         string   `json:"id"`  // of the key or project
	Desc       *string  `json:"desc"`
	Roles      []string `json:"roles"`
	AccessList []string `json:"access_list"`
	PublicKey  string   `json:"public_key"`
	PrivateKey string   `json:"private_key"`
	From       string   `json:"from"` // an address
	On         bool     `json:"on"`
	Create     string   `json:"create"` // durations, like 90s
	Delete     string   `json:"delete"`
	List       string   `json:"list"`
	Name       string   `json:"name"`
	Count      int      `json:"count"`

	Projects map[string][]string `json:"projects"` // roles by project

	InheritUIList *bool `json:"inherit_ui_list"`
}

// An Action is one act of a script.
type Action[Input any] struct {
	Name        string
	Description string // one sentence, with the members it takes
	do          func(*API, *http.Request, Input) (any, error)
}

// AtlasActions lists the manual changes in Atlas, in the organization org.
var AtlasActions = []Action[AtlasInput]{
	{"add", "Creates a key in the Atlas UI: desc, roles, access_list. Returns id, public_key and private_key.", addKey},
	{"edit", "Changes key id in the Atlas UI: desc, roles, access_list, projects ({id: roles}), inherit_ui_list; what is not given stays.", editKey},
	{"delete", "Deletes key id in the Atlas UI.", deleteKey},
	{"use", "Calls Atlas with public_key and private_key, from an address. Returns status and code.", useKey},
	{"create-project", "Creates a project with public_key and private_key, from an address: name. The key owns it. Returns id, status and code.", createProject},
	{"add-project", "Creates a project in the Atlas UI: name; with count, that many, numbered. Returns their ids.", addProject},
	{"rename-project", "Renames project id in the Atlas UI.", renameProject},
	{"delete-project", "Deletes project id in the Atlas UI.", deleteProject},
	{"require-access-list", "The organization requires access lists, or not: on.", requireList},
	{"single-use-nonces", "Digest nonces are good for one request, or for many: on.", singleUse},
	{"lag", "Reads are behind writes by these durations: create, delete, list (of a key's access list).", setLag},
}

func (s *API) atlasAct(r *http.Request) (any, error) {
	var in AtlasInput
	if err := read(r, &in); err != nil {
		return nil, err
	}
	for _, o := range s.Atlas.Organizations() {
		if in.Org == "" || o.Snapshot().ID == in.Org {
			there := *s
			there.Atlas = o
			return perform(&there, r, AtlasActions, in.Act, in)
		}
	}
	return nil, fmt.Errorf("%w: no organization %q", errInput, in.Org)
}

// perform runs the act of that name.
func perform[Input any](s *API, r *http.Request, acts []Action[Input], name string, in Input) (any, error) {
	names := make([]string, len(acts))
	for i, act := range acts {
		if act.Name == name {
			return act.do(s, r, in)
		}
		names[i] = act.Name
	}
	return nil, fmt.Errorf("%w: unknown act %q, want one of %v", errInput, name, names)
}

func addKey(s *API, _ *http.Request, in AtlasInput) (any, error) {
	draft := atlas.KeyInput{Roles: in.Roles, AccessList: in.AccessList}
	if in.Desc != nil {
		draft.Desc = *in.Desc
	}
	return s.Atlas.AddKey(draft)
}

func editKey(s *API, _ *http.Request, in AtlasInput) (any, error) {
	return done{true}, s.Atlas.EditKey(in.ID, atlas.KeyEdit{InheritUIList: in.InheritUIList, Desc: in.Desc, Roles: in.Roles, AccessList: in.AccessList, Projects: in.Projects})
}

func deleteKey(s *API, _ *http.Request, in AtlasInput) (any, error) {
	return done{true}, s.Atlas.DeleteKey(in.ID)
}

// Added are the ids of new projects.
type Added struct {
	IDs []string `json:"ids"`
}

// addProject makes one, or as many as a script needs to fill pages.
func addProject(s *API, _ *http.Request, in AtlasInput) (any, error) {
	if in.Count < 0 || in.Count > maxProjects {
		return nil, fmt.Errorf("%w: count is 0 to %d", errInput, maxProjects)
	}
	names := []string{in.Name}
	if in.Count > 0 {
		names = nil
	}
	for i := range in.Count {
		names = append(names, fmt.Sprintf("%s %03d", in.Name, i+1))
	}
	ids, err := s.Atlas.AddProjects(names...)
	return Added{ids}, err
}

// maxProjects is as many as one act may make.
const maxProjects = 2000

func renameProject(s *API, _ *http.Request, in AtlasInput) (any, error) {
	return done{true}, s.Atlas.RenameProject(in.ID, in.Name)
}

func deleteProject(s *API, _ *http.Request, in AtlasInput) (any, error) {
	return done{true}, s.Atlas.DeleteProject(in.ID)
}

// Used is how Atlas answered a person.
type Used struct {
	Status int    `json:"status"`
	Code   string `json:"code"` // errorCode, empty if it worked
}

func useKey(s *API, _ *http.Request, in AtlasInput) (any, error) {
	status, code := s.Atlas.Use(in.PublicKey, in.PrivateKey, in.From)
	return Used{status, code}, nil
}

// Created is how Atlas answered a person who made a project.
type Created struct {
	ID string `json:"id"`
	Used
}

func createProject(s *API, _ *http.Request, in AtlasInput) (any, error) {
	id, status, code := s.Atlas.CreateProject(in.PublicKey, in.PrivateKey, in.From, in.Name)
	return Created{id, Used{status, code}}, nil
}

func requireList(s *API, _ *http.Request, in AtlasInput) (any, error) {
	s.Atlas.SetRequireAccessList(in.On)
	return done{true}, nil
}

func singleUse(s *API, _ *http.Request, in AtlasInput) (any, error) {
	s.Atlas.SetSingleUseNonces(in.On)
	return done{true}, nil
}

func setLag(s *API, _ *http.Request, in AtlasInput) (any, error) {
	var lag atlas.Lag
	for given, into := range map[*string]*time.Duration{&in.Create: &lag.Create, &in.Delete: &lag.Delete, &in.List: &lag.List} {
		if *given == "" {
			continue
		}
		var err error
		if *into, err = time.ParseDuration(*given); err != nil || *into < 0 {
			return nil, fmt.Errorf("%w: create, delete and list are durations from 0, like 90s", errInput)
		}
	}
	s.Atlas.SetLag(lag)
	return done{true}, nil
}
