package guard_test

import "github.com/roster-dev/roster/test/mutation"

// mutant is a fault by name, file, old and new text.
type mutant mutation.Fault

// mutants are the faults that the random worlds have to find.
var mutants = []mutant{
	{"everybody is Roster", "handler.go", "request.UserInfo.Username == g.Self", "request.UserInfo.Username != \"\""},
	{"Roster is nobody", "handler.go", "request.UserInfo.Username == g.Self", "request.UserInfo.Username == \"\""},
	{"a refusal lets through", "handler.go", "return admission.Denied(refusal)", "return admission.Allowed(refusal)"},
	{"the cluster's cleaner may do all", "handler.go", "isCleaning(w) {", "w.object() != nil {"},
	{"the cluster's cleaner deletes nothing", "handler.go", "return w.new == nil ||", "return"},
	{"deletions are not judged", "handler.go", "switch {\n\tcase request.UserInfo.Username == g.Self:", "switch {\n\tcase request.Operation == admissionv1.Delete:\n\t\treturn admission.Allowed(\"\")\n\tcase request.UserInfo.Username == g.Self:"},
	{"creations are not judged", "handler.go", "switch {\n\tcase request.UserInfo.Username == g.Self:", "switch {\n\tcase request.Operation == admissionv1.Create:\n\t\treturn admission.Allowed(\"\")\n\tcase request.UserInfo.Username == g.Self:"},

	{"Roster's own is anybody's", "judgement.go", "refusal != \"\" {\n\t\treturn refusal, nil", "refusal == \"?\" {\n\t\treturn refusal, nil"},
	{"nothing means anything", "judgement.go", "if !j.write.means() {", "if j.write.object() != nil {"},
	{"the first rule is the only one", "judgement.go", "err != nil || refusal != \"\" {\n\t\t\treturn", "j.write.object() != nil {\n\t\t\treturn"},
	{"protected roles are not", "judgement.go", "err != nil || !may {\n\t\t\treturn fmt.Sprintf(\"role", "err != nil && !may {\n\t\t\treturn fmt.Sprintf(\"role"},
	{"who escalates may bind", "judgement.go", "j.may(ctx, verbBind, role)", "j.may(ctx, verbEscalate, \"\")"},
	{"bind is asked for all roles at once", "judgement.go", "j.may(ctx, verbBind, role)", "j.may(ctx, verbBind, \"\")"},
	{"a tenant out of business is left to anybody", "judgement.go", "return problem + \", so", "return \"\" + problem[:0], nil\n\t\treturn problem + \", so"},
	{"the last administrator goes for the asking", "judgement.go", "return refuseLast(ctx, j)", "return \"\", nil"},
	{"escalating harms oneself no more than others", "judgement.go", "err != nil || !may {\n\t\t\treturn refusal, err", "err != nil || may {\n\t\t\treturn refusal, err"},
	{"everybody escalates", "judgement.go", "err != nil || may {\n\t\treturn \"\", err", "err != nil || !may {\n\t\treturn \"\", err"},
	{"what is gained is not looked at", "judgement.go", "if found.found == nil {", "if found.after != nil {"},
	{"everybody invites", "judgement.go", "if j.by.administers || ", "if j.by != nil || "},
	{"administrators do not invite", "judgement.go", "if j.by.administers || ", "if "},

	{"users are not looked at", "gain.go", "return g.ofUser(ctx, was, is)", "_, _ = was, is\n\t\treturn nil"},
	{"groups are not looked at", "gain.go", "return g.ofGroup(ctx, was, is)", "_, _ = was, is\n\t\treturn nil"},
	{"roles are not looked at", "gain.go", "return g.ofRole(ctx, was, is)", "_, _ = was, is\n\t\treturn nil"},
	{"restrictions are not looked at", "gain.go", "return g.ofGroupsBy(ctx, index.GroupByRestriction, object.Name)", "return nil"},
	{"vendors are not looked at", "gain.go", "return g.ofGroupsBy(ctx, index.GroupByVendor, object.Name)", "return nil"},
	{"vendors go unseen", "gain.go", "return g.ofLeaving(ctx, object)", "return nil"},
	{"holding anything is holding it", "gain.go", "if lacking := access.Gained(g.held, grants); len(lacking) > 0 {", "if lacking := access.Gained(g.held, grants); len(g.held) == 0 && len(lacking) > 0 {"},
	{"nobody holds anything", "gain.go", "access.Gained(g.held, grants); len", "access.Gained(nil, grants); len"},
	{"all that one has is gained", "gain.go", "access.Gained(had, has))", "access.Gained(nil, has))"},
	{"activation gives nothing", "gain.go", "if after.active && !before.active {", "if false {"},
	{"conflicts never end", "gain.go", "if !before.conflict && !after.conflict {", "if before.let != nil || after.let != nil {"},
	{"only conflicts of before end", "gain.go", "slices.Concat(before.memberships, after.memberships)", "before.memberships"},
	{"who shares an address is forgotten", "gain.go", "return g.ofSharing(ctx, was)", "return nil"},
	{"the younger have their address already", "gain.go", "g.compare(user.Name, nobody, after)", "g.compare(user.Name, after, after)"},
	{"members who join are forgotten", "gain.go", "if is != nil {\n\t\tif err := g.ofJoining", "if is == nil {\n\t\tif err := g.ofJoining"},
	{"members who leave are forgotten", "gain.go", "if was.Spec.VendorRef == nil {", "if was.Name != \"\" {"},
	{"a group is not a unit", "gain.go", "if err := g.ofUnit(ctx, was, is); err != nil || was == nil {", "if err := ctx.Err(); err != nil || was == nil {"},
	{"a group that comes gives nothing", "gain.go", "after, err := g.after.group(ctx, is)\n\tif err != nil || after == nil {", "after, err := g.after.group(ctx, is)\n\tif err != nil || after == nil || was == nil {"},
	{"everybody is an employee", "gain.go", "before.GrantsTo(userType), after.GrantsTo(userType)", "before.GrantsTo(userTypes[0]), after.GrantsTo(userType[:0]+userTypes[0])"},
	{"joining is free for who holds something", "gain.go", "if len(lacking) == 0 {", "if len(g.held) > 0 {"},
	{"another group covers for however short", "gain.go", "return lasts(m.Until, ends[user.Name]) && cover.by", "return (lasts(m.Until, ends[user.Name]) || user != nil) && cover.by"},
	{"some cover is cover", "gain.go", "known = len(access.Gained(group.GrantsTo(userType), c.grants)) == 0", "known = len(group.GrantsTo(userType)) > 0"},
	{"staying longer is no joining", "lasting.go", "if !member || !lasts(until, untilOf(m.Until)) {", "if !member || until.Before(until) {"},
	{"the end of a membership is for ever", "lasting.go", "return end.IsZero() || !until.IsZero() && !end.Before(until)", "return !end.Before(until)"},
	{"who lists a group himself does not leave it", "gain.go", "for i := range listing {\n\t\tout = append(out, listing[i].Name)", "for i := range listing[:0] {\n\t\tout = append(out, listing[i].Name)"},
	{"a role by itself gives nothing", "gain.go", "g.compareUnits(\"any group with role \"+is.Name, g.before.alone(was), g.after.alone(is))", "_ = was"},

	{"the prefix stays", "requester.go", "return index.EmailKey(bare)", "_ = bare\n\treturn index.EmailKey(username)"},
	{"anybody may leave the prefix out", "requester.go", "if !ok || strings", "if ok && strings"},
	{"who is not active holds all the same", "requester.go", "if err != nil || !s.active {", "if err != nil {"},
	{"every partner administers", "requester.go", "!s.administrates() {", "s.due == nil {"},

	{"a label of Roster's is anybody's", "own.go", "case !maps.Equal(rostersLabels(w.old), rostersLabels(w.new)):", "case false:"},
	{"an owner of Roster's is anybody's", "own.go", "case !slices.Equal(rostersOwners(w.old), rostersOwners(w.new)):", "case false:"},
	{"the name of a predefined role is free", "own.go", "if predefined(tenancy, object.Name) != nil {", "if predefined(tenancy, object.Name+\"?\") != nil {"},
	{"Roster's own may be deleted", "own.go", "madeByRoster(w.old) && (w.new == nil || !isPeoples(w))", "madeByRoster(w.old) && w.new != nil && !isPeoples(w)"},
	{"members of a vendor's group are Roster's", "own.go", "bare.Members, bare.Description = was.Spec.Members, was.Spec.Description", "bare.Description = was.Spec.Description"},
	{"all of a vendor's group is people's", "own.go", "return equality.Semantic.DeepEqual(was.Spec, bare)", "return true"},

	{"protection is the role's alone", "protected.go", "return of != nil && of.Protection == accessv1.ProtectionPlatform, nil", "return of != nil && of == nil, nil"},
	{"protection is the catalog's alone", "protected.go", "if role != nil && role.Spec.Protection", "if false && role.Spec.Protection"},
	{"a protected role is joined by users at will", "protected.go", "names, err = j.rolesJoined(ctx)", "names, err = nil, nil"},
	{"a group that had a protected role is free", "protected.go", "names = append(names, roleNames(was)...)", ""},
	{"a protected role is changed at will", "protected.go", "if j.write.old != nil {", "if false {"},

	{"who has accepted may be deleted", "users.go", "user.Status.AcceptedEmail == \"\" {", "true {"},
	{"foreign domains are let in", "users.go", "tenant != nil && !address.Allowed", "tenant == nil && !address.Allowed"},
	{"two may have one address", "users.go", "same[i].Name != user.Name && same", "same[i].Name == user.Name && same"},
	{"one deletes oneself", "users.go", "case is == nil:\n\t\t\treturn \"nobody deletes", "case false:\n\t\t\treturn \"nobody deletes"},
	{"one gives up one's administration", "users.go", "if err != nil || still {", "if err != nil || still || me != nil {"},

	{"a user is never the last administrator", "administrators.go", "return !after.administrates(), err", "return after.active && !after.active, err"},
	{"groups do not make administrators", "administrators.go", "return j.before.givesAdministration(ctx, old)", "_ = old\n\t\treturn false, nil"},
	{"administrators who list their group are overlooked", "administrators.go", "for k := range listing {", "for k := range listing[:0] {"},
	{"administrators whom their group lists are overlooked", "administrators.go", "for _, m := range groups[i].Spec.Members {", "for _, m := range groups[i].Spec.Members[:0] {"},
	{"one administrator is none", "administrators.go", "if err != nil || after {", "if err != nil || after && j.by == nil {"},

	{"deactivated users have what they had", "world.go", "user.Spec.State == accessv1.AccountInactive ||", ""},
	{"whoever reads administers", "world.go", "Level: access.Manage, Until: now", "Level: access.Read, Until: now"},
	{"whoever has anything administers", "world.go", "len(access.Gained(grants, wanted)) == 0", "len(grants) > 0"},

	{"a changed spec means nothing", "write.go", "!equality.Semantic.DeepEqual(specOf(w.old), specOf(w.new)) ||\n\t\t", ""},
	{"the world before has what is created", "write.go", "was.hide(w.new)", "was.show(w.new)"},
	{"the world after has what is deleted", "write.go", "willBe.hide(w.old)", "willBe.show(w.old)"},
	{"vendors come without their groups", "write.go", "err = supposeChildren(ctx, before, willBe, w, object)", "_ = object"},
	{"vendors go without their groups", "write.go", "after.hide(&groups[i])", "_ = i"},

	{"what is shown otherwise is not listed", "overlay.go", "if s.object != nil && s.isFound(asked) {", "if false {"},
	{"what is hidden is listed", "overlay.go", "client.ObjectKeyFromObject(object) != s.key {", "object != nil {"},
	{"what is shown is found under every value", "overlay.go", "if !s.valuesOf(wanted.Field)[wanted.Value] {", "if s.valuesOf(wanted.Field)[wanted.Value] && s.object == nil {"},
	{"what is hidden is read", "overlay.go", "if s.object == nil {\n\t\t\treturn apierrors", "if s.object == nil && o.Reader == nil {\n\t\t\treturn apierrors"},
}
