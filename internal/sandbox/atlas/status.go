package atlas

import "strings"

// The operations that are not about keys: status, organization, settings, ipinfo.

type statusView struct {
	APIKey     callerView `json:"apiKey"`
	AppName    string     `json:"appName"`
	Build      string     `json:"build"`
	Links      []link     `json:"links"`
	Throttling bool       `json:"throttling"`
}

type callerView struct {
	AccessList []accessView `json:"accessList"`
	ID         string       `json:"id"`
	PublicKey  string       `json:"publicKey"`
	Roles      []Role       `json:"roles"`
}

type accessView struct {
	CIDRBlock string `json:"cidrBlock"`
	IPAddress string `json:"ipAddress"`
}

type orgView struct {
	ID                        string `json:"id"`
	IsDeleted                 bool   `json:"isDeleted"`
	Links                     []link `json:"links"`
	Name                      string `json:"name"`
	SkipDefaultAlertsSettings bool   `json:"skipDefaultAlertsSettings"`
}

type settingsView struct {
	APIAccessListRequired       bool   `json:"apiAccessListRequired"`
	GenAIFeaturesEnabled        bool   `json:"genAIFeaturesEnabled"`
	MaxServiceAccountSecretLife int    `json:"maxServiceAccountSecretValidityInHours"`
	MultiFactorAuthRequired     bool   `json:"multiFactorAuthRequired"`
	RestrictEmployeeAccess      bool   `json:"restrictEmployeeAccess"`
	SecurityContact             string `json:"securityContact"`
}

type ipView struct {
	CurrentIPv4Address string `json:"currentIpv4Address"`
}

func (o *Organization) systemStatus(c *call) (any, *refusal) {
	view := o.show(c.caller.key)
	list := []accessView{}
	for _, e := range c.caller.key.entries {
		list = append(list, accessView{CIDRBlock: cidrForm(e.network), IPAddress: addressForm(e.network.Addr())})
	}
	return statusView{
		APIKey:  callerView{AccessList: list, ID: view.ID, PublicKey: view.PublicKey, Roles: view.Roles},
		AppName: "MongoDB Atlas", Build: "203ac0360368239eed8f27b82e06b1be8429648c", Links: self(""),
	}, nil
}

// listOrgs filters by name as a prefix.
func (o *Organization) listOrgs(c *call) (any, *refusal) {
	var found []orgView
	if strings.HasPrefix(o.name, c.URL.Query().Get("name")) {
		found = append(found, o.showOrg())
	}
	return paginate(c, found), nil
}

func (o *Organization) showOrg() orgView {
	return orgView{ID: o.id, Links: self("/orgs/" + o.id), Name: o.name}
}

func (o *Organization) getOrg(*call) (any, *refusal) {
	view := o.showOrg()
	for _, below := range []string{"groups", "teams", "users"} {
		view.Links = append(view.Links, link{Href: host + v2 + "/orgs/" + o.id + "/" + below, Rel: "https://cloud.mongodb.com/" + below})
	}
	return view, nil
}

func (o *Organization) getSettings(*call) (any, *refusal) {
	return settingsView{APIAccessListRequired: o.requireList, GenAIFeaturesEnabled: true, MaxServiceAccountSecretLife: 8760}, nil
}

func (o *Organization) ipInfo(*call) (any, *refusal) {
	return ipView{o.seenFrom.String()}, nil
}
