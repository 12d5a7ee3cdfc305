package guard_test

var _ = table("offices",
	// Predefined roles.
	refused("a predefined role widened, by the platform", "platform sets Role viewer {rules: [Manage(*)]}", "role viewer is kept by Roster, and only Roster changes it"),
	refused("a predefined role widened, by a pipeline", "pipeline sets Role viewer {rules: [Manage(*)]}", "is kept by Roster"),
	refused("a predefined role narrowed", "ana sets Role viewer {rules: []}", "is kept by Roster"),
	refused("a predefined role called otherwise", "platform sets Role viewer {displayName: Reader}", "is kept by Roster"),
	refused("a predefined role's protection taken", "platform sets Role partner-admin {protection: Tenant}", "is kept by Roster"),
	refused("a predefined role for others", "ana sets Role bookkeeper {userTypes: null}", "is kept by Roster"),
	refused("a predefined role deleted", "platform deletes Role viewer", "is kept by Roster"),
	refused("a predefined role in a collection", "ana clears Role viewer", "is kept by Roster"),
	refused("a predefined role without its owner", "platform marks Role viewer {ownerReferences: null}", "is kept by Roster"),
	refused("a predefined role with another owner", "platform marks Role viewer {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: none, uid: none}]}", "is kept by Roster"),
	refused("a predefined role without its label", "platform marks Role viewer {labels: {access.roster.dev/predefined: null}}", "is kept by Roster"),
	refused("a predefined role whose label says no", `pipeline marks Role viewer {labels: {access.roster.dev/predefined: "false"}}`, "is kept by Roster"),
	refused("a predefined role replaced", "ana replaces Role owner {rules: [Publish(products)]}", "is kept by Roster"),
	refused("a predefined role applied", "ana applies Role owner {rules: [Publish(products)]}", "is kept by Roster"),
	refused("the name of a predefined role that the tenant has not", "platform creates Role auditor {rules: [Read(tax)]}", "the name auditor belongs to a predefined role of ResourceCatalog store"),
	refused("by applying it", "ana applies Role auditor {rules: [Read(tax)]}", "belongs to a predefined role"),
	refused("a role called predefined", `pipeline creates Role new~ {metadata: {labels: {access.roster.dev/predefined: "true"}}, spec: {}}`, "labels that begin with"),
	refused("a role called predefined later", `ana marks Role clerk {labels: {access.roster.dev/predefined: "true"}}`, "labels that begin with"),
	refused("a role made the tenant's child", "platform marks Role clerk {ownerReferences: [{apiVersion: access.roster.dev/v1alpha1, kind: Tenant, name: offices, uid: none, controller: true}]}", "only Roster makes an object the child"),
	allowed("a copy of a predefined role, by who holds it", "ana creates Role new~ {rules: [Manage(*)], displayName: owner}"),
	refused("a copy of a predefined role", "vic creates Role new~ {rules: [Manage(*)], displayName: owner}", "any group with role new~ would gain"),

	// Protection.
	refused("protection taken off", "ana sets Role house {protection: Tenant}", "role house is protected by the platform"),
	refused("protection left out", "ana replaces Role house {rules: [Read(tax)]}", "is protected by the platform"),
	refused("a protected role changed, by a pipeline", "pipeline sets Role house {rules: []}", "needs the verb bind on roles.access.roster.dev named house in namespace offices"),
	refused("a protected role deleted", "ana deletes Role house", "is protected by the platform"),
	refused("a protected role in a collection", "partner/paul clears Role house", "is protected by the platform"),
	allowed("a protected role changed, by the platform", "platform sets Role r~ {protection: Tenant}", "Role r~ {protection: Platform, rules: [Read(tax)]}"),
	allowed("a protected role deleted, by the platform", "platform deletes Role r~", "Role r~ {protection: Platform}"),
	allowed("a role protected", "ana sets Role r~ {protection: Platform}", "Role r~ {rules: [Read(tax)]}"),

	// Deleting, and making again.
	allowed("deleting one takes only", "vic deletes Role r~", "Role r~ {rules: [Manage(*)]}", "UserGroup g~ {roles: names(r~), members: names(sue)}"),
	allowed("a collection", "vic clears Role r~", "Role r~ {rules: [Manage(*)]}"),
	refused("the last administrators' role deleted", "platform deletes Role lonely/boss", "would have no active user any more who administers it"),
	refused("the last administrators' role narrowed", "pipeline sets Role lonely/boss {rules: [Read(*)]}", "would have no active user"),
	refused("one's own administrators' role", "ann~ sets Role r~ {rules: []}", "nobody takes that away from himself",
		"Role r~ {rules: [Manage(users-and-groups)]}", "UserGroup g~ {roles: names(r~)}", "User ann~ {groups: names(g~)}"),

	// Who asks.
	allowed("the platform", "platform sets Role r~ {rules: [Manage(*)]}", "Role r~ {displayName: r}"),
	allowed("a pipeline with escalate", "pipeline sets Role r~ {rules: [Manage(*)]}", "Role r~ {displayName: r}"),
	allowed("the partner's administrator", "partner/paul sets Role r~ {rules: [Manage(*)]}", "Role r~ {displayName: r}"),
	refused("the partner's others", "partner/pia sets Role clerk {rules: [Manage(orders)]}", "would gain create, delete, update on orders"),
	refused("another tenant's owner", "stranger/fay sets Role clerk {rules: [Manage(orders)]}", "who is no active user of the tenant"),
	refused("a service account of the tenant", "system:serviceaccount:offices:robot sets Role clerk {rules: [Manage(orders)]}", "would gain"),
	refused("who is switched off", "ole sets Role clerk {rules: [Manage(orders)]}", "would gain"),
	refused("where the tenant is suspended", "ana creates Role suspended/new~ {displayName: new}", "is suspended"),
	refused("where there is no tenant", "ana creates Role default/new~ {displayName: new}", "no Tenant owns the namespace default"),
	allowed("a pipeline where there is no tenant", "pipeline creates Role default/new~ {rules: [Manage(*)]}"),

	// Statuses and metadata.
	refused("a status forged", "platform forges Role clerk {groups: 7}", "roles/status is written by Roster alone"),
	refused("a predefined role's status forged", "ana forges Role viewer {groups: 7}", "roles/status is written by Roster alone"),
	refused("an owner, so that the cluster deletes it", "vic marks Role clerk {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: none, uid: none}]}", "metadata.ownerReferences"),
	refused("an owner taken away, to outlive it", "vic marks Role r~ {ownerReferences: null}", "metadata.ownerReferences",
		"Role r~ {metadata: {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: none, uid: none}]}, spec: {}}"),
	allowed("another label and an annotation", "vic marks Role r~ {labels: {team: shop}, annotations: {note: here}}", "Role r~ {rules: [Manage(*)]}"),
	refused("a finalizer of Roster's", "vic marks Role clerk {finalizers: [access.roster.dev/cleanup]}", "finalizers that begin with"),

	// While it is being deleted.
	refused("one that is being deleted widened", "vic sets Role r~ {rules: [Manage(tax)]}", "any group with role r~ would gain", "going Role r~ {displayName: r}"),
	allowed("one that is being deleted widened by an owner", "ana sets Role r~ {rules: [Manage(tax)]}", "going Role r~ {displayName: r}"),
	refused("one that is being deleted unprotected", "ana sets Role r~ {protection: Tenant}", "is protected", "going Role r~ {protection: Platform}"),
	refused("a label for one that is being deleted", `vic marks Role r~ {labels: {access.roster.dev/predefined: "true"}}`, "labels that begin with", "going Role r~ {displayName: r}"),
	allowed("deleting again", "vic deletes Role r~", "going Role r~ {displayName: r}"),
)
