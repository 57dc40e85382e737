package dynamo

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/patternkit/serverless/dynamo/internal/attr"
	"github.com/patternkit/serverless/internal/correlation"
	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/internal/marker"
)

// Schema describes the table that the entities of a model share. Key attributes
// are strings, made from the templates of the entities.
type Schema struct {
	// PartitionKey names the attribute of the partition key. Required.
	PartitionKey string
	// SortKey names the attribute of the sort key. Optional: a table may have none.
	SortKey string
	// TTL names the attribute that holds an item's expiry in epoch seconds.
	// Optional; without it no item expires.
	TTL string
	// Discriminator names the attribute that holds the name of an item's entity.
	// Optional. Defaults to "EntityType".
	Discriminator string
	// Separator separates the parts of a key. No value that goes into a key
	// may contain it. Optional. Defaults to "#"; one printable ASCII character.
	Separator string
	// Indexes are the secondary indexes. At most 20 global and 5 local ones.
	Indexes []Index
}

// Index describes a secondary index that projects all attributes.
type Index struct {
	// Name is the index name, 3 to 255 characters of a-z, A-Z, 0-9, '_', '-', '.'.
	Name string
	// PartitionKey names the attribute of the index's partition key. It is left
	// empty for a local index, which shares the table's.
	PartitionKey string
	// SortKey names the attribute of the index's sort key. Optional for a global
	// index, required for a local one.
	SortKey string
	// Local makes a local secondary index: same partition key, another sort key,
	// consistent reads possible, 10 GB for each partition key value.
	Local bool
}

// Model is a checked Schema and the entities declared on it. It is safe for
// concurrent use; entities, patterns and collections register themselves when they
// are constructed, which normally is when the program starts.
type Model struct {
	schema Schema

	mu          sync.RWMutex
	entities    []*entityCore
	byName      map[string]*entityCore
	patterns    []PatternDescription
	collections []PatternDescription

	appliedMu sync.Mutex
	applied   *Entity[applied, appliedKey]
}

// A change that was applied to an item of a view leaves a mark under its id, so that it
// is applied once. Marks are kept for 48 hours: the stream's 24 and as much again.
const (
	appliedName = "AppliedChange"
	appliedFor  = 48 * time.Hour
)

type appliedKey struct {
	Applied string
}

type applied struct {
	appliedKey
}

const defaultDiscriminator = "EntityType"

var namePattern = regexp.MustCompile(`^[a-zA-Z0-9_.-]{3,255}$`)

// MustModel is NewModel for package-level variables: it panics when the schema is
// wrong.
func MustModel(s Schema) *Model {
	return given.Must(NewModel(s))
}

// NewModel checks a schema and returns the model to declare entities on. The error
// names every fault.
func NewModel(s Schema) (*Model, error) {
	if s.Discriminator == "" {
		s.Discriminator = defaultDiscriminator
	}
	if s.Separator == "" {
		s.Separator = "#"
	}
	s.Indexes = slices.Clone(s.Indexes)
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	if s.PartitionKey == "" {
		fail("PartitionKey is empty")
	}
	if len(s.Separator) != 1 || s.Separator[0] <= ' ' || s.Separator[0] > '~' || strings.ContainsAny(s.Separator, "{}") {
		fail("Separator %q is not one printable ASCII character other than { and }", s.Separator)
	}
	checkAttributeNames(s, fail)
	checkIndexes(&s, fail)
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("dynamo: schema: %w", err)
	}
	return &Model{schema: s, byName: map[string]*entityCore{}}, nil
}

// checkAttributeNames refuses one attribute in two roles. Indexes may share key
// attributes with each other and with the table, as an inverted index does.
func checkAttributeNames(s Schema, fail func(string, ...any)) {
	keys := map[string]string{}
	pair := func(what, partition, sort string) {
		for _, k := range []struct{ name, role string }{{partition, what + "PartitionKey"}, {sort, what + "SortKey"}} {
			if len(k.name) > 255 {
				fail("%s is %d bytes, the limit of a key attribute's name is 255", k.role, len(k.name))
			}
			if k.name != "" && keys[k.name] == "" {
				keys[k.name] = k.role
			}
		}
		if partition != "" && partition == sort {
			fail("attribute %s is both %sPartitionKey and %sSortKey", partition, what, what)
		}
	}
	pair("", s.PartitionKey, s.SortKey)
	for _, x := range s.Indexes {
		partition := x.PartitionKey
		if x.Local {
			partition = s.PartitionKey
		}
		pair(x.Name+" ", partition, x.SortKey)
	}
	for _, k := range []struct{ name, role string }{
		{s.TTL, "TTL"},
		{s.Discriminator, "Discriminator"},
		{correlation.Attribute, "the correlation id"},
		{correlation.TraceAttribute, "the trace header"},
		{marker.Attribute, "the mark of items that packages of this module keep for themselves"},
	} {
		if k.name == "" {
			continue
		}
		if other, taken := keys[k.name]; taken {
			fail("attribute %s is both %s and %s", k.name, other, k.role)
		}
		keys[k.name] = k.role
	}
}

func checkIndexes(s *Schema, fail func(string, ...any)) {
	names := map[string]bool{}
	local := 0
	for _, x := range s.Indexes {
		switch {
		case !namePattern.MatchString(x.Name):
			fail("index name %q is not 3 to 255 characters of a-z, A-Z, 0-9, '_', '-' and '.'", x.Name)
		case names[x.Name]:
			fail("index %s is declared twice", x.Name)
		}
		names[x.Name] = true
		switch {
		case !x.Local && x.PartitionKey == "":
			fail("index %s has no PartitionKey", x.Name)
		case x.Local && x.PartitionKey != "":
			fail("local index %s shares the table's partition key: leave its PartitionKey empty", x.Name)
		case x.Local && (x.SortKey == "" || s.SortKey == ""):
			fail("local index %s needs a SortKey, and a table that has one", x.Name)
		}
		if x.Local {
			local++
		}
	}
	if local > 5 {
		fail("%d local indexes, the limit is 5", local)
	}
	if global := len(s.Indexes) - local; global > 20 {
		fail("%d global indexes, the limit is 20", global)
	}
}

// made reports whether the model comes from NewModel.
func (m *Model) made() bool { return m != nil && m.byName != nil }

// Schema returns the schema with its defaults filled in; of a nil or zero model, the
// zero Schema.
func (m *Model) Schema() Schema {
	if !m.made() {
		return Schema{}
	}
	s := m.schema
	s.Indexes = slices.Clone(s.Indexes)
	return s
}

func (m *Model) addPattern(d PatternDescription) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.patterns = append(m.patterns, d)
}

func (m *Model) addCollection(d PatternDescription) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.collections = append(m.collections, d)
}

// index returns the index of the name; "" is the table itself.
func (m *Model) index(name string) (Index, bool) {
	if name == "" {
		return Index{PartitionKey: m.schema.PartitionKey, SortKey: m.schema.SortKey}, true
	}
	for _, x := range m.schema.Indexes {
		if x.Name == name {
			if x.Local {
				x.PartitionKey = m.schema.PartitionKey
			}
			return x, true
		}
	}
	return Index{}, false
}

// keyAttributes returns the names of every key attribute of the table and its indexes.
func (m *Model) keyAttributes() []string {
	names := []string{m.schema.PartitionKey}
	if m.schema.SortKey != "" {
		names = append(names, m.schema.SortKey)
	}
	for _, x := range m.schema.Indexes {
		for _, a := range []string{x.PartitionKey, x.SortKey} {
			if a != "" {
				names = append(names, a)
			}
		}
	}
	return names
}

// register adds an entity. It refuses one whose items could be taken for those of another.
func (m *Model) register(e *entityCore) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	names := append([]string{e.name}, e.guardNames()...)
	for _, name := range names {
		if _, taken := m.byName[name]; taken {
			return fmt.Errorf("the model has an entity %s already", name)
		}
	}
	for _, other := range append([]*entityCore{e}, m.entities...) {
		if e.guardedBy(other) || other.guardedBy(e) {
			return fmt.Errorf("the guards of unique values of %s and %s could have the keys of the other: give them other prefixes than %s",
				e.name, other.name, guardPrefix)
		}
		if other != e && e.overlaps(other) {
			return fmt.Errorf("its keys %s could equal those of %s, %s: give one of them another prefix",
				e.keyText(), other.name, other.keyText())
		}
	}
	m.entities = append(m.entities, e)
	for _, name := range names {
		m.byName[name] = e
	}
	return nil
}

// ofOthers reports whether the item is one that another package of this module keeps
// for itself in the table, such as a record of package idempotency. Whatever reads many
// items passes over it. Its other attributes say nothing to the model, not even one
// that is called like the discriminator.
func ofOthers(it attr.Item) bool { return marker.Known(attr.Text(it, marker.Attribute)) }

// known reports whether items with the discriminator belong to the model.
func (m *Model) known(name string) bool {
	if name == appliedName {
		return true
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	_, ok := m.byName[name]
	return ok
}

// isExpired reports whether an item with the expiry in epoch seconds is gone for its
// readers; DynamoDB deletes it up to days later.
func isExpired(seconds int64, now time.Time) bool { return seconds > 0 && seconds <= now.Unix() }
