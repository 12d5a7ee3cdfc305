package guard_test

var _ = table("sites",
	// Those that Roster keeps.
	refused("a synced one loosened, by the platform", "platform sets Restriction site.de {values: [DE, FR]}", "restriction site.de is kept by Roster, and only Roster changes it"),
	refused("a synced one loosened, by a pipeline", "pipeline sets Restriction site.de {values: [FR]}", "is kept by Roster"),
	refused("a synced one emptied", "ana sets Restriction site.de {values: []}", "is kept by Roster"),
	refused("a synced one of another dimension", "ana sets Restriction site.de {dimension: vendor}", "is kept by Roster"),
	refused("a synced one that members fill", "ana sets Restriction site.de {values: null, valuesFrom: {userAttribute: sites}}", "is kept by Roster"),
	refused("a synced one called otherwise", "platform sets Restriction site.de {displayName: other}", "is kept by Roster"),
	refused("a synced one replaced", "ana replaces Restriction site.de {dimension: site, values: [FR]}", "is kept by Roster"),
	refused("a synced one applied", "ana applies Restriction site.de {dimension: site, values: [FR]}", "is kept by Roster"),
	refused("a synced one deleted", "platform deletes Restriction site.de", "is kept by Roster"),
	refused("a synced one in a collection", "ana clears Restriction site.de", "is kept by Roster"),
	refused("a synced one without its owner", "platform marks Restriction site.de {ownerReferences: null}", "is kept by Roster"),
	refused("a synced one without its label", "pipeline marks Restriction site.de {labels: {access.roster.dev/dimension: null}}", "is kept by Roster"),
	allowed("a synced one with another label", "vic marks Restriction site.fr {labels: {row: r~}}", "Restriction s~ {dimension: site, values: []}"),
	refused("a vendor's loosened", "platform sets Restriction abc.vendor {values: [abc, xyz]}", "restriction abc.vendor is kept by Roster"),
	refused("a vendor's deleted", "pipeline deletes Restriction abc.vendor", "is kept by Roster"),
	refused("a vendor's in a collection", "ana clears Restriction abc.vendor", "is kept by Roster"),
	refused("a vendor's without its owner", "ana marks Restriction abc.vendor {ownerReferences: null}", "is kept by Roster"),
	refused("a vendor's given to another", "ana marks Restriction abc.vendor {labels: {access.roster.dev/vendor: xyz}}", "is kept by Roster"),
	refused("one called synced", "pipeline creates Restriction new~ {metadata: {labels: {access.roster.dev/dimension: site}}, spec: {dimension: site, values: []}}", "labels that begin with"),
	refused("one called a vendor's", "ana marks Restriction ours {labels: {access.roster.dev/vendor: abc}}", "labels that begin with"),
	refused("one made a vendor's child", "platform marks Restriction ours {ownerReferences: [{apiVersion: access.roster.dev/v1alpha1, kind: Vendor, name: abc, uid: none, controller: true}]}", "only Roster makes an object the child"),
	allowed("freed by an owner", "ana deletes Restriction v~.vendor", "Restriction v~.vendor {dimension: vendor, values: []}", "Vendor v~ {}"),

	// The last administrators. A restriction closes only what it may narrow, and administration is nothing of that.
	allowed("the restriction of a lonely administrator", "platform deletes Restriction lonely/s~", "Restriction lonely/s~ {dimension: site, values: [DE]}"),

	// Who asks.
	allowed("the platform", "platform sets Restriction s~ {values: [DE, FR]}", "Restriction s~ {dimension: site, values: []}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	allowed("a pipeline with escalate", "pipeline sets Restriction s~ {values: [DE, FR]}", "Restriction s~ {dimension: site, values: []}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	allowed("the partner's administrator", "partner/paul sets Restriction s~ {values: [DE, FR]}", "Restriction s~ {dimension: site, values: []}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	refused("the partner's others", "partner/pia sets Restriction ours {values: [FR]}", "group clerks would gain"),
	refused("another tenant's owner", "stranger/fay sets Restriction ours {values: [FR]}", "who is no active user of the tenant nor an administrator of its partner, does not hold"),
	refused("another tenant's owner creates", "stranger/fay creates Restriction s~ {dimension: site, values: [FR]}", "group g~ would gain", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	refused("a service account of the tenant", "system:serviceaccount:sites:robot sets Restriction ours {values: [FR]}", "group clerks would gain"),
	refused("who has not accepted", "ivy sets Restriction ours {values: [FR]}", "group clerks would gain"),
	refused("who is switched off", "ole sets Restriction ours {values: [FR]}", "group clerks would gain"),
	refused("who holds it for a while", "ted sets Restriction ours {values: [FR]}", "group clerks would gain"),
	refused("who holds another site by an attribute", "rob~ sets Restriction ours {values: [FR]}", "at site=FR", "User rob~ {groups: names(own-site), attributes: [{name: sites, values: [NL]}]}"),
	allowed("who holds the site by an attribute", "rob~ sets Restriction s~ {values: [NL]}", "User rob~ {groups: names(own-site), attributes: [{name: sites, values: [NL]}]}",
		"Restriction s~ {dimension: site, values: []}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	refused("where the tenant is suspended", "ana creates Restriction suspended/new~ {dimension: site, values: []}", "is suspended"),
	refused("where there is no tenant", "ana creates Restriction default/new~ {dimension: site, values: []}", "no Tenant owns the namespace default"),
	allowed("a pipeline where there is no tenant", "pipeline creates Restriction default/new~ {dimension: site, values: []}"),

	// Statuses and metadata.
	refused("a status forged", "platform forges Restriction ours {groups: 7}", "restrictions/status is written by Roster alone"),
	refused("a synced one's status forged", "ana forges Restriction site.de {groups: 7}", "restrictions/status is written by Roster alone"),
	allowed("a status in what is created is dropped", "vic creates Restriction new~ {spec: {dimension: site, values: []}, status: {groups: 7}}"),
	refused("an owner, so that the cluster deletes it", "vic marks Restriction ours {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: none, uid: none}]}", "metadata.ownerReferences"),
	refused("an owner taken away, to outlive it", "vic marks Restriction s~ {ownerReferences: null}", "metadata.ownerReferences",
		"Restriction s~ {metadata: {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: none, uid: none}]}, spec: {dimension: site, values: []}}"),
	allowed("another label and an annotation", "vic marks Restriction s~ {labels: {team: shop}, annotations: {note: here}}", "Restriction s~ {dimension: site, values: []}"),
	refused("a finalizer of Roster's", "vic marks Restriction ours {finalizers: [access.roster.dev/cleanup]}", "finalizers that begin with"),

	// While it is being deleted.
	refused("one that is being deleted loosened", "dee sets Restriction s~ {values: [DE, FR]}", "group g~ would gain", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}", "going Restriction s~ {dimension: site, values: [DE]}"),
	allowed("one that is being deleted loosened by an owner", "ana sets Restriction s~ {values: [DE, FR]}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}", "going Restriction s~ {dimension: site, values: [DE]}"),
	refused("a label for one that is being deleted", "vic marks Restriction s~ {labels: {access.roster.dev/dimension: site}}", "labels that begin with", "going Restriction s~ {dimension: site, values: []}"),
	allowed("deleting again", "vic deletes Restriction s~", "going Restriction s~ {dimension: site, values: []}"),
)
