package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

// step is one thing that the demo shows and checks.
type step struct {
	title string
	do    func(context.Context, *stage) error
}

// tour goes through the commerce story. It ends with the first step that does not hold.
func tour(ctx context.Context, s *stage) error {
	for _, step := range []step{
		{"A platform team applies a catalog, tenants, groups, users and a vendor, in one go", applyStory},
		{"Each tenant gets its namespace, its predefined roles and its restrictions", tenantsReady},
		{"Everybody who may come in is invited by mail", mailsArrive},
		{"Ana opens her link and types her address", acceptAna},
		{"She is in; everybody else waits", showUsers},
		{"What she may do, and why, stands in her status", showAccess},
		{"Acme's dashboard asks the decision service, as a service account in Acme's namespace", askDecisions},
		{"Jo, who administers Acme, comes in, and may write in its namespace", bindJo},
		{"She lets Ana do so: Ana gives what she holds herself, and no more", guardAna},
		{"The vendor ABC Company got its four groups by itself", vendorGroups},
		{"Taking Ben out of the company is one word in his file", deactivateBen},
		{"So is Ana: the next question is answered accordingly", revokeAna},
	} {
		say("%s", step.title)
		if err := step.do(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func applyStory(ctx context.Context, s *stage) error {
	return s.kubectl(ctx, "apply", "-k", "config/samples/commerce")
}

func tenantsReady(ctx context.Context, s *stage) error {
	if err := s.kubectl(ctx, "wait", "tenants", "--all", "--for=condition=Ready", "--timeout=60s"); err != nil {
		return err
	}
	return s.kubectl(ctx, "get", "tenants")
}

func mailsArrive(ctx context.Context, s *stage) error {
	invited := []string{"ana@acme.example", "ben@acme.example", "carl@acme.example", "cem@abc.example", "dora@acme.example", "jo@acme.example", "vera@abc.example"}
	var arrived []letter
	err := s.wait(ctx, "the invitations", func() error {
		var err error
		if arrived, err = s.letters(ctx); err != nil {
			return err
		}
		for _, address := range invited {
			if !slices.ContainsFunc(arrived, func(l letter) bool { return l.To == address }) {
				return fmt.Errorf("no mail to %s", address)
			}
		}
		return nil
	})
	for _, l := range arrived {
		fmt.Printf("    %-22s %s\n", l.To, l.Subject)
	}
	return err
}

func acceptAna(ctx context.Context, s *stage) error { return accept(ctx, s, "ana") }

// accept opens the link in a user's mail and presses the button.
func accept(ctx context.Context, s *stage, name string) error {
	arrived, err := s.letters(ctx)
	if err != nil {
		return err
	}
	email := name + "@acme.example"
	i := slices.IndexFunc(arrived, func(l letter) bool { return l.To == email })
	if i < 0 || len(arrived[i].Links) == 0 {
		return fmt.Errorf("there is no link in the mail to %s", email)
	}
	link := arrived[i].Links[0]
	fmt.Printf("  GET  %s…\n", link[:min(len(link), 60)])
	if err := ask(ctx, http.MethodGet, link, nil); err != nil {
		return err
	}
	fmt.Printf("  POST email=%s\n", email)
	if err := ask(ctx, http.MethodPost, link, url.Values{"email": {email}}); err != nil {
		return err
	}
	return s.kubectl(ctx, "wait", "users", name, "-n", "acme", "--for=jsonpath={.status.state}=Active", "--timeout=60s")
}

func ask(ctx context.Context, method, address string, form url.Values) error {
	request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return fmt.Errorf("the page answered %s: %s", response.Status, page)
	}
	return nil
}

func showUsers(ctx context.Context, s *stage) error {
	if err := s.kubectl(ctx, "get", "users", "-n", "acme"); err != nil {
		return err
	}
	return s.kubectl(ctx, "get", "invitations", "-n", "acme")
}

// anasAccess is what the catalog, her groups and their restrictions come to, an entry a line.
var anasAccess = []string{
	"returns, sepa: Manage via de-order-fulfillment/order-fulfillment-manager, viewers/viewer",
	"sites: Read via de-order-fulfillment/order-fulfillment-manager, viewers/viewer",
	"availability, brands, carts, catalogs, categories, companies, countries, coupons, currencies, customer-addresses, " +
		"customers, delivery-methods, delivery-times, extensions, labels, languages, media, mixin-schemas, orders, " +
		"payment-methods, price-lists, price-models, prices, product-templates, products, quotes, site-settings, " +
		"status-quotes, suppliers, system-preferences, tax, units, users-and-groups, webhooks: Read via viewers/viewer",
	"orders: Manage at site=DE via de-order-fulfillment/order-fulfillment-manager",
}

func showAccess(ctx context.Context, s *stage) error {
	if err := s.kubectl(ctx, "get", "users", "ana", "-n", "acme", "-o", `jsonpath={.status.accessSummary}{"\n"}`); err != nil {
		return err
	}
	ana := &accessv1.User{}
	if err := s.cluster.Client.Get(ctx, client.ObjectKey{Namespace: "acme", Name: "ana"}, ana); err != nil {
		return err
	}
	lines := env.Lines(ana.Status.EffectiveAccess)
	for _, line := range lines {
		printFolded(line)
	}
	if !slices.Equal(lines, anasAccess) {
		return fmt.Errorf("ana's effective access is not what her groups should give; expected:\n%s", strings.Join(anasAccess, "\n"))
	}
	return nil
}

// printFolded breaks a long line between words.
func printFolded(line string) {
	const width = 100
	indent := "    - "
	for len(line) > width {
		at := strings.LastIndex(line[:width], " ")
		fmt.Println(indent + line[:at])
		line, indent = line[at+1:], "      "
	}
	fmt.Println(indent + line)
}

func vendorGroups(ctx context.Context, s *stage) error {
	if err := s.kubectl(ctx, "wait", "vendors", "abc", "-n", "acme", "--for=condition=Ready", "--timeout=60s"); err != nil {
		return err
	}
	if err := s.kubectl(ctx, "get", "usergroups", "-n", "acme", "-l", "access.roster.dev/vendor=abc"); err != nil {
		return err
	}
	vendor := &accessv1.Vendor{}
	if err := s.cluster.Client.Get(ctx, client.ObjectKey{Namespace: "acme", Name: "abc"}, vendor); err != nil {
		return err
	}
	expected := []string{"abc.vendor.order.manager", "abc.vendor.order.viewer", "abc.vendor.product.manager", "abc.vendor.product.viewer"}
	if !slices.Equal(vendor.Status.Groups, expected) {
		return fmt.Errorf("the vendor's groups are %v, not %v", vendor.Status.Groups, expected)
	}
	return nil
}

func deactivateBen(ctx context.Context, s *stage) error {
	if err := s.kubectl(ctx, "patch", "users", "ben", "-n", "acme", "--type=merge", "-p", `{"spec":{"state":"Inactive"}}`); err != nil {
		return err
	}
	if err := s.kubectl(ctx, "wait", "users", "ben", "-n", "acme", "--for=jsonpath={.status.state}=Inactive", "--timeout=60s"); err != nil {
		return err
	}
	// His link is dead with him.
	ben := &accessv1.User{}
	if err := s.cluster.Client.Get(ctx, client.ObjectKey{Namespace: "acme", Name: "ben"}, ben); err != nil {
		return err
	}
	return s.kubectl(ctx, "wait", "invitations", ben.Status.Invitation.Name, "-n", "acme", "--for=jsonpath={.status.state}=Cancelled", "--timeout=60s")
}
