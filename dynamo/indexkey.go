package dynamo

import (
	"errors"
	"fmt"
	"slices"

	"github.com/patternkit/serverless/dynamo/internal/keytemplate"
)

// indexKey is a key attribute of an index and the template of its value.
type indexKey struct {
	index     string
	attribute string
	sort      bool
	shared    bool // the table's key or an earlier index sets the attribute
	keytemplate.Binding
}

func (e *entityCore) useIndexes(indexes []indexTemplates) error {
	var errs []error
	for _, x := range indexes {
		if err := e.useIndex(x); err != nil {
			errs = append(errs, fmt.Errorf("index %s: %w", x.index, err))
		}
	}
	return errors.Join(errs...)
}

func (e *entityCore) useIndex(x indexTemplates) error {
	index, ok := e.model.index(x.index)
	if !ok || x.index == "" {
		return errors.New("the schema does not have it")
	}
	if slices.Contains(e.indexes, x.index) {
		return errors.New("the entity is on it twice")
	}
	if index.Local {
		x.partition, x.sort = "", x.partition
	}
	e.indexes = append(e.indexes, x.index)
	var errs []error
	for _, k := range []struct {
		attribute, source string
		sort              bool
	}{{index.PartitionKey, x.partition, false}, {index.SortKey, x.sort, true}} {
		if k.attribute == "" && k.source == "" || !k.sort && index.Local {
			continue
		}
		if e.partition.Template == nil && (k.attribute == e.model.schema.PartitionKey || k.attribute == e.model.schema.SortKey) {
			continue // the table's key, which is refused already
		}
		errs = append(errs, e.useIndexKey(x.index, k.attribute, k.source, k.sort))
	}
	return errors.Join(errs...)
}

// useIndexKey gives a key attribute of an index its template. An attribute that has one
// already, from the table's key or another index, keeps it.
func (e *entityCore) useIndexKey(index, attribute, source string, sort bool) error {
	shared := e.templateOf(attribute)
	switch {
	case attribute == "" || source == "" && shared == nil:
		return fmt.Errorf("its sort key is %q and the template of it %q: give both or none", attribute, source)
	case shared != nil && source != "" && source != shared.Source:
		return fmt.Errorf("the attribute %s is %s already, it cannot also be %s", attribute, shared, source)
	}
	t := shared
	if t == nil {
		var err error
		if t, err = e.parse(source); err != nil {
			return err
		}
	}
	if sort {
		if err := checkSortable(t); err != nil {
			return err
		}
	}
	e.indexKeys = append(e.indexKeys, indexKey{
		index: index, attribute: attribute, sort: sort, shared: shared != nil, Binding: t.Bind(e.fieldIndex),
	})
	return nil
}

// templateOf returns the template of a key attribute, or nil.
func (e *entityCore) templateOf(attribute string) *keytemplate.Template {
	switch attribute {
	case "":
		return nil
	case e.model.schema.PartitionKey:
		return e.partition.Template
	case e.model.schema.SortKey:
		return e.sort.Template
	}
	for _, k := range e.indexKeys {
		if k.attribute == attribute {
			return k.Template
		}
	}
	return nil
}
