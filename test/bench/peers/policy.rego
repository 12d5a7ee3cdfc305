package peers

default allow := false

allow if {
	some role, _ in data.users[input.tenant][input.user]
	data.holders[input.resource][input.site][input.action][role]
}
