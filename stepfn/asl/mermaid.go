package asl

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

// Mermaid draws the machine as a Mermaid flowchart: every state once, every
// transition once. Choices are labeled with their conditions, transitions
// after an error are dashed and labeled with the error names, branches and
// item processors are boxes. The same machine gives the same text.
func (m *Machine) Mermaid() string {
	if m == nil {
		m = new(Machine)
	}
	c := chart{ids: map[string]string{}}
	c.line("flowchart TD")
	c.depth = 1
	c.line(`start(("start"))`)
	c.block("", m.States)
	c.edge("start", c.id("", m.StartAt), "-->", "")
	for _, e := range c.edges {
		c.line(e)
	}
	return c.b.String()
}

// chart builds a Mermaid diagram.
type chart struct {
	b     strings.Builder
	depth int
	ids   map[string]string // by scope and name
	edges []string
	ended bool
}

func (c *chart) line(s string) {
	c.b.WriteString(strings.Repeat("  ", c.depth) + s + "\n")
}

// id is the node of a state; scope tells the groups of states apart.
func (c *chart) id(scope, name string) string {
	key := scope + "\x00" + name
	if c.ids[key] == "" {
		c.ids[key] = "s" + strconv.Itoa(len(c.ids)+1)
	}
	return c.ids[key]
}

func (c *chart) edge(from, to, arrow, label string) {
	if label != "" {
		arrow += `|"` + escape(label) + `"|`
	}
	c.edges = append(c.edges, from+" "+arrow+" "+to)
}

func (c *chart) block(scope string, states []State) {
	for _, s := range states {
		if !given.Nil(s) {
			c.state(scope, s)
		}
	}
}

func (c *chart) state(scope string, s State) {
	id := c.id(scope, s.StateName())
	switch groups := inside(s); {
	case len(groups) > 0:
		c.group(id, s, groups)
	default:
		c.line(id + shape(s))
	}
	next, end, _, catch := flow(s)
	to := func(name, arrow, label string) {
		if name != "" {
			c.edge(id, c.id(scope, name), arrow, label)
		}
	}
	if choice, ok := s.(*ChoiceState); ok {
		for _, r := range choice.Choices {
			to(r.Next, "-->", r.String())
		}
		to(choice.Default, "-->", "default")
		return
	}
	to(next, "-->", "")
	for _, k := range catch {
		to(k.Next, "-.->", strings.Join(k.ErrorEquals, ", "))
	}
	if end && scope == "" {
		c.end()
		c.edge(id, "finish", "-->", "")
	}
}

// end draws the node that ends the whole machine, once.
func (c *chart) end() {
	if !c.ended {
		c.ended = true
		c.line(`finish(("end"))`)
	}
}

func (c *chart) group(id string, s State, groups [][]State) {
	c.line("subgraph " + id + `["` + escape(label(s)) + `"]`)
	c.depth++
	for i, states := range groups {
		scope := id + "." + strconv.Itoa(i)
		if len(groups) > 1 {
			c.line("subgraph " + strings.ReplaceAll(scope, ".", "_") + `["` + strconv.Itoa(i+1) + `"]`)
			c.depth++
		}
		c.block(scope, states)
		if len(groups) > 1 {
			c.depth--
			c.line("end")
		}
	}
	c.depth--
	c.line("end")
}

// shape draws a state's node.
func shape(s State) string {
	text := `"` + escape(label(s)) + `"`
	switch s.(type) {
	case *ChoiceState:
		return "{" + text + "}"
	case *SucceedState:
		return "([" + text + "])"
	case *FailState:
		return "[[" + text + "]]"
	case *WaitState:
		return "(" + text + ")"
	}
	return "[" + text + "]"
}

// label is what a state's node says.
func label(s State) string {
	text := s.StateName()
	switch s := s.(type) {
	case *FailState:
		if s.Error != "" {
			text += "\n" + s.Error
		}
	case *WaitState:
		switch {
		case s.Seconds != nil:
			text += fmt.Sprintf("\nwait %s s", plainText(s.Seconds))
		case s.Timestamp != "":
			text += "\nwait until " + s.Timestamp
		default:
			text += "\nwait " + s.SecondsPath + s.TimestampPath
		}
	case *MapState:
		text += "\nfor each item"
	}
	if _, _, retry, _ := flow(s); len(retry) > 0 {
		text += "\nretried"
	}
	return text
}

func plainText(v any) string {
	jv, err := value.Of(v)
	if err != nil {
		return "?"
	}
	if s, ok := jv.(string); ok {
		return s
	}
	return value.String(jv)
}

// flow is where a state goes on to and what it does about errors.
func flow(s State) (next string, end bool, retry []Retrier, catch []Catcher) {
	switch s := s.(type) {
	case *TaskState:
		return s.Next, s.End, s.Retry, s.Catch
	case *PassState:
		return s.Next, s.End, nil, nil
	case *WaitState:
		return s.Next, s.End, nil, nil
	case *SucceedState, *FailState:
		return "", true, nil, nil
	case *ParallelState:
		return s.Next, s.End, s.Retry, s.Catch
	case *MapState:
		return s.Next, s.End, s.Retry, s.Catch
	}
	return "", false, nil, nil
}

// symbols write the operators of conditions.
var symbols = []struct{ suffix, symbol string }{
	{"LessThanEquals", "<="}, {"GreaterThanEquals", ">="}, {"LessThan", "<"}, {"GreaterThan", ">"}, {"Equals", "="},
}

// String writes the rule's condition for people.
func (r Rule) String() string {
	switch {
	case r.Condition != nil:
		return plainText(r.Condition)
	case r.Not != nil:
		return "not (" + r.Not.String() + ")"
	case r.And != nil:
		return joinRules(r.And, " and ")
	case r.Or != nil:
		return joinRules(r.Or, " or ")
	}
	base := strings.TrimSuffix(r.Operator, "Path")
	for _, s := range symbols {
		if strings.HasSuffix(base, s.suffix) {
			return r.Variable + " " + s.symbol + " " + literalText(r)
		}
	}
	switch r.Operator {
	case "StringMatches":
		return r.Variable + " matches " + literalText(r)
	case "IsPresent":
		if plainText(r.Value) == "false" {
			return r.Variable + " is missing"
		}
		return r.Variable + " is present"
	}
	verb := " is "
	if plainText(r.Value) == "false" {
		verb = " is not "
	}
	return r.Variable + verb + strings.ToLower(strings.TrimPrefix(r.Operator, "Is"))
}

func literalText(r Rule) string {
	jv, err := value.Of(r.Value)
	if err != nil {
		return "?"
	}
	if s, ok := jv.(string); ok && strings.HasSuffix(r.Operator, "Path") {
		return s
	}
	return value.String(jv)
}

func joinRules(rules []Rule, sep string) string {
	parts := make([]string, len(rules))
	for i, r := range rules {
		parts[i] = r.String()
		if r.And != nil || r.Or != nil {
			parts[i] = "(" + parts[i] + ")"
		}
	}
	return strings.Join(parts, sep)
}

// escape makes a text safe inside the quotes of a label.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n':
			b.WriteString("<br>")
		case strings.ContainsRune("\"#&<>;`|\\", r) || r < ' ':
			fmt.Fprintf(&b, "#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
