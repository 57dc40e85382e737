package dynamotest

import (
	"errors"
	"slices"
	"strings"

	"github.com/patternkit/serverless/dynamo/internal/expr"
)

// action is one write, or one check, alone or in a batch or a transaction.
// First its expressions are read, without the table; then it is bound to the
// table and held against its schema; then it is tried; then it is committed.
type action struct {
	table     *table
	item      expr.Item // of a put
	key       expr.Item // of every other action
	condition *expr.Condition
	update    *expr.Update
	remove    bool // the action is a delete
	returnOld bool // show the item when the condition fails

	fault         error // why the table's schema has no place for the action, in a transaction
	before, after *row  // what try has found and made
}

// bind refuses an action that the table's schema has no place for.
func (a *action) bind(t *table) error {
	a.table = t
	if a.item != nil {
		return t.checkItem(a.item)
	}
	if err := t.checkKey(a.key); err != nil {
		return err
	}
	if a.update == nil {
		return nil
	}
	keys := t.key.names()
	for _, path := range a.update.Targets() {
		if slices.Contains(keys, path.Name()) {
			return validation(invalidValue+"Cannot update attribute %s. This attribute is part of the key", path.Name())
		}
	}
	return firstError(t.checkScalars(a.update.Targets()), t.checkIndexKeys(a.update.Literals()))
}

// errCondition is the failure of an action whose condition is not met.
var errCondition = errors.New("dynamotest: condition not met")

// try holds the condition against the item that is there, and works out what
// is to be in its place; it changes nothing.
func (a *action) try() error {
	where := a.key
	if a.item != nil {
		where = a.item
	}
	a.before = a.table.find(where)
	var old expr.Item
	if a.before != nil {
		old = a.before.item
	}
	if !a.condition.Match(old) {
		return errCondition
	}
	switch {
	case a.remove:
		a.after = nil
	case a.item != nil:
		a.after = a.table.newRow(a.item)
	case a.update != nil:
		return a.applyUpdate(old)
	default: // a check
		a.after = a.before
	}
	return nil
}

func (a *action) applyUpdate(old expr.Item) error {
	start := old
	if start == nil {
		start = a.key
	}
	result, err := a.update.Apply(start)
	if err != nil {
		return refused(err)
	}
	if err := a.table.checkUpdated(result); err != nil {
		return err
	}
	a.after = a.table.newRow(result)
	return nil
}

// commit stores what try has made.
func (a *action) commit() {
	if a.after != a.before {
		a.table.replace(a.before, a.after, identity{})
	}
}

// run tries and commits a single action.
func (a *action) run() error {
	err := a.try()
	if errors.Is(err, errCondition) {
		var shown expr.Item
		if a.returnOld && a.before != nil {
			shown = a.before.item
		}
		return conditionFailed(shown)
	}
	if err == nil {
		a.commit()
	}
	return err
}

func itemOf(r *row) expr.Item {
	if r == nil {
		return nil
	}
	return r.item
}

// placeholders are the members of a request that its expressions refer to.
type placeholders struct {
	ExpressionAttributeNames  map[string]string
	ExpressionAttributeValues item
}

// expression is an expression member of a request and how it is read.
type expression struct {
	name string
	text *string
	read func(*expr.Params, string) error
}

// readExpressions reads the expressions of a request, in the order given, and
// refuses what DynamoDB refuses about them and their placeholders.
func (p *placeholders) readExpressions(expressions ...expression) error {
	if err := p.checkPresence(expressions); err != nil {
		return err
	}
	params := &expr.Params{Names: p.ExpressionAttributeNames, Values: p.ExpressionAttributeValues}
	if err := params.Check(); err != nil {
		return refused(err)
	}
	if key, message, ok := p.ExpressionAttributeValues.fault(); ok {
		return validation("ExpressionAttributeValues contains invalid value: %s for key %s", message, key)
	}
	for _, e := range expressions {
		if e.text == nil {
			continue
		}
		if err := e.read(params, *e.text); err != nil {
			return refused(err)
		}
	}
	return refused(params.Unused())
}

func (p *placeholders) checkPresence(expressions []expression) error {
	var absent []string
	any, anyValues := false, false
	for _, e := range expressions {
		any = any || e.text != nil
		if e.name != "ProjectionExpression" {
			anyValues = anyValues || e.text != nil
			absent = append(absent, e.name)
		}
	}
	switch {
	case p.ExpressionAttributeNames != nil && !any:
		return validation("ExpressionAttributeNames can only be specified when using expressions")
	case p.ExpressionAttributeValues != nil && !anyValues && len(absent) == 0:
		return validation("ExpressionAttributeValues can only be specified when using expressions")
	case p.ExpressionAttributeValues != nil && !anyValues:
		verb := " is null"
		if len(absent) > 1 {
			verb = " are null"
		}
		return validation("ExpressionAttributeValues can only be specified when using expressions: %s%s", strings.Join(absent, " and "), verb)
	}
	return nil
}

// readCondition reads a ConditionExpression into a.
func (a *action) readCondition(text *string) expression {
	return expression{"ConditionExpression", text, func(p *expr.Params, s string) (err error) {
		a.condition, err = p.Condition(expr.ConditionExpression, s)
		return err
	}}
}

// readUpdate reads an UpdateExpression into a.
func (a *action) readUpdate(text *string) expression {
	return expression{"UpdateExpression", text, func(p *expr.Params, s string) (err error) {
		a.update, err = p.Update(s)
		return err
	}}
}

// enum refuses a value that a member does not have.
func enum(value *string, member string, allowed ...string) error {
	if value == nil || slices.Contains(allowed, *value) {
		return nil
	}
	return validation("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy enum value set: [%s]", *value, member, strings.Join(allowed, ", "))
}

// is says whether an optional member has the value want.
func is(member *string, want string) bool { return member != nil && *member == want }

// firstError returns the first error there is.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
