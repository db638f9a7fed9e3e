package wire

// A Mode is one way for a call to go wrong.
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
	Mode    Mode
	Happens bool   // the call takes effect, whatever the client is told
	Says    string // one sentence
	play    func(*play)
}

// Modes lists every mode. The sandbox's README.md is generated from it.
var Modes = []ModeRule{
	{ResetBefore, false, "The connection is reset before anything happens.", (*play).reset},
	{ResetAfter, true, "It happens, then the connection is reset.", after((*play).reset)},
	{LostAfter, true, "It happens, then the connection is closed without an answer.", after((*play).hangUp)},
	{Error500Before, false, "500, and nothing happened.", (*play).error500},
	{Error500After, true, "500, and yet it happened.", after((*play).error500)},
	{HTML503, false, "503 with a page of HTML, and nothing happened.", (*play).html503},
	{HTML503After, true, "503 with a page of HTML, and yet it happened.", after((*play).html503)},
	{Empty401, false, "401 without a body and without a challenge, for a credential that is good.", (*play).empty401},
	{RateLimited, false, "429 with Retry-After, which may be 0.", (*play).rateLimited},
	{Hang, false, "No answer until the client gives up, and nothing happens.", (*play).hang},
	{HangAfter, true, "It happens, then no answer until the client gives up.", after((*play).hang)},
	{TruncatedAfter, true, "It happens, and the answer breaks off in the middle of its body.", after((*play).truncate)},
	{SlackError, false, "200 with ok false and the given error.", (*play).slackError},
	{SlackErrorAfter, true, "200 with ok false and the given error, and yet it happened, as fatal_error may.", after((*play).slackError)},
	{OKFalse, false, "200 with ok false and no error.", (*play).okFalse},
	{AtlasError, false, "An Atlas error with the given status and errorCode.", (*play).atlasError},
	{Freeze, true, "The call waits until it is released, then happens and is answered.", (*play).freeze},
	{FreezeAfter, true, "It happens, and the answer waits until it is released.", (*play).freezeAfter},
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
