package guard

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/roster-dev/roster/internal/access"
)

// shownGrants and shownNames bound a sentence: one example says what is wrong, a hundred hide it.
const (
	shownGrants = 3
	shownNames  = 12
)

// words names an object for people: "usergroup viewers".
func words(object client.Object) string {
	return strings.ToLower(reflect.TypeOf(object).Elem().Name()) + " " + object.GetName()
}

// phrase says in words what grants allow: "Manage on orders at site=DE (by group de-sales)".
func phrase(grants []access.Grant) string {
	texts := make([]string, 0, shownGrants+1)
	for i := range grants[:min(len(grants), shownGrants)] {
		texts = append(texts, phraseOf(&grants[i]))
	}
	if more := len(grants) - shownGrants; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(texts, ", ")
}

func phraseOf(g *access.Grant) string {
	held := g.Actions
	if g.Level != access.None {
		held = append([]string{string(g.Level)}, held...)
	}
	text := strings.Join(held, ", ") + " on " + names(g.Resources)
	for i, d := range g.Scope {
		text += map[bool]string{true: " at ", false: " and "}[i == 0] + d.Name + "=" + names(d.Values)
		for _, attribute := range d.Attributes {
			text += fmt.Sprintf("(the member's %s)", attribute)
		}
	}
	if !g.Until.IsZero() {
		text += " until " + g.Until.UTC().Format(time.RFC3339)
	}
	return text
}

func names(all []string) string {
	if more := len(all) - shownNames; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(all[:shownNames], ", "), more)
	}
	return strings.Join(all, ", ")
}
