package dynamo

import (
	"slices"
	"time"
)

// Description is what a Model holds, as a value, for whatever prints or checks it. Package
// tabledef makes tables, documents and policies of it.
type Description struct {
	// Schema has its defaults filled in.
	Schema Schema
	// Entities are in the order of declaration.
	Entities []EntityDescription
	// Patterns are the access patterns in the order of declaration, then the collections.
	Patterns []PatternDescription
}

// EntityDescription describes an entity.
type EntityDescription struct {
	Name string
	// Keys are the templates of its keys, by key attribute of the table or an index.
	Keys map[string]string
	// Version is the Go name of the version field; "" without one.
	Version string
	// Unique are the templates of its unique values.
	Unique []string
	// Expiry is the Go name of the field that holds the expiry; "" without one.
	Expiry string
	// ExpireAfter is how long items are kept; 0 without that.
	ExpireAfter time.Duration
	// Correlated is set when items store the correlation of their last write.
	Correlated bool
}

// PatternDescription describes an access pattern or a collection.
type PatternDescription struct {
	// Name is the name of the type that selects, or that a collection fills.
	Name string
	// Entities are the names of the entities that are read.
	Entities []string
	// Index is the index that is queried; "" for the table.
	Index string
	// Condition is the key condition in words: "PK = ORDER#{OrderID}, SK begins with LINE#".
	Condition string
}

// Describe returns what has been declared on the model so far.
func (m *Model) Describe() Description {
	if !m.made() {
		return Description{}
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	d := Description{Schema: m.Schema(), Patterns: slices.Concat(m.patterns, m.collections)}
	for _, e := range m.entities {
		d.Entities = append(d.Entities, e.describe())
	}
	for i := range d.Patterns {
		d.Patterns[i].Entities = slices.Clone(d.Patterns[i].Entities)
	}
	return d
}

func (e *entityCore) describe() EntityDescription {
	d := EntityDescription{Name: e.name, Keys: map[string]string{}, ExpireAfter: e.expireAfter, Correlated: e.correlated}
	for _, a := range e.model.keyAttributes() {
		if t := e.templateOf(a); t != nil {
			d.Keys[a] = t.Source
		}
	}
	if e.version != nil {
		d.Version = e.version.Field
	}
	if e.expiry != nil {
		d.Expiry = e.expiry.Field
	}
	for _, u := range e.uniques {
		d.Unique = append(d.Unique, u.Source)
	}
	return d
}
