package dynamo

import (
	"context"
	"errors"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo/internal/attr"
	"github.com/patternkit/serverless/internal/given"
)

// ReadOptions are the optional settings of a read; the function Consistent sets them.
type ReadOptions struct {
	// Consistent makes the read strongly consistent, at twice the read capacity.
	// Optional. Defaults to false.
	Consistent bool
}

// Consistent makes a read strongly consistent: Orders.Get(ctx, table, key, dynamo.Consistent()).
func Consistent() func(*ReadOptions) {
	return func(o *ReadOptions) { o.Consistent = true }
}

func readOptions(optFns []func(*ReadOptions)) ReadOptions {
	var o ReadOptions
	given.Options(&o, optFns)
	return o
}

// Get reads the item of the key. It fails with ErrNotFound when there is none or when
// it has expired, and with ErrWrongEntity when another entity's item is there.
func (e *Entity[T, K]) Get(ctx context.Context, t *Table, key K, optFns ...func(*ReadOptions)) (T, error) {
	var v T
	_, err := e.must().get(ctx, t, reflect.ValueOf(&key).Elem(), &v, readOptions(optFns))
	return v, err
}

// get reads an item into out, a pointer to a T, and also returns it as stored.
func (e *entityCore) get(ctx context.Context, t *Table, key reflect.Value, out any, o ReadOptions) (attr.Item, error) {
	r := renderedOp{op: "get", entity: e}
	r.key = e.keyOf(key, &r.faults)
	if err := t.admit(&r); err != nil {
		return nil, err
	}
	in := &dynamodb.GetItemInput{TableName: &t.name, Key: r.key.attributes(t.schema())}
	if o.Consistent {
		in.ConsistentRead = &o.Consistent
	}
	answer, err := t.client.GetItem(ctx, in)
	if err != nil {
		return nil, t.failed(&r, err)
	}
	if len(answer.Item) == 0 || t.model.gone(answer.Item, time.Now()) {
		return nil, r.fail(ErrNotFound)
	}
	if err := e.decode(answer.Item, out); err != nil {
		return nil, r.fail(err)
	}
	return answer.Item, nil
}

// GetMany reads the items of the keys in batches of 100. The answer is aligned with
// the keys; an item that is not there is nil. Keys that DynamoDB leaves
// unprocessed are asked for again, up to Options.Attempts.
func (e *Entity[T, K]) GetMany(ctx context.Context, t *Table, keys []K, optFns ...func(*ReadOptions)) ([]*T, error) {
	out := make([]*T, len(keys))
	reads := make([]Read, len(keys))
	for i, k := range keys {
		reads[i] = Read{entity: e.must(), key: k, found: func(it attr.Item) error {
			v := new(T)
			if err := e.must().decode(it, v); err != nil {
				return err
			}
			out[i] = v
			return nil
		}}
	}
	if err := t.batchGet(ctx, reads, readOptions(optFns)); err != nil {
		return nil, err
	}
	return out, nil
}

// Read is the reading of one item into a variable, as a value; Entity.Into makes it.
// Several of them, of any entities, go into Table.BatchGet or Table.TransactGet.
type Read struct {
	entity *entityCore
	key    any
	found  func(attr.Item) error
}

// Into returns the operation that reads the item of the key into dst. dst is left as
// it is when there is no such item.
func (e *Entity[T, K]) Into(dst *T, key K) Read {
	return Read{entity: e.must(), key: key, found: func(it attr.Item) error {
		var v T
		if err := e.must().decode(it, &v); err != nil {
			return err
		}
		*dst = v
		return nil
	}}
}

func (r Read) render() renderedOp {
	out := renderedOp{op: "get", entity: r.entity}
	if r.entity == nil {
		out.faults.Addf("", "the zero Read reads nothing")
		return out
	}
	out.key = r.entity.keyOf(opTarget{value: r.key}.addressable(), &out.faults)
	return out
}

// BatchGet reads items of any entities, in calls of at most 100. The error matches
// ErrNotFound and names every item that is not there; the others are read all the
// same.
func (t *Table) BatchGet(ctx context.Context, reads ...Read) error {
	missing, wrapped := trackMissing(reads)
	if err := t.batchGet(ctx, wrapped, ReadOptions{}); err != nil {
		return err
	}
	return missing()
}

// TransactGet reads up to 100 items of any entities as they are at one moment. The
// error matches ErrNotFound and names every item that is not there; the others are
// read all the same.
func (t *Table) TransactGet(ctx context.Context, reads ...Read) error {
	if len(reads) == 0 {
		return nil
	}
	rs, err := t.admitReads(reads)
	if err != nil {
		return err
	}
	if len(reads) > maxActions {
		return &OpError{Op: "transact get", Err: invalid("", "%d items, the limit is %d", len(reads), maxActions)}
	}
	in := &dynamodb.TransactGetItemsInput{}
	seen := map[primaryKey]bool{}
	for _, r := range rs {
		if seen[r.key] {
			return r.fail(invalid("", "is read twice in one transaction"))
		}
		seen[r.key] = true
		in.TransactItems = append(in.TransactItems, types.TransactGetItem{
			Get: &types.Get{TableName: &t.name, Key: r.key.attributes(t.schema())},
		})
	}
	answer, err := t.client.TransactGetItems(ctx, in)
	if err != nil {
		for i := range rs {
			rs[i].actions = []itemAction{{kind: actCheck, key: rs[i].key}}
		}
		return cancellationError(rs, err)
	}
	missing, wrapped := trackMissing(reads)
	var errs []error
	for i, response := range answer.Responses {
		if i < len(wrapped) && len(response.Item) > 0 && !t.model.gone(response.Item, time.Now()) {
			if err := wrapped[i].found(response.Item); err != nil {
				errs = append(errs, rs[i].fail(err))
			}
		}
	}
	return errors.Join(append(errs, missing())...)
}

// trackMissing wraps the reads to find out which of them found nothing.
func trackMissing(reads []Read) (missing func() error, wrapped []Read) {
	seen := make([]bool, len(reads))
	wrapped = make([]Read, len(reads))
	for i, r := range reads {
		wrapped[i] = r
		wrapped[i].found = func(it attr.Item) error {
			seen[i] = true
			return r.found(it)
		}
	}
	return func() error {
		var errs []error
		for i, r := range reads {
			if !seen[i] {
				out := r.render()
				errs = append(errs, out.fail(ErrNotFound))
			}
		}
		return errors.Join(errs...)
	}, wrapped
}

// admitReads renders the keys and reports every fault.
func (t *Table) admitReads(reads []Read) ([]renderedOp, error) {
	rs := make([]renderedOp, len(reads))
	var errs []error
	for i, read := range reads {
		rs[i] = read.render()
		errs = append(errs, t.admit(&rs[i]))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return rs, nil
}
