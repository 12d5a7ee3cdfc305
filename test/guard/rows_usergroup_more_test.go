package guard_test

var _ = table("teams",
	// Deleting, and making again.
	allowed("deleting one takes only", "vic deletes UserGroup g~", "UserGroup g~ {roles: names(owner), members: names(sue)}"),
	allowed("a collection", "vic clears UserGroup g~", "UserGroup g~ {roles: names(owner), members: names(sue)}"),
	refused("made again, while users name it", "vic creates UserGroup new~ {roles: names(owner)}", "group new~ would gain", "User u~ {groups: names(new~)}"),
	allowed("made again with nothing in it, while users name it", "vic creates UserGroup new~ {displayName: new}", "User u~ {groups: names(new~)}"),
	refused("the last administrators' group deleted", "platform deletes UserGroup lonely/owners", "would have no active user any more who administers it"),
	refused("the last administrators' group in a collection", "pipeline clears UserGroup lonely/owners", "would have no active user"),
	refused("the last administrators' group without its role", "platform sets UserGroup lonely/owners {roles: []}", "would have no active user"),
	refused("one's own administration", "dee sets UserGroup user-admins {access: []}", "nobody takes that away from himself"),
	refused("one's own administrators' group", "dee deletes UserGroup user-admins", "nobody takes that away from himself"),
	allowed("somebody else's administration", "ana sets UserGroup g~ {access: []}", "UserGroup g~ {access: [Manage(users-and-groups)], members: names(sue)}"),

	// Protected roles.
	refused("a member for a protected role, by who holds what it gives", "ana sets UserGroup partners {members: names(ben)}", "role partner-admin is protected by the platform"),
	refused("a protected role given to a group", "ana sets UserGroup staff {roles: names(partner-admin)}", "is protected by the platform"),
	refused("a protected role of the tenant's own", "ana sets UserGroup staff {roles: names(house)}", "role house is protected"),
	refused("a new group with a protected role", "pipeline creates UserGroup new~ {roles: names(partner-admin)}", "needs the verb bind on roles.access.roster.dev named partner-admin"),
	refused("a member by the partner", "partner/paul sets UserGroup partners {members: names(ben)}", "is protected by the platform"),
	refused("a protected role taken and the member kept", "ana sets UserGroup partners {roles: [], members: names(ben)}", "is protected by the platform"),
	allowed("a protected role by the platform", "platform sets UserGroup g~ {roles: names(partner-admin), members: names(sue)}", "UserGroup g~ {displayName: g}"),
	allowed("a protected role's group deleted", "ana deletes UserGroup g~", "UserGroup g~ {roles: names(partner-admin)}"),

	// Vendors' groups.
	allowed("a member of a vendor's group", "ana sets UserGroup v~.vendor.editor {members: names(sue), description: of v}", "Vendor v~ {}"),
	refused("a member of a vendor's group, by a viewer", "vic sets UserGroup abc.vendor.editor {members: names(vic)}", "user vic would gain"),
	refused("a member leaves a vendor's group, and a conflict ends", "vic sets UserGroup v~.vendor.editor {members: []}", "user u~ would gain Manage on products at vendor=xyz",
		"Vendor v~ {}", "User u~ {groups: names(xyz.vendor.editor)}", "with UserGroup v~.vendor.editor {members: names(u~)}"),
	refused("a role for a vendor's group", "platform sets UserGroup abc.vendor.editor {roles: names(owner)}", "is kept by Roster, and only Roster changes it: only its members and its description are yours"),
	refused("rules for a vendor's group", "ana sets UserGroup abc.vendor.editor {access: [Manage(tax)]}", "is kept by Roster"),
	refused("no restriction for a vendor's group", "pipeline sets UserGroup abc.vendor.editor {restrictions: []}", "is kept by Roster"),
	refused("another title for a vendor's group", "platform sets UserGroup abc.vendor.editor {displayName: other}", "is kept by Roster"),
	refused("a vendor's group freed from its vendor", "pipeline marks UserGroup abc.vendor.editor {ownerReferences: null}", "is kept by Roster"),
	refused("a vendor's group without its label", "pipeline marks UserGroup abc.vendor.editor {labels: {access.roster.dev/vendor: null}}", "is kept by Roster"),
	refused("a vendor's group deleted", "platform deletes UserGroup abc.vendor.editor", "is kept by Roster"),
	refused("a vendor's group in a collection", "platform clears UserGroup abc.vendor.editor", "is kept by Roster"),
	refused("a group that claims a vendor", "pipeline creates UserGroup new~ {vendorRef: {name: abc}}", "only Roster makes groups of a Vendor"),
	invalid("a group given to a vendor", "pipeline sets UserGroup staff {vendorRef: {name: abc}}", "vendorRef cannot be changed"),
	refused("a child of a vendor's", "pipeline creates UserGroup new~ {metadata: {ownerReferences: [{apiVersion: access.roster.dev/v1alpha1, kind: Vendor, name: abc, uid: none, controller: true}]}, spec: {}}", "only Roster makes an object the child"),
	allowed("freed by an owner", "ana deletes UserGroup v~.vendor.editor", "UserGroup v~.vendor.editor {displayName: mine}", "Vendor v~ {}"),

	// Who asks.
	allowed("the platform", "platform sets UserGroup g~ {members: names(sue)}", "UserGroup g~ {roles: names(owner)}"),
	allowed("a pipeline with escalate", "pipeline sets UserGroup g~ {members: names(sue)}", "UserGroup g~ {roles: names(owner)}"),
	allowed("the partner's administrator", "partner/paul sets UserGroup g~ {members: names(sue)}", "UserGroup g~ {roles: names(owner)}"),
	refused("the partner's others", "partner/pia sets UserGroup viewers {members: names(vic, ben)}", "user ben would gain"),
	refused("another tenant's owner", "stranger/fay sets UserGroup viewers {members: names(vic, ben)}", "user ben would gain"),
	refused("another tenant's owner, a user of his own tenant", "stranger/fay creates UserGroup new~ {access: [Read(tax)], members: names(fay)}", "group new~ would gain Read on tax"),
	refused("a service account of the tenant", "system:serviceaccount:teams:robot sets UserGroup viewers {members: names(vic, ben)}", "user ben would gain"),
	refused("who has not accepted", "ivy sets UserGroup viewers {members: names(vic, ben)}", "user ben would gain"),
	refused("where the tenant is suspended", "ana sets UserGroup suspended/owners {members: names(ben)}", "is suspended"),
	refused("where there is no tenant", "ana creates UserGroup default/owners {displayName: owners}", "no Tenant owns the namespace default"),

	// Statuses and metadata.
	refused("access forged", "platform forges UserGroup staff {access: [Manage(tax)]}", "usergroups/status is written by Roster alone"),
	refused("members forged by an owner", "ana forges UserGroup staff {members: 7}", "usergroups/status is written by Roster alone"),
	allowed("a status in what is created is dropped", "vic creates UserGroup new~ {spec: {displayName: new}, status: {members: 7}}"),
	refused("an owner, so that the cluster deletes it", "vic marks UserGroup staff {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: none, uid: none}]}", "metadata.ownerReferences"),
	refused("an owner taken away, to outlive it", "vic marks UserGroup g~ {ownerReferences: null}", "metadata.ownerReferences",
		"UserGroup g~ {metadata: {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: none, uid: none}]}, spec: {}}"),
	refused("a label of Roster's", "ana marks UserGroup staff {labels: {access.roster.dev/managed-by: roster}}", "labels that begin with"),
	refused("a label of Roster's on a new one", "ana creates UserGroup new~ {metadata: {labels: {access.roster.dev/vendor: abc}}, spec: {}}", "labels that begin with"),
	allowed("another label and an annotation", "vic marks UserGroup g~ {labels: {team: shop}, annotations: {note: here}}", "UserGroup g~ {roles: names(owner)}"),
	refused("a finalizer of Roster's", "vic marks UserGroup staff {finalizers: [access.roster.dev/cleanup]}", "finalizers that begin with"),

	// While it is being deleted.
	refused("a member of one that is being deleted", "vic sets UserGroup g~ {members: names(vic)}", "user vic would gain", "going UserGroup g~ {roles: names(owner)}"),
	refused("a role for one that is being deleted", "vic sets UserGroup g~ {roles: names(owner)}", "group g~ would gain", "going UserGroup g~ {members: names(sue)}"),
	allowed("a role for one that is being deleted, by an owner", "ana sets UserGroup g~ {roles: names(owner)}", "going UserGroup g~ {members: names(sue)}"),
	refused("a label for one that is being deleted", "vic marks UserGroup g~ {labels: {access.roster.dev/vendor: abc}}", "labels that begin with", "going UserGroup g~ {displayName: g}"),
)
