package dynamo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo/internal/attr"
)

// BatchError reports what a batch could not write. The operations without an error
// are done.
type BatchError struct {
	Errors []error // one for each operation, in the order given; nil for one that is done
}

// Error names the operations that are not done.
func (e *BatchError) Error() string {
	var texts []string
	for _, err := range e.Errors {
		if err != nil {
			texts = append(texts, strings.TrimPrefix(err.Error(), "dynamo: "))
		}
	}
	return fmt.Sprintf("dynamo: batch: %d of %d not written: %s", len(texts), len(e.Errors), strings.Join(texts, "; "))
}

// Unwrap returns the errors of the operations that are not done.
func (e *BatchError) Unwrap() []error {
	var errs []error
	for _, err := range e.Errors {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// Batch writes the operations in calls of at most 25 and 16 MB. It is no transaction:
// some may be done and others not, and then the error is a *BatchError that says so
// for each. What DynamoDB leaves unprocessed is sent again, up to Options.Attempts.
// Nothing is sent when an operation is invalid or two of them write one item.
func (t *Table) Batch(ctx context.Context, ops ...BatchWrite) error {
	rs, err := t.admitBatch(ctx, ops)
	if err != nil {
		return err
	}
	result := &BatchError{Errors: make([]error, len(rs))}
	pending := make([]int, len(rs))
	for i := range rs {
		pending[i] = i
	}
	for len(pending) > 0 {
		chunk := batchChunk(rs, pending)
		pending = pending[len(chunk):]
		t.writeChunk(ctx, rs, chunk, result.Errors)
	}
	if slices.ContainsFunc(result.Errors, func(err error) bool { return err != nil }) {
		return result
	}
	return nil
}

func (t *Table) admitBatch(ctx context.Context, ops []BatchWrite) ([]renderedOp, error) {
	s := t.writeContext(ctx)
	rs := make([]renderedOp, len(ops))
	seen := map[primaryKey]int{}
	var errs []error
	for i, op := range ops {
		if op == nil {
			errs = append(errs, fmt.Errorf("dynamo: batch: %w", invalid("", "operation %d is nil", i)))
			continue
		}
		rs[i] = renderWrite(op, s)
		r := &rs[i]
		if e := r.entity; e != nil && e.version != nil && r.op == "put" {
			r.faults.Addf("", "%s has a version, which a batch cannot check: use Run or Transact", e.name)
		}
		if err := t.admit(r); err != nil {
			errs = append(errs, err)
			continue
		}
		if first, twice := seen[r.key]; twice {
			errs = append(errs, r.fail(invalid("", "operations %d and %d of the batch write this item", first, i)))
		}
		seen[r.key] = i
	}
	return rs, errors.Join(errs...)
}

// batchChunk returns the first pending operations that fit one call.
func batchChunk(rs []renderedOp, pending []int) []int {
	size := 0
	for n, i := range pending {
		size += rs[i].actions[0].size
		if n == maxBatchWrite || n > 0 && size > maxBatchBytes {
			return pending[:n]
		}
	}
	return pending
}

// writeChunk sends one call until nothing is left unprocessed, and records errors.
func (t *Table) writeChunk(ctx context.Context, rs []renderedOp, chunk []int, errs []error) {
	byKey := make(map[primaryKey]int, len(chunk))
	requests := make([]types.WriteRequest, 0, len(chunk))
	for _, i := range chunk {
		byKey[rs[i].key] = i
		requests = append(requests, rs[i].actions[0].writeRequest(t.schema()))
	}
	for attempt := 0; ; attempt++ {
		out, err := t.client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{
			RequestItems: map[string][]types.WriteRequest{t.name: requests},
		})
		if err == nil {
			requests = nil
			for _, left := range out.UnprocessedItems {
				requests = append(requests, left...)
			}
			if len(requests) == 0 {
				return
			}
			if attempt+1 >= t.options.Attempts {
				err = fmt.Errorf("%w after %d attempts", ErrUnprocessed, attempt+1)
			} else {
				err = t.pause(ctx, attempt)
			}
		}
		if err != nil {
			for _, w := range requests {
				i := byKey[t.keyOfRequest(w)]
				errs[i] = t.failed(&rs[i], err)
			}
			return
		}
	}
}

func (a *itemAction) writeRequest(s *Schema) types.WriteRequest {
	if a.kind == actPut {
		return types.WriteRequest{PutRequest: &types.PutRequest{Item: a.item}}
	}
	return types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: a.key.attributes(s)}}
}

func (t *Table) keyOfRequest(w types.WriteRequest) primaryKey {
	if w.PutRequest != nil {
		return t.model.keyIn(w.PutRequest.Item)
	}
	return t.model.keyIn(w.DeleteRequest.Key)
}

// batchGet reads the items and hands each to its reads.
func (t *Table) batchGet(ctx context.Context, reads []Read, o ReadOptions) error {
	rs, err := t.admitReads(reads)
	if err != nil {
		return err
	}
	wanted := map[primaryKey][]int{}
	var order []primaryKey
	for i := range rs {
		if _, ok := wanted[rs[i].key]; !ok {
			order = append(order, rs[i].key)
		}
		wanted[rs[i].key] = append(wanted[rs[i].key], i)
	}
	var errs []error
	for chunk := range slices.Chunk(order, maxBatchGet) {
		err := t.getChunk(ctx, chunk, o, func(it attr.Item) {
			for _, i := range wanted[t.model.keyIn(it)] {
				if err := reads[i].found(it); err != nil {
					errs = append(errs, rs[i].fail(err))
				}
			}
		})
		if err != nil {
			return errors.Join(append(errs, &OpError{Op: "batch get", Err: err})...)
		}
	}
	return errors.Join(errs...)
}

func (t *Table) getChunk(ctx context.Context, keys []primaryKey, o ReadOptions, found func(attr.Item)) error {
	request := types.KeysAndAttributes{}
	if o.Consistent {
		request.ConsistentRead = &o.Consistent
	}
	for _, k := range keys {
		request.Keys = append(request.Keys, k.attributes(t.schema()))
	}
	for attempt := 0; ; attempt++ {
		out, err := t.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
			RequestItems: map[string]types.KeysAndAttributes{t.name: request},
		})
		if err != nil {
			return err
		}
		now := time.Now()
		for _, items := range out.Responses {
			for _, it := range items {
				if !t.model.gone(it, now) {
					found(it)
				}
			}
		}
		request.Keys = nil
		for _, left := range out.UnprocessedKeys {
			request.Keys = append(request.Keys, left.Keys...)
		}
		if len(request.Keys) == 0 {
			return nil
		}
		if attempt+1 >= t.options.Attempts {
			return &causedError{
				text:   fmt.Sprintf("%d keys %s after %d attempts", len(request.Keys), causeText(ErrUnprocessed), attempt+1),
				causes: []error{ErrUnprocessed},
			}
		}
		if err := t.pause(ctx, attempt); err != nil {
			return err
		}
	}
}
