package guard_test

// Each row has a group of its own that the restriction narrows, where it matters.
var _ = table("restrictions",
	// Loosening, in every way of writing. The restriction "ours" keeps the clerks, who read orders, at site DE.
	refused("a value more", "dee sets Restriction ours {values: [DE, FR]}", "group clerks would gain Read on orders at site=FR, which oidc:dee@restrictions.example does not hold"),
	allowed("a value more by an owner", "ana sets Restriction s~ {values: [DE, FR]}", "Restriction s~ {dimension: site, values: [DE]}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	refused("by a JSON patch", "dee edits Restriction ours [{op: add, path: /spec/values/-, value: FR}]", "group clerks would gain Read on orders at site=FR"),
	allowed("an owner by a JSON patch", "ana edits Restriction s~ [{op: add, path: /spec/values/-, value: FR}]", "Restriction s~ {dimension: site, values: [DE]}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	refused("by server-side apply", "dee applies Restriction ours {dimension: site, values: [FR]}", "group clerks would gain Read on orders at site=FR"),
	allowed("an owner by server-side apply", "ana applies Restriction s~ {dimension: site, values: [DE, FR]}", "Restriction s~ {dimension: site, values: [DE]}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	refused("by PUT", "dee replaces Restriction ours {dimension: site, values: [FR]}", "group clerks would gain Read on orders at site=FR"),
	allowed("an owner by PUT", "ana replaces Restriction s~ {dimension: site, values: [FR]}", "Restriction s~ {dimension: site, values: [DE]}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	refused("another value", "dee sets Restriction ours {values: [FR]}", "at site=FR"),
	allowed("another value that one holds", "dee sets Restriction s~ {values: [DE]}", "Restriction s~ {dimension: site, values: [FR]}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	allowed("a value less", "ben sets Restriction s~ {values: [DE]}", "Restriction s~ {dimension: site, values: [DE, FR]}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	allowed("emptied, which closes", "ben sets Restriction s~ {values: []}", "Restriction s~ {dimension: site, values: [DE]}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	refused("filled that was empty", "ben sets Restriction s~ {values: [DE]}", "group g~ would gain Manage on orders at site=DE", "Restriction s~ {dimension: site, values: []}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	allowed("filled that was empty, by who holds it", "dee sets Restriction s~ {values: [DE]}", "Restriction s~ {dimension: site, values: []}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	allowed("one that narrows nothing", "ben sets Restriction s~ {values: [DE, FR]}", "Restriction s~ {dimension: site, values: []}"),
	allowed("one whose group reaches nothing that it narrows", "ben sets Restriction s~ {values: [DE, FR]}", "Restriction s~ {dimension: site, values: []}", "UserGroup g~ {access: [Manage(tax)], restrictions: names(s~)}"),
	refused("one of two of the same dimension", "dee sets Restriction s~ {values: [FR]}", "group g~ would gain Manage on orders at site=FR",
		"Restriction s~ {dimension: site, values: []}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~, site.de)}"),
	refused("a huge list with one value more", "dee edits Restriction s~ [{op: add, path: /spec/values/-, value: FR}]", "at site=FR", "Restriction s~ {dimension: site, values: [DE, A1, A2, A3, A4, A5, A6, A7, A8, A9]}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	allowed("another title", "ben sets Restriction s~ {displayName: S}", "Restriction s~ {dimension: site, values: [DE]}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	invalid("neither values nor where they come from", "ana sets Restriction ours {values: null}", "write exactly one of values and valuesFrom"),
	invalid("both", "ana sets Restriction ours {valuesFrom: {userAttribute: sites}}", "write exactly one of values and valuesFrom"),

	// Another dimension.
	refused("another dimension", "dee sets Restriction ours {dimension: vendor, values: [abc]}", "group clerks would gain Read on orders at vendor=abc"),
	allowed("another dimension by an owner", "ana sets Restriction s~ {dimension: vendor, values: [abc]}", "Restriction s~ {dimension: site, values: [DE]}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	allowed("a dimension that nobody knows, which closes", "ben sets Restriction s~ {dimension: weekday}", "Restriction s~ {dimension: site, values: [DE]}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	refused("a known dimension in place of one that nobody knows", "ben sets Restriction s~ {dimension: site}", "group g~ would gain", "Restriction s~ {dimension: weekday, values: [DE]}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	refused("one dimension less of two", "dee sets Restriction s~ {dimension: site, values: [FR]}", "group g~ would gain Manage on orders",
		"Restriction s~ {dimension: vendor, values: [abc]}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~, site.de)}"),

	// What members bring along.
	refused("values from the members", "dee sets Restriction ours {values: null, valuesFrom: {userAttribute: sites}}", "group clerks would gain"),
	allowed("values from the members, by an owner", "ana sets Restriction s~ {values: null, valuesFrom: {userAttribute: sites}}", "Restriction s~ {dimension: site, values: [DE]}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	refused("another attribute", "dee sets Restriction s~ {valuesFrom: {userAttribute: department}}", "group g~ would gain", "Restriction s~ {dimension: site, valuesFrom: {userAttribute: sites}}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	allowed("a list in place of the attribute, of what one holds", "dee sets Restriction s~ {valuesFrom: null, values: [DE]}", "Restriction s~ {dimension: site, valuesFrom: {userAttribute: sites}}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	refused("a list in place of the attribute", "dee sets Restriction s~ {valuesFrom: null, values: [FR]}", "at site=FR", "Restriction s~ {dimension: site, valuesFrom: {userAttribute: sites}}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),

	// Deleting, and making again.
	allowed("deleting one closes", "ben deletes Restriction s~", "Restriction s~ {dimension: site, values: [DE]}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	allowed("a collection", "ben clears Restriction s~", "Restriction s~ {dimension: site, values: [DE]}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	refused("one that a group waits for", "ben creates Restriction s~ {dimension: site, values: [DE]}", "group g~ would gain Manage on orders at site=DE", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	refused("one that a group waits for, wider than one holds", "dee creates Restriction s~ {dimension: site, values: [DE, FR]}", "at site=DE, FR", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	allowed("one that a group waits for, by who holds it", "dee creates Restriction s~ {dimension: site, values: [DE]}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	refused("one that a group waits for, by applying it", "ben applies Restriction s~ {dimension: site, values: [DE]}", "group g~ would gain", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	allowed("one that a group waits for, by an owner who applies it", "ana applies Restriction s~ {dimension: site, values: [DE, FR]}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	allowed("one that a group waits for, and lets nothing through", "ben creates Restriction s~ {dimension: site, values: []}", "UserGroup g~ {access: [Manage(orders)], restrictions: names(s~)}"),
	allowed("one that nothing waits for", "ben creates Restriction new~ {dimension: site, values: [DE, FR]}"),
	allowed("one that nothing waits for, applied", "ben applies Restriction new~ {dimension: site, values: [DE, FR]}"),
	allowed("a generated name", "ben creates Restriction new~- {dimension: site, values: [DE, FR]}"),
	invalid("a new name by PUT", "ben puts Restriction new~ {dimension: site, values: [DE]}", "not found"),
)
