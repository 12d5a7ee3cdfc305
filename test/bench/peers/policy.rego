package peers

default allow := false

allow if {
	some name, _ in data.tenants[input.tenant].users[input.user]
	group := data.tenants[input.tenant].groups[name]
	data.roles[group.role][input.resource][input.action]
	within(group)
}

within(group) if group.everywhere

within(group) if group.sites[input.site]

within(_) if not data.sited[input.resource]
