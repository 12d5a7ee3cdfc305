package guard_test

var _ = table("people",
	// Protected roles.
	refused("a protected role by who only holds what it gives", "ana sets User ben {groups: names(partners)}", "role partner-admin is protected by the platform"),
	refused("a protected role by a pipeline without bind", "pipeline sets User ben {groups: names(partners)}", "needs the verb bind"),
	refused("a protected role by the partner", "partner/paul sets User ben {groups: names(partners)}", "is protected by the platform"),
	allowed("a protected role by the platform", "platform sets User u~ {groups: names(partners)}", "User u~ {}"),
	refused("a protected role for longer", "ana sets User u~ {groups: names(partners)}", "is protected", `User u~ {groups: [{name: partners, until: "2098-01-01T00:00:00Z"}]}`),
	allowed("a protected role for shorter", `ana sets User u~ {groups: [{name: partners, until: "2098-01-01T00:00:00Z"}]}`, "User u~ {groups: names(partners)}"),
	refused("the place of who has a protected role", "ana sets User u~ {email: v~@people.example}", "is protected", "User u~ {groups: names(partners)}"),
	refused("who has a protected role, made again", "ana creates User new~ {email: v~@people.example}", "is protected", "UserGroup g~ {roles: names(partner-admin), members: names(new~)}"),
	allowed("another field of who has a protected role", "ana sets User u~ {firstName: Uma}", "User u~ {groups: names(partners)}"),

	// What others say of a name.
	refused("a user whom the owners name already", "vic creates User new~ {}", "user new~ would gain", "UserGroup g~ {roles: names(owner), members: names(new~)}"),
	allowed("by an owner", "ana creates User new~ {}", "UserGroup g~ {roles: names(owner), members: names(new~)}"),
	allowed("a group that does not exist", "vic sets User u~ {groups: names(nowhere)}", "User u~ {}"),
	allowed("another tenant's group, which leads nowhere", "vic sets User u~ {groups: names(stranger/owners)}", "User u~ {}"),
	refused("leaving one of two vendors", "vic sets User zoe {groups: names(abc.vendor.editor)}", "user zoe would gain Manage on products at vendor=abc"),
	allowed("leaving one of two vendors, by an owner", "ana sets User u~ {groups: names(abc.vendor.editor)}", "User u~ {groups: names(abc.vendor.editor, xyz.vendor.editor)}"),
	allowed("entering a second vendor, by an owner", "ana sets User u~ {groups: names(abc.vendor.editor, xyz.vendor.editor)}", "User u~ {groups: names(abc.vendor.editor)}"),

	// Who asks.
	allowed("the platform", "platform sets User u~ {groups: names(owners)}", "User u~ {}"),
	allowed("a pipeline with escalate", "pipeline sets User u~ {groups: names(owners)}", "User u~ {}"),
	allowed("the partner's administrator", "partner/paul sets User u~ {groups: names(owners)}", "User u~ {}"),
	refused("the partner's others", "partner/pia sets User ben {groups: names(viewers)}", "user ben would gain"),
	refused("another tenant's owner", "stranger/fay sets User ben {groups: names(viewers)}", "who is no active user of the tenant nor an administrator of its partner"),
	refused("another tenant's owner creates", "stranger/fay creates User new~ {groups: names(viewers)}", "would gain"),
	refused("who has not accepted", "ivy sets User ben {groups: names(viewers)}", "who is no active user"),
	refused("who is switched off", "ole sets User ben {groups: names(viewers)}", "who is no active user"),
	refused("whose membership has ended", "old~ sets User ben {groups: names(viewers)}", "oidc:old~@people.example does not hold", `User old~ {groups: [{name: owners, until: "2020-01-01T00:00:00Z"}]}`),
	refused("who is being deleted", "ex~ sets User ben {groups: names(viewers)}", "who is no active user", "going User ex~ {groups: names(owners)}"),
	refused("a robot's service account", "system:serviceaccount:people:bob sets User ben {groups: names(viewers)}", "user ben would gain"),
	refused("a service account called as Roster's, of another namespace", "system:serviceaccount:people:roster-manager sets User ben {groups: names(viewers)}", "user ben would gain"),
	refused("another service account of Roster's namespace", "system:serviceaccount:roster-system:default sets User ben {groups: names(viewers)}", "user ben would gain"),
	refused("the garbage collector, writing", "system:serviceaccount:kube-system:generic-garbage-collector sets User ben {groups: names(viewers)}", "user ben would gain"),
	refused("Roster's name behind the prefix of people", "oidc:system:serviceaccount:roster-system:roster-manager sets User ben {groups: names(viewers)}", "user ben would gain"),
	refused("an owner's address without the prefix of people", "ana@people.example sets User ben {groups: names(viewers)}", "user ben would gain"),
	allowed("an owner's address spelled otherwise", "oidc:Ana@People.example sets User u~ {groups: names(viewers)}", "User u~ {}"),
	refused("where the tenant is suspended", "ana sets User suspended/ben {groups: names(owners)}", "Tenant suspended is suspended, so nobody holds anything"),
	allowed("a pipeline where the tenant is suspended", "pipeline sets User suspended/u~ {groups: names(owners)}", "User suspended/u~ {}"),
	refused("where there is no tenant", "ana creates User default/new~ {department: Sales}", "no Tenant owns the namespace default"),
	allowed("a pipeline where there is no tenant", "pipeline creates User default/new~ {department: Sales}"),

	// Statuses, which are believed.
	refused("a state forged by the platform", "platform forges User vic {state: Active}", "users/status is written by Roster alone"),
	refused("access forged by a pipeline", "pipeline forges User vic {effectiveAccess: [Manage(tax)]}", "users/status is written by Roster alone"),
	refused("an acceptance forged by an owner", "ana forges User ivy {acceptedEmail: ivy@people.example}", "users/status is written by Roster alone"),
	refused("memberships forged", "vic forges User vic {groups: [{name: owners, from: User}]}", "users/status is written by Roster alone"),
	allowed("a status in what is created is dropped", "vic creates User new~ {spec: {}, status: {acceptedEmail: new~@people.example, state: Active}}"),
	allowed("a status in a patch of the whole is dropped", "vic edits User u~ [{op: add, path: /status/acceptedEmail, value: u~@people.example}]", "User u~ {onboarding: Invitation}"),

	// Metadata.
	refused("an owner, so that the cluster deletes it", "vic marks User ben {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: none, uid: none}]}", "metadata.ownerReferences"),
	allowed("an owner, by a pipeline", "pipeline marks User u~ {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: none, uid: none}]}", "User u~ {}"),
	refused("an owner taken away, to outlive it", "vic marks User u~ {ownerReferences: null}", "metadata.ownerReferences",
		"User u~ {metadata: {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: none, uid: none}]}, spec: {}}"),
	allowed("an owner taken away, by a pipeline", "pipeline marks User u~ {ownerReferences: null}",
		"User u~ {metadata: {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: none, uid: none}]}, spec: {}}"),
	refused("a child of Roster's, by the platform", "platform marks User ben {ownerReferences: [{apiVersion: access.roster.dev/v1alpha1, kind: Tenant, name: people, uid: none}]}", "only Roster makes an object the child"),
	refused("a label of Roster's", "pipeline marks User ben {labels: {access.roster.dev/tenant: stranger}}", "labels that begin with access.roster.dev/ are Roster's"),
	allowed("another label", "vic marks User u~ {labels: {team: shop}}", "User u~ {groups: names(owners)}"),
	allowed("an annotation", "vic marks User u~ {annotations: {note: here}}", "User u~ {groups: names(owners)}"),
	allowed("a finalizer", "vic marks User u~ {finalizers: [test.example/x]}", "User u~ {}"),
	refused("a finalizer of Roster's", "vic marks User u~ {finalizers: [access.roster.dev/cleanup]}", "finalizers that begin with access.roster.dev/", "User u~ {}"),

	// While it is being deleted.
	allowed("joining while being deleted, by an owner", "ana sets User u~ {groups: names(owners)}", "going User u~ {}"),
	refused("a label of Roster's while being deleted", "pipeline marks User u~ {labels: {access.roster.dev/user: x}}", "labels that begin with", "going User u~ {}"),
	invalid("a finalizer while being deleted", "platform marks User u~ {finalizers: [test.example/wait, test.example/x]}", "no new finalizers can be added", "going User u~ {}"),
	allowed("deleting again", "vic deletes User u~", "going User u~ {}"),
)
