package slackui

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/view"
)

var ticketField = policy.DetailField{Field: policy.FieldTicket, Label: "Ticket", Pattern: regexp.MustCompile(`\A(?:OPS-[0-9]+)\z`), Example: "OPS-123", Required: true}

func ticketed(r *approval.Request) { r.Details = policy.Details{"ticket": "OPS-12 <!channel>"} }

// ticketScreens are the goldens of an organization whose policy asks for a ticket.
func ticketScreens() map[string]any {
	org := production
	org.Policy.DetailFields = []policy.DetailField{ticketField}
	breakGlass := strict
	breakGlass.Policy.DetailFields = []policy.DetailField{ticketField}
	screens := viewsOf(org.Policy)
	return map[string]any{
		"ticket.card":       screens.Card(request(ticketed)),
		"ticket.card.gone":  testViews.Card(request(ticketed)), // the policy has no such field any more
		"ticket.requested":  screens.Message(request(ticketed), approval.RequestedMessage),
		"ticket.list":       screens.List(approval.Page{Requests: numbered([]approval.Request{request(ticketed), request(active, ticketed)})}, ""),
		"ticket.pending":    screens.Pending([]approval.Request{request(ticketed)}, nil, later),
		"ticket.extension":  screens.Card(request(extension, ticketed)),
		"ticket.form":       view.Form(view.FormView{Orgs: policy.Orgs{org}, Offer: entitlementsOf(org), Preview: usual}),
		"ticket.form.again": view.Form(view.FormView{Orgs: policy.Orgs{org}, Offer: entitlementsOf(org), Filled: view.FormToRequestAgain(org.Policy, request(ticketed)), Preview: usual}),
		"ticket.breakglass": view.BreakGlassForm(view.BreakGlassView{Orgs: policy.Orgs{breakGlass}, Org: breakGlass, Channel: "C0APPROVALS"}),
	}
}

func TestTicketErrorsNameWhatIsExpected(t *testing.T) {
	t.Parallel()
	for want, problem := range map[string]policy.Problem{
		"Enter the value of “Ticket”, as in OPS-123.":                            {Field: policy.FieldTicket, Code: policy.Missing, Label: "Ticket", Hint: "OPS-123"},
		"Enter the value of “Ticket”.":                                           {Field: policy.FieldTicket, Code: policy.Missing, Label: "Ticket"},
		"“12” is not what “Ticket” has to look like: correct it, as in OPS-123.": {Field: policy.FieldTicket, Code: policy.NotMatching, Given: "12", Label: "Ticket", Hint: "OPS-123"},
		"This is too long. Shorten it to 100 characters.":                        {Field: policy.FieldTicket, Code: policy.TooLong, Limit: 100, Label: "Ticket"},
	} {
		require.Equal(t, want, view.ProblemText(problem))
	}
}
