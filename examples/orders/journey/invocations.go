package journey

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/patternkit/serverless/examples/localaws/lambdatest"
)

// invocations counts the invocations of all functions by name.
type invocations struct {
	mu    sync.Mutex
	count map[string]int
}

// add counts an invocation: that of orders-FrontDoorFunction for frontdoor.
func (i *invocations) add(in lambdatest.Invocation) {
	name := strings.TrimPrefix(in.Configuration.FunctionName, "orders-")
	name = strings.ToLower(strings.TrimSuffix(name, "Function"))
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.count == nil {
		i.count = map[string]int{}
	}
	i.count[name]++
}

func (i *invocations) report() []Invocation {
	i.mu.Lock()
	defer i.mu.Unlock()
	var out []Invocation
	for _, name := range slices.Sorted(maps.Keys(i.count)) {
		out = append(out, Invocation{name, i.count[name]})
	}
	return out
}
