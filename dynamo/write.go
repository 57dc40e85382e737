package dynamo

import (
	"context"
	"reflect"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo/internal/attr"
)

// Write is a write operation as a value: a Put, Create, Update, Delete, Replace or Check,
// or one of these with conditions. It sends nothing: its Run does, or Table.Transact, or
// Table.Batch. Table.Items converts it to the SDK's items.
type Write interface {
	// render converts the operation to what DynamoDB is to do.
	render(s writeContext) renderedOp
}

// BatchWrite is a Write that a batch can hold: one without a condition.
type BatchWrite interface {
	Write
	batchable()
}

// renderedOp is an operation converted to DynamoDB requests, with any faults found.
type renderedOp struct {
	op      string
	entity  *entityCore
	key     primaryKey
	actions []itemAction // the first one is on the item itself
	faults  faults
	version *int64    // the version that the operation expects, if it does
	makes   bool      // the operation makes an item where none is, and builds on one that is there
	until   time.Time // when it was request, at the latest
}

// err returns the faults as the error of the operation.
func (r *renderedOp) err() error {
	if err := r.faults.err(); err != nil {
		return r.fail(err)
	}
	return nil
}

func (r *renderedOp) fail(err error) error {
	return &OpError{Op: r.op, Entity: r.entityName(), Key: r.key.String(), Err: err}
}

func (r *renderedOp) entityName() string {
	if r.entity == nil {
		return ""
	}
	return r.entity.name
}

// itemAction is what DynamoDB does to one item.
type itemAction struct {
	kind      actionKind
	key       primaryKey
	item      attr.Item // of a put
	update    string    // of an update
	condition string
	names     map[string]string
	values    attr.Item
	unique    string // the template of the guard that the action is on; "" for the item itself
	owned     bool   // the guard has to be the item's own already
	size      int    // bytes of a put
}

type actionKind int

const (
	actPut actionKind = iota
	actUpdate
	actDelete
	actCheck
)

// use takes over an expression's names, values and faults.
func (a *itemAction) use(x *expressionBuilder, fs *faults) {
	a.names, a.values = x.names, x.values
	x.check("the condition", a.condition)
	x.check("the update", a.update)
	*fs = append(*fs, x.faults...)
}

func optionalText(s string) *string {
	if s == "" {
		return nil
	}
	return aws.String(s)
}

// transactItem returns the action as a part of a transaction.
func (a *itemAction) transactItem(table *string, schema *Schema) types.TransactWriteItem {
	const old = types.ReturnValuesOnConditionCheckFailureAllOld
	switch a.kind {
	case actPut:
		return types.TransactWriteItem{Put: &types.Put{
			TableName: table, Item: a.item, ConditionExpression: optionalText(a.condition),
			ExpressionAttributeNames: a.names, ExpressionAttributeValues: a.values,
			ReturnValuesOnConditionCheckFailure: old,
		}}
	case actUpdate:
		return types.TransactWriteItem{Update: &types.Update{
			TableName: table, Key: a.key.attributes(schema), UpdateExpression: optionalText(a.update),
			ConditionExpression:      optionalText(a.condition),
			ExpressionAttributeNames: a.names, ExpressionAttributeValues: a.values,
			ReturnValuesOnConditionCheckFailure: old,
		}}
	case actDelete:
		return types.TransactWriteItem{Delete: &types.Delete{
			TableName: table, Key: a.key.attributes(schema), ConditionExpression: optionalText(a.condition),
			ExpressionAttributeNames: a.names, ExpressionAttributeValues: a.values,
			ReturnValuesOnConditionCheckFailure: old,
		}}
	default:
		return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
			TableName: table, Key: a.key.attributes(schema), ConditionExpression: optionalText(a.condition),
			ExpressionAttributeNames: a.names, ExpressionAttributeValues: a.values,
			ReturnValuesOnConditionCheckFailure: old,
		}}
	}
}

// opTarget is an operation's item: the entity and its key or its whole value.
type opTarget struct {
	entity     *entityCore
	value      any             // a T, or a K when key is set
	key        bool            // value is a K
	conditions []conditionNode // never appended to in place
}

// none reports whether the target is that of an operation that no entity made.
func (t opTarget) none() bool { return t.entity == nil }

// renderWrite renders an operation, also one that no entity made.
func renderWrite(w Write, s writeContext) renderedOp {
	if o, ok := w.(interface{ none() bool }); ok && o.none() {
		r := renderedOp{op: "write"}
		r.faults.Addf("", "the operation is the zero value of its type: entities make operations")
		return r
	}
	return w.render(s)
}

// with returns the target with further conditions.
func (t opTarget) with(more []conditionNode) opTarget {
	t.conditions = slices.Concat(t.conditions, more)
	return t
}

// addressable returns the value as an addressable reflect.Value, a copy of the
// operation's own.
func (t opTarget) addressable() reflect.Value {
	src := reflect.ValueOf(t.value)
	v := reflect.New(src.Type()).Elem()
	v.Set(src)
	return v
}

// existing writes the condition that the item is there, of the entity and not expired.
func (e *entityCore) existing(x *expressionBuilder, s writeContext) string {
	schema := &e.model.schema
	return conjunction(x.name(schema.Discriminator)+" = "+x.text(e.name), e.alive(x, s))
}

// vacant writes the condition that there is no item, or an expired one.
func (e *entityCore) vacant(x *expressionBuilder, s writeContext) string {
	schema := &e.model.schema
	condition := "attribute_not_exists(" + x.name(schema.PartitionKey) + ")"
	if e.expires() {
		condition += " OR " + e.model.over(x, s.now)
	}
	return condition
}

// parenthesized puts an OR into parentheses where it meets an AND.
func parenthesized(condition string, more ...string) string {
	if conjunction(more...) == "" {
		return condition
	}
	return conjunction(append([]string{"(" + condition + ")"}, more...)...)
}

// runAlone carries out one operation by itself.
func runAlone(ctx context.Context, t *Table, w Write) error {
	r := renderWrite(w, t.writeContext(ctx))
	if err := t.admit(&r); err != nil {
		return err
	}
	if len(r.actions) > 1 {
		return t.runTransaction(ctx, []Write{w}, transactSettings{single: true}, func() writeContext { return t.writeContext(ctx) })
	}
	return t.again(ctx, &r, func() error { return t.runAction(ctx, &r) })
}
