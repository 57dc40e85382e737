package dynamo

import (
	"strings"
	"time"
)

// KeyTemplates are the templates of an entity's table key; Key makes them.
type KeyTemplates struct {
	partition string
	sort      string
}

// Key gives the templates of the partition key and, when the table has one, of the
// sort key: "ORDER#{OrderID}", "LINE#{No:04}". The package documentation describes
// the template language.
func Key(partition string, sort ...string) KeyTemplates {
	return KeyTemplates{partition: partition, sort: strings.Join(sort, "")}
}

// EntityOptions are the optional parts of an entity. The functions InIndex, Unique,
// ExpireAfter and Correlated set them.
type EntityOptions struct {
	indexes     []indexTemplates
	uniques     []string
	expireAfter time.Duration
	correlated  bool
}

type indexTemplates struct {
	index           string
	partition, sort string
}

// InIndex places the entity in a secondary index under the keys of the templates. For a
// local index there is one template, that of the sort key. An attribute that is also
// a key of the table, as in an inverted index, needs none. An item whose field is
// empty (nil, "", the zero time) gets no value for that key and is not in the index.
func InIndex(index string, templates ...string) func(*EntityOptions) {
	return func(o *EntityOptions) {
		x := indexTemplates{index: index}
		if len(templates) > 0 {
			x.partition = templates[0]
		}
		x.sort = strings.Join(templates[min(1, len(templates)):], "")
		o.indexes = append(o.indexes, x)
	}
}

// Unique makes the value of the template unique among the entity's items, by one
// guard item for each value: "{Email}", "{Tenant}#{Email:lower}". Writing such an
// entity takes a transaction. An empty field claims nothing.
func Unique(template string) func(*EntityOptions) {
	return func(o *EntityOptions) { o.uniques = append(o.uniques, template) }
}

// ExpireAfter gives every item an expiry of d after it was last stored as a whole: put,
// created, replaced or modified. The schema must have a TTL attribute. An Update leaves
// the expiry alone.
func ExpireAfter(d time.Duration) func(*EntityOptions) {
	return func(o *EntityOptions) { o.expireAfter = d }
}

// Correlated stores the correlation id and the trace header of the context in each
// item that is written, in the attributes correlationId and traceHeader. Package stream
// puts them into the context of its handlers: stream records have no headers.
func Correlated() func(*EntityOptions) {
	return func(o *EntityOptions) { o.correlated = true }
}
