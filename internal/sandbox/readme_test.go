package sandbox_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/atlas"
	"atlaskeybot/internal/sandbox/control"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

// update rewrites the generated part of README.md.
var update = os.Getenv("UPDATE") != ""

// generated is the part of README.md that comes from the tables.
var generated = regexp.MustCompile(`(?s)<!-- tables: start -->\n.*<!-- tables: end -->\n`)

func TestREADMEMatchesTables(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("README.md")
	require.NoError(t, err)
	want := "<!-- tables: start -->\n" + tables() + "<!-- tables: end -->\n"
	if update {
		raw = generated.ReplaceAllLiteral(raw, []byte(want))
		require.NoError(t, os.WriteFile("README.md", raw, 0o644))
	}
	require.Equal(t, want, string(generated.Find(raw)), "run UPDATE=1 go test ./internal/sandbox -run README")
}

func tables() string {
	var b strings.Builder
	b.WriteString("\n## What Slack refuses here\n\nThe first broken rule answers, as Slack does: 200 and `ok: false`.\n\n| error | holds | for | from |\n| --- | --- | --- | --- |\n")
	for _, r := range slack.Rules() {
		methods := "every method"
		if r.For != nil {
			methods = strings.Join(r.For, ", ")
		}
		row(&b, "`"+r.Code+"`", r.Why, methods, r.Source)
	}
	b.WriteString("\n## When Slack tells the app of a field\n\nBefore a modal is submitted. The first line that holds decides.\n\n| field | the app hears of | from |\n| --- | --- | --- |\n")
	for _, r := range slack.DispatchRules {
		row(&b, r.Field, r.Hears, r.Source)
	}
	b.WriteString("\n## What an answer to `block_suggestion` has to be\n\nOtherwise the menu says \"No results found\", and a finding says why.\n\n| holds | from |\n| --- | --- |\n")
	for _, r := range slack.OptionRules {
		row(&b, r.Why, r.Source)
	}
	b.WriteString("\n## What Atlas refuses here\n\n`+`: stricter than Atlas is known to be.\n\n| status | errorCode | holds | |\n| --- | --- | --- | --- |\n")
	for _, r := range atlas.Rules {
		row(&b, fmt.Sprint(r.Status), "`"+r.Code+"`", r.Why, map[bool]string{true: "+"}[r.Stricter])
	}
	b.WriteString("\n## Weather\n\n| mode | what the client meets | does it happen? |\n| --- | --- | --- |\n")
	for _, m := range wire.Modes {
		row(&b, "`"+string(m.Mode)+"`", m.Description, map[bool]string{true: "yes", false: "no"}[m.TakesEffect])
	}
	b.WriteString("\n## Control API\n\n| request | what it does |\n| --- | --- |\n")
	for _, r := range control.Routes {
		row(&b, "`"+r.Pattern+"`", r.Description)
	}
	b.WriteString("\n`POST /control/slack` takes `act` and:\n\n| act | what it does |\n| --- | --- |\n")
	for _, a := range control.SlackActions {
		row(&b, "`"+a.Name+"`", a.Description)
	}
	b.WriteString("\n`POST /control/atlas` takes `act`, `org` if it is not the first organization, and:\n\n| act | what it does |\n| --- | --- |\n")
	for _, a := range control.AtlasActions {
		row(&b, "`"+a.Name+"`", a.Description)
	}
	b.WriteString("\n")
	return b.String()
}

func row(b *strings.Builder, cells ...string) {
	for i, cell := range cells {
		cells[i] = strings.ReplaceAll(cell, "|", `\|`)
	}
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}
