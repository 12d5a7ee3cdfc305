package guard_test

import "slices"

// What the matrix knows. What the API server serves and this does not name fails the test.

// served are the resources of Roster's group with their verbs.
var served = map[string][]string{
	"resourcecatalogs": wholes, "resourcecatalogs/status": statuses,
	"tenants": wholes, "tenants/status": statuses,
	"users": wholes, "users/status": statuses,
	"usergroups": wholes, "usergroups/status": statuses,
	"roles": wholes, "roles/status": statuses,
	"restrictions": wholes, "restrictions/status": statuses,
	"vendors": wholes, "vendors/status": statuses,
	"invitations": wholes, "invitations/status": statuses,
	"passwordresets": wholes, "passwordresets/status": statuses,
	"applicationcredentials": wholes, "applicationcredentials/status": statuses,
}

var (
	wholes   = []string{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}
	statuses = []string{"get", "patch", "update"}
)

// subresources are the paths below an object that are tried, served or not.
var subresources = []string{"", "status", "finalizers", "scale"}

// operations are the writes that are tried, by the verb that they take.
var operations = map[string]string{
	"create": "create", "create by apply": "patch", "PUT": "update", "JSON patch": "patch", "merge patch": "patch",
	"apply": "patch", "delete": "delete", "deletecollection": "deletecollection",
}

// The modes of an operation: in earnest, as a dry run, and in earnest on an object that is being deleted.
const (
	earnest = "earnest"
	dry     = "dry"
	going   = "going"
)

// actors are who asks, by their username; a name that is empty is nobody's. All but the anonymous may write everything as
// far as RBAC goes.
var actors = map[string]string{
	"the platform":                       "platform-team",
	"a pipeline":                         pipeline,
	"an administrator":                   "oidc:ana@matrix.example",
	"a viewer":                           "oidc:vic@matrix.example",
	"the partner's administrator":        "oidc:paul@partner.example",
	"another tenant's administrator":     "oidc:fay@stranger.example",
	"a robot":                            "system:serviceaccount:matrix:robot",
	"somebody who does not say his name": "",
}

// class is what a write is to the guard.
type class string

const (
	// harmless: nobody gains by it.
	harmless class = "harmless"
	// raising: somebody gains what only an owner holds.
	raising class = "raising"
	// own: a viewer asks for himself, and nobody comes to have more than he has.
	own class = "a viewer's own"
	// protected: it hands out a role that the platform protects.
	protected class = "protected"
	// rosters: the object is kept by Roster.
	rosters class = "Roster's"
	// unjudged: the kind is the platform's, and whoever may write it by RBAC does.
	unjudged class = "unjudged"
)

// passers are whom the guard lets do what is of a class; everybody where there is no list.
var passers = map[class][]string{
	raising:   {"the platform", "a pipeline", "an administrator", "the partner's administrator"},
	own:       {"the platform", "a pipeline", "an administrator", "the partner's administrator", "a viewer"},
	protected: {"the platform"},
	rosters:   {},
}

func (c class) passes(actor string) bool {
	list, limited := passers[c]
	return !limited || slices.Contains(list, actor)
}

// subject is an object of a class. Its change is one each time it is made: # is a number that is never the same, %10 and %6
// are such of ten and of six that go round, and MODE is the mode.
type subject struct {
	resource string
	class    class
	// target is the object; one of Roster's own is not made, but only named.
	target, change string
	// created is the spec of a new object of the class; empty: there is none.
	created string
	// once says that the change can be made once only.
	once bool
}

var subjects = []subject{
	{"users", harmless, "User plain {}", "{firstName: N#}", "{}", false},
	{"users", raising, "User high {groups: names(owners)}", "{email: h#@matrix.example}", "{groups: names(owners)}", false},
	{"users", protected, "User partner {groups: names(partners)}", "{email: p#@matrix.example}", "{groups: names(partners)}", false},
	{"usergroups", harmless, "UserGroup plain {displayName: plain}", "{description: N#}", "{displayName: new}", false},
	{"usergroups", raising, "UserGroup high {roles: names(owner)}", "{members: names(m%10-MODE)}", "{access: [Manage(*)]}", false},
	{"usergroups", protected, "UserGroup partner {roles: names(partner-admin)}", "{description: N#}", "{roles: names(partner-admin)}", false},
	{"usergroups", rosters, "UserGroup abc.vendor.editor {}", "{displayName: N#}", "{vendorRef: {name: abc}}", false},
	{"roles", harmless, "Role plain {displayName: plain}", "{description: N#}", "{displayName: new}", false},
	{"roles", raising, "Role high {displayName: high}", "{rules: [{resources: [products], actions: [a%6]}]}", "{rules: [Manage(tax)]}", false},
	{"roles", protected, "Role kept {protection: Platform}", "{description: N#}", "", false},
	{"roles", rosters, "Role viewer {}", "{description: N#}", `{metadata: {labels: {access.roster.dev/predefined: "true"}}, spec: {}}`, false},
	{"restrictions", harmless, "Restriction plain {dimension: site, values: []}", "{displayName: N#}", "{dimension: site, values: []}", false},
	{"restrictions", raising, "Restriction high {dimension: site, values: []}", "{values: [V#]}", "", false},
	{"restrictions", rosters, "Restriction site.de {}", "{displayName: N#}", "{metadata: {labels: {access.roster.dev/dimension: site}}, spec: {dimension: site, values: []}}", false},
	{"vendors", harmless, "Vendor plain {displayName: plain}", "{displayName: N#}", "", false},
	{"vendors", raising, "Vendor high {displayName: high}", "{options: [o%6]}", "{displayName: new}", false},
	{"invitations", raising, "Invitation plain {userRef: {name: ben}}", "{cancel: true}", "{userRef: {name: ben}}", true},
	{"invitations", own, "Invitation own {userRef: {name: vic}}", "{cancel: true}", "{userRef: {name: vic}}", true},
	{"passwordresets", raising, "PasswordReset plain {userRef: {name: ben}}", "{cancel: true}", "{userRef: {name: ben}}", true},
	{"passwordresets", own, "PasswordReset own {userRef: {name: vic}}", "{cancel: true}", "{userRef: {name: vic}}", true},
	{"applicationcredentials", raising, "ApplicationCredential plain {userRef: {name: ana}, access: [Read(tax)]}",
		"{access: [{resources: [products], actions: [a%6]}]}", "{userRef: {name: ana}}", false},
	{"applicationcredentials", own, "ApplicationCredential own {userRef: {name: vic}}", "{rotation: #}", "{userRef: {name: vic}}", false},
	{"tenants", unjudged, "Tenant plain {catalogRef: {name: none}}", "{displayName: N#}", "{catalogRef: {name: none}}", false},
	{"resourcecatalogs", unjudged, "ResourceCatalog plain {displayName: plain}", "{displayName: N#}", "{displayName: new}", false},
}

// deletions are the classes of which a deletion is tried. Deleting what gives something takes it away, and is harmless.
var deletions = map[string][]class{
	"users": {harmless}, "usergroups": {harmless, rosters}, "roles": {harmless, protected, rosters},
	"restrictions": {harmless, rosters}, "vendors": {harmless}, "tenants": {unjudged},
	"invitations": {raising, own}, "passwordresets": {raising, own}, "applicationcredentials": {raising, own},
	"resourcecatalogs": {unjudged},
}

// verdict is how a request ends.
type verdict string

const (
	passes    verdict = "passes"
	refusal   verdict = "refused by the guard"
	forbidden verdict = "forbidden by RBAC"
	notServed verdict = "not served"
)

// cell is one request of the matrix.
type cell struct {
	subject
	subresource, operation, mode, actor string
}

// expected is the whole of the guard's behaviour, in its words.
func (c cell) expected() verdict {
	path := c.resource
	if c.subresource != "" {
		path += "/" + c.subresource
	}
	switch {
	case actors[c.actor] == "":
		return forbidden
	case !slices.Contains(served[path], operations[c.operation]):
		return notServed
	case c.subresource == "status":
		return refusal
	case c.class.passes(c.actor):
		return passes
	default:
		return refusal
	}
}
