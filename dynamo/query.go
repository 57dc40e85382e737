package dynamo

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo/internal/attr"
	"github.com/patternkit/serverless/dynamo/internal/keytemplate"
)

// Query is an access pattern bound to values. Run it with All, Pages, Page, First or
// Count. Items are in the order of the sort key, oldest first.
type Query[T any] struct {
	core queryCore
}

// queryCore is the untyped core of a Query.
type queryCore struct {
	pattern    *patternCore
	selection  selection
	faults     faults
	filter     []conditionNode
	descending bool
	consistent bool
	limit      int
	pageSize   int32
	after      string
}

// Page is a part of the answer to a query.
type Page[T any] struct {
	// Items are in the order of the query.
	Items []T
	// Cursor continues the query after the last item; "" when there is no more.
	Cursor string
}

// Query returns the query for the values of p.
func (p *AccessPattern[P, T]) Query(v P) Query[T] {
	if p == nil || p.core == nil {
		panic("dynamo: this AccessPattern is nil or its zero value: make it with NewAccessPattern or MustAccessPattern")
	}
	q := queryCore{pattern: p.core}
	q.selection = p.core.selectBy(reflect.ValueOf(&v).Elem(), &q.faults)
	return Query[T]{q}
}

// Newest returns the query in descending order of the sort key.
func (q Query[T]) Newest() Query[T] {
	q.core.descending = true
	return q
}

// Oldest returns the query in ascending order of the sort key, which is the default.
func (q Query[T]) Oldest() Query[T] {
	q.core.descending = false
	return q
}

// Limit returns the query for at most n items, counted after the filter. 0 is no limit.
func (q Query[T]) Limit(n int) Query[T] {
	if n < 0 {
		q.core.faults = slices.Concat(q.core.faults, faults{{"Limit", fmt.Sprintf("is %d, negative", n)}})
	}
	q.core.limit = n
	return q
}

// PageSize returns the query that has DynamoDB evaluate at most n items in one call.
// 0, the default, leaves it at 1 MB.
func (q Query[T]) PageSize(n int32) Query[T] {
	q.core.pageSize = n
	return q
}

// Filter returns the query for the items that also meet the conditions. DynamoDB still
// reads, and charges for, items the filter drops. Use an index instead where you can. See
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.FilterExpression.html.
func (q Query[T]) Filter(conditions ...Condition[T]) Query[T] {
	q.core.filter = slices.Concat(q.core.filter, nodesOf(conditions))
	return q
}

// Consistent returns the query with consistent reads, which global indexes do not have.
func (q Query[T]) Consistent() Query[T] {
	q.core.consistent = true
	return q
}

// After returns the query from a Page's cursor on. "" starts at the beginning.
func (q Query[T]) After(cursor string) Query[T] {
	q.core.after = cursor
	return q
}

// All runs the query over all pages. It stops at the first error, which it yields with
// the zero T.
func (q Query[T]) All(ctx context.Context, t *Table) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for it, err := range q.core.items(ctx, t) {
			var v T
			if err == nil {
				err = q.core.decode(it, &v)
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// Page runs the query for one page: the items up to Limit, or those of one call when
// there is no limit.
func (q Query[T]) Page(ctx context.Context, t *Table) (Page[T], error) {
	var page Page[T]
	err := q.core.page(ctx, t, &page.Cursor, func(it attr.Item) error {
		var v T
		if err := q.core.decode(it, &v); err != nil {
			return err
		}
		page.Items = append(page.Items, v)
		return nil
	})
	if err != nil {
		return Page[T]{}, err
	}
	return page, nil
}

// Pages runs the query page by page to the end. It stops at the first error.
func (q Query[T]) Pages(ctx context.Context, t *Table) iter.Seq2[Page[T], error] {
	return func(yield func(Page[T], error) bool) {
		for {
			page, err := q.Page(ctx, t)
			if !yield(page, err) || err != nil || page.Cursor == "" {
				return
			}
			q = q.After(page.Cursor)
		}
	}
}

// First returns the first item. It fails with ErrNotFound when there is none.
func (q Query[T]) First(ctx context.Context, t *Table) (T, error) {
	for v, err := range q.Limit(1).All(ctx, t) {
		return v, err
	}
	var zero T
	return zero, q.core.fail(ErrNotFound)
}

// Count counts the items, up to Limit if there is one. It reads what All reads: items
// that have expired or are of other entities are not counted.
func (q Query[T]) Count(ctx context.Context, t *Table) (int, error) {
	n := 0
	for _, err := range q.core.items(ctx, t) {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

func (q *queryCore) fail(err error) error {
	return &OpError{Op: "query", Entity: q.pattern.entity.name, Key: q.describe(), Err: err}
}

// describe shows what is asked for: "GSI1 STATUS#pending".
func (q *queryCore) describe() string {
	if q.pattern.index.Name == "" {
		return q.selection.partition
	}
	return q.pattern.index.Name + " " + q.selection.partition
}

func (q *queryCore) decode(it attr.Item, out any) error {
	if err := q.pattern.entity.decode(it, out); err != nil {
		return q.fail(err)
	}
	return nil
}

// input renders the query.
func (q *queryCore) input(t *Table) (*dynamodb.QueryInput, error) {
	if q.pattern == nil {
		return nil, &OpError{Op: "query", Err: invalid("", "the query is the zero Query: access patterns make queries")}
	}
	fs := slices.Clone(q.faults)
	p := q.pattern
	t.admitEntity(p.entity, &fs)
	if q.consistent && p.index.Name != "" && !p.index.Local {
		fs.Addf("Consistent", "is not possible on the global index %s", p.index.Name)
	}
	if q.pageSize < 0 {
		fs.Addf("PageSize", "is %d, negative", q.pageSize)
	}
	var x expressionBuilder
	p.entity.checkConditions(q.filter, &fs)
	p.checkFilter(q.filter, &fs)
	condition := x.name(p.index.PartitionKey) + " = " + x.text(q.selection.partition)
	if sort := q.selection.write(p.index.SortKey, &x); sort != "" {
		condition += " AND " + sort
	}
	filter := writeAll(&x, q.filter)
	x.check("the filter", filter)
	fs = append(fs, x.faults...)
	if err := fs.err(); err != nil {
		return nil, q.fail(err)
	}
	in := &dynamodb.QueryInput{
		TableName: &t.name, KeyConditionExpression: &condition, FilterExpression: optionalText(filter),
		ExpressionAttributeNames: x.names, ExpressionAttributeValues: x.values,
		IndexName: optionalText(p.index.Name),
	}
	if q.descending {
		in.ScanIndexForward = aws.Bool(false)
	}
	if q.consistent {
		in.ConsistentRead = aws.Bool(true)
	}
	if q.after != "" {
		start, err := t.openCursor(q, q.after)
		if err != nil {
			return nil, q.fail(err)
		}
		in.ExclusiveStartKey = start
	}
	return in, nil
}

// checkFilter refuses filters on attributes that are keys of what is queried.
func (p *patternCore) checkFilter(nodes []conditionNode, fs *faults) {
	for _, n := range nodes {
		if n == nil {
			continue
		}
		n.each(func(f *fieldPath) {
			if f.entity == p.entity && (f.path[0] == p.index.PartitionKey || f.path[0] == p.index.SortKey) {
				fs.Addf(f.name, "is a key of the query, which a filter cannot use")
			}
		})
	}
}

// write renders the condition on the sort key.
func (s selection) write(attribute string, x *expressionBuilder) string {
	switch s.Operator {
	case keytemplate.Equal:
		return x.name(attribute) + " = " + x.text(s.High)
	case keytemplate.Prefix:
		return "begins_with(" + x.name(attribute) + ", " + x.text(s.High) + ")"
	case keytemplate.Between:
		if s.Low == "" { // DynamoDB takes no empty key, not even as a bound
			return x.name(attribute) + " <= " + x.text(s.High)
		}
		return x.name(attribute) + " BETWEEN " + x.text(s.Low) + " AND " + x.text(s.High)
	default:
		return ""
	}
}

// pageLimit returns the Limit of the next request: the items still wanted, doubled with
// every request in case others lie between them.
func (q *queryCore) pageLimit(found, calls int) *int32 {
	n := q.pageSize
	if q.limit > 0 && len(q.filter) == 0 {
		if left := min(q.limit-found, 1<<20) << min(calls, 8); n == 0 || left < int(n) {
			n = int32(left)
		}
	}
	if n == 0 {
		return nil
	}
	return &n
}

// items runs the query to its limit or end.
func (q *queryCore) items(ctx context.Context, t *Table) iter.Seq2[attr.Item, error] {
	return func(yield func(attr.Item, error) bool) {
		in, err := q.input(t)
		if err != nil {
			yield(nil, err)
			return
		}
		if q.selection.Never {
			return
		}
		found := 0
		for calls := 0; ; calls++ {
			in.Limit = q.pageLimit(found, calls)
			out, err := t.client.Query(ctx, in)
			if err != nil {
				yield(nil, q.fail(err))
				return
			}
			now := time.Now()
			for _, it := range out.Items {
				ok, err := q.admit(t, it, now)
				if err != nil {
					yield(nil, q.fail(err))
					return
				}
				if !ok {
					continue
				}
				if !yield(it, nil) {
					return
				}
				if found++; found == q.limit {
					return
				}
			}
			if len(out.LastEvaluatedKey) == 0 {
				return
			}
			in.ExclusiveStartKey = out.LastEvaluatedKey
		}
	}
}

// page runs the query for one page.
func (q *queryCore) page(ctx context.Context, t *Table, cursor *string, found func(attr.Item) error) error {
	in, err := q.input(t)
	if err != nil {
		return err
	}
	if q.selection.Never {
		return nil
	}
	n := 0
	for calls := 0; ; calls++ {
		in.Limit = q.pageLimit(n, calls)
		out, err := t.client.Query(ctx, in)
		if err != nil {
			return q.fail(err)
		}
		now := time.Now()
		for i, it := range out.Items {
			ok, err := q.admit(t, it, now)
			if err != nil {
				return q.fail(err)
			}
			if !ok {
				continue
			}
			if err := found(it); err != nil {
				return err
			}
			if n++; n == q.limit {
				last := i == len(out.Items)-1 && len(out.LastEvaluatedKey) == 0
				if !last {
					*cursor, err = t.sealCursor(q, q.startAfter(t, it))
				}
				return err
			}
		}
		if len(out.LastEvaluatedKey) == 0 {
			return nil
		}
		if q.limit == 0 {
			*cursor, err = t.sealCursor(q, out.LastEvaluatedKey)
			return err
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
}

// admit reports whether an item belongs to the answer.
func (q *queryCore) admit(t *Table, it attr.Item, now time.Time) (bool, error) {
	name := attr.Text(it, t.schema().Discriminator)
	switch {
	case ofOthers(it):
		return false, nil
	case name != q.pattern.entity.name:
		if !t.options.SkipUnknown && !t.model.known(name) {
			return false, fmt.Errorf("%w %q under the key %s", ErrUnknownEntity, name, keytemplate.Shown(t.model.keyIn(it).String()))
		}
		return false, nil
	case t.model.gone(it, now):
		return false, nil
	case q.selection.Except != "" && attr.Text(it, q.pattern.index.SortKey) == q.selection.Except:
		return false, nil
	case q.selection.Edges != nil:
		return q.pattern.entity.withinEdges(q.selection.Edges, it)
	}
	return true, nil
}

// startAfter returns the key from which a query goes on after the item.
func (q *queryCore) startAfter(t *Table, it attr.Item) attr.Item {
	key := attr.Item{}
	for _, name := range q.pattern.cursorAttributes(t.schema()) {
		key[name] = it[name]
	}
	return key
}

// cursorAttributes are the attributes of a start key, in a fixed order.
func (p *patternCore) cursorAttributes(s *Schema) []string {
	var names []string
	for _, name := range []string{s.PartitionKey, s.SortKey, p.index.PartitionKey, p.index.SortKey} {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

var errCursorType = errors.New("a key attribute is no string")

func textValue(v types.AttributeValue) (string, error) {
	if s, ok := v.(*types.AttributeValueMemberS); ok {
		return s.Value, nil
	}
	return "", errCursorType
}
