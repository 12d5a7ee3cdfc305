package mail

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	texttemplate "text/template"
	"text/template/parse"
)

// maxSteps bounds what a template does, with all that it includes. Built-in ones take about a hundred.
const maxSteps = 10_000

// functions that templates may use: they are total, and tell only whether a text is empty.
var functions = []string{"and", "or", "not"}

// variablesOf are those that a part may use. The subject is in every log, and the link is a secret.
func variablesOf(part string) []string {
	var out []string
	for field := range reflect.TypeFor[facts]().Fields() {
		if part != partSubject || field.Name != "Link" {
			out = append(out, field.Name)
		}
	}
	return out
}

// checker holds templates to a small part of what Go's templates can do: texts, variables, conditions on whether variables are
// empty, and other templates, with no way back to the same one. So every mail that they can write is one of a few that can all be
// tried, and none of them takes long.
type checker struct {
	set       *texttemplate.Template
	tree      *parse.Tree
	variables []string
	// inside is where the dot is a text: in a with.
	inside   bool
	problems []error
}

func check(root *texttemplate.Template, variables []string) error {
	used := map[string]bool{}
	include(root, root.Name(), used)
	var problems []error
	for _, t := range root.Templates() {
		if !used[t.Name()] && t.ParseName != root.Name() {
			continue // of a frame that this mail goes without
		}
		c := &checker{set: root, tree: t.Tree, variables: variables}
		c.list(t.Root)
		problems = append(problems, c.problems...)
	}
	if len(problems) == 0 {
		problems = append(problems, checkSteps(root))
	}
	return errors.Join(problems...)
}

func (c *checker) refuse(at parse.Node, format string, args ...any) {
	location, _ := c.tree.ErrorContext(at)
	location = location[:strings.LastIndexByte(location, ':')] // without the column
	c.problems = append(c.problems, fmt.Errorf("%s: %s", location, fmt.Sprintf(format, args...)))
}

func (c *checker) list(list *parse.ListNode) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		c.node(node)
	}
}

func (c *checker) node(node parse.Node) {
	switch n := node.(type) {
	case *parse.TextNode, *parse.CommentNode:
	case *parse.ActionNode:
		c.pipe(n.Pipe)
	case *parse.IfNode:
		c.pipe(n.Pipe)
		c.list(n.List)
		c.list(n.ElseList)
	case *parse.WithNode:
		c.pipe(n.Pipe)
		outside := c.inside
		c.inside = true
		c.list(n.List)
		c.inside = outside
		c.list(n.ElseList)
	case *parse.TemplateNode:
		c.inclusion(n)
	default:
		c.refuse(node, "a mail has no use for %s: use if, with, define and template", node)
	}
}

// inclusion is of a template that gets all variables.
func (c *checker) inclusion(n *parse.TemplateNode) {
	if t := c.set.Lookup(n.Name); t == nil || t.Tree == nil {
		c.refuse(n, "there is no template %q: define it in %s", n.Name, c.set.Name())
	}
	given := ""
	if n.Pipe != nil {
		given = n.Pipe.String()
	}
	if given != "$" && (given != "." || c.inside) {
		c.refuse(n, "the template %q gets no variables: write {{template %q $}}", n.Name, n.Name)
	}
}

func (c *checker) pipe(pipe *parse.PipeNode) {
	if len(pipe.Decl) > 0 {
		c.refuse(pipe, "a mail sets no variables of its own: use those that there are")
		return
	}
	if len(pipe.Cmds) > 1 {
		c.refuse(pipe, "a mail passes nothing on with |: texts are escaped without it")
		return
	}
	for _, arg := range pipe.Cmds[0].Args {
		c.argument(arg)
	}
}

func (c *checker) argument(node parse.Node) {
	switch n := node.(type) {
	case *parse.PipeNode:
		c.pipe(n)
	case *parse.IdentifierNode:
		if !slices.Contains(functions, n.Ident) {
			c.refuse(n, "a mail does not use %s: the functions are %s", n.Ident, strings.Join(functions, ", "))
		}
	case *parse.FieldNode:
		if c.variable(n, n.Ident) && c.inside {
			c.refuse(n, "inside with the dot is another: write $%s instead of %s", n, n)
		}
	case *parse.VariableNode:
		c.variable(n, n.Ident[1:])
	case *parse.DotNode:
		if !c.inside {
			c.refuse(n, "the dot alone is no text: name a variable, such as .Tenant")
		}
	default:
		c.refuse(node, "a mail has no use for %s: name a variable, such as .Tenant", node)
	}
}

func (c *checker) variable(node parse.Node, path []string) bool {
	if len(path) == 1 && slices.Contains(c.variables, path[0]) {
		return true
	}
	c.refuse(node, "there is no variable %s here: the variables are .%s", node, strings.Join(c.variables, ", ."))
	return false
}

// include finds the templates that one uses.
func include(set *texttemplate.Template, name string, used map[string]bool) {
	t := set.Lookup(name)
	if t == nil || t.Tree == nil || used[name] {
		return
	}
	used[name] = true
	for node := range nodes(t.Root) {
		if included, ok := node.(*parse.TemplateNode); ok {
			include(set, included.Name, used)
		}
	}
}

// checkSteps refuses templates that include themselves, or each other too often.
func checkSteps(root *texttemplate.Template) error {
	steps, err := stepsOf(root, root.Tree, nil)
	if err == nil && steps > maxSteps {
		err = fmt.Errorf("%s: takes more than %d steps: include fewer templates", root.Name(), maxSteps)
	}
	return err
}

// stepsOf counts what a template does. It stops counting soon after maxSteps.
func stepsOf(set *texttemplate.Template, tree *parse.Tree, within []string) (steps int, err error) {
	if slices.Contains(within, tree.Name) {
		return 0, fmt.Errorf("%s: the template %q includes itself: leave it out", tree.ParseName, tree.Name)
	}
	within = append(slices.Clip(within), tree.Name)
	for node := range nodes(tree.Root) {
		steps++
		if included, ok := node.(*parse.TemplateNode); ok && err == nil {
			var more int
			more, err = stepsOf(set, set.Lookup(included.Name).Tree, within)
			steps += more
		}
		if err != nil || steps > maxSteps {
			return steps, err
		}
	}
	return steps, nil
}

// nodes are all steps of a list, those of every branch too.
func nodes(list *parse.ListNode) func(yield func(parse.Node) bool) {
	return func(yield func(parse.Node) bool) { visit(list, yield) }
}

func visit(list *parse.ListNode, yield func(parse.Node) bool) bool {
	if list == nil {
		return true
	}
	for _, node := range list.Nodes {
		if !yield(node) {
			return false
		}
		var branches [2]*parse.ListNode
		switch n := node.(type) {
		case *parse.IfNode:
			branches = [2]*parse.ListNode{n.List, n.ElseList}
		case *parse.WithNode:
			branches = [2]*parse.ListNode{n.List, n.ElseList}
		}
		if !visit(branches[0], yield) || !visit(branches[1], yield) {
			return false
		}
	}
	return true
}
