package guard_test

// A vendor gives nothing by itself: its groups do, which Roster makes.
var _ = table("vendors",
	// Options, in every way of writing.
	refused("an option switched on", "ana sets Vendor abc {options: [publishing]}", "group abc.vendor.editor would gain publish on products at vendor=abc, which oidc:ana@vendors.example does not hold"),
	allowed("an option switched on, by a pipeline", "pipeline sets Vendor v~ {options: [publishing]}", "Vendor v~ {}"),
	refused("by a JSON patch", "ana edits Vendor abc [{op: add, path: /spec/options, value: [publishing]}]", "would gain publish on products at vendor=abc"),
	allowed("a pipeline by a JSON patch", "pipeline edits Vendor v~ [{op: add, path: /spec/options, value: [publishing]}]", "Vendor v~ {}"),
	refused("by server-side apply", "ana applies Vendor abc {options: [publishing]}", "would gain publish on products at vendor=abc"),
	allowed("a pipeline by server-side apply", "pipeline applies Vendor v~ {options: [publishing]}", "Vendor v~ {}"),
	refused("by PUT", "ana replaces Vendor abc {options: [publishing]}", "would gain publish on products at vendor=abc"),
	allowed("a pipeline by PUT", "pipeline replaces Vendor v~ {options: [publishing]}", "Vendor v~ {}"),
	allowed("by who may publish", "pub~ sets Vendor v~ {options: [publishing]}", "Vendor v~ {}", "UserGroup g~ {access: [Publish(products)]}", "User pub~ {groups: names(g~)}"),
	refused("by who may publish for another vendor", "pub~ sets Vendor v~ {options: [publishing]}", "would gain publish on products at vendor=v~",
		"Vendor v~ {}", "UserGroup g~ {access: [Publish(products)], restrictions: names(abc.vendor)}", "User pub~ {groups: names(g~)}"),
	allowed("by who may publish for this vendor", "pub~ sets Vendor v~ {options: [publishing]}",
		"Vendor v~ {}", "UserGroup g~ {access: [Publish(products)], restrictions: names(v~.vendor)}", "User pub~ {groups: names(g~)}"),
	allowed("an option that no role has", "vic sets Vendor v~ {options: [nothing]}", "Vendor v~ {}"),
	refused("an option among others", "ana sets Vendor v~ {options: [nothing, publishing]}", "would gain publish", "Vendor v~ {options: [nothing]}"),
	allowed("an option switched off", "vic sets Vendor v~ {options: []}", "Vendor v~ {options: [publishing]}"),
	allowed("options null", "vic sets Vendor v~ {options: null}", "Vendor v~ {options: [publishing]}"),
	allowed("the same options", "vic sets Vendor v~ {options: [publishing]}", "Vendor v~ {options: [publishing]}"),
	allowed("another title", "vic sets Vendor v~ {displayName: V}", "Vendor v~ {}"),
	invalid("too many options", "pipeline sets Vendor abc {options: [a1, a2, a3, a4, a5, a6, a7, a8, a9, b1, b2, b3, b4, b5, b6, b7, b8]}", "must have at most 16 items"),

	// A new one.
	refused("a new vendor", "vic creates Vendor new~ {displayName: New}", "group new~.vendor.editor would gain Manage on products at vendor=new~"),
	allowed("a new vendor by an owner", "ana creates Vendor new~ {displayName: New}"),
	refused("a new vendor with an option", "ana creates Vendor new~ {options: [publishing]}", "does not hold publish on products at vendor=new~"),
	allowed("a new vendor with an option, by a pipeline", "pipeline creates Vendor new~ {options: [publishing]}"),
	refused("a new name applied", "vic applies Vendor new~ {displayName: New}", "group new~.vendor.editor would gain"),
	allowed("a new name applied by an owner", "ana applies Vendor new~ {displayName: New}"),
	refused("a generated name", "vic creates Vendor new~- {displayName: New}", "would gain Manage on products at vendor=new~"),
	allowed("a generated name by an owner", "ana creates Vendor new~- {displayName: New}"),
	invalid("a new name by PUT", "vic puts Vendor new~ {displayName: New}", "not found"),
	invalid("a name that is too long", "pipeline creates Vendor a123456789a123456789a123456789a123456789a123456789a123456789abcd {displayName: New}", "at most 63 characters"),
	refused("a new vendor by who has one site", "dee creates Vendor new~ {displayName: New}", "group new~.vendor.viewer would gain Read on products at vendor=new~"),
	refused("a new vendor whose group users name", "vic creates Vendor new~ {displayName: New}", "group new~.vendor.editor would gain", "User u~ {groups: names(new~.vendor.editor)}"),

	// Names that somebody has taken: Roster waits until they are free.
	refused("a new vendor whose group's name is taken", "vic creates Vendor v~ {displayName: V}", "group v~.vendor.editor would gain Manage on products at vendor=v~", "UserGroup v~.vendor.editor {displayName: mine}", "UserGroup v~.vendor.viewer {displayName: mine}"),
	allowed("by an owner", "ana creates Vendor v~ {displayName: V}", "UserGroup v~.vendor.editor {displayName: mine}"),
	refused("a new vendor whose restriction's name is taken", "vic creates Vendor v~ {displayName: V}", "group v~.vendor.editor would gain", "Restriction v~.vendor {dimension: vendor, values: []}"),
	refused("an option where the group's name is taken", "ana sets Vendor v~ {options: [publishing]}", "group v~.vendor.editor would gain publish on products at vendor=v~", "UserGroup v~.vendor.editor {displayName: mine}", "Vendor v~ {}"),
	refused("a new vendor whose group is being deleted", "vic creates Vendor v~ {displayName: V}", "group v~.vendor.editor would gain", "going UserGroup v~.vendor.editor {displayName: mine}", "going UserGroup v~.vendor.viewer {displayName: mine}"),

	// Deleting.
	refused("deleting one ends a conflict", "vic deletes Vendor v~", "user u~ would gain Manage on products at vendor=xyz", "Vendor v~ {}", "User u~ {groups: names(v~.vendor.editor, xyz.vendor.editor)}"),
	refused("in a collection", "vic clears Vendor v~", "user u~ would gain Manage on products at vendor=xyz", "Vendor v~ {}", "User u~ {groups: names(v~.vendor.editor, xyz.vendor.editor)}"),
	allowed("deleting one ends a conflict, by an owner", "ana deletes Vendor v~", "Vendor v~ {}", "User u~ {groups: names(v~.vendor.editor, xyz.vendor.editor)}"),
	allowed("deleting one in which nobody is", "vic deletes Vendor v~", "Vendor v~ {}"),
	allowed("deleting one in which somebody is", "vic deletes Vendor v~", "Vendor v~ {}", "User u~ {groups: names(v~.vendor.editor)}"),
	allowed("a collection", "vic clears Vendor v~", "Vendor v~ {}"),
)
