package v1alpha1

// Condition types. Reconciling and Stalled are there only while true.
const (
	// ConditionReady surfaces on every object: True when Roster has done all that it can do for the object as it
	// stands. Waiting for a human is Ready.
	ConditionReady = "Ready"
	// ConditionReconciling surfaces while Roster waits for something that is expected to appear, or is at work.
	ConditionReconciling = "Reconciling"
	// ConditionStalled surfaces while nothing will happen until somebody changes something.
	ConditionStalled = "Stalled"

	// ConditionNamespaceReady surfaces on Tenants: the tenant's namespace is there and is its own.
	ConditionNamespaceReady = "NamespaceReady"
	// ConditionRolesSynced surfaces on Tenants: the catalog's predefined roles have their copies.
	ConditionRolesSynced = "RolesSynced"
	// ConditionRestrictionsSynced surfaces on Tenants: each value of a Synced dimension has its Restriction.
	ConditionRestrictionsSynced = "RestrictionsSynced"
	// ConditionBindingsSynced surfaces on Tenants: its administrators and viewers are bound to their ClusterRoles.
	ConditionBindingsSynced = "BindingsSynced"
	// ConditionAdministered surfaces on Tenants: somebody administers the tenant. Advice.
	ConditionAdministered = "Administered"

	// ConditionEmailAllowed surfaces on Users: the address is well formed and in the tenant's allow-list.
	ConditionEmailAllowed = "EmailAllowed"
	// ConditionEmailUnique surfaces on Users: no older user of the tenant has the address.
	ConditionEmailUnique = "EmailUnique"
	// ConditionInvitationAccepted surfaces on Users: whether the address has been accepted, and if not, what became of
	// the newest invitation.
	ConditionInvitationAccepted = "InvitationAccepted"
	// ConditionAccessResolved surfaces on Users: everything that the user's memberships point at is there.
	ConditionAccessResolved = "AccessResolved"

	// ConditionRulesResolved surfaces on Roles, on Tenants for their default access, and on ApplicationCredentials for what
	// cuts them: every rule names only what the catalog knows.
	ConditionRulesResolved = "RulesResolved"
	// ConditionRolesResolved surfaces on UserGroups: every role is there, and the rules name only what the catalog knows.
	ConditionRolesResolved = "RolesResolved"
	// ConditionRestrictionsResolved surfaces on UserGroups: every restriction is there and names a known dimension.
	ConditionRestrictionsResolved = "RestrictionsResolved"
	// ConditionDependenciesMet surfaces on UserGroups: what the catalog says one also needs is given too. Advice.
	ConditionDependenciesMet = "DependenciesMet"

	// ConditionValuesKnown surfaces on Restrictions: the tenant's dimension lists every value. Advice.
	ConditionValuesKnown = "ValuesKnown"

	// ConditionDelivered surfaces on Invitations and PasswordResets: the mail server took the mail.
	ConditionDelivered = "Delivered"

	// ConditionSecretWritten surfaces on ApplicationCredentials: the Secret holds the token that is in force.
	ConditionSecretWritten = "SecretWritten"
)

// Reasons that several conditions share.
const (
	// ReasonSucceeded surfaces when everything that the condition speaks of holds.
	ReasonSucceeded = "Succeeded"
	// ReasonTenantNotFound surfaces when no Tenant owns the object's namespace (yet).
	ReasonTenantNotFound = "TenantNotFound"
	// ReasonTenantSuspended surfaces when the tenant's state is Suspended: nobody has any access.
	ReasonTenantSuspended = "TenantSuspended"
	// ReasonTenantDeleting surfaces when the tenant is being deleted: nobody has any access.
	ReasonTenantDeleting = "TenantDeleting"
	// ReasonCatalogNotFound surfaces when the tenant's ResourceCatalog does not exist (yet).
	ReasonCatalogNotFound = "CatalogNotFound"
	// ReasonNameConflict surfaces when an object that Roster did not make has a name that Roster needs.
	ReasonNameConflict = "NameConflict"
	// ReasonUnknownNames surfaces when rules name services, resources or actions that the catalog does not know.
	ReasonUnknownNames = "UnknownNames"
	// ReasonDeleting surfaces while the object is being deleted and cleaned up after.
	ReasonDeleting = "Deleting"
	// ReasonRefused surfaces when the API server refuses an object that Roster has to write.
	ReasonRefused = "Refused"
)

// Reasons of ResourceCatalogs.
const (
	// ReasonCatalogProblems surfaces when the catalog holds something that names nothing, or a name twice.
	ReasonCatalogProblems = "CatalogProblems"
)

// Reasons of Tenants.
const (
	// ReasonNamespaceTaken surfaces when an older Tenant owns the namespace.
	ReasonNamespaceTaken = "NamespaceTaken"
	// ReasonNamespaceTerminating surfaces when the namespace is being deleted; Roster makes it again afterwards.
	ReasonNamespaceTerminating = "NamespaceTerminating"
	// ReasonValuesNotFound surfaces when the ConfigMap or key that lists a dimension's values does not exist (yet).
	ReasonValuesNotFound = "ValuesNotFound"
	// ReasonInvalidValues surfaces when a dimension has values of which no name of a Restriction can be made.
	ReasonInvalidValues = "InvalidValues"
	// ReasonTooManySubjects surfaces when more users have to be bound than one RoleBinding holds: none of them is.
	ReasonTooManySubjects = "TooManySubjects"
	// ReasonGuardOff surfaces when the manager does not guard writes: administrators are not bound.
	ReasonGuardOff = "GuardOff"
	// ReasonNoAdministrator surfaces when nobody who can sign in administers the tenant, nor does its partner.
	ReasonNoAdministrator = "NoAdministrator"
)

// Reasons of Users. The reason of Ready is the user's state where nothing is wrong.
const (
	// ReasonActive surfaces when the user has the access that his groups give.
	ReasonActive = "Active"
	// ReasonInvited surfaces when an invitation is on its way or waits for the person.
	ReasonInvited = "Invited"
	// ReasonInactive surfaces when the user has been deactivated.
	ReasonInactive = "Inactive"
	// ReasonEmailInvalid surfaces when the address is not one plain address.
	ReasonEmailInvalid = "EmailInvalid"
	// ReasonEmailNotAllowed surfaces when the address is in none of the tenant's allowedEmailDomains.
	ReasonEmailNotAllowed = "EmailNotAllowed"
	// ReasonDuplicateEmail surfaces when an older user of the tenant has the same address.
	ReasonDuplicateEmail = "DuplicateEmail"
	// ReasonNotNeeded surfaces when the user needs no invitation, or no address.
	ReasonNotNeeded = "NotNeeded"
	// ReasonAccepted surfaces when the user has accepted at his present address.
	ReasonAccepted = "Accepted"
	// ReasonWaiting surfaces when the person has been asked and has not answered.
	ReasonWaiting = "Waiting"
	// ReasonInvitationExpired surfaces when the newest invitation ran out; create another to ask again.
	ReasonInvitationExpired = "InvitationExpired"
	// ReasonInvitationFailed surfaces when the mail server refused the newest invitation for good.
	ReasonInvitationFailed = "InvitationFailed"
	// ReasonInvitationCancelled surfaces when the newest invitation was cancelled or deleted.
	ReasonInvitationCancelled = "InvitationCancelled"
	// ReasonNotInvited surfaces when no invitation was made, because something else is missing first.
	ReasonNotInvited = "NotInvited"
	// ReasonNotActive surfaces when there is no access because the user is not Active.
	ReasonNotActive = "NotActive"
	// ReasonGroupNotFound surfaces when the user is a member of a group that does not exist (yet).
	ReasonGroupNotFound = "GroupNotFound"
	// ReasonVendorConflict surfaces when the user is in groups of two vendors: neither's groups give him anything.
	ReasonVendorConflict = "VendorConflict"
	// ReasonRoleWithheld surfaces when a group has a role that users of this type may not hold.
	ReasonRoleWithheld = "RoleWithheld"
	// ReasonAccessTooLarge surfaces when the effective access is larger than a status can hold: nothing is granted.
	ReasonAccessTooLarge = "AccessTooLarge"
)

// Reasons of UserGroups.
const (
	// ReasonRoleNotFound surfaces when a role does not exist (yet), on Tenants when the catalog has no entitled role of that
	// name; it gives nothing.
	ReasonRoleNotFound = "RoleNotFound"
	// ReasonRestrictionNotFound surfaces when a restriction does not exist (yet), or its dimension is unknown; the group
	// gives nothing where a restriction could count.
	ReasonRestrictionNotFound = "RestrictionNotFound"
	// ReasonVendorNotFound surfaces when the group's vendor does not exist (any more); the group gives nothing.
	ReasonVendorNotFound = "VendorNotFound"
	// ReasonReadsMissing surfaces when members cannot read what the catalog says they also need.
	ReasonReadsMissing = "ReadsMissing"
)

// Reasons of Restrictions.
const (
	// ReasonDimensionUnknown surfaces when neither the tenant nor its catalog knows the dimension; groups with this
	// restriction give nothing where a restriction could count.
	ReasonDimensionUnknown = "DimensionUnknown"
	// ReasonValuesUnknown surfaces when the tenant's dimension does not list a value.
	ReasonValuesUnknown = "ValuesUnknown"
	// ReasonValuesOpen surfaces when the tenant's dimension lists no values: any value is fine.
	ReasonValuesOpen = "ValuesOpen"
	// ReasonFromUser surfaces when the values are each member's own.
	ReasonFromUser = "FromUser"
)

// Reasons of Vendors.
const (
	// ReasonOptionUnknown surfaces when no vendor role of the catalog has an option of that name.
	ReasonOptionUnknown = "OptionUnknown"
)

// Reasons of Invitations and PasswordResets.
const (
	// ReasonPending surfaces while the object is recorded and nothing has been sent yet.
	ReasonPending = "Pending"
	// ReasonSending surfaces while the mail is being handed over.
	ReasonSending = "Sending"
	// ReasonSent surfaces when the mail server took the mail.
	ReasonSent = "Sent"
	// ReasonExpired surfaces when the link's time ran out, on ApplicationCredentials when their expiresAt is past.
	ReasonExpired = "Expired"
	// ReasonSuperseded surfaces when a newer object of the kind took this one's place.
	ReasonSuperseded = "Superseded"
	// ReasonCancelled surfaces when it was withdrawn.
	ReasonCancelled = "Cancelled"
	// ReasonDeferred surfaces when the mail server could not take the mail now; it is tried again.
	ReasonDeferred = "Deferred"
	// ReasonRejected surfaces when the mail server refused the mail for good.
	ReasonRejected = "Rejected"
	// ReasonMisconfigured surfaces when Roster's own mail settings are at fault; mails go out once they are mended.
	ReasonMisconfigured = "Misconfigured"
	// ReasonRateLimited surfaces while the user, or the tenant, has been sent as many mails as may go out in a while; the
	// mail goes out later by itself.
	ReasonRateLimited = "RateLimited"
	// ReasonUserNotFound surfaces when the user that the object is for does not exist (yet).
	ReasonUserNotFound = "UserNotFound"
	// ReasonUserNotWaiting surfaces when the user needs no invitation: accepted already, inactive, or not to be invited.
	ReasonUserNotWaiting = "UserNotWaiting"
	// ReasonAddressChanged surfaces when what was asked ended because its user has another address. Where that is taken back
	// before he has accepted, he is asked anew.
	ReasonAddressChanged = "AddressChanged"
	// ReasonUserNotActive surfaces when a password reset is for a user who is not Active, and so cannot have a password.
	ReasonUserNotActive = "UserNotActive"
	// ReasonNoPasswordStore surfaces when a password can be set nowhere: this Roster keeps none.
	ReasonNoPasswordStore = "NoPasswordStore"
)

// Reasons of ApplicationCredentials.
const (
	// ReasonUserReplaced surfaces when the user of the credential's name is not the person for whom its token was made: a later
	// one, or one with another address.
	ReasonUserReplaced = "UserReplaced"
	// ReasonSecretNotFound surfaces when somebody deleted the Secret; the token that was in it stays in force.
	ReasonSecretNotFound = "SecretNotFound"
	// ReasonSecretChanged surfaces when somebody changed what is in the Secret: what it holds now is not in force.
	ReasonSecretChanged = "SecretChanged"
)
