package dynamo

import (
	"context"
	"reflect"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Write is a write operation as a value: a Put, Create, Update, Delete, Replace or Check,
// or one of these with conditions. It sends nothing: its Run does, or Table.Transact, or
// Table.Batch. Table.Items converts it to the SDK's items.
type Write interface {
	// render converts the operation to what DynamoDB is to do.
	render(s writeContext) request
}

// BatchWrite is a Write that a batch can hold: one without a condition.
type BatchWrite interface {
	Write
	batchable()
}

// request is an operation converted to DynamoDB requests, with any faults found.
type request struct {
	op      string
	entity  *entity
	key     primaryKey
	actions []action // the first one is on the item itself
	faults  faults
	version *int64    // the version that the operation expects, if it does
	makes   bool      // the operation makes an item where none is, and builds on one that is there
	until   time.Time // when it was request, at the latest
}

// err returns the faults as the error of the operation.
func (r *request) err() error {
	if err := r.faults.err(); err != nil {
		return r.fail(err)
	}
	return nil
}

func (r *request) fail(err error) error {
	return &OpError{Op: r.op, Entity: r.entityName(), Key: r.key.String(), Err: err}
}

func (r *request) entityName() string {
	if r.entity == nil {
		return ""
	}
	return r.entity.name
}

// action is what DynamoDB does to one item.
type action struct {
	kind      actionKind
	key       primaryKey
	item      item   // of a put
	update    string // of an update
	condition string
	names     map[string]string
	values    item
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
func (a *action) use(x *expression, fs *faults) {
	a.names, a.values = x.names, x.values
	x.check("the condition", a.condition)
	x.check("the update", a.update)
	*fs = append(*fs, x.faults...)
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return aws.String(s)
}

// transactItem returns the action as a part of a transaction.
func (a *action) transactItem(table *string, schema *Schema) types.TransactWriteItem {
	const old = types.ReturnValuesOnConditionCheckFailureAllOld
	switch a.kind {
	case actPut:
		return types.TransactWriteItem{Put: &types.Put{
			TableName: table, Item: a.item, ConditionExpression: optional(a.condition),
			ExpressionAttributeNames: a.names, ExpressionAttributeValues: a.values,
			ReturnValuesOnConditionCheckFailure: old,
		}}
	case actUpdate:
		return types.TransactWriteItem{Update: &types.Update{
			TableName: table, Key: a.key.attributes(schema), UpdateExpression: optional(a.update),
			ConditionExpression:      optional(a.condition),
			ExpressionAttributeNames: a.names, ExpressionAttributeValues: a.values,
			ReturnValuesOnConditionCheckFailure: old,
		}}
	case actDelete:
		return types.TransactWriteItem{Delete: &types.Delete{
			TableName: table, Key: a.key.attributes(schema), ConditionExpression: optional(a.condition),
			ExpressionAttributeNames: a.names, ExpressionAttributeValues: a.values,
			ReturnValuesOnConditionCheckFailure: old,
		}}
	default:
		return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
			TableName: table, Key: a.key.attributes(schema), ConditionExpression: optional(a.condition),
			ExpressionAttributeNames: a.names, ExpressionAttributeValues: a.values,
			ReturnValuesOnConditionCheckFailure: old,
		}}
	}
}

// target is an operation's item: the entity and its key or its whole value.
type target struct {
	entity     *entity
	value      any    // a T, or a K when key is set
	key        bool   // value is a K
	conditions []node // never appended to in place
}

// none reports whether the target is that of an operation that no entity made.
func (t target) none() bool { return t.entity == nil }

// renderWrite renders an operation, also one that no entity made.
func renderWrite(w Write, s writeContext) request {
	if o, ok := w.(interface{ none() bool }); ok && o.none() {
		r := request{op: "write"}
		r.faults.Add("", "the operation is the zero value of its type: entities make operations")
		return r
	}
	return w.render(s)
}

// with returns the target with further conditions.
func (t target) with(more []node) target {
	t.conditions = slices.Concat(t.conditions, more)
	return t
}

// addressable returns the value as an addressable reflect.Value, a copy of the
// operation's own.
func (t target) addressable() reflect.Value {
	src := reflect.ValueOf(t.value)
	v := reflect.New(src.Type()).Elem()
	v.Set(src)
	return v
}

// existing writes the condition that the item is there, of the entity and not expired.
func (e *entity) existing(x *expression, s writeContext) string {
	schema := &e.model.schema
	return and(x.name(schema.Discriminator)+" = "+x.text(e.name), e.alive(x, s))
}

// vacant writes the condition that there is no item, or an expired one.
func (e *entity) vacant(x *expression, s writeContext) string {
	schema := &e.model.schema
	condition := "attribute_not_exists(" + x.name(schema.PartitionKey) + ")"
	if e.expires() {
		condition += " OR " + e.model.over(x, s.now)
	}
	return condition
}

// parenthesized puts an OR into parentheses where it meets an AND.
func parenthesized(condition string, more ...string) string {
	if and(more...) == "" {
		return condition
	}
	return and(append([]string{"(" + condition + ")"}, more...)...)
}

// run carries out one operation by itself.
func run(ctx context.Context, t *Table, w Write) error {
	r := renderWrite(w, t.writeContext(ctx))
	if err := t.admit(&r); err != nil {
		return err
	}
	if len(r.actions) > 1 {
		return t.runTransaction(ctx, []Write{w}, transaction{single: true}, func() writeContext { return t.writeContext(ctx) })
	}
	return t.again(ctx, &r, func() error { return t.runAction(ctx, &r) })
}
