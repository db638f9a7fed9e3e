package atlas

import (
	"context"
	"net/http"
)

// Organizations lists the organizations of the bot's key. An organization's key has
// one, which tells an operator the right id if another one was configured.
func (c *Client) Organizations(ctx context.Context) ([]Organization, error) {
	type body struct {
		ID        string `json:"id"`
		Name      string `json:"name"`
		IsDeleted bool   `json:"isDeleted"`
	}
	call := call{op: "listing the organizations", method: http.MethodGet, path: "/api/atlas/v2/orgs"}
	bodies, err := pages[body](ctx, c.session(), call)
	if err != nil {
		return nil, err
	}
	all := make([]Organization, len(bodies))
	for i, b := range bodies {
		all[i] = Organization{ID: b.ID, Name: b.Name, Deleted: b.IsDeleted}
	}
	return all, nil
}
