package guard_test

// The tenant of these rows is looked after by partner, and looks after client: who administers it administers client, too.
// That is given by the platform alone, not by who is that himself, and not by the partner's, who are nobody in client.
var _ = table("agencies",
	refused("a partner makes another", "ana creates UserGroup new~ {access: [Manage(users-and-groups)], members: names(ben)}",
		"group new~ would gain create, delete, update on users-and-groups, which oidc:ana@agencies.example holds but may not give: "+
			"who administers Tenant agencies administers client, which it looks after; that takes the verb escalate on roles.access.roster.dev in namespace agencies"),
	refused("by a role", "ana creates UserGroup new~ {roles: names(owner)}", "holds but may not give"),
	refused("by a part of it", "ana creates UserGroup new~ {access: [{resources: [users-and-groups], actions: [delete]}]}", "would gain delete on users-and-groups, which oidc:ana@agencies.example holds but may not give"),
	refused("as a member", "ana sets UserGroup owners {members: names(ben)}", "user ben would gain create, delete, update on users-and-groups, which"),
	refused("as a user", "ana creates User new~ {groups: names(owners)}", "user new~ would gain create, delete, update on users-and-groups, which"),
	refused("as a user who joins", "ana sets User ben {groups: names(user-admins)}", "user ben would gain create, delete, update on users-and-groups, which"),
	refused("as a user who joins for a while", `ana sets User ben {groups: [{name: user-admins, until: "2099-01-01T00:00:00Z"}]}`, "holds but may not give"),
	refused("as a user who joins for longer", "ana sets User ted {groups: names(owners)}", "user ted would gain"),
	refused("as a user who is switched on again", "ana sets User ole {state: Active}", "holds but may not give"),
	refused("as a user who need not accept", "ana sets User ivy {onboarding: None}", "holds but may not give"),
	refused("in an administrator's place", "ana sets User pat {email: other@agencies.example}", "user pat would gain"),
	refused("in her own place", "ana sets User ana {email: other@agencies.example}", "user ana would gain"),
	refused("by a role that is widened", "ana sets Role clerk {rules: [Manage(users-and-groups)]}", "any group with role clerk would gain"),
	refused("by a role made again", "ana creates Role lost {rules: [Manage(users-and-groups)]}", "role lost would gain"),
	allowed("by the platform", "platform creates UserGroup new~ {roles: names(owner), members: names(sue)}"),
	allowed("by a pipeline with escalate", "pipeline creates User new~ {groups: names(owners)}"),
	allowed("whatever else a partner holds", "ana creates UserGroup new~ {access: [Manage(orders, tax), Read(users-and-groups)], members: names(sue)}"),
	allowed("who is nothing more", "ana creates User new~ {groups: names(viewers)}"),
	allowed("who is one already", "ana sets User u~ {firstName: Uma, groups: names(owners)}", "User u~ {groups: names(owners)}"),
	allowed("who is one no more", "ana sets User u~ {groups: names(viewers)}", "User u~ {groups: names(owners)}"),
	allowed("who is switched off", "ana sets User u~ {state: Inactive}", "User u~ {groups: names(owners)}"),
	allowed("a credential for an administrator, which writes nothing here", "ana creates ApplicationCredential new~ {userRef: {name: pat}}"),

	// Three tenants: paul administers partner, which looks after this one, which looks after client.
	refused("the partner's partner is nobody two tenants away", "partner/paul creates User client/new~ {groups: names(owners)}", "who is no active user of the tenant nor an administrator of its partner"),
	refused("the partner's partner makes a group", "partner/paul creates UserGroup new~ {access: [Manage(users-and-groups)]}",
		"which oidc:paul@partner.example holds but may not give: who administers Tenant agencies administers client"),
	refused("the partner's partner makes a user of himself", "partner/paul creates User new~ {groups: names(owners)}", "user new~ would gain"),
	allowed("the partner's partner gives what else he holds", "partner/paul creates UserGroup new~ {access: [Manage(orders)], members: names(sue)}"),
	allowed("and administers as far as he gives nothing", "partner/paul creates User new~ {groups: names(viewers)}"),

	refused("a partner makes another, in the one that looks after many", "partner/paul creates UserGroup partner/new~ {access: [Manage(users-and-groups)], members: names(pia)}",
		"which oidc:paul@partner.example holds but may not give: who administers Tenant partner administers"),
	refused("a partner's user made another", "partner/paul sets User partner/pia {groups: names(owners)}", "user pia would gain create, delete, update on users-and-groups, which"),
	allowed("a partner's user who is nothing more", "partner/paul creates User partner/new~ {department: Sales}"),
)
