package atlas

import (
	"fmt"
	"strings"
)

// A Rule is one refusal of Atlas, with its error.
type Rule struct {
	Code     string // errorCode, and the X-Error-Code header
	Status   int
	Detail   string // a format; its arguments are the error's parameters
	Why      string // one sentence
	Stricter bool   // the sandbox refuses it where Atlas is not known to
}

// The rules, by the names the code uses. [Rules] lists them.
var (
	unauthorized     = Rule{"UNEXPECTED_ERROR", 401, "You are not authorized for this resource.", "every request carries a Digest response by a live key; unknown key and wrong secret look alike", false}
	listRequired     = Rule{"ORG_REQUIRES_ACCESS_LIST", 403, "This organization requires access through an access list of ip ranges.", "where the organization requires access lists, a key without one is good for nothing", false}
	notOnList        = Rule{"IP_ADDRESS_NOT_ON_ACCESS_LIST", 403, "IP address %s is not allowed to access this resource.", "a key with an access list works from the listed addresses only", false}
	noSuchResource   = Rule{"RESOURCE_NOT_FOUND", 404, "Cannot find resource %s.", "a path or method that is none; a slash within an entry is sent as %2F", false}
	noVersion        = Rule{"INVALID_VERSION_DATE", 400, "There is no version number in the request.", "Accept, and Content-Type with a body, are application/vnd.atlas.2023-01-01+json", true}
	badPath          = Rule{"PATH_PARAM_PARSE_ERROR", 400, "One or more path parameter in the request URI %s is malformed.", "ids in a path are 24 lower-case hexadecimal digits; a key's public key is not its id", false}
	noSuchOrg        = Rule{"ORG_NOT_FOUND", 404, "No organization with ID %s exists.", "the organization exists", false}
	foreignOrg       = Rule{"USER_CANNOT_ACCESS_ORG", 401, "User cannot access this organization.", "an organization is closed to the keys of others", false}
	noSuchGroup      = Rule{"GROUP_NOT_FOUND", 404, "No group with ID %s exists.", "the project exists", false}
	rateLimited      = Rule{"RATE_LIMITED_TOKEN_BUCKET", 429, "Rate limit exceeded for %s. Please retry after %d seconds. Request capacity: %d. Refill rate: %d per %d seconds. For more information, see: http://dochub.mongodb.org/core/atlas-api-rate-limit.", "every set of endpoints has a token bucket; the wait it tells may be 0 seconds", false}
	roleTooLow       = Rule{"USER_UNAUTHORIZED", 401, "Current user is not authorized to perform this action.", "writing takes an Organization Owner, or a Project Access Manager within a project", false}
	notInGroup       = Rule{"USER_CANNOT_ACCESS_GROUP", 401, "User cannot access this group.", "a project is closed to keys without a role in it, and to those of another organization", false}
	badQuery         = Rule{"INVALID_QUERY_PARAMETER", 400, "Invalid query parameter %s specified.", "pageNum is from 1, itemsPerPage is 1 to 500; envelope, pretty and unknown parameters are refused", true}
	malformed        = Rule{"MALFORMED_JSON", 400, "Received JSON is malformed.", "a body is one JSON value and nothing behind it", true}
	wrongShape       = Rule{"INVALID_JSON", 400, "Received JSON does not match expected format.", "a key is an object; access-list entries and assignments are arrays, also if there is one", false}
	wrongAttribute   = Rule{"INVALID_JSON_ATTRIBUTE", 400, "Received JSON for the %s attribute does not match expected format.", "attributes have the type they should have", false}
	unknownAttribute = Rule{"INVALID_ATTRIBUTE", 400, "Invalid attribute %s specified.", "attributes that are none are refused", true}
	readOnly         = Rule{"ATTRIBUTE_READ_ONLY", 400, "The attribute %s is read-only and cannot be changed by the user.", "id, publicKey, privateKey and links are not the caller's to set", true}
	missingAttribute = Rule{"MISSING_ATTRIBUTE", 400, "The required attribute %s was not specified.", "an entry has ipAddress or cidrBlock, a list has an entry, a change has desc or roles", true}
	noSuchKey        = Rule{"API_KEY_NOT_FOUND", 400, "No API key with ID %s exists.", "a missing key is 400, not 404, on GET, PATCH and DELETE alike; so is one that is to leave a project it is not in", false}
	noDesc           = Rule{"API_KEY_REQUIRES_DESCRIPTION", 400, "All API keys require a non-empty description.", "desc is there and not blank", false}
	longDesc         = Rule{"INVALID_API_KEY_DESC", 400, "API key descriptions are required and must be less than %d characters.", "desc has at most 250 characters, counted in UTF-16", true}
	noRoles          = Rule{"MISSING_API_KEY_ROLES", 400, "API keys must have at least one role.", "roles are not empty", false}
	badRole          = Rule{"BAD_REQUEST", 400, "The request content produced validation errors.", "roles are names of roles, each once; at random it is the next one", true}
	badEnum          = Rule{"INVALID_ENUM_VALUE", 400, "An invalid enumeration value %s was specified.", "the same mistake: Atlas has answered both", false}
	groupRole        = Rule{"CANNOT_ADD_GROUP_ROLE", 400, "Adding a group-level role in an organization is not supported.", "an organization key is given organization roles", false}
	orgRole          = Rule{"CANNOT_ADD_ORG_ROLE", 400, "Adding an organization-level role in a group is not supported.", "within a project, project roles are given", false}
	tooManyKeys      = Rule{"MAX_API_KEYS_PER_ORG_EXCEEDED", 400, "Maximum number of API keys per org (%d) in %s exceeded while trying to add API keys.", "an organization holds 500 keys", false}
	projectThere     = Rule{"GROUP_ALREADY_EXISTS", 409, "A group with name %s already exists.", "a project has a name that no other of the organization has", false}
	alreadyInGroup   = Rule{"API_KEY_ALREADY_IN_GROUP", 400, "API key is already in the group.", "POST assigns a key to a project once; PATCH assigns it, or changes its roles there", false}
	bothForms        = Rule{"BAD_WHITELIST_ADD_REQUEST", 400, "Should not specify both the IP address and the CIDR block.", "an entry has one of ipAddress and cidrBlock", false}
	badAddress       = Rule{"INVALID_IP_ADDRESS_OR_CIDR_NOTATION", 400, "The address %s must be in valid IP address or CIDR notation.", "addresses match the patterns of the specification: an IPv6 ipAddress is eight lower-case groups, only a cidrBlock may use ::", true}
	hostBits         = Rule{"INVALID_CIDR_BLOCK", 400, "The cidr block %s must be in valid CIDR notation.", "a cidrBlock has no host bits set", true}
	noIPv6           = Rule{"IPV6_UNSUPPORTED", 400, "The entry %s is an IPv6 value and is not supported.", "with Options.RefuseIPv6, no IPv6", false}
	uselessAddress   = Rule{"CANNOT_ADD_IP_ADDRESS_TO_API_KEY_WHITELIST", 400, "The address %s cannot be added to whitelists.", "loopback, link-local, multicast and unspecified addresses are refused; private ones are not, and neither is /0", true}
	twiceInInput     = Rule{"DUPLICATE_ADDRESSES_IN_INPUT", 400, "Two or more of the IP addresses being added to the whitelist are the same.", "a body names an address once; a.b.c.d is a.b.c.d/32", false}
	onListAlready    = Rule{"ADDRESS_ALREADY_IN_ACCESS_LIST", 409, "The address %s is already on the access list.", "an address is added once; of a refused body nothing is added", false}
	noSuchEntry      = Rule{"API_KEY_ACCESS_LIST_ENTRY_NOT_FOUND", 404, "IP address %s not on access list for API key %s.", "an entry is addressed as it stands: a single address without its mask", false}
	callersAddress   = Rule{"CANNOT_REMOVE_CALLER_FROM_ACCESS_LIST", 400, "Cannot remove caller's IP address %s from access list.", "a caller cannot shut itself out", false}
)

// Rules lists everything this Atlas refuses. The sandbox's README.md is
// generated from it, and the tests break each.
var Rules = []Rule{
	unauthorized, listRequired, notOnList, noSuchResource, noVersion, badPath, noSuchOrg, foreignOrg, noSuchGroup, rateLimited,
	roleTooLow, notInGroup, badQuery,
	malformed, wrongShape, wrongAttribute, unknownAttribute, readOnly, missingAttribute,
	noSuchKey, noDesc, longDesc, noRoles, badRole, badEnum, groupRole, orgRole, tooManyKeys, projectThere, alreadyInGroup,
	bothForms, badAddress, hostBits, noIPv6, uselessAddress, twiceInInput, onListAlready, noSuchEntry, callersAddress,
}

// A refusal is a broken rule with the parameters of its error.
type refusal struct {
	Rule
	parameters []any
	fields     []fieldViolation
}

// fieldViolation is one line of badRequestDetail.
type fieldViolation struct {
	Description string `json:"description"`
	Field       string `json:"field"`
}

// of refuses with the parameters that the detail takes.
func (r Rule) of(parameters ...any) *refusal { return &refusal{Rule: r, parameters: parameters} }

// detail fills the parameters in. What the detail does not mention is only in
// the parameters, as the address of the caller in ORG_REQUIRES_ACCESS_LIST.
func (r *refusal) detail() string {
	if !strings.Contains(r.Detail, "%") {
		return r.Detail
	}
	return fmt.Sprintf(r.Detail, r.parameters...)
}
