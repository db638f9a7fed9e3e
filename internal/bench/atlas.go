package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const orgID = "65a1b2c3d4e5f60718293a4b"

// An atlasStub is an organization that challenges each connection as Atlas does, takes
// any answer to that, and keeps its keys.
type atlasStub struct {
	calls counter

	mu    sync.Mutex
	next  int
	order []string // ids
	keys  map[string]*stubKey
}

type stubKey struct {
	ID        string     `json:"id"`
	PublicKey string     `json:"publicKey"`
	Private   string     `json:"privateKey"`
	Desc      string     `json:"desc"`
	Roles     []stubRole `json:"roles"`

	access []json.RawMessage
}

type stubRole struct {
	OrgID    string `json:"orgId"`
	RoleName string `json:"roleName"`
}

const mask = "********-****-****-****-000000000000"

// ServeHTTP implements [http.Handler].
func (a *atlasStub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the bot is gone
	}
	if !strings.HasPrefix(r.Header.Get("Authorization"), "Digest ") {
		a.calls.add("atlas challenge")
		w.Header().Set("WWW-Authenticate", `Digest realm="MMS Public API", domain="", nonce="bench", algorithm=MD5, qop="auth", stale=false`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	path := strings.TrimPrefix(r.URL.Path, "/api/atlas/v2")
	words := strings.Split(strings.Trim(path, "/"), "/")
	a.calls.add("atlas " + r.Method + " " + shape(words))
	w.Header().Set("Content-Type", "application/json")
	status, answer := a.answer(r.Method, words, r.URL.Query(), body)
	w.WriteHeader(status)
	io.WriteString(w, answer)
}

// shape is a path without its ids.
func shape(words []string) string {
	var named []string
	for i, word := range words {
		if i%2 == 0 {
			named = append(named, word)
		}
	}
	return strings.Join(named, "/")
}

func (a *atlasStub) answer(method string, words []string, query url.Values, body []byte) (int, string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	own := fmt.Sprintf(`{"id":"000000000000000000000001","publicKey":"benchkey","desc":"the bot","privateKey":%q,"roles":[{"orgId":%q,"roleName":"ORG_OWNER"}]}`, mask, orgID)
	organization := fmt.Sprintf(`{"id":%q,"name":"Bench","isDeleted":false}`, orgID)
	key := func() *stubKey {
		if len(words) < 4 {
			return nil
		}
		return a.keys[words[3]]
	}
	switch method + " " + shape(words) {
	case "GET ":
		return http.StatusOK, `{"appName":"MongoDB Atlas","build":"bench","apiKey":` + own + `}`
	case "GET orgs":
		if len(words) == 1 {
			return http.StatusOK, list([]string{organization})
		}
		return http.StatusOK, organization
	case "GET orgs/settings":
		return http.StatusOK, `{"apiAccessListRequired":false}`
	case "GET orgs/apiKeys":
		if k := key(); k != nil {
			return http.StatusOK, k.masked()
		} else if len(words) > 3 {
			return notFound(words)
		}
		return http.StatusOK, a.page(own, query)
	case "POST orgs/apiKeys":
		return http.StatusOK, a.create(body)
	case "POST orgs/apiKeys/accessList", "GET orgs/apiKeys/accessList":
		k := key()
		if k == nil {
			return http.StatusOK, list(nil) // of the bot's own
		}
		if method == http.MethodPost {
			k.access = addresses(body)
		}
		entries, _ := json.Marshal(k.access)
		return http.StatusOK, fmt.Sprintf(`{"results":%s,"totalCount":%d,"links":[]}`, entries, len(k.access))
	case "DELETE orgs/apiKeys":
		if key() == nil {
			return notFound(words)
		}
		delete(a.keys, words[3])
		return http.StatusNoContent, ""
	default:
		return http.StatusOK, list(nil)
	}
}

// page lists some of the keys, the bot's own first.
func (a *atlasStub) page(own string, query url.Values) string {
	a.order = slices.DeleteFunc(a.order, func(id string) bool { return a.keys[id] == nil })
	number, _ := strconv.Atoi(query.Get("pageNum"))
	size, _ := strconv.Atoi(query.Get("itemsPerPage"))
	number, size = max(number, 1), max(size, 1)
	var shown []string
	for i := (number - 1) * size; i < min(number*size, len(a.order)+1); i++ {
		if i == 0 {
			shown = append(shown, own)
		} else {
			shown = append(shown, a.keys[a.order[i-1]].masked())
		}
	}
	return fmt.Sprintf(`{"results":[%s],"totalCount":%d,"links":[]}`, strings.Join(shown, ","), len(a.order)+1)
}

func (a *atlasStub) create(body []byte) string {
	var wanted struct {
		Desc  string   `json:"desc"`
		Roles []string `json:"roles"`
	}
	_ = json.Unmarshal(body, &wanted) // the bot's own JSON
	a.next++
	k := &stubKey{
		ID: fmt.Sprintf("%08x%016x", time.Now().Unix(), a.next), PublicKey: fmt.Sprintf("k%07d", a.next),
		Private: fmt.Sprintf("00000000-0000-4000-8000-%012d", a.next), Desc: wanted.Desc,
	}
	for _, role := range wanted.Roles {
		k.Roles = append(k.Roles, stubRole{orgID, role})
	}
	if a.keys == nil {
		a.keys = map[string]*stubKey{}
	}
	a.keys[k.ID] = k
	a.order = append(a.order, k.ID)
	answer, _ := json.Marshal(k)
	return string(answer)
}

func (k *stubKey) masked() string {
	shown := *k
	shown.Private = mask
	answer, _ := json.Marshal(shown)
	return string(answer)
}

// addresses are the entries of an access list as Atlas answers them.
func addresses(body []byte) []json.RawMessage {
	var wanted []struct {
		CIDRBlock string `json:"cidrBlock"`
		IPAddress string `json:"ipAddress"`
	}
	_ = json.Unmarshal(body, &wanted) // the bot's own JSON
	var entries []json.RawMessage
	for _, w := range wanted {
		block := w.CIDRBlock
		if block == "" {
			block = w.IPAddress + "/32"
		}
		address, _, _ := strings.Cut(block, "/")
		entries = append(entries, json.RawMessage(fmt.Sprintf(`{"cidrBlock":%q,"ipAddress":%q,"count":0,"created":"2026-01-01T00:00:00Z"}`, block, address)))
	}
	return entries
}

func list(all []string) string {
	return fmt.Sprintf(`{"results":[%s],"totalCount":%d,"links":[]}`, strings.Join(all, ","), len(all))
}

func notFound(words []string) (int, string) {
	return http.StatusNotFound, fmt.Sprintf(`{"error":404,"errorCode":"API_KEY_NOT_FOUND","detail":"no such key","parameters":[%q],"reason":"Not Found"}`, words[len(words)-1])
}
