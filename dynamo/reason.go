package dynamo

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo/internal/attr"
)

// CancellationReason says why one operation of a canceled transaction failed, or whether
// it did, and why a single operation failed. It is tied to the operation and its entity.
type CancellationReason struct {
	Op      string // "create", "update", …
	Entity  string
	Key     string // partition and sort key, "ORDER#42/METADATA"
	Code    string // DynamoDB's code: "None", "ConditionalCheckFailed", "TransactionConflict", …
	Message string // DynamoDB's message; "" with the code None
	Unique  string // template of the unique value that is taken or not owned; "" otherwise

	item attr.Item // the item that failed the condition
	err  error
}

// Failed reports whether the operation is one that canceled the transaction.
func (r CancellationReason) Failed() bool { return r.err != nil }

// Err returns the cause, one of the package's sentinels where there is one, or nil
// for an operation that did not fail.
func (r CancellationReason) Err() error { return r.err }

// Item returns a copy of the item that failed the condition as it is stored, or nil.
func (r CancellationReason) Item() map[string]types.AttributeValue {
	if r.item == nil {
		return nil
	}
	out := make(attr.Item, len(r.item))
	for name, v := range r.item {
		out[name] = v
	}
	return out
}

// String says what the operation was and why it failed.
func (r CancellationReason) String() string {
	text := describeOp(r.Op, r.Entity, r.Key)
	if r.err == nil {
		return text + ": no failure"
	}
	return text + ": " + causeText(r.err)
}

// Existing returns the item that failed the condition of an operation on this entity.
// ok is false when there was none, when it belongs to another entity, or when it
// cannot be read.
func (e *Entity[T, K]) Existing(r CancellationReason) (v T, ok bool) {
	if r.item == nil || attr.Text(r.item, e.must().model.schema.Discriminator) != e.must().name {
		return v, false
	}
	if err := e.must().decode(r.item, &v); err != nil {
		var zero T
		return zero, false
	}
	return v, true
}

// TransactionError reports a transaction that DynamoDB canceled: nothing of it was
// done. It matches the sentinels of all its reasons.
type TransactionError struct {
	Reasons []CancellationReason // one for each operation, in the order given
	Err     error                // the SDK's error
}

// Error names the operations that failed.
func (e *TransactionError) Error() string {
	var texts []string
	for _, r := range e.Reasons {
		if r.Failed() {
			texts = append(texts, r.String())
		}
	}
	if len(texts) == 0 {
		return "dynamo: transact: " + causeText(e.Err)
	}
	return "dynamo: transact: " + strings.Join(texts, "; ")
}

// Unwrap returns the SDK's error and those of the reasons.
func (e *TransactionError) Unwrap() []error {
	var errs []error
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	for _, r := range e.Reasons {
		if r.err != nil {
			errs = append(errs, r.err)
		}
	}
	return errs
}

// Codes of cancellation reasons.
const (
	codeNone        = "None"
	codeCondition   = "ConditionalCheckFailed"
	codeConflict    = "TransactionConflict"
	codeThrottling  = "ThrottlingError"
	codeProvisioned = "ProvisionedThroughputExceeded"
)

// reasonOf explains the answer to one action of an operation.
func (r *renderedOp) reasonOf(a *itemAction, code, message string, it attr.Item) CancellationReason {
	reason := CancellationReason{
		Op: r.op, Entity: r.entityName(), Key: r.key.String(),
		Code: code, Message: message, Unique: a.unique, item: it,
	}
	if len(it) == 0 {
		reason.item = nil
	}
	switch code {
	case codeNone, "":
		reason.Code = codeNone
	case codeCondition:
		reason.err = r.conditionFailed(a, reason.item)
	case codeConflict:
		reason.err = fmt.Errorf("%w: %s", ErrConflict, message)
	default:
		reason.err = errors.New(code + ": " + message)
	}
	return reason
}

// conditionFailed finds out which condition it was.
func (r *renderedOp) conditionFailed(a *itemAction, it attr.Item) error {
	because := func(sentinel error, format string, args ...any) error {
		return &causedError{text: fmt.Sprintf(format, args...), causes: []error{sentinel, ErrConditionFailed}}
	}
	if a.unique != "" {
		if !a.owned {
			return because(ErrNotUnique, "%s: %s", causeText(ErrNotUnique), a.unique)
		}
		return because(ErrStale, "%s: the claim on %s is another item's", causeText(ErrStale), a.unique)
	}
	model := r.entity.model
	gone := func() bool { return model.gone(it, time.Now()) || model.gone(it, r.until) }
	stored := attr.Text(it, model.schema.Discriminator)
	switch {
	case it == nil && r.op == "put" && r.version == nil:
		return ErrConditionFailed
	case it == nil && r.op == "upsert":
		return ErrConditionFailed
	case it == nil && r.version != nil && r.op == "put":
		return &causedError{text: "the item is gone: " + causeText(ErrStale), causes: []error{ErrNotFound, ErrStale, ErrConditionFailed}}
	case it == nil:
		return because(ErrNotFound, "%s", causeText(ErrNotFound))
	case r.op == "create":
		return because(ErrExists, "%s", causeText(ErrExists))
	case stored != r.entity.name:
		return because(ErrWrongEntity, "%s: %q", causeText(ErrWrongEntity), stored)
	case r.stale(it):
		return because(ErrStale, "%s: the item is at version %s, not %d", causeText(ErrStale), r.storedVersion(it), *r.version)
	case r.makes && r.entity.expires() && gone():
		return because(ErrConditionFailed, "%s: the item has expired and is still there", causeText(ErrConditionFailed))
	case r.op != "put" && r.op != "upsert" && r.entity.expires() && gone():
		return because(ErrNotFound, "%s: it has expired", causeText(ErrNotFound))
	}
	return ErrConditionFailed
}

// stale reports whether the item is at another version than the one expected.
func (r *renderedOp) stale(it attr.Item) bool {
	return r.version != nil && r.entity.version != nil && r.storedVersion(it) != strconv.FormatInt(*r.version, 10)
}

func (r *renderedOp) storedVersion(it attr.Item) string {
	if n, ok := it[r.entity.version.Name].(*types.AttributeValueMemberN); ok {
		return n.Value
	}
	return "none"
}

// failed makes the error of a single operation from the SDK's.
func (t *Table) failed(r *renderedOp, err error) error {
	out := &OpError{Op: r.op, Entity: r.entityName(), Key: r.key.String(), Err: err}
	var condition *types.ConditionalCheckFailedException
	if errors.As(err, &condition) {
		out.Reason = r.reasonOf(&r.actions[0], codeCondition, condition.ErrorMessage(), condition.Item)
		out.Err = &causedError{text: causeText(out.Reason.err), causes: []error{out.Reason.err, err}}
		return out
	}
	var conflict *types.TransactionConflictException
	if errors.As(err, &conflict) {
		out.Err = &causedError{text: causeText(ErrConflict) + ": " + err.Error(), causes: []error{ErrConflict, err}}
	}
	return out
}

// cancellationError makes the error of a transaction from the SDK's. The reasons of all actions
// of one operation become one: the first that is not "None".
func cancellationError(ops []renderedOp, err error) error {
	var cancel *types.TransactionCanceledException
	if !errors.As(err, &cancel) {
		return fmt.Errorf("dynamo: transact: %w", err)
	}
	out := &TransactionError{Err: err}
	next := 0
	for i := range ops {
		r := &ops[i]
		reason := r.reasonOf(&r.actions[0], codeNone, "", nil)
		for j := range r.actions {
			if next >= len(cancel.CancellationReasons) {
				break
			}
			c := cancel.CancellationReasons[next]
			next++
			if code := aws.ToString(c.Code); !reason.Failed() && code != codeNone && code != "" {
				reason = r.reasonOf(&r.actions[j], code, aws.ToString(c.Message), c.Item)
			}
		}
		out.Reasons = append(out.Reasons, reason)
	}
	return out
}
