package approval_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
)

// grid is written by hand, so that it can disagree with Transitions. A dot is
// a refusal.
const grid = `
          approve  deny   withdraw  expire   issue   confirm replace revoke   create_started key_created retry_later rollback deliver   return_to_approved fail   remind    delete_failed deleted orphan_search drift_detected deleted_externally approve_change apply   rotate extend replace_access_list schedule_retirement predecessor_scheduled approval_added nudge   remind_approvers escalate review    transfer owner_deactivated owner_reactivated change_access_list retry    cascaded owns_projects
pending   approved denied withdrawn expired  .       .       .       .        .              .           .           .        .         .                  .      .         .             .       .             .              .                  applying       .       .      .      .                   .                   .                     pending        pending pending          pending  .         .        .                 .                 .                  .        .        .
approved  .        .      withdrawn expired  issuing .       .       .        .              .           .           .        .         .                  .      .         .             .       approved      .              .                  .              .       .      .      .                   .                   .                     .              .       .                .        approved  .        .                 .                 .                  .        .        .
issuing   .        .      .         .        .       .       .       .        issuing        issuing     issuing     issuing  delivered approved           failed .         .             .       issuing       .              .                  .              .       .      .      .                   .                   .                     .              .       .                .        issuing   .        .                 .                 .                  issuing  .        .
delivered .        .      .         revoking .       active  issuing revoking .              .           .           .        .         .                  .      delivered .             .       delivered     delivered      ended              .              .       .      .      .                   .                   .                     .              .       .                .        delivered .        .                 .                 .                  .        .        delivered
active    .        .      .         revoking .       .       .       revoking .              .           .           .        .         .                  .      active    .             .       active        active         ended              .              .       active active active              active              active                .              .       .                .        active    active   active            active            active             .        active   active
applying  .        .      .         .        .       .       .       .        .              .           applying    applying .         .                  failed .         .             .       .             .              .                  .              applied .      .      .                   .                   .                     .              .       .                .        .         .        .                 .                 applying           .        .        .
revoking  .        .      .         .        .       .       .       .        .              .           .           .        .         .                  .      .         revoking      ended   revoking      .              .                  .              .       .      .      .                   .                   .                     .              .       .                .        revoking  .        .                 .                 .                  revoking revoking .
denied    .        .      .         .        .       .       .       .        .              .           .           .        .         .                  .      .         .             .       .             .              .                  .              .       .      .      .                   .                   .                     .              .       .                .        .         .        .                 .                 .                  .        .        .
withdrawn .        .      .         .        .       .       .       .        .              .           .           .        .         .                  .      .         .             .       withdrawn     .              .                  .              .       .      .      .                   .                   .                     .              .       .                .        withdrawn .        .                 .                 .                  .        .        .
expired   .        .      .         .        .       .       .       .        .              .           .           .        .         .                  .      .         .             .       expired       .              .                  .              .       .      .      .                   .                   .                     .              .       .                .        expired   .        .                 .                 .                  .        .        .
failed    .        .      .         .        .       .       .       .        .              .           .           .        .         .                  .      .         .             .       failed        .              .                  .              .       .      .      .                   .                   .                     .              .       .                .        failed    .        .                 .                 .                  .        .        .
ended     .        .      .         .        .       .       .       .        .              .           .           .        .         .                  .      .         .             .       ended         .              .                  .              .       .      .      .                   .                   .                     .              .       .                .        ended     .        .                 .                 .                  .        ended    .
applied   .        .      .         .        .       .       .       .        .              .           .           .        .         .                  .      .         .             .       .             .              .                  .              .       .      .      .                   .                   .                     .              .       .                .        .         .        .                 .                 .                  .        .        .
`

func TestTransitionGrid(t *testing.T) {
	t.Parallel()
	rows := strings.Split(strings.TrimSpace(grid), "\n")
	events := strings.Fields(rows[0])
	for _, row := range rows[1:] {
		cells := strings.Fields(row)
		from := approval.State(cells[0])
		require.Len(t, cells, len(events)+1, row)
		for i, want := range cells[1:] {
			t.Run(fmt.Sprintf("%s a %s request", events[i], from), func(t *testing.T) {
				t.Parallel()
				got, err := from.Next(approval.Event(events[i]))
				if want == "." {
					require.ErrorIs(t, err, approval.ErrNotAllowed)
					require.Equal(t, from, got, "a refused event must not move the request")
					return
				}
				require.NoError(t, err)
				require.Equal(t, approval.State(want), got)
			})
		}
	}
}

func TestGridHasEveryTransitionOnce(t *testing.T) {
	t.Parallel()
	rows := strings.Split(strings.TrimSpace(grid), "\n")
	events := strings.Fields(rows[0])
	seen := map[string]bool{}
	for _, tr := range approval.Transitions {
		key := string(tr.From) + " " + string(tr.On)
		assert.False(t, seen[key], "twice: %s", key)
		seen[key] = true
		assert.True(t, slices.Contains(events, string(tr.On)), "not in the grid: %s", key)
		assert.True(t, slices.ContainsFunc(rows[1:], func(row string) bool { return strings.HasPrefix(row, string(tr.From)+" ") }), "not in the grid: %s", key)
	}
}

func TestEveryStateIsReachableAndEndsSomewhere(t *testing.T) {
	t.Parallel()
	reached := map[approval.State]bool{approval.StatePending: true}
	for range approval.Transitions {
		for _, tr := range approval.Transitions {
			if reached[tr.From] {
				reached[tr.To] = true
			}
		}
	}
	for _, tr := range approval.Transitions {
		assert.True(t, reached[tr.From], "%s cannot be reached", tr.From)
		leaves := slices.ContainsFunc(approval.Transitions, func(o approval.Transition) bool { return o.From == tr.From && o.To != tr.From })
		assert.NotEqual(t, leaves, tr.From.Final(), "%s: final states, and only they, have no way out", tr.From)
	}
}

const diagramFile = "../../docs/state-machine.md"

// TestStateDiagramIsCurrent keeps the document equal to the table. UPDATE=1 rewrites it.
func TestStateDiagramIsCurrent(t *testing.T) {
	t.Parallel()
	want := diagram()
	if os.Getenv("UPDATE") != "" {
		require.NoError(t, os.WriteFile(diagramFile, []byte(want), 0o644))
	}
	got, err := os.ReadFile(diagramFile)
	require.NoError(t, err)
	require.Equal(t, want, string(got), "run UPDATE=1 go test ./internal/approval -run TestStateDiagramIsCurrent")
}

func diagram() string {
	var b strings.Builder
	b.WriteString("# The state machine\n\nGenerated from `approval.Transitions`; a test keeps it so. What is not listed is refused.\n\n```mermaid\nstateDiagram-v2\n    [*] --> pending: submit\n    [*] --> approved: submit, by a rule, as a successor or by break-glass\n    [*] --> applying: submit, by a rule or of less access\n    [*] --> active: adopt\n")
	notes := map[approval.State][]string{}
	var order []approval.State
	for _, tr := range approval.Transitions {
		if tr.From == tr.To {
			if notes[tr.From] == nil {
				order = append(order, tr.From)
			}
			notes[tr.From] = append(notes[tr.From], string(tr.On))
			continue
		}
		fmt.Fprintf(&b, "    %s --> %s: %s\n", tr.From, tr.To, tr.On)
	}
	for _, s := range []approval.State{approval.StateDenied, approval.StateWithdrawn, approval.StateExpired, approval.StateFailed, approval.StateEnded, approval.StateApplied} {
		fmt.Fprintf(&b, "    %s --> [*]\n", s)
	}
	b.WriteString("```\n\nEvents that stay in their state: they put on disk what the next step needs.\n\n| state | events |\n| --- | --- |\n")
	for _, s := range order {
		fmt.Fprintf(&b, "| %s | %s |\n", s, strings.Join(notes[s], ", "))
	}
	return b.String()
}
