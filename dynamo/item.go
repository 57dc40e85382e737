package dynamo

import (
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo/internal/attr"
	"github.com/patternkit/serverless/dynamo/internal/keytemplate"
	"github.com/patternkit/serverless/internal/correlation"
)

// primaryKey is the key of an item in the table.
type primaryKey struct {
	partition, sort string
}

func (k primaryKey) String() string {
	if k.sort == "" || k.partition == "" {
		return k.partition
	}
	return k.partition + "/" + k.sort
}

// attributes returns the key as DynamoDB takes it.
func (k primaryKey) attributes(s *Schema) attr.Item {
	key := make(attr.Item, 2)
	key[s.PartitionKey] = &types.AttributeValueMemberS{Value: k.partition}
	if s.SortKey != "" {
		key[s.SortKey] = &types.AttributeValueMemberS{Value: k.sort}
	}
	return key
}

// keyOf renders the key of a K.
func (e *entityCore) keyOf(key reflect.Value, fs *faults) primaryKey {
	return e.renderKey(e.keyPart, e.keySortKey, key, fs)
}

// keyOfValue renders the key of a T.
func (e *entityCore) keyOfValue(v reflect.Value, fs *faults) primaryKey {
	return e.renderKey(e.partition, e.sort, v, fs)
}

func (e *entityCore) renderKey(part, sort keytemplate.Binding, v reflect.Value, fs *faults) primaryKey {
	var k primaryKey
	k.partition = renderPresent(part, v, fs)
	checkKeySize(e.model.schema.PartitionKey, k.partition, maxPartitionKey, fs)
	if sort.Template != nil {
		k.sort = renderPresent(sort, v, fs)
		checkKeySize(e.model.schema.SortKey, k.sort, maxSortKey, fs)
	}
	return k
}

// renderPresent renders a key that must not be absent.
func renderPresent(b keytemplate.Binding, v reflect.Value, fs *faults) string {
	text, absent := b.Render(v, fs)
	if absent {
		for i, p := range b.Parts {
			if p.Field != "" && p.Codec.Empty(v.FieldByIndex(b.Index[i])) {
				fs.Addf(p.Field, "is empty, and part of the key %s", b.Source)
			}
		}
	}
	return text
}

// writeContext is what a write takes from its surroundings: the time, the correlation id
// and the trace header. The time may be known up to a span only: it is not before now and
// not after until.
type writeContext struct {
	now, until  time.Time
	correlation string
	trace       string
}

// encode makes the whole item of a value: its fields, keys, discriminator and what the context
// adds.
func (e *entityCore) encode(v reflect.Value, s writeContext, fs *faults) (attr.Item, primaryKey) {
	key := e.keyOfValue(v, fs)
	out, err := attributevalue.MarshalMapWithOptions(v.Addr().Interface(), attr.SortableTimes)
	if err != nil {
		e.faultyFields(v, err, fs)
		return nil, key
	}
	e.leaveOut(out)
	schema := &e.model.schema
	out[schema.PartitionKey] = &types.AttributeValueMemberS{Value: key.partition}
	if schema.SortKey != "" {
		out[schema.SortKey] = &types.AttributeValueMemberS{Value: key.sort}
	}
	out[schema.Discriminator] = &types.AttributeValueMemberS{Value: e.name}
	e.encodeIndexKeys(out, v, fs)
	e.encodeExpiry(out, v, s)
	if e.correlated {
		setText(out, correlation.Attribute, s.correlation)
		setText(out, correlation.TraceAttribute, s.trace)
	}
	return out, key
}

// leaveOut takes empty slices and maps out of an encoded item.
func (e *entityCore) leaveOut(out attr.Item) {
	for _, a := range e.attributes {
		if a.Encoder.LeavesOut(out[a.Name]) {
			delete(out, a.Name)
		}
	}
}

// faultyFields finds the fields that cannot be stored.
func (e *entityCore) faultyFields(v reflect.Value, err error, fs *faults) {
	before := len(*fs)
	for _, a := range e.attributes {
		if _, err := a.Encoder.Encode(v.FieldByIndex(a.Index).Interface()); err != nil {
			fs.Addf(a.Field, "cannot be stored: %v", err)
		}
	}
	if len(*fs) == before {
		fs.Addf("", "cannot be stored: %v", err)
	}
}

func setText(out attr.Item, name, text string) {
	if text != "" {
		out[name] = &types.AttributeValueMemberS{Value: text}
	}
}

func (e *entityCore) encodeIndexKeys(out attr.Item, v reflect.Value, fs *faults) {
	for _, k := range e.indexKeys {
		if k.shared {
			continue
		}
		text, absent := k.Render(v, fs)
		if absent {
			delete(out, k.attribute)
			continue
		}
		checkKeySize(k.attribute, text, k.limit(), fs)
		out[k.attribute] = &types.AttributeValueMemberS{Value: text}
	}
}

func (k indexKey) limit() int {
	if k.sort {
		return maxSortKey
	}
	return maxPartitionKey
}

// encodeExpiry leaves out an expiry that is not set, so that the zero time does not
// pass for one long ago.
func (e *entityCore) encodeExpiry(out attr.Item, v reflect.Value, s writeContext) {
	ttl := e.model.schema.TTL
	switch {
	case e.expiry != nil && v.FieldByIndex(e.expiry.Index).IsZero():
		delete(out, ttl)
	case e.expireAfter > 0:
		out[ttl] = &types.AttributeValueMemberN{Value: strconv.FormatInt(s.until.Add(e.expireAfter).Unix(), 10)}
	}
}

// expires reports whether items of the entity may expire.
func (e *entityCore) expires() bool { return e.expiry != nil || e.expireAfter > 0 }

// decode fills out, a pointer to a T, from an item of the entity.
func (e *entityCore) decode(it attr.Item, out any) error {
	if name := attr.Text(it, e.model.schema.Discriminator); name != e.name {
		return fmt.Errorf("%w: %q, not %q", ErrWrongEntity, name, e.name)
	}
	if e.expiry != nil {
		if _, ok := it[e.expiry.Name]; !ok {
			reflect.ValueOf(out).Elem().FieldByIndex(e.expiry.Index).SetZero()
		}
	}
	if err := attributevalue.UnmarshalMap(it, out); err != nil {
		return fmt.Errorf("cannot be read: %w", err)
	}
	return nil
}

// gone reports whether the item has expired though it is still there.
func (m *Model) gone(it attr.Item, now time.Time) bool {
	if m.schema.TTL == "" {
		return false
	}
	n, ok := it[m.schema.TTL].(*types.AttributeValueMemberN)
	if !ok {
		return false
	}
	seconds, err := strconv.ParseInt(n.Value, 10, 64)
	return err == nil && isExpired(seconds, now)
}

// keyIn returns the primary key of a stored item.
func (m *Model) keyIn(it attr.Item) primaryKey {
	return primaryKey{partition: attr.Text(it, m.schema.PartitionKey), sort: attr.Text(it, m.schema.SortKey)}
}
