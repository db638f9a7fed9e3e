// Package control is the API of a sandbox for scripts: faults, the clock, what people
// do in Slack, and manual changes in Atlas. Tests in Go call the other packages
// directly.
//
// It answers programs on this machine only. A web page of another origin, also
// one whose name was made to point here, is refused.
package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"atlaskeybot/internal/sandbox/atlas"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

// maxBody bounds a request.
const maxBody = 1 << 20

// An API is what the control API acts on.
type API struct {
	Slack *slack.Workspace
	Atlas *atlas.Organization // the first; the others are in its Cloud
	Wire  *wire.Recorder
	Clock *wire.Clock
}

// A Route is one request the control API answers.
type Route struct {
	Pattern     string // as http.ServeMux has it
	Description string // one sentence
	serve       func(*API, *http.Request) (any, error)
}

// Routes lists the API. The sandbox's README.md is generated from it.
var Routes = []Route{
	{"GET /control/state", "People, their screens, the organization's keys, faults planned, findings.", (*API).state},
	{"GET /control/calls", "The history of calls; ?after=N leaves the first N out.", (*API).calls},
	{"GET /control/faults", "The faults that are planned.", (*API).faults},
	{"POST /control/faults", `Plans a fault: {"side":"atlas","operation":"POST /orgs/{orgId}/apiKeys","mode":"lost-after"}.`, (*API).addFault},
	{"DELETE /control/faults", "Forgets them all and releases what is frozen.", (*API).clearFaults},
	{"POST /control/release", "Releases what is frozen now.", (*API).release},
	{"POST /control/clock", `Moves the clock forward: {"advance":"1h"}.`, (*API).advance},
	{"POST /control/slack", `Does what a person does in Slack: {"act":"command","user":"U0ALICE",...}.`, (*API).slackAct},
	{"POST /control/atlas", `Does what a person does in the Atlas UI: {"act":"add",...}.`, (*API).atlasAct},
}

// errInput marks a request that makes no sense.
var errInput = errors.New("bad request")

// New returns the control API, to be served under /control/.
func New(stage API) http.Handler {
	mux := http.NewServeMux()
	for _, route := range Routes {
		mux.HandleFunc(route.Pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			answer, err := route.serve(&stage, r)
			write(w, answer, err)
		})
	}
	return guard(mux)
}

func write(w http.ResponseWriter, answer any, err error) {
	status := http.StatusOK
	switch {
	case errors.Is(err, errInput):
		status = http.StatusBadRequest
	case err != nil:
		status = http.StatusConflict
	}
	if err != nil {
		answer = map[string]string{"error": err.Error()}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(answer) // an error means that the client is gone
}

// read decodes the one JSON value of a request, and no unknown member.
func read(r *http.Request, into any) error {
	if r.Header.Get("Content-Type") != "application/json" {
		return fmt.Errorf("%w: Content-Type has to be application/json", errInput)
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%w: reading JSON: %w", errInput, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("%w: more than one JSON value", errInput)
	}
	return nil
}

type done struct {
	OK bool `json:"ok"`
}

// State is the visible state of the sandbox.
type State struct {
	Now      time.Time               `json:"now"` // as the sandbox sees it
	People   []slack.Person          `json:"people"`
	Groups   []slack.Group           `json:"groups"`
	Screens  map[string]slack.Screen `json:"screens"` // by user id
	Lost     []slack.Ephemeral       `json:"lost"`    // ephemeral messages that were not shown
	Findings []slack.Finding         `json:"findings"`
	Atlas    atlas.Snapshot          `json:"atlas"`
	Events   []atlas.Event           `json:"events"`
	Others   []atlas.Snapshot        `json:"others"` // the organizations beside the first
	Faults   []wire.Fault            `json:"faults"`
}

func (s *API) state(*http.Request) (any, error) {
	state := State{
		Now: s.Clock.Now(), People: s.Slack.People(), Groups: s.Slack.Groups(), Screens: map[string]slack.Screen{},
		Others: []atlas.Snapshot{}, Lost: s.Slack.Lost(), Findings: s.Slack.Findings(),
		Atlas: s.Atlas.Snapshot(), Events: s.Atlas.Events(), Faults: s.Wire.Faults(),
	}
	for _, p := range state.People {
		state.Screens[p.ID] = s.Slack.Screen(p.ID)
	}
	for _, o := range s.Atlas.Organizations()[1:] {
		state.Others = append(state.Others, o.Snapshot())
	}
	return state, nil
}

func (s *API) calls(r *http.Request) (any, error) {
	calls := s.Wire.Calls()
	after := 0
	if given := r.URL.Query().Get("after"); given != "" {
		var err error
		if after, err = strconv.Atoi(given); err != nil || after < 0 {
			return nil, fmt.Errorf("%w: after is a number from 0", errInput)
		}
	}
	return map[string][]wire.Call{"calls": append([]wire.Call{}, calls[min(after, len(calls)):]...)}, nil
}

func (s *API) faults(*http.Request) (any, error) {
	return map[string][]wire.Fault{"faults": s.Wire.Faults()}, nil
}

func (s *API) addFault(r *http.Request) (any, error) {
	var f wire.Fault
	if err := read(r, &f); err != nil {
		return nil, err
	}
	if err := s.Wire.Set(f); err != nil {
		return nil, fmt.Errorf("%w: %w", errInput, err)
	}
	return done{true}, nil
}

func (s *API) clearFaults(*http.Request) (any, error) {
	s.Wire.Clear()
	return done{true}, nil
}

func (s *API) release(*http.Request) (any, error) {
	s.Wire.Release()
	return done{true}, nil
}

func (s *API) advance(r *http.Request) (any, error) {
	var in struct {
		Advance string `json:"advance"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	d, err := time.ParseDuration(in.Advance)
	if err != nil || d < 0 {
		return nil, fmt.Errorf("%w: advance is a duration from 0, like 90s or 24h", errInput)
	}
	s.Clock.Advance(d)
	return map[string]time.Time{"now": s.Clock.Now()}, nil
}
