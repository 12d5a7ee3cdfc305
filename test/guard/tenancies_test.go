package guard_test

import (
	"context"
	"fmt"
	"strings"

	. "github.com/onsi/gomega"
	gomegatypes "github.com/onsi/gomega/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

// store is the catalog of the tables' tenants. Nobody but the platform gives auditor, which no tenant has, nor
// partner-admin, which is protected.
const store = `
services:
- name: sales
  resources:
  - {name: orders, restrictedBy: [site, vendor]}
  - {name: products, restrictedBy: [site, vendor], actions: [publish, a1, a2, a3, a4, a5, a6]}
- name: office
  resources: [{name: tax}, {name: media}, {name: users-and-groups}]
roles:
- {name: owner, rules: [{resources: ["*"], level: Manage}]}
- {name: viewer, rules: [{resources: ["*"], level: Read}]}
- {name: partner-admin, protection: Platform, rules: [{resources: [tax], level: Read}]}
- {name: auditor, visibility: Entitled, rules: [{resources: ["*"], level: Manage}]}
- {name: bookkeeper, userTypes: [Employee], rules: [{resources: [tax], level: Manage}]}
- {name: vendor.viewer, vendor: true, rules: [{resources: [products], level: Read}]}
- name: vendor.editor
  vendor: true
  rules: [{resources: [products], level: Manage}]
  options:
  - {name: publishing, rules: [{resources: [products], actions: [publish]}]}
  - {name: o1, rules: [{resources: [products], actions: [a1]}]}
  - {name: o2, rules: [{resources: [products], actions: [a2]}]}
  - {name: o3, rules: [{resources: [products], actions: [a3]}]}
  - {name: o4, rules: [{resources: [products], actions: [a4]}]}
  - {name: o5, rules: [{resources: [products], actions: [a5]}]}
  - {name: o6, rules: [{resources: [products], actions: [a6]}]}
`

// extras are what the options but publishing give.
const extras = "{resources: [products], actions: [a1, a2, a3, a4, a5, a6]}"

// usual is what every table's tenant has. Who asks: ana may do all but publish; dee manages orders at one site, and users;
// ted is as ana, for a while; vic reads everything; ben has nothing; ivy and ole have ana's groups, but have not accepted,
// or are switched off; sue is given things; bob is a robot; zoe is in the groups of two vendors, and so has nothing of theirs.
var usual = []string{
	"Role clerk {rules: [Read(orders)]}",
	"Role house {protection: Platform, rules: [Read(tax)]}",
	"Restriction ours {dimension: site, values: [DE]}",
	"Restriction own-sites {dimension: site, valuesFrom: {userAttribute: sites}}",
	"Vendor abc {displayName: ABC}", "Vendor xyz {displayName: XYZ}",
	"UserGroup owners {roles: names(owner)}",
	"UserGroup viewers {roles: names(viewer), members: names(vic)}",
	"UserGroup clerks {roles: names(clerk), restrictions: names(ours)}",
	"UserGroup de-orders {access: [Manage(orders)], restrictions: names(site.de)}",
	"UserGroup user-admins {access: [Manage(users-and-groups)]}",
	"UserGroup partners {roles: names(partner-admin)}",
	"UserGroup keepers {roles: names(bookkeeper)}",
	"UserGroup own-site {roles: names(owner), restrictions: names(own-sites)}",
	"UserGroup staff {displayName: Staff}",
	"UserGroup waiting {roles: names(lost)}",
	"UserGroup gap {access: [Manage(orders)], restrictions: names(site.lost)}",
	"User ana {groups: names(owners)}", "User pat {groups: names(owners)}",
	"User dee {groups: names(de-orders, user-admins)}",
	`User ted {groups: [{name: owners, until: "2099-01-01T00:00:00Z"}]}`,
	"User vic {department: Sales}", "User ben {department: Sales}", "User sue {department: Sales}",
	"User ivy {groups: names(owners), onboarding: Invitation}",
	"User ole {groups: names(owners), state: Inactive}",
	"User bob {type: Robot, groups: names(viewers)}",
	"User rob {groups: names(own-site)}",
	"User zoe {groups: names(abc.vendor.editor, xyz.vendor.editor)}",
}

// neighbours are the tenants around, with more of their spec and their objects.
var neighbours = map[string]struct {
	spec  string
	given []string
}{
	// Its administrators look after the others.
	"partner": {"", []string{
		"UserGroup owners {roles: names(owner), access: [" + extras + "]}", "User paul {groups: names(owners)}", "User pia {department: Sales}",
	}},
	// It has nothing to do with them.
	"stranger": {"", []string{
		"UserGroup owners {roles: names(owner)}", "User fay {groups: names(owners)}", "Invitation hers {userRef: {name: fay}}",
	}},
	"lonely": {"", []string{
		"Role boss {rules: [Manage(*)]}", "UserGroup owners {roles: names(boss)}", "User ana {groups: names(owners)}", "User ben {department: Sales}",
	}},
	"retaining": {"userRemoval: Retain,", []string{
		"UserGroup owners {roles: names(owner)}", "User ana {groups: names(owners)}", "accepted User ben {onboarding: Invitation}",
	}},
	// A tenant of the tables looks after it, and is looked after itself.
	"client":    {"managedBy: {name: agencies},", []string{"UserGroup owners {roles: names(owner)}", "User ana {groups: names(owners)}"}},
	"suspended": {"state: Suspended,", []string{"UserGroup owners {roles: names(owner)}", "User ana {groups: names(owners)}", "User ben {department: Sales}"}},
}

func buildNeighbours(ctx context.Context) {
	catalog := object{kind: "ResourceCatalog", name: "store"}
	Expect(yaml.Unmarshal([]byte(store), &catalog.what)).To(Succeed())
	Expect(cluster.Client.Create(ctx, catalog.whole())).To(Succeed())
	for tenant, of := range neighbours {
		newTenancy(ctx, tenant, of.spec)
		give(ctx, tenant, of.given)
	}
}

// newWorld makes a tenant with the usual objects and more, and waits until Roster knows it all.
func newWorld(ctx context.Context, tenant string, more ...string) {
	newTenancy(ctx, tenant, "managedBy: {name: partner},")
	give(ctx, tenant, append(usual[:len(usual):len(usual)], more...))
}

func newTenancy(ctx context.Context, name, more string) {
	spec := fmt.Sprintf("{catalogRef: {name: store}, onboarding: {mode: None}, allowedEmailDomains: [%s.example], %s "+
		"dimensions: [{name: site, values: [DE, FR], restrictions: Synced}]}", name, more)
	Expect(cluster.Client.Create(ctx, readObject("", "Tenant "+name+" "+spec).whole())).To(Succeed())
	tenant := &accessv1.Tenant{}
	tenant.Name = name
	env.ExpectEventually(ctx, cluster, tenant, env.BeReady())
}

// give makes objects as the platform, and waits until the manager knows them: what comes last has been seen when
// everything before it has.
func give(ctx context.Context, tenant string, texts []string) {
	var changes []object
	for _, text := range texts {
		if change, ok := strings.CutPrefix(text, "with "); ok {
			changes = append(changes, readObject(tenant, change))
			continue
		}
		giveOne(ctx, tenant, text)
	}
	vendors := &accessv1.VendorList{}
	Expect(cluster.Client.List(ctx, vendors, client.InNamespace(tenant))).To(Succeed())
	for i := range vendors.Items {
		if vendors.Items[i].DeletionTimestamp.IsZero() {
			env.ExpectEventually(ctx, cluster, &vendors.Items[i], beSeen())
		}
	}
	for _, change := range changes {
		_, err := verbs["sets"](ctx, cluster.Client, change)
		Expect(err).NotTo(HaveOccurred())
	}
	for _, last := range []struct {
		text  string
		typed client.Object
	}{
		{"User last {department: Sales}", &accessv1.User{}}, {"UserGroup last {displayName: last}", &accessv1.UserGroup{}},
		{"Role last {displayName: last}", &accessv1.Role{}}, {"Vendor last {displayName: last}", &accessv1.Vendor{}},
		{"Restriction last {dimension: site, values: []}", &accessv1.Restriction{}},
		{"Invitation last {userRef: {name: last}}", &accessv1.Invitation{}},
	} {
		o := giveOne(ctx, tenant, last.text)
		last.typed.SetNamespace(tenant)
		last.typed.SetName(o.GetName())
		env.ExpectEventually(ctx, cluster, last.typed, beSeen())
	}
}

// beSeen matches an object that its controller has looked at; a vendor's children are there then.
func beSeen() gomegatypes.GomegaMatcher {
	return HaveField("Status.ObservedGeneration", BeNumerically(">", 0))
}

const held = "test.example/wait"

func giveOne(ctx context.Context, tenant, text string) *unstructured.Unstructured {
	text, going := strings.CutPrefix(text, "going ")
	text, accepted := strings.CutPrefix(text, "accepted ")
	whole := readObject(tenant, text).whole()
	if going {
		whole.SetFinalizers([]string{held})
	}
	Expect(cluster.Client.Create(ctx, whole)).To(Succeed(), text)
	if accepted {
		accept(ctx, &accessv1.User{ObjectMeta: metav1.ObjectMeta{Namespace: whole.GetNamespace(), Name: whole.GetName()}})
	}
	if going {
		Expect(cluster.Client.Delete(ctx, whole)).To(Succeed(), text)
	}
	return whole
}

// accept accepts a user's invitation as the acceptance page does, which is Roster's.
func accept(ctx context.Context, user *accessv1.User) {
	asked := env.ExpectEventually(ctx, cluster, user, HaveField("Status.Invitation.State", accessv1.InvitationSent))
	answer(ctx, user.Namespace, asked.Status.Invitation.Name)
	env.ExpectEventually(ctx, cluster, user, HaveField("Status.AcceptedEmail", user.Name+"@"+user.Namespace+".example"))
}

func answer(ctx context.Context, tenant, name string) {
	invitation := &accessv1.Invitation{ObjectMeta: metav1.ObjectMeta{Namespace: tenant, Name: name}}
	accepted := client.RawPatch(types.MergePatchType, []byte(`{"status":{"state":"Accepted","acceptedAt":"2026-01-01T00:00:00Z"}}`))
	Expect(itself().Status().Patch(ctx, invitation, accepted)).To(Succeed())
}

// itself is Roster's own client.
func itself() client.Client {
	own, err := client.New(cluster.ManagerAccount(), client.Options{Scheme: cluster.Scheme})
	ExpectWithOffset(1, err).NotTo(HaveOccurred())
	return own
}

var clients = map[string]client.Client{}

// clientOf is the client of somebody in a tenant. Who is of another tenant says so, as "partner/paul".
func clientOf(who, tenant string) client.Client {
	username := usernameOf(who, tenant)
	if clients[username] == nil {
		clients[username] = as(username)
	}
	return clients[username]
}

func usernameOf(who, tenant string) string {
	switch {
	case who == "pipeline":
		return pipeline
	case who == platform || strings.ContainsAny(who, ":@"):
		return who
	}
	if home, name, ok := strings.Cut(who, "/"); ok {
		tenant, who = home, name
	}
	return env.UsernamePrefix + who + "@" + tenant + ".example"
}
