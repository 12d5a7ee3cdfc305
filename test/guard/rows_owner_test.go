package guard_test

// Whose owner is gone, the cluster deletes, and no deletion of the cluster's is judged; whose owner is not to be found
// outlives it. So owner references stay as they are, word for word.
var _ = table("heirs",
	refused("the owner's group, of which the cluster knows nothing", "vic edits User u~ [{op: replace, path: /metadata/ownerReferences/0/apiVersion, value: nowhere.example/v1}]", "metadata.ownerReferences decide when", owned("User u~", "{}")),
	refused("the owner's name, which nothing has", "vic edits User u~ [{op: replace, path: /metadata/ownerReferences/0/name, value: nothing}]", "metadata.ownerReferences decide when", owned("User u~", "{}")),
	refused("the owner's kind", "vic edits User u~ [{op: replace, path: /metadata/ownerReferences/0/kind, value: Secret}]", "metadata.ownerReferences decide when", owned("User u~", "{}")),
	refused("the owner's uid", "vic edits User u~ [{op: replace, path: /metadata/ownerReferences/0/uid, value: other}]", "metadata.ownerReferences decide when", owned("User u~", "{}")),
	refused("an owner that controls", "vic edits User u~ [{op: add, path: /metadata/ownerReferences/0/controller, value: true}]", "metadata.ownerReferences decide when", owned("User u~", "{}")),
	refused("an owner that waits", "vic edits User u~ [{op: add, path: /metadata/ownerReferences/0/blockOwnerDeletion, value: true}]", "metadata.ownerReferences decide when", owned("User u~", "{}")),
	refused("who is kept after accepting", "ana edits User retaining/ben [{op: add, path: /metadata/ownerReferences, value: [{apiVersion: v1, kind: ConfigMap, name: none, uid: none}]}]", "metadata.ownerReferences decide when"),
	refused("by who administers", "ana edits User u~ [{op: replace, path: /metadata/ownerReferences/0/name, value: nothing}]", "metadata.ownerReferences decide when", owned("User u~", "{}")),
	refused("a group's", "ana edits UserGroup g~ [{op: replace, path: /metadata/ownerReferences/0/name, value: nothing}]", "metadata.ownerReferences decide when", owned("UserGroup g~", "{}")),
	refused("a role's", "ana edits Role r~ [{op: replace, path: /metadata/ownerReferences/0/name, value: nothing}]", "metadata.ownerReferences decide when", owned("Role r~", "{}")),
	refused("a restriction's", "ana edits Restriction s~ [{op: replace, path: /metadata/ownerReferences/0/name, value: nothing}]", "metadata.ownerReferences decide when", owned("Restriction s~", "{dimension: site, values: []}")),
	refused("a vendor's", "ana edits Vendor v~ [{op: replace, path: /metadata/ownerReferences/0/name, value: nothing}]", "metadata.ownerReferences decide when", owned("Vendor v~", "{}")),
	refused("a credential's", "ana edits ApplicationCredential c~ [{op: replace, path: /metadata/ownerReferences/0/name, value: nothing}]", "metadata.ownerReferences decide when", owned("ApplicationCredential c~", "{userRef: {name: ana}}")),
	refused("a predefined role's, in a version that there is not", "platform edits Role viewer [{op: replace, path: /metadata/ownerReferences/0/apiVersion, value: access.roster.dev/v9}]", "role viewer is kept by Roster"),
	refused("a vendor's group's", "pipeline edits UserGroup abc.vendor.editor [{op: replace, path: /metadata/ownerReferences/0/apiVersion, value: access.roster.dev/v9}]", "is kept by Roster"),
	allowed("by a pipeline with escalate", "pipeline edits User u~ [{op: replace, path: /metadata/ownerReferences/0/name, value: other}]", owned("User u~", "{}")),
	allowed("the spec, and the owner as it is", "ana sets User u~ {firstName: Uma}", owned("User u~", "{}")),

	// What asks somebody is no exception.
	refused("one's own invitation that the cluster deletes", "vic creates Invitation new~ "+heir("vic"), "metadata.ownerReferences decide when"),
	refused("another's invitation, by who administers", "ana creates Invitation new~ "+heir("ben"), "metadata.ownerReferences decide when"),
	refused("an invitation that gets an owner", "ana edits Invitation i~ [{op: replace, path: /metadata/ownerReferences, value: [{apiVersion: v1, kind: ConfigMap, name: none, uid: none}]}]",
		"metadata.ownerReferences decide when", "Invitation i~ {userRef: {name: ben}}"),
	refused("one's own password reset that the cluster deletes", "vic creates PasswordReset new~ "+heir("vic"), "metadata.ownerReferences decide when"),
	refused("another's password reset, by who administers", "ana creates PasswordReset new~ "+heir("ben"), "metadata.ownerReferences decide when"),
	allowed("an invitation with an owner, by a pipeline", "pipeline creates Invitation new~ "+heir("ben")),
)

// heir is what asks somebody, with an owner that is none of Roster's kinds.
func heir(user string) string {
	return "{metadata: {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: none, uid: none}]}, spec: {userRef: {name: " + user + "}}}"
}

// owned is an object with an owner that is none of Roster's kinds.
func owned(object, spec string) string {
	return object + " {metadata: {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: none, uid: none}]}, spec: " + spec + "}"
}
