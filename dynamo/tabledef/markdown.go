package tabledef

import (
	"fmt"
	"slices"
	"strings"

	"github.com/patternkit/serverless/dynamo"
)

// Markdown returns the model as a document: the table and its indexes, the keys of every
// entity and the access patterns declared so far.
func Markdown(m *dynamo.Model) string {
	checkModel("Markdown", m)
	d := m.Describe()
	var b strings.Builder
	writeTable(&b, d.Schema)
	writeEntities(&b, d)
	writePatterns(&b, d)
	return b.String()
}

func writeTable(b *strings.Builder, s dynamo.Schema) {
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

func writeEntities(b *strings.Builder, d dynamo.Description) {
	attributes := keyAttributes(d.Schema)
	b.WriteString("\n## Entities\n\n")
	row(b, append([]string{"Entity"}, append(attributes, "Notes")...)...)
	row(b, slices.Repeat([]string{"---"}, len(attributes)+2)...)
	for _, e := range d.Entities {
		cells := []string{e.Name}
		for _, a := range attributes {
			cells = append(cells, e.Keys[a])
		}
		row(b, append(cells, notes(e))...)
	}
}

// notes names what else holds for the entity.
func notes(e dynamo.EntityDescription) string {
	var notes []string
	if e.Version != "" {
		notes = append(notes, "version "+e.Version)
	}
	for _, u := range e.Unique {
		notes = append(notes, "unique "+u)
	}
	switch {
	case e.Expiry != "":
		notes = append(notes, "expires at "+e.Expiry)
	case e.ExpireAfter > 0:
		notes = append(notes, "expires after "+e.ExpireAfter.String())
	}
	if e.Correlated {
		notes = append(notes, "correlated")
	}
	return strings.Join(notes, ", ")
}

func writePatterns(b *strings.Builder, d dynamo.Description) {
	b.WriteString("\n## Access patterns\n\n")
	row(b, "Pattern", "Entities", "Through", "Key condition")
	row(b, "---", "---", "---", "---")
	for _, e := range d.Entities {
		condition := d.Schema.PartitionKey + " = " + e.Keys[d.Schema.PartitionKey]
		if d.Schema.SortKey != "" {
			condition += ", " + d.Schema.SortKey + " = " + e.Keys[d.Schema.SortKey]
		}
		row(b, "Get "+e.Name, e.Name, "table", condition)
	}
	for _, p := range d.Patterns {
		row(b, p.Name, strings.Join(p.Entities, ", "), through(p.Index), p.Condition)
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
