// Package page is the web page of the sandbox: one workspace, as one of its people
// sees it, and the Atlas organization next to it. It decides nothing: it renders
// the state of the emulators and passes actions on.
//
// It answers on loopback names only, follows no link, loads nothing from
// anywhere, and keeps no state but who listens for changes.
package page

import (
	"context"
	"embed"
	"html/template"
	"io/fs"
	"net/http"

	"atlaskeybot/internal/sandbox/atlas"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

// Workspace is what people see and do in Slack; see [slack.Workspace].
type Workspace interface {
	People() []slack.Person
	Screen(user string) slack.Screen
	Directory() []slack.Person
	Groups() []slack.Group
	Lost() []slack.Ephemeral
	Changes() (ch <-chan struct{}, stop func())

	View(user, conversation string) error
	Away(user string)
	Active(user string)
	Reload(user string, drop bool)
	ShareChannel(channel string, shared bool)
	Deactivate(user string)
	Reactivate(user string)
	SetGuest(user string, guest bool)

	Command(ctx context.Context, user, conversation, command, text string) error
	Click(ctx context.Context, user, conversation, ts, actionID string, value ...string) error
	ClickInModal(ctx context.Context, user, actionID string, value ...string) error
	ClickInHome(ctx context.Context, user, actionID string, value ...string) error
	Fill(ctx context.Context, user string, values map[string]map[string]slack.Value) error
	ClickEnter(ctx context.Context, user, blockID, actionID string) error
	LoadOptions(ctx context.Context, user, blockID, actionID, typed string) (slack.LoadedOptions, error)
	Submit(ctx context.Context, user string, values map[string]map[string]slack.Value) (slack.Result, error)
	CloseModal(ctx context.Context, user string) error
	OpenHome(ctx context.Context, user string) error
}

// Organization is the visible state of Atlas; see [atlas.Organization].
type Organization interface {
	Snapshot() atlas.Snapshot
	Events() []atlas.Event
	Subscribe(f func())
}

// Options are what the page shows and moves. All fields are needed but Command.
type Options struct {
	Slack   Workspace
	Atlas   Organization
	Clock   *wire.Clock
	Wire    *wire.Recorder
	Command string // the slash command to suggest; "/atlas-key" if empty
}

//go:embed assets
var assets embed.FS

//go:embed templates
var templates embed.FS

type page struct {
	Options
	drawing *template.Template
	hub     *hub
}

// New returns the page, to be mounted at "/". Requests to /page/events last
// until their client goes away or the server is closed.
func New(o Options) http.Handler {
	if o.Command == "" {
		o.Command = "/atlas-key"
	}
	p := &page{
		Options: o,
		drawing: template.Must(template.ParseFS(templates, "templates/*.html")),
		hub:     newHub(),
	}
	o.Atlas.Subscribe(p.hub.notify)
	o.Clock.Subscribe(p.hub.notify)
	return guard(p.routes())
}

func (p *page) routes() *http.ServeMux {
	files, err := fs.Sub(assets, "assets")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.show)
	mux.HandleFunc("GET /page/events", p.events)
	mux.Handle("GET /assets/", http.StripPrefix("/assets/", http.FileServerFS(files)))
	mux.HandleFunc("POST /page/load-options", p.loadOptions)
	for path, act := range p.actions() {
		mux.Handle("POST /page/"+path, p.actingUser(act))
	}
	return mux
}
