package slack

import (
	"fmt"
	"slices"
)

// malformed breaks when parsing ran into code.
func malformed(code string) func(*call) bool {
	return func(c *call) bool { return c.malformed == code }
}

var transportRules = []Rule{
	{"unknown_method", "the method exists", webAPI, nil, func(c *call) bool { return c.method == nil }},
	{"request_timeout", "the body arrives whole", webAPI, nil, malformed("request_timeout")},
	{"missing_post_type", "a body says what it is", webAPI, nil, malformed("missing_post_type")},
	{"invalid_post_type", "a body is a form or JSON", webAPI, nil, malformed("invalid_post_type")},
	{"invalid_charset", "text is UTF-8 or ISO 8859-1", webAPI, nil, malformed("invalid_charset")},
	{"invalid_form_data", "a form can be parsed", webAPI, nil, malformed("invalid_form_data")},
	{"invalid_json", "JSON can be parsed", webAPI, nil, malformed("invalid_json")},
	{"json_not_object", "a JSON body is an object", webAPI, nil, malformed("json_not_object")},

	{"not_authed", "a token in the URL is not read", webAPI, nil, func(c *call) bool { return c.token() == "" && c.urlToken != "" }},
	{"not_authed", "every call carries a token", webAPI, nil, func(c *call) bool { return c.token() == "" }},
	{"invalid_auth", "the token is one of this workspace", webAPI, nil, func(c *call) bool {
		return c.token() != c.w.opts.BotToken && c.token() != c.w.opts.AppToken
	}},
	{"invalid_auth", "header and body carry one token", guess, nil, func(c *call) bool {
		return c.bearer != "" && c.bodyToken != "" && c.bearer != c.bodyToken
	}},
	{"not_allowed_token_type", "sockets are opened with the app token", methodPage, []string{"apps.connections.open"}, func(c *call) bool {
		return c.token() != c.w.opts.AppToken
	}},
	{"not_allowed_token_type", "everything else is called with the bot token", methodPage, nil, func(c *call) bool {
		return c.token() != c.w.tokenFor(c)
	}},
	{"account_inactive", "the app is installed and the token lives (SetAuthError names the code)", webAPI, nil, func(c *call) bool {
		c.code = c.w.authErr
		return c.w.authErr != ""
	}},
	{"missing_scope", "the token has the method's scopes", webAPI, nil, func(c *call) bool {
		lacks := slices.ContainsFunc(c.needs(), func(s string) bool { return !c.method.app && !slices.Contains(c.w.scopes, s) })
		if lacks {
			c.needed = c.needs()
		}
		return lacks
	}},
	{"ratelimited", "each method has its calls a minute", rateLimits, nil, (*call).tooFast},
	{"ratelimited", "a channel takes one message a second", rateLimits, []string{"chat.postMessage"}, (*call).tooFastHere},
	{"invalid_arguments", "the required arguments are there; methods without JSON support do not see JSON", methodPage, nil, func(c *call) bool {
		for _, name := range c.method.required {
			c.warn(!c.has(name), fmt.Sprintf("[ERROR] missing required field: %s", name))
		}
		return c.texts != nil
	}},
}
