package atlas

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
)

// read makes the call, a GET, and decodes the response.
func (s *session) read(ctx context.Context, c call, into any) error {
	body, err := s.do(ctx, c)
	if err != nil {
		return err
	}
	if json.Unmarshal(body, into) != nil {
		return &Error{Op: c.op, Kind: Transient, Status: http.StatusOK, Err: errNotUnderstood}
	}
	return nil
}

// errNotUnderstood replaces the decoder's errors, which quote the response.
var errNotUnderstood = errors.New("the response is not as documented")

const (
	pageSize = 500 // the most Atlas gives
	maxPages = 100 // more than any organization may have; a list without end is a fault
)

// pages makes the call for page after page, until one is short. Atlas's total
// count is an estimate: it can cause one more request, and never one less.
func pages[T any](ctx context.Context, s *session, c call) ([]T, error) {
	var all []T
	query := c.query
	for n := 1; n <= maxPages; n++ {
		c.query = url.Values{"pageNum": {strconv.Itoa(n)}, "itemsPerPage": {strconv.Itoa(pageSize)}}
		for k, v := range query {
			c.query[k] = v
		}
		var page struct {
			Results    []T `json:"results"`
			TotalCount int `json:"totalCount"`
		}
		if err := s.read(ctx, c, &page); err != nil {
			return nil, err
		}
		if page.Results == nil {
			return nil, &Error{Op: c.op, Kind: Transient, Status: http.StatusOK, Err: errNotUnderstood}
		}
		all = append(all, page.Results...)
		if len(page.Results) == 0 || len(page.Results) < pageSize && len(all) >= page.TotalCount {
			return all, nil
		}
	}
	return nil, &Error{Op: c.op, Kind: Transient, Err: errors.New("the list does not end")}
}
