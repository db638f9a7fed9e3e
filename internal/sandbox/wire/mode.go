package wire

// A Mode is one way for a call to fail.
type Mode string

const (
	ResetBefore     Mode = "reset-before"
	ResetAfter      Mode = "reset-after"
	LostAfter       Mode = "lost-after"
	Error500Before  Mode = "500-before"
	Error500After   Mode = "500-after"
	HTML503         Mode = "503-html"
	HTML503After    Mode = "503-html-after"
	Empty401        Mode = "empty-401"
	RateLimited     Mode = "429"
	Hang            Mode = "hang"
	HangAfter       Mode = "hang-after"
	TruncatedAfter  Mode = "truncated-after"
	SlackError      Mode = "slack-error"
	SlackErrorAfter Mode = "slack-error-after"
	OKFalse         Mode = "ok-false-no-error"
	AtlasError      Mode = "status+code"
	Freeze          Mode = "freeze-until-released"
	FreezeAfter     Mode = "freeze-after-until-released"
)

// A ModeRule describes a Mode.
type ModeRule struct {
	Mode        Mode
	TakesEffect bool   // the call takes effect, regardless of the response
	Description string // one sentence
	inject      func(*injection)
}

// Modes lists every mode. The sandbox's README.md is generated from it.
var Modes = []ModeRule{
	{ResetBefore, false, "The connection is reset before anything happens.", (*injection).reset},
	{ResetAfter, true, "It happens, then the connection is reset.", after((*injection).reset)},
	{LostAfter, true, "It happens, then the connection is closed without an answer.", after((*injection).closeConnection)},
	{Error500Before, false, "500, and nothing happened.", (*injection).error500},
	{Error500After, true, "500, and yet it happened.", after((*injection).error500)},
	{HTML503, false, "503 with a page of HTML, and nothing happened.", (*injection).html503},
	{HTML503After, true, "503 with a page of HTML, and yet it happened.", after((*injection).html503)},
	{Empty401, false, "401 without a body and without a challenge, for a credential that is good.", (*injection).empty401},
	{RateLimited, false, "429 with Retry-After, which may be 0.", (*injection).rateLimited},
	{Hang, false, "No answer until the client gives up, and nothing happens.", (*injection).hang},
	{HangAfter, true, "It happens, then no answer until the client gives up.", after((*injection).hang)},
	{TruncatedAfter, true, "It happens, and the answer breaks off in the middle of its body.", after((*injection).truncate)},
	{SlackError, false, "200 with ok false and the given error.", (*injection).slackError},
	{SlackErrorAfter, true, "200 with ok false and the given error, and yet it happened, as fatal_error may.", after((*injection).slackError)},
	{OKFalse, false, "200 with ok false and no error.", (*injection).okFalse},
	{AtlasError, false, "An Atlas error with the given status and errorCode.", (*injection).atlasError},
	{Freeze, true, "The call waits until it is released, then happens and is answered.", (*injection).freeze},
	{FreezeAfter, true, "It happens, and the answer waits until it is released.", (*injection).freezeAfter},
}

// modes finds a rule by its mode.
var modes = byMode()

func byMode() map[Mode]ModeRule {
	found := make(map[Mode]ModeRule, len(Modes))
	for _, m := range Modes {
		found[m.Mode] = m
	}
	return found
}
