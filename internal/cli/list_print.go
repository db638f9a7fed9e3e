package cli

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/plaintext"
)

// A column of a table. Rows are printed as they are read, so that its width is known
// before: a longer value moves the rest of its row.
type column struct {
	title string
	width int // 0: the last one
}

// A listWriter prints a list: a table, or one JSON object a line.
type listWriter struct {
	to      *bufio.Writer
	json    bool
	columns []column
	rows    int
}

func newListWriter(w io.Writer, output *outputFormat, columns ...column) *listWriter {
	return &listWriter{to: bufio.NewWriter(w), json: output.isJSON(), columns: columns}
}

// add prints a row: cells of the table, or record as JSON.
func (l *listWriter) add(cells []string, record any) error {
	l.rows++
	if l.json {
		return l.addJSON(record)
	}
	if l.rows == 1 {
		titles := make([]string, len(l.columns))
		for i, c := range l.columns {
			titles[i] = c.title
		}
		if err := l.addRow(titles); err != nil {
			return err
		}
	}
	return l.addRow(cells)
}

func (l *listWriter) addRow(cells []string) error {
	var row strings.Builder
	for i, cell := range cells {
		fmt.Fprintf(&row, "%-*s  ", l.columns[i].width, cell)
	}
	if _, err := fmt.Fprintln(l.to, strings.TrimRight(row.String(), " ")); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

func (l *listWriter) addJSON(record any) error {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(record); err != nil {
		return fmt.Errorf("encoding the output: %w", err)
	}
	if _, err := l.to.Write(plaintext.EscapeJSON(line.Bytes())); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

// end prints what is left. The error names the requests that cannot be read; if there
// is nothing at all, it says so on standard error.
func (l *listWriter) end(env Env, nothing string, unreadable []policy.ID) error {
	if err := l.to.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	switch {
	case len(unreadable) > 0:
		return unreadableError{unreadable}
	case l.rows == 0 && !l.json:
		fmt.Fprintln(env.Stderr, nothing)
	}
	return nil
}

// Organizations by ID, as the environment names them.
type organizationLabels struct {
	names map[policy.OrgID]string
	width int
}

func labelOrganizations(env Env) organizationLabels {
	l := organizationLabels{names: map[policy.OrgID]string{}, width: len("ORGANIZATION")}
	c, _ := config.Read(env.Environ) // problems of other variables do not matter here
	for _, o := range c.Organizations {
		if o.ID != "" {
			l.names[o.ID] = o.Name
			l.width = max(l.width, len([]rune(o.Name)))
		}
	}
	if len(l.names) == 0 {
		l.width = 24 // of an ID
	}
	return l
}

func (l organizationLabels) label(id policy.OrgID) string {
	if name, ok := l.names[id]; ok {
		return name
	}
	return string(id)
}

// cellTime formats a time of a table.
func cellTime(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.UTC().Format("2006-01-02 15:04")
}

// cellTicket formats the ticket of a request; most policies ask for none.
func cellTicket(r approval.Request) string {
	return cmp.Or(plaintext.Show(r.Details[string(policy.FieldTicket)]), "-")
}

// cellRoles formats the roles of an access: those in the organization, then those in
// projects.
func cellRoles(a policy.Access) string {
	text := joined(a.Roles)
	for _, p := range a.Projects {
		text += fmt.Sprintf("; %s in %s", joined(p.Roles), p.Name)
	}
	return plaintext.Show(text)
}

func joined(roles []policy.Role) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	return strings.Join(names, ", ")
}

// A projectRecord is what a key may do in a project, as JSON.
type projectRecord struct {
	ID    policy.ProjectID `json:"id"`
	Name  string           `json:"name"`
	Roles []policy.Role    `json:"roles"`
}

// An accessRecord is what a key may do, as JSON.
type accessRecord struct {
	Description string          `json:"description"`
	Roles       []policy.Role   `json:"roles"`
	Projects    []projectRecord `json:"projects,omitempty"`
	Networks    []string        `json:"networks"`
}

func recordOfAccess(a policy.Access) accessRecord {
	record := accessRecord{Description: a.Description, Roles: a.Roles, Networks: []string{}}
	for _, p := range a.Projects {
		record.Projects = append(record.Projects, projectRecord{p.ID, p.Name, p.Roles})
	}
	for _, n := range a.Networks {
		record.Networks = append(record.Networks, n.String())
	}
	return record
}
