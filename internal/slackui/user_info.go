package slackui

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// userInfo is what users.info says of a person, as far as the bot decides by it.
// A flag that Slack did not send is nil: slack-go takes it for false, which would
// make a full member of everybody about whom Slack answers with half a user.
type userInfo struct {
	ID                string `json:"id"`
	TeamID            string `json:"team_id"`
	Deleted           *bool  `json:"deleted"`
	IsBot             *bool  `json:"is_bot"`
	IsRestricted      *bool  `json:"is_restricted"`
	IsUltraRestricted *bool  `json:"is_ultra_restricted"`
	IsStranger        bool   `json:"is_stranger"`     // sent of people of other workspaces only
	IsInvitedUser     bool   `json:"is_invited_user"` // sent of people who were invited only
	Enterprise        struct {
		ID string `json:"enterprise_id"`
	} `json:"enterprise_user"`
}

func isTrue(flag *bool) bool { return flag != nil && *flag }

// hasFlags reports whether Slack said everything by which a full member is told
// from others.
func (u userInfo) hasFlags() bool {
	return u.Deleted != nil && u.IsBot != nil && u.IsRestricted != nil && u.IsUltraRestricted != nil
}

// userInfo asks users.info. Its error is one of slack-go's, or a
// *[approval.Fault] if the answer is not about that user.
func (s *Slack) userInfo(ctx context.Context, user approval.UserID) (userInfo, error) {
	var body bytes.Buffer
	ctx = context.WithValue(ctx, copyTo{}, &body)
	if _, err := s.api.GetUserInfoContext(ctx, string(user), slack.GetUserInfoOptionIncludeLocale(false)); err != nil {
		return userInfo{}, err
	}
	var answer struct {
		User userInfo `json:"user"`
	}
	if err := json.Unmarshal(body.Bytes(), &answer); err != nil || answer.User.ID != string(user) {
		return userInfo{}, unclear("users.info")
	}
	return answer.User, nil
}

// copyTo is the context key of a [bytes.Buffer] that gets a copy of the answer's
// body.
type copyTo struct{}

// copyingClient is an HTTP client that copies an answer to where the context of
// its request says.
type copyingClient struct{ *http.Client }

// Do sends the request.
func (c copyingClient) Do(req *http.Request) (*http.Response, error) {
	res, err := c.Client.Do(req)
	body, isWanted := req.Context().Value(copyTo{}).(*bytes.Buffer)
	if err != nil || !isWanted {
		return res, err
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.TeeReader(res.Body, body), res.Body}
	return res, nil
}
