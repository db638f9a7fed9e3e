package atlas

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// codeHeader repeats the error code. Atlas sends it with each of its own errors
// and never with a challenge; a proxy does not send it.
const codeHeader = "X-Error-Code"

// Atlas renamed its "whitelists" to access lists and keeps changing the status
// that goes with a code, so codes decide and both spellings are known.
var (
	keyGoneCodes    = []string{"API_KEY_NOT_FOUND"} // with 400, and perhaps one day with 404
	entryGoneCodes  = []string{"API_KEY_ACCESS_LIST_ENTRY_NOT_FOUND", "API_KEY_WHITELIST_NOT_FOUND"}
	entryThereCodes = []string{"ADDRESS_ALREADY_IN_ACCESS_LIST", "ADDRESS_ALREADY_IN_WHITELIST"}
	goneCodes       = slices.Concat(keyGoneCodes, entryGoneCodes)
	addressCodes    = []string{
		"IP_ADDRESS_NOT_ON_ACCESS_LIST", "IP_ADDRESS_NOT_ON_WHITELIST",
		"ORG_REQUIRES_ACCESS_LIST", "ORG_REQUIRES_WHITELIST",
		"RESOURCE_REQUIRES_ACCESS_LIST", "RESOURCE_REQUIRES_WHITELIST",
	}
	forbiddenCodes = []string{"ACCESS_FORBIDDEN", "USER_UNAUTHORIZED", "USER_CANNOT_ACCESS_ORG", "NOT_ORG_OWNER", "NOT_API_KEY_ADMIN", "NOT_ORG_USER_ADMIN"}
	projectCodes   = []string{"GROUP_NOT_FOUND", "NOT_IN_GROUP", "USER_CANNOT_ACCESS_GROUP", "NOT_GROUP_USER_ADMIN"}
	laterCodes     = []string{"WRITES_NOT_ALLOWED_DURING_APP_UPGRADES"}
)

// An errorBody is the part of an error response that is read.
type errorBody struct {
	ErrorCode        string            `json:"errorCode"`
	Parameters       []json.RawMessage `json:"parameters"`
	BadRequestDetail struct {
		Fields []struct {
			Field string `json:"field"`
		} `json:"fields"`
	} `json:"badRequestDetail"`
}

// classify returns nil for a success, and otherwise the error that a stands for.
func (c *Client) classify(call call, a response) *Error {
	e := &Error{Op: call.op, Status: a.status, Err: a.err}
	if a.status >= 200 && a.status < 300 {
		return classifySuccess(call, a, e)
	}
	if a.status == 0 {
		e.Kind = indeterminate(call, a)
		return e
	}
	e.Err = nil // an error response counts even if its body is truncated
	if isWebPage(a) || a.status >= 300 && a.status < 400 {
		e.Err = ErrWebPage
	}
	body := readErrorBody(a.body)
	e.Code = cmp.Or(name(body.ErrorCode), name(a.header.Get(codeHeader)))
	for _, f := range body.BadRequestDetail.Fields {
		e.Fields = append(e.Fields, cmp.Or(name(f.Field), "?"))
	}
	if slices.Contains(addressCodes, e.Code) {
		e.Caller = body.address()
	}
	e.RetryAfter = c.retryAfter(a.header, body)
	e.Kind = classifyError(call, a, e.Code)
	return e
}

// notJSON describes a response that is not JSON.
func notJSON(a response) error {
	if isWebPage(a) {
		return ErrWebPage
	}
	return errors.New("the response is not JSON")
}

// isWebPage goes by the content type, or without one by the start of the body.
func isWebPage(a response) bool {
	t := strings.ToLower(a.header.Get("Content-Type"))
	if strings.HasPrefix(t, "text/html") || strings.HasPrefix(t, "application/xhtml") {
		return true
	}
	return !isJSON(a.header) && strings.HasPrefix(strings.TrimSpace(string(a.body[:min(len(a.body), 64)])), "<")
}

func classifySuccess(call call, a response, e *Error) *Error {
	switch {
	case !a.signed && isWebPage(a):
		e.Kind, e.Err = Transient, ErrWebPage
	case !a.signed:
		e.Kind, e.Err = Transient, errors.New("a response to an unauthenticated request: this is not Atlas")
	case a.err != nil:
		e.Kind = indeterminate(call, a)
	case len(a.body) > 0 && !isJSON(a.header):
		e.Kind, e.Err = indeterminate(call, a), notJSON(a)
	case call.method == http.MethodDelete && a.status != http.StatusNoContent:
		// This does not prove that it is deleted. Asking again does: it is not found
		// then.
		e.Kind, e.Err = Transient, errNotUnderstood
	default:
		return nil
	}
	return e
}

// classifyError tells Atlas's own errors, which carry a code, from those of a proxy
// or load balancer in front of it.
func classifyError(call call, a response, code string) Kind {
	switch {
	case a.status == http.StatusTooManyRequests, slices.Contains(laterCodes, code):
		return Transient
	case a.status >= 500, a.status < 400, a.status == http.StatusRequestTimeout:
		return indeterminate(call, a)
	case slices.Contains(goneCodes, code):
		return Gone
	case slices.Contains(projectCodes, code):
		return Permanent // with any status: the project is wrong, not the credential
	case slices.Contains(addressCodes, code), slices.Contains(forbiddenCodes, code):
		return InvalidCredential
	case a.status == http.StatusUnauthorized && (a.challenged || code != ""):
		return InvalidCredential
	case code == "":
		return Transient
	}
	return Permanent
}

// indeterminate is the kind of a call without a clear response. An unsigned request
// has no effect, and repeating anything but a POST does no harm.
func indeterminate(call call, a response) Kind {
	if call.post() && a.signed && a.sent {
		return Indeterminate
	}
	return Transient
}

func readErrorBody(body []byte) errorBody {
	var c errorBody
	if json.Unmarshal(body, &c) != nil {
		// Some part is not as documented; the code alone decides most.
		var code struct {
			ErrorCode string `json:"errorCode"`
		}
		_ = json.Unmarshal(body, &code)
		return errorBody{ErrorCode: code.ErrorCode}
	}
	return c
}

// address returns the first parameter if it is an address.
func (c errorBody) address() netip.Addr {
	var s string
	if len(c.Parameters) == 0 || json.Unmarshal(c.Parameters[0], &s) != nil {
		return netip.Addr{}
	}
	address, _ := netip.ParseAddr(s)
	return address.WithZone("")
}

// namePattern allows no hyphen, so that no private key passes for a name.
var namePattern = regexp.MustCompile(`^[A-Za-z0-9_.\[\]]{1,80}$`)

// name returns s if it looks like a code or a field name, and "" otherwise: both
// are logged and shown, and come from outside.
func name(s string) string {
	if !namePattern.MatchString(s) {
		return ""
	}
	return s
}

// isJSON goes by prefix: success is typed with a version and a charset, errors
// are plain application/json.
func isJSON(h http.Header) bool {
	t := strings.ToLower(h.Get("Content-Type"))
	return strings.HasPrefix(t, "application/json") || strings.HasPrefix(t, "application/vnd.atlas.")
}
