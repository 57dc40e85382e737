package dynamo

import (
	"fmt"
	"slices"
	"strings"
)

// Doc returns the model as Markdown: the table and its indexes, the keys of every
// entity and the access patterns declared so far.
func (m *Model) Doc() string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var b strings.Builder
	m.docTable(&b)
	m.docEntities(&b)
	m.docAccess(&b)
	return b.String()
}

func (m *Model) docTable(b *strings.Builder) {
	s := &m.schema
	b.WriteString("## Table\n\n")
	row(b, "", "Partition key", "Sort key")
	row(b, "---", "---", "---")
	row(b, "table", s.PartitionKey, s.SortKey)
	for _, x := range s.Indexes {
		kind, partition := "global index ", x.PartitionKey
		if x.Local {
			kind, partition = "local index ", s.PartitionKey
		}
		row(b, kind+x.Name, partition, x.SortKey)
	}
	fmt.Fprintf(b, "\nThe attribute %s holds the entity", s.Discriminator)
	if s.TTL != "" {
		fmt.Fprintf(b, ", %s the expiry", s.TTL)
	}
	b.WriteString(".\n")
}

func (m *Model) docEntities(b *strings.Builder) {
	attributes := m.columns()
	b.WriteString("\n## Entities\n\n")
	row(b, append([]string{"Entity"}, append(attributes, "Notes")...)...)
	row(b, slices.Repeat([]string{"---"}, len(attributes)+2)...)
	for _, e := range m.entities {
		cells := []string{e.name}
		for _, a := range attributes {
			cells = append(cells, e.sourceOf(a))
		}
		row(b, append(cells, e.notes())...)
	}
}

// columns are the key attributes in the order of the schema, each once.
func (m *Model) columns() []string {
	var out []string
	for _, a := range m.keyAttributes() {
		if !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

// sourceOf returns the template of a key attribute, or "".
func (e *entity) sourceOf(attribute string) string {
	return e.templateOf(attribute).String()
}

// notes names what else holds for the entity.
func (e *entity) notes() string {
	var notes []string
	if e.version != nil {
		notes = append(notes, "version "+e.version.field)
	}
	for _, u := range e.uniques {
		notes = append(notes, "unique "+u.source)
	}
	switch {
	case e.expiry != nil:
		notes = append(notes, "expires at "+e.expiry.field)
	case e.expireAfter > 0:
		notes = append(notes, "expires after "+e.expireAfter.String())
	}
	if e.correlated {
		notes = append(notes, "correlated")
	}
	return strings.Join(notes, ", ")
}

func (m *Model) docAccess(b *strings.Builder) {
	b.WriteString("\n## Access patterns\n\n")
	row(b, "Pattern", "Entities", "Through", "Key condition")
	row(b, "---", "---", "---", "---")
	for _, e := range m.entities {
		condition := m.schema.PartitionKey + " = " + e.partition.source
		if e.sort.template != nil {
			condition += ", " + m.schema.SortKey + " = " + e.sort.source
		}
		row(b, "Get "+e.name, e.name, "table", condition)
	}
	for _, p := range m.patterns {
		row(b, p.name, p.entity, through(p.index), p.condition)
	}
	for _, c := range m.collections {
		row(b, c.name, strings.Join(c.entities, ", "), through(c.index), c.condition)
	}
}

func through(index string) string {
	if index == "" {
		return "table"
	}
	return index
}

func row(b *strings.Builder, cells ...string) {
	b.WriteString("|")
	for _, c := range cells {
		b.WriteString(" " + strings.ReplaceAll(c, "|", `\|`) + " |")
	}
	b.WriteString("\n")
}
