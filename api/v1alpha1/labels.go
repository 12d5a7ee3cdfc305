package v1alpha1

const (
	// LabelTenant on a namespace names the Tenant that owns it.
	LabelTenant = "access.roster.dev/tenant"
	// LabelPredefined is "true" on a Role that Roster copied from the tenant's catalog.
	LabelPredefined = "access.roster.dev/predefined"
	// LabelVendor on a UserGroup or Restriction names the Vendor that Roster made it for.
	LabelVendor = "access.roster.dev/vendor"
	// LabelDimension on a Restriction names the Synced dimension that Roster made it for.
	LabelDimension = "access.roster.dev/dimension"
	// LabelManagedBy is ManagedByRoster on every object that Roster makes.
	LabelManagedBy = "access.roster.dev/managed-by"
	// LabelUser on an Invitation names the User it is for, by UID.
	LabelUser = "access.roster.dev/user"
	// LabelAddress on an Invitation that the user controller made is the full-length hash of the user's UID and
	// address: it tells the first invitation to one address from every other.
	LabelAddress = "access.roster.dev/address"

	// ManagedByRoster is the value of LabelManagedBy.
	ManagedByRoster = "roster"

	// FinalizerCleanup holds an object back until what Roster made for it has been taken away.
	FinalizerCleanup = "access.roster.dev/cleanup"

	// FieldOwner is the server-side apply owner of everything that Roster writes.
	FieldOwner = "roster"
)
