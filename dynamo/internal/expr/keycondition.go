package expr

import (
	"slices"
	"strings"
)

// KeyCondition is a key condition expression that has been read. Resolve makes
// its clauses; that is a step of its own, since DynamoDB looks at unused
// placeholders in between.
type KeyCondition struct {
	root    *node
	clauses []KeyClause
}

// KeyClause is the condition on one key attribute.
type KeyClause struct {
	// Name is the key attribute.
	Name string
	// Operator is =, <, <=, >, >=, BETWEEN or begins_with, with the attribute
	// on its left.
	Operator string
	// Values are the operands: two for BETWEEN, else one.
	Values []Value
}

// KeyCondition reads a key condition expression.
func (p *Params) KeyCondition(text string) (*KeyCondition, error) {
	root, err := p.condition(text)
	if err != nil {
		return nil, KeyConditionExpression.refused(err)
	}
	return &KeyCondition{root: root}, nil
}

// Resolve takes the condition apart into one clause for each key attribute,
// and refuses what no key condition has.
func (k *KeyCondition) Resolve() error {
	k.clauses = nil
	return k.collect(k.root)
}

// collect takes the clauses out of a condition, and refuses what no key
// condition has.
func (k *KeyCondition) collect(n *node) error {
	switch {
	case n.op == opAnd:
		if err := k.collect(n.args[0]); err != nil {
			return err
		}
		return k.collect(n.args[1])
	case n.op == opOr, n.op == opNot, n.op == opIn, n.op == opNotEqual, n.op == opCall && n.name != "begins_with":
		return invalid("Invalid operator used in KeyConditionExpression: %s", n.name)
	}
	at, err := keyOperand(n)
	if err != nil {
		return err
	}
	clause := KeyClause{Name: n.args[at].path.Name(), Operator: n.name}
	if at == 1 {
		clause.Operator = mirrored[n.name]
	}
	for i, arg := range n.args {
		if i != at {
			clause.Values = append(clause.Values, arg.value)
		}
	}
	if slices.ContainsFunc(k.clauses, func(c KeyClause) bool { return c.Name == clause.Name }) {
		return KeyConditionExpression.refused(invalid("KeyConditionExpressions must only contain one condition per key"))
	}
	k.clauses = append(k.clauses, clause)
	return nil
}

// mirrored is each operator with its sides exchanged.
var mirrored = map[string]string{"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

// keyOperand finds the operand of n that is the key attribute.
func keyOperand(n *node) (int, error) {
	if (n.op == opBetween || n.op == opCall) && !n.args[0].isPath() {
		return 0, invalid("Invalid condition in KeyConditionExpression: %s operator must have the key attribute as its first operand", n.name)
	}
	at := -1
	for i, arg := range n.args {
		switch {
		case arg.op == opCall:
			return 0, KeyConditionExpression.refused(invalid("KeyConditionExpressions cannot contain nested operations"))
		case !arg.isPath():
			continue
		case at >= 0:
			return 0, invalid("Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition")
		case len(arg.path) > 1:
			return 0, KeyConditionExpression.refused(invalid("KeyConditionExpressions cannot have conditions on nested attributes"))
		}
		at = i
	}
	if at < 0 {
		return 0, invalid("Invalid condition in KeyConditionExpression: No key attribute specified")
	}
	return at, nil
}

// Clause returns the condition on a key attribute.
func (k *KeyCondition) Clause(name string) (KeyClause, bool) {
	i := slices.IndexFunc(k.clauses, func(c KeyClause) bool { return c.Name == name })
	if i < 0 {
		return KeyClause{}, false
	}
	return k.clauses[i], true
}

func (k *KeyCondition) equals(name string) bool {
	c, ok := k.Clause(name)
	return ok && c.Operator == "="
}

// Clauses lists the conditions in the order of the text.
func (k *KeyCondition) Clauses() []KeyClause { return k.clauses }

// Check holds the condition against a key: equality on every partition key
// attribute, and on all sort key attributes before the last one used.
func (k *KeyCondition) Check(partition, sort []string) error {
	if given, defined := len(k.clauses), len(partition)+len(sort); given > defined {
		return invalid("The number of query conditions (%d) exceeds the number of key attributes defined in the schema (%d)", given, defined)
	}
	if err := k.checkPartition(partition, len(sort)); err != nil {
		return err
	}
	for _, c := range k.clauses {
		if !slices.Contains(partition, c.Name) && !slices.Contains(sort, c.Name) {
			return invalid("Query condition missed key schema element: %s", k.firstMissing(sort))
		}
	}
	for last := len(sort) - 1; last > 0; last-- {
		if _, ok := k.Clause(sort[last]); !ok {
			continue
		}
		if missing := k.notEqual(sort[:last]); len(missing) > 0 {
			return invalid("RANGE key attributes %s must have equality conditions specified in the query because a condition is present on key attribute %s", strings.Join(missing, ", "), sort[last])
		}
	}
	return nil
}

func (k *KeyCondition) checkPartition(partition []string, sorts int) error {
	missing := k.notEqual(partition)
	switch {
	case len(missing) == 0:
		return nil
	case len(partition) > 1 || sorts > 1:
		return invalid("HASH key attributes %s must have equality conditions specified in the query", strings.Join(missing, ", "))
	}
	if _, ok := k.Clause(missing[0]); ok {
		return invalid("Query key condition not supported")
	}
	return invalid("Query condition missed key schema element: %s", missing[0])
}

func (k *KeyCondition) notEqual(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), k.equals)
}

func (k *KeyCondition) firstMissing(names []string) string {
	for _, name := range names {
		if _, ok := k.Clause(name); !ok {
			return name
		}
	}
	return ""
}
