package atlas

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// host stands in the links of every answer. Links show the host that Atlas
// thinks it is; a client must not follow them with a credential, and this
// one leads nowhere.
const host = "https://cloud.mongodb.invalid"

// Views have their members in alphabetical order, as recorded.

type link struct {
	Href string `json:"href"`
	Rel  string `json:"rel"`
}

type keyView struct {
	Desc       string `json:"desc"`
	ID         string `json:"id"`
	Links      []link `json:"links"`
	PrivateKey string `json:"privateKey"`
	PublicKey  string `json:"publicKey"`
	Roles      []Role `json:"roles"`
}

type entryView struct {
	CIDRBlock       string `json:"cidrBlock"`
	Count           int    `json:"count"`
	Created         string `json:"created"`
	IPAddress       string `json:"ipAddress,omitempty"`
	LastUsed        string `json:"lastUsed,omitempty"`
	LastUsedAddress string `json:"lastUsedAddress,omitempty"`
	Links           []link `json:"links"`
}

type pageOf[T any] struct {
	Links      []link `json:"links"`
	Results    []T    `json:"results"`
	TotalCount *int   `json:"totalCount,omitempty"`
}

func self(path string) []link { return []link{{Href: host + v2 + path, Rel: "self"}} }

// timestamp writes t as Atlas does, to the second.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// show renders k with its private key masked and its roles in no order.
func (o *Organization) show(k *key) keyView {
	roles := slices.Clone(k.roles)
	o.rand.Shuffle(len(roles), func(i, j int) { roles[i], roles[j] = roles[j], roles[i] })
	return keyView{
		Desc: k.desc, ID: k.id, Links: self("/orgs/" + o.id + "/apiKeys/" + k.id),
		PrivateKey: k.masked(), PublicKey: k.publicKey, Roles: roles,
	}
}

// showOnce renders k with its private key: the answer to its creation.
func (o *Organization) showOnce(k *key) keyView {
	view := o.show(k)
	view.PrivateKey = k.privateKey
	return view
}

// showEntry shows both forms of a single address.
func (o *Organization) showEntry(k *key, e *entry) entryView {
	view := entryView{
		CIDRBlock: cidrForm(e.network), Count: e.count, Created: timestamp(e.created),
		Links: self("/orgs/" + o.id + "/apiKeys/" + k.id + "/accessList/" + url.PathEscape(e.name())),
	}
	if e.single() {
		view.IPAddress = addressForm(e.network.Addr())
	}
	if !e.lastUsed.IsZero() {
		view.LastUsed = timestamp(e.lastUsed)
		view.LastUsedAddress = addressForm(e.lastFrom)
	}
	return view
}

// paginate cuts the page out that c asks for. totalCount is the estimate that
// the specification calls it: of more than one page it is one too few, so that
// no client relies on it.
func paginate[T any](c *call, all []T) pageOf[T] {
	number, size, _ := c.page()
	from := min((number-1)*size, len(all))
	to := min(from+size, len(all))
	page := pageOf[T]{Links: pageLinks(c, number, size, to < len(all)), Results: []T{}}
	page.Results = append(page.Results, all[from:to]...)
	if c.URL.Query().Get("includeCount") != "false" {
		total := len(all)
		if total > size {
			total--
		}
		page.TotalCount = &total
	}
	return page
}

func pageLinks(c *call, number, size int, more bool) []link {
	at := func(rel string, number int) link {
		return link{Href: host + c.URL.EscapedPath() + "?" + pageQuery(c, number, size), Rel: rel}
	}
	links := []link{at("self", number)}
	if number > 1 {
		links = append(links, at("previous", number-1))
	}
	if more {
		links = append(links, at("next", number+1))
	}
	return links
}

// pageQuery spells the query out as Atlas does, defaults included.
func pageQuery(c *call, number, size int) string {
	query := c.URL.Query()
	count := query.Get("includeCount")
	if count == "" {
		count = "true"
	}
	parts := []string{"includeCount=" + count}
	for _, name := range []string{"includeRaw", "maxDate", "minDate", "name"} {
		if slices.Contains(c.route.query, name) && (query.Has(name) || name == "name") {
			parts = append(parts, name+"="+url.QueryEscape(query.Get(name)))
		}
	}
	return strings.Join(append(parts, "pageNum="+strconv.Itoa(number), "itemsPerPage="+strconv.Itoa(size)), "&")
}
