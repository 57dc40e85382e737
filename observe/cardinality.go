package observe

import (
	"slices"
	"sync"

	"go.uber.org/zap"
)

// cardinality caps how many values the dimensions of a handler's metrics take.
type cardinality struct {
	max  int
	host *host

	mu   sync.Mutex
	seen map[dimensionOf]map[string]bool
}

type dimensionOf struct{ metric, dimension string }

const otherValue = "other"

// limit returns values with those beyond the cap replaced by "other".
func (c *cardinality) limit(in *instrument, values []string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := values
	for i, v := range values {
		if c.admit(dimensionOf{in.name, in.dims[i]}, v) {
			continue
		}
		if &out[0] == &values[0] {
			out = slices.Clone(values)
		}
		out[i] = otherValue
	}
	return out
}

func (c *cardinality) admit(d dimensionOf, value string) bool {
	known := c.seen[d]
	switch {
	case known[value]:
		return true
	case len(known) < c.max:
		if known == nil {
			if c.seen == nil {
				c.seen = map[dimensionOf]map[string]bool{}
			}
			known = map[string]bool{}
			c.seen[d] = known
		}
		known[value] = true
		return true
	case len(known) == c.max && !known[otherValue]:
		known[otherValue] = true
		c.host.idle(c.host.env.function).base().Warn(`a dimension has too many values; further ones are recorded as "other"`,
			zap.String("metric", d.metric), zap.String("dimension", d.dimension), zap.Int("max", c.max))
	}
	return false
}
