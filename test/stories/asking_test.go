package stories_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/roster-dev/roster/client"
)

// The language of an application that asks for decisions, over HTTP and by package client. A sentence is a question with
// its answer:
//
//	ana update orders site=FR: deny OutsideRestriction site
//	rita as managers-north update orders sales-rep=1042: allow
//	? update orders site=DE: ana ben          who may
//	ana ? orders site=FR: read                what may she do
//	ben read sites id=?: DE FR US             to which of those that Roster knows
//	ben update orders where=?: site=DE        where, as a filter over one's own data
//	ana update orders site=DE via=?: de-ofm   where it comes from
//	app/sync update orders site=DE: allow     of the credential sync, by its client ID

// application asks about one tenant. Without a name it leaves open which.
type application struct {
	client                 *client.Client
	token, tenant, atLeast string
}

// applicationIn asks as a service account in the namespace: a tenant's own, or one that may ask about all of them.
func applicationIn(ctx context.Context, namespace string) application {
	GinkgoHelper()
	token := cluster.ExpectCaller(ctx, namespace, "application")
	return application{client: client.New(decisions.URL, func() (string, error) { return token, nil }), token: token, tenant: namespace}
}

// about is the application when it asks about a tenant.
func (a application) about(tenant string) application {
	a.tenant = tenant
	return a
}

// since is the application when it must not be told a state before this version.
func (a application) since(version string) application {
	a.atLeast = version
	return a
}

// hears asks what the sentences ask, until the answers are theirs. With a version, the first answers have to be.
func (a application) hears(ctx context.Context, sentences ...string) {
	GinkgoHelper()
	if a.atLeast == "" {
		Eventually(func() (string, error) { return a.misheard(ctx, sentences) }).Should(BeEmpty())
		return
	}
	var difference string
	Eventually(func() (err error) {
		difference, err = a.misheard(ctx, sentences)
		return err
	}).Should(Succeed())
	Expect(difference).To(BeEmpty())
}

// refused asks, and is told by this status code that it may not.
func (a application) refused(ctx context.Context, status int, questions ...string) {
	GinkgoHelper()
	for _, text := range questions {
		_, err := a.answer(ctx, a.question(text+":"))
		var failed *client.Error
		Expect(errors.As(err, &failed)).To(BeTrue(), "%s: %v", text, err)
		Expect(failed.Status).To(Equal(status))
	}
}

// misheard are the sentences that the service completes otherwise, whether they are asked one by one or all at once.
func (a application) misheard(ctx context.Context, sentences []string) (string, error) {
	var plain []question
	var single, batch []string
	for _, sentence := range sentences {
		q := a.question(sentence)
		answer, err := a.answer(ctx, q)
		if err != nil {
			return "", fmt.Errorf("%s %w", q.text, err)
		}
		single = append(single, q.text+" "+answer)
		if q.hole == "" {
			plain, batch = append(plain, q), append(batch, q.text+" "+answer)
		}
	}
	together, err := a.together(ctx, plain)
	return cmp.Diff(sentences, single) + cmp.Diff(batch, together), err
}

// question is a sentence without its answer, and what in it is asked for: nothing is, when it is a plain evaluation.
type question struct {
	client.Question
	text, hole string
}

func (a application) question(sentence string) question {
	text, _, found := strings.Cut(sentence, ":")
	words := strings.Fields(text)
	q := question{text: text + ":"}
	q.Context = client.Context{Tenant: a.tenant, AtLeast: a.atLeast}
	if len(words) > 2 && words[1] == "as" {
		q.Context.Group = words[2]
		words = slices.Delete(words, 1, 3)
	}
	Expect(found && len(words) >= 3).To(BeTrue(), "%q is no question", sentence)
	q.Subject, q.Action = a.subject(words[0]), client.Action{Name: words[1]}
	q.Resource = client.Resource{Type: words[2], ID: "1", Properties: map[string]any{}}
	q.hole = map[string]string{words[0]: "subject", words[1]: "action"}["?"]
	for _, word := range words[3:] {
		name, value, _ := strings.Cut(word, "=")
		switch {
		case value == "?":
			q.hole = name
		case name == "id":
			q.Resource.ID = value
		default:
			q.Resource.Properties[name] = value
		}
	}
	q.Context.Explain = q.hole == "via"
	return q
}

func (a application) answer(ctx context.Context, q question) (string, error) {
	var found []string
	var err error
	switch q.hole {
	case "", "via":
		d, err := a.client.Evaluate(ctx, q.Question)
		return spoken(d), err
	case "where":
		scopes, err := a.client.Scopes(ctx, q.Question)
		return where(scopes), err
	case "subject":
		found, err = a.client.Subjects(ctx, q.Question)
	case "action":
		found, err = a.client.Actions(ctx, q.Question)
	case "id":
		found, err = a.client.Resources(ctx, q.Question)
	}
	if len(found) == 0 || err != nil {
		return "none", err
	}
	return strings.Join(found, " "), a.confirm(ctx, q, found)
}

// confirm finds out that what was found is allowed.
func (a application) confirm(ctx context.Context, q question, found []string) error {
	var all []client.Question
	for _, name := range found {
		filled := q.Question
		*map[string]*string{"subject": &filled.Subject.ID, "action": &filled.Action.Name, "id": &filled.Resource.ID}[q.hole] = name
		all = append(all, filled)
	}
	answers, err := a.client.EvaluateAll(ctx, all)
	for i, d := range answers {
		if !d.Allowed {
			return fmt.Errorf("found %s, for which the answer is %s", found[i], spoken(d))
		}
	}
	return err
}

// together asks the questions as one batch.
func (a application) together(ctx context.Context, questions []question) ([]string, error) {
	var all []client.Question
	for _, q := range questions {
		all = append(all, q.Question)
	}
	answers, err := a.client.EvaluateAll(ctx, all)
	var out []string
	for i, d := range answers {
		if d.Context.Error != nil {
			return nil, d.Context.Error
		}
		out = append(out, questions[i].text+" "+spoken(d))
	}
	return out, err
}

func spoken(d client.Decision) string {
	if !d.Allowed {
		return strings.TrimSpace("deny " + d.Context.Reason + " " + d.Context.Dimension)
	}
	var sources []string
	for _, via := range d.Context.Via {
		sources = append(sources, strings.TrimSuffix(via.Tenant+via.Group+"/"+via.Role, "/"))
	}
	if sources == nil {
		return "allow"
	}
	return strings.Join(sources, " ")
}

// where writes scopes: "site=DE,FR and vendor=abc or everywhere".
func where(scopes []client.Scope) string {
	out := []string{}
	for _, scope := range scopes {
		var dimensions []string
		for _, name := range slices.Sorted(maps.Keys(scope)) {
			dimensions = append(dimensions, name+"="+strings.Join(scope[name], ","))
		}
		out = append(out, map[bool]string{true: "everywhere", false: strings.Join(dimensions, " and ")}[len(scope) == 0])
	}
	if len(out) == 0 {
		return "nowhere"
	}
	return strings.Join(out, " or ")
}
