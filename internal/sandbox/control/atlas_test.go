package control_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/atlas"
	"atlaskeybot/internal/sandbox/control"
	"atlaskeybot/internal/sandbox/wire"
)

func TestManualProjectChanges(t *testing.T) {
	t.Parallel()
	r := start(t)
	var added control.Added
	status, _ := r.do("POST /control/atlas", `{"act":"add-project","name":"Billing"}`, &added)
	require.Equal(t, 200, status)
	require.Len(t, added.IDs, 1)
	status, _ = r.do("POST /control/atlas", `{"act":"rename-project","id":"`+added.IDs[0]+`","name":"Invoices"}`, nil)
	require.Equal(t, 200, status)
	require.Equal(t, atlas.Project{ID: added.IDs[0], Name: "Invoices"}, r.Atlas.Snapshot().Projects[6])

	var made atlas.CreatedKey
	r.do("POST /control/atlas", `{"act":"add","desc":"terraform","roles":["ORG_MEMBER"]}`, &made)
	status, text := r.do("POST /control/atlas", `{"act":"edit","id":"`+made.ID+`","projects":{"`+added.IDs[0]+`":["GROUP_OWNER"]}}`, nil)
	require.Equal(t, 200, status, text)
	require.Contains(t, r.Atlas.Snapshot().Keys[1].Roles, atlas.Role{GroupID: added.IDs[0], Name: "GROUP_OWNER"})

	status, _ = r.do("POST /control/atlas", `{"act":"delete-project","id":"`+added.IDs[0]+`"}`, nil)
	require.Equal(t, 200, status)
	status, text = r.do("POST /control/atlas", `{"act":"delete-project","id":"`+added.IDs[0]+`"}`, nil)
	require.Equal(t, 409, status)
	require.Contains(t, text, "no such project")

	r.do("POST /control/atlas", `{"act":"add-project","name":"team","count":600}`, &added)
	require.Len(t, added.IDs, 600)
	require.Equal(t, "team 600", r.Atlas.Snapshot().Projects[605].Name)
	for _, nonsense := range []string{`{"act":"add-project","name":"x","count":2001}`, `{"act":"add-project","name":"x","count":-1}`} {
		status, _ = r.do("POST /control/atlas", nonsense, nil)
		require.Equal(t, 400, status, nonsense)
	}
}

func TestActionsInAnotherOrganization(t *testing.T) {
	t.Parallel()
	clock := &wire.Clock{}
	all := atlas.NewCloud(2, atlas.Options{Now: clock.Now, Seed: 7}).Organizations()
	r := start(t, func(s *control.API) { s.Atlas = all[0] })
	second := all[1].Snapshot().ID
	var made atlas.CreatedKey
	status, text := r.do("POST /control/atlas", `{"act":"add","org":"`+second+`","desc":"d","roles":["ORG_MEMBER"]}`, &made)
	require.Equal(t, 200, status, text)
	require.False(t, all[0].Alive(made.ID))
	require.True(t, all[1].Alive(made.ID))
	status, _ = r.do("POST /control/atlas", `{"act":"delete","id":"`+made.ID+`"}`, nil)
	require.Equal(t, 409, status, "the first has no such key")
	status, _ = r.do("POST /control/atlas", `{"act":"delete","org":"nowhere","id":"`+made.ID+`"}`, nil)
	require.Equal(t, 400, status)

	var state control.State
	_, text = r.do("GET /control/state", "", nil)
	require.NoError(t, json.Unmarshal([]byte(text), &state))
	require.Len(t, state.Others, 1)
	require.Equal(t, second, state.Others[0].ID)
	require.Equal(t, made.ID, state.Others[0].Keys[1].ID)
}
