package dynamo

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/patternkit/serverless/dynamo/internal/attr"
)

// Condition is a condition on an item of the entity that T belongs to. Fields make
// conditions, and All, Any and Not combine them. A condition is a value and may be
// used any number of times.
type Condition[T any] struct {
	node conditionNode
}

// All holds when each of the conditions does.
func All[T any](conditions ...Condition[T]) Condition[T] {
	return Condition[T]{combine("AND", conditions)}
}

// Any holds when at least one of the conditions does.
func Any[T any](conditions ...Condition[T]) Condition[T] {
	return Condition[T]{combine("OR", conditions)}
}

// Not holds when the condition does not.
func Not[T any](condition Condition[T]) Condition[T] {
	return Condition[T]{&negation{of: condition.node}}
}

func combine[T any](operator string, conditions []Condition[T]) conditionNode {
	j := &junction{operator: operator}
	for _, c := range conditions {
		j.nodes = append(j.nodes, c.node)
	}
	return j
}

func nodesOf[T any](conditions []Condition[T]) []conditionNode {
	nodes := make([]conditionNode, len(conditions))
	for i, c := range conditions {
		nodes[i] = c.node
	}
	return nodes
}

// conditionNode is a part of a condition.
type conditionNode interface {
	// write returns the expression, "" after a fault.
	write(x *expressionBuilder) string
	// level says how tightly it binds: 3 a comparison, 2 NOT, 1 AND, 0 OR.
	level() int
	// each visits the fields it uses.
	each(func(*fieldPath))
	// equalities visits the fields of which it demands one value.
	equalities(func(*fieldPath, any))
}

// writeAll writes conditions that all have to hold.
func writeAll(x *expressionBuilder, nodes []conditionNode) string {
	switch len(nodes) {
	case 0:
		return ""
	case 1:
		return writeAt(x, nodes[0], 1)
	}
	return (&junction{operator: "AND", nodes: nodes}).write(x)
}

// writeAt writes a node as a part of something that binds at the level.
func writeAt(x *expressionBuilder, n conditionNode, level int) string {
	if n == nil {
		x.faults.Addf("", "a condition is the zero Condition")
		return ""
	}
	if text := n.write(x); n.level() >= level || text == "" {
		return text
	} else {
		return "(" + text + ")"
	}
}

type junction struct {
	operator string
	nodes    []conditionNode
}

func (j *junction) level() int {
	if len(j.nodes) == 1 && j.nodes[0] != nil {
		return j.nodes[0].level()
	}
	if j.operator == "AND" {
		return 1
	}
	return 0
}

func (j *junction) write(x *expressionBuilder) string {
	switch len(j.nodes) {
	case 0:
		x.faults.Addf("", "a condition combines no conditions with %s", j.operator)
		return ""
	case 1:
		return writeAt(x, j.nodes[0], 0)
	}
	texts := make([]string, len(j.nodes))
	for i, n := range j.nodes {
		texts[i] = writeAt(x, n, j.level())
	}
	return strings.Join(texts, " "+j.operator+" ")
}

func (j *junction) each(visit func(*fieldPath)) {
	for _, n := range j.nodes {
		if n != nil {
			n.each(visit)
		}
	}
}

func (j *junction) equalities(visit func(*fieldPath, any)) {
	if j.operator != "AND" && len(j.nodes) != 1 {
		return
	}
	for _, n := range j.nodes {
		if n != nil {
			n.equalities(visit)
		}
	}
}

type negation struct{ of conditionNode }

func (n *negation) level() int { return 2 }
func (n *negation) write(x *expressionBuilder) string {
	return "NOT " + writeAt(x, n.of, 3)
}

func (n *negation) each(visit func(*fieldPath)) {
	if n.of != nil {
		n.of.each(visit)
	}
}
func (n *negation) equalities(func(*fieldPath, any)) {}

// comparison compares a field with values.
type comparison struct {
	field    *fieldPath
	operator string // "=", "<", …, "BETWEEN", "IN"
	values   []any
}

func (c *comparison) level() int                  { return 3 }
func (c *comparison) each(visit func(*fieldPath)) { visit(c.field) }
func (c *comparison) equalities(visit func(*fieldPath, any)) {
	if c.operator == "=" {
		visit(c.field, c.values[0])
	}
}

func (c *comparison) write(x *expressionBuilder) string {
	if c.operator == "IN" && (len(c.values) == 0 || len(c.values) > maxOperandsIn) {
		x.faults.Addf(c.field.name, "is compared with %d values by In, which takes 1 to %d", len(c.values), maxOperandsIn)
		return ""
	}
	if text, ok := c.presence(x); ok {
		return text
	}
	operands := make([]string, len(c.values))
	for i, v := range c.values {
		av, ok := c.field.encode(v, x)
		if !ok {
			return ""
		}
		if c.ordered() && !attr.IsOrdered(av) {
			x.faults.Addf(c.field.name, "is compared by order, which only strings, numbers and binary values have")
			return ""
		}
		operands[i] = x.value(av)
	}
	path := x.path(c.field.path)
	switch c.operator {
	case "BETWEEN":
		return path + " BETWEEN " + operands[0] + " AND " + operands[1]
	case "IN":
		return path + " IN (" + strings.Join(operands, ", ") + ")"
	default:
		return path + " " + c.operator + " " + operands[0]
	}
}

// presence writes a comparison with an empty slice or map, which counts as missing.
func (c *comparison) presence(x *expressionBuilder) (string, bool) {
	if c.operator != "=" && c.operator != "<>" || !c.field.encoder.Collection() {
		return "", false
	}
	if av, err := c.field.encoder.Encode(c.values[0]); err != nil || av != nil {
		return "", false
	}
	if c.operator == "=" {
		return "attribute_not_exists(" + x.path(c.field.path) + ")", true
	}
	return "attribute_exists(" + x.path(c.field.path) + ")", true
}

func (c *comparison) ordered() bool {
	return c.operator != "=" && c.operator != "<>" && c.operator != "IN"
}

// functionCall is a condition that is a function of a field.
type functionCall struct {
	field    *fieldPath
	function string
	argument any // nil for none; stored as it is, not as the field is
}

func (c *functionCall) level() int                       { return 3 }
func (c *functionCall) each(visit func(*fieldPath))      { visit(c.field) }
func (c *functionCall) equalities(func(*fieldPath, any)) {}

func (c *functionCall) write(x *expressionBuilder) string {
	text := c.function + "(" + x.path(c.field.path)
	if c.argument != nil {
		av, err := attr.EncodePlain(c.argument)
		if err != nil {
			x.faults.Addf(c.field.name, "is compared with a %v that cannot be stored: %v", reflect.TypeOf(c.argument), err)
			return ""
		}
		text += ", " + x.value(av)
	}
	return text + ")"
}

// checkConditions refuses fields that an expression of the entity cannot use.
func (e *entityCore) checkConditions(nodes []conditionNode, fs *faults) {
	for _, n := range nodes {
		if n == nil {
			continue
		}
		n.each(func(f *fieldPath) {
			if f.entity != e {
				fs.Addf(f.name, "is a field of %s", f.owner())
			}
		})
	}
}

func (f *fieldPath) owner() string {
	if f.entity == nil {
		return "no entity: it is the zero Field"
	}
	return fmt.Sprintf("another entity, %s", f.entity.name)
}
