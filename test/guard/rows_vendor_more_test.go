package guard_test

var _ = table("market",
	// Who asks.
	allowed("the platform", "platform sets Vendor v~ {options: [publishing]}", "Vendor v~ {}"),
	allowed("the partner's administrator creates", "partner/paul creates Vendor new~ {displayName: New}"),
	refused("the partner's administrator switches an option on", "partner/paul sets Vendor abc {options: [publishing]}", "would gain publish on products at vendor=abc"),
	refused("the partner's others create", "partner/pia creates Vendor new~ {displayName: New}", "would gain"),
	refused("another tenant's owner creates", "stranger/fay creates Vendor new~ {displayName: New}", "who is no active user of the tenant nor an administrator of its partner"),
	refused("another tenant's owner switches an option on", "stranger/fay sets Vendor abc {options: [publishing]}", "would gain"),
	refused("a service account of the tenant", "system:serviceaccount:market:robot creates Vendor new~ {displayName: New}", "would gain"),
	refused("a vendor's own editor", "zed~ creates Vendor new~ {displayName: New}", "group new~.vendor.viewer would gain", "User zed~ {groups: names(abc.vendor.editor)}"),
	refused("a vendor's own editor switches an option on", "zed~ sets Vendor abc {options: [publishing]}", "would gain publish", "User zed~ {groups: names(abc.vendor.editor)}"),
	refused("who has not accepted", "ivy creates Vendor new~ {displayName: New}", "would gain"),
	refused("who is switched off", "ole creates Vendor new~ {displayName: New}", "would gain"),
	refused("who holds it for a while", "ted creates Vendor new~ {displayName: New}", "would gain"),
	refused("where the tenant is suspended", "ana creates Vendor suspended/new~ {displayName: New}", "is suspended"),
	refused("where there is no tenant", "ana creates Vendor default/new~ {displayName: New}", "no Tenant owns the namespace default"),
	allowed("a pipeline where there is no tenant", "pipeline creates Vendor default/new~ {displayName: New}"),

	// Statuses and metadata.
	refused("groups forged", "platform forges Vendor abc {groups: [owners]}", "vendors/status is written by Roster alone"),
	refused("a restriction forged", "ana forges Vendor abc {restriction: xyz.vendor}", "vendors/status is written by Roster alone"),
	allowed("a status in what is created is dropped", "ana creates Vendor new~ {spec: {displayName: New}, status: {restriction: ours}}"),
	refused("an owner, so that the cluster deletes it", "vic marks Vendor abc {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: none, uid: none}]}", "metadata.ownerReferences"),
	refused("an owner taken away, to outlive it", "vic marks Vendor v~ {ownerReferences: null}", "metadata.ownerReferences",
		"Vendor v~ {metadata: {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: none, uid: none}]}, spec: {}}"),
	refused("a child of the tenant's", "platform marks Vendor abc {ownerReferences: [{apiVersion: access.roster.dev/v1alpha1, kind: Tenant, name: market, uid: none}]}", "only Roster makes an object the child"),
	refused("a label of Roster's", "pipeline marks Vendor abc {labels: {access.roster.dev/managed-by: roster}}", "labels that begin with"),
	refused("a label of Roster's on a new one", "pipeline creates Vendor new~ {metadata: {labels: {access.roster.dev/vendor: abc}}, spec: {}}", "labels that begin with"),
	allowed("another label and an annotation", "vic marks Vendor v~ {labels: {team: shop}, annotations: {note: here}}", "Vendor v~ {}"),
	refused("a finalizer of Roster's", "vic marks Vendor abc {finalizers: [access.roster.dev/cleanup]}", "finalizers that begin with"),
	allowed("a finalizer", "vic marks Vendor v~ {finalizers: [test.example/x]}", "Vendor v~ {}"),

	// While it is being deleted.
	refused("an option for one that is being deleted", "ana sets Vendor v~ {options: [publishing]}", "would gain publish", "going Vendor v~ {}"),
	allowed("an option for one that is being deleted, by a pipeline", "pipeline sets Vendor v~ {options: [publishing]}", "going Vendor v~ {}"),
	refused("a label for one that is being deleted", "vic marks Vendor v~ {labels: {access.roster.dev/vendor: abc}}", "labels that begin with", "going Vendor v~ {}"),
	invalid("a finalizer for one that is being deleted", "platform marks Vendor v~ {finalizers: [test.example/wait, test.example/x]}", "no new finalizers can be added", "going Vendor v~ {}"),
	allowed("deleting again", "vic deletes Vendor v~", "going Vendor v~ {}"),
)
