package dynamo

import (
	"fmt"
	"strings"
)

// patternDoc and collectionDoc are what the model remembers of declared access, for
// its documentation.
type (
	patternDoc struct {
		name, entity, index, condition string
	}
	collectionDoc struct {
		name, index, condition string
		entities               []string
	}
)

func (m *Model) addPattern(p *pattern) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.patterns = append(m.patterns, patternDoc{
		name: p.typ.Name(), entity: p.entity.name, index: p.index.Name, condition: p.describe(),
	})
}

// describe shows the key condition of the pattern in words.
func (p *pattern) describe() string {
	text := fmt.Sprintf("%s = %s", p.index.PartitionKey, p.partition.source)
	if p.sort == nil {
		return text
	}
	var prefix strings.Builder
	next := 0
	for _, part := range p.sort.parts {
		if part.field == "" {
			prefix.WriteString(part.literal)
			continue
		}
		if next == len(p.bound) {
			break
		}
		next++
		fmt.Fprintf(&prefix, "{%s}", part.field)
		if p.ranged && next == len(p.bound) {
			return fmt.Sprintf("%s, %s in the range of %s", text, p.index.SortKey, prefix.String())
		}
	}
	switch {
	case prefix.Len() == 0:
		return text
	case next == len(p.sort.fields()):
		return fmt.Sprintf("%s, %s = %s", text, p.index.SortKey, p.sort.source)
	default:
		return fmt.Sprintf("%s, %s begins with %s", text, p.index.SortKey, prefix.String())
	}
}

func (m *Model) addCollection(c *collection) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := collectionDoc{
		name: c.view.Name(), index: c.index.Name,
		condition: fmt.Sprintf("%s = %s", c.index.PartitionKey, c.partition.source),
	}
	for _, member := range c.members {
		d.entities = append(d.entities, member.entity.name)
	}
	m.collections = append(m.collections, d)
}
