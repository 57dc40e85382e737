package dynamotest

import (
	"context"
	"slices"

	"github.com/patternkit/serverless/dynamo/internal/expr"
)

// maxPage is how many bytes Query and Scan look at for one page, before they
// filter and project.
const maxPage = 1 << 20

// page is one Query or Scan: where it reads, and what it keeps.
type page struct {
	options    *readOptions
	filter     *expr.Condition
	projection *expr.Projection
	backward   bool

	table *table
	index *index // nil: the table itself
	key   keySchema
	rows  *tree
	span  span
	after string // the key to go on from; "" for the start
}

func (o *readOptions) check() error {
	err := firstError(checkTableName(o.TableName),
		enum(o.Select, "select", "SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"),
		enum(o.ReturnConsumedCapacity, "returnConsumedCapacity", "INDEXES", "TOTAL", "NONE"))
	switch {
	case err != nil:
		return err
	case o.Limit != nil && *o.Limit < 1:
		return validation("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1", *o.Limit)
	case is(o.Select, "SPECIFIC_ATTRIBUTES") && o.ProjectionExpression == nil:
		return validation("Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES")
	case o.Select != nil && *o.Select != "SPECIFIC_ATTRIBUTES" && o.ProjectionExpression != nil:
		return validation("Cannot specify the ProjectionExpression when choosing to get %s", *o.Select)
	case is(o.Select, "ALL_PROJECTED_ATTRIBUTES") && o.IndexName == nil:
		return validation(invalidValue + "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
	}
	if _, message, ok := o.ExclusiveStartKey.fault(); ok {
		return validation("The provided starting key is invalid: %s", message)
	}
	return nil
}

// readExpressions reads the filter, then extra, then the projection.
func (p *page) readExpressions(extra ...expression) error {
	o := p.options
	filter := expression{"FilterExpression", o.FilterExpression, func(params *expr.Params, s string) (err error) {
		p.filter, err = params.Condition(expr.FilterExpression, s)
		return err
	}}
	all := append([]expression{filter}, extra...)
	return o.readExpressions(append(all, readProjection(&p.projection, o.ProjectionExpression))...)
}

// open finds the table and the index.
func (p *page) open(ctx context.Context, db *DynamoDB) error {
	t, err := db.open(ctx, p.options.TableName)
	if err != nil {
		return err
	}
	p.table, p.key, p.rows = t, t.key, t.rows
	if p.options.IndexName == nil {
		return p.checkScalars()
	}
	x := t.index(*p.options.IndexName)
	if x == nil {
		return validation("The table does not have the specified index: %s", *p.options.IndexName)
	}
	touchIndex(ctx, t, x)
	p.index, p.key, p.rows = x, x.key, x.rows
	switch {
	case db.now().Before(x.readyAt):
		return validation("Cannot read from backfilling global secondary index: %s", x.name)
	case x.global && p.options.ConsistentRead != nil && *p.options.ConsistentRead:
		return validation("Consistent reads are not supported on global secondary indexes")
	}
	return firstError(p.checkScalars(), p.checkSelect())
}

// checkScalars refuses paths of the request that go into a key attribute.
func (p *page) checkScalars() error {
	var paths []expr.Path
	if p.filter != nil {
		paths = p.filter.Paths()
	}
	if p.projection != nil {
		paths = append(paths, p.projection.Paths()...)
	}
	return p.table.checkScalars(paths)
}

// checkSelect refuses attributes that a global index does not hold.
func (p *page) checkSelect() error {
	if !p.index.global || p.index.projection.ProjectionType == "ALL" {
		return nil
	}
	if is(p.options.Select, "ALL_ATTRIBUTES") {
		return validation(invalidValue+"Select type ALL_ATTRIBUTES is not supported for global secondary index %s because its projection type is not ALL", p.index.name)
	}
	if p.projection == nil {
		return nil
	}
	for _, name := range p.projection.Names() {
		if !p.index.keeps(p.table, name) {
			return validation(invalidValue+"Global secondary index %s does not project [%s]", p.index.name, name)
		}
	}
	return nil
}

// cursorNames are the attributes of a cursor: the keys of the index and those
// of the table.
func (p *page) cursorNames() []string {
	names := p.table.key.names()
	if p.index != nil {
		for _, name := range p.index.key.names() {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// start finds where the ExclusiveStartKey points.
func (p *page) start() error {
	from := expr.Item(p.options.ExclusiveStartKey)
	if from == nil {
		return nil
	}
	names := p.cursorNames()
	if len(from) != len(names) {
		return p.badCursor()
	}
	for _, name := range names {
		if v, ok := from[name]; !ok || v.Type() != p.table.types[name] || isEmpty(v) {
			return p.badCursor()
		}
	}
	key, _ := p.table.key.encode(from)
	if p.index != nil {
		key, _ = p.index.entryKey(from, key)
	}
	p.after = key
	return nil
}

func (p *page) badCursor() error {
	return validation("The provided starting key is invalid")
}

// read collects the page.
func (p *page) read() *pageOutput {
	out := &pageOutput{}
	kept := []item{}
	size, fetched := 0, 0
	u := newUsage(p.table)
	p.rows.walk(p.span, p.after, p.backward, func(e entry) bool {
		seen := e.row.item
		bytes := e.row.size
		if p.index != nil {
			bytes = p.index.sizeOf(p.table, e.row)
			seen = p.see(e.row)
		}
		size += bytes
		out.ScannedCount++
		if p.fetches() {
			u.read(nil, e.row.size, consistency(p.options.ConsistentRead))
			fetched++
		}
		if p.filter.Match(seen) {
			kept = append(kept, item(p.projection.Apply(seen)))
		}
		if size >= maxPage || p.options.Limit != nil && out.ScannedCount >= int(*p.options.Limit) {
			out.LastEvaluatedKey = pick(e.row.item, p.cursorNames())
			return false
		}
		return true
	})
	u.read(p.index, size, consistency(p.options.ConsistentRead))
	out.Count = len(kept)
	if !is(p.options.Select, "COUNT") {
		out.Items = &kept
	}
	out.ConsumedCapacity = u.report(p.options.ReturnConsumedCapacity)
	return out
}

// see is the part of an item that an index shows. A local index fetches from
// the table what it does not hold and the request asks for.
func (p *page) see(r *row) expr.Item {
	if p.fetches() {
		return r.item
	}
	return p.index.project(p.table, r.item)
}

// fetches says whether a local index has to go to the table.
func (p *page) fetches() bool {
	if p.index == nil || p.index.global || p.index.projection.ProjectionType == "ALL" {
		return false
	}
	if is(p.options.Select, "ALL_ATTRIBUTES") {
		return true
	}
	if p.projection == nil {
		return false
	}
	for _, name := range p.projection.Names() {
		if !p.index.keeps(p.table, name) {
			return true
		}
	}
	return false
}
