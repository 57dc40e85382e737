//go:build !race

package pattern_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/pattern"
)

// The race detector makes pools forget at random; so this runs without it.

func TestMatchAllocatesNothing(t *testing.T) {
	for name, texts := range sets() {
		var patterns []*pattern.Pattern
		for _, text := range texts {
			patterns = append(patterns, parse(t, pattern.EventBridge, text))
		}
		set, event, buffer := pattern.NewSet(patterns...), []byte(order), make([]int, 0, 5)
		allocs := testing.AllocsPerRun(500, func() {
			if _, err := set.Match(event, buffer); err != nil {
				t.Fatal(err)
			}
		})
		require.Less(t, allocs, 1.0, name)
	}
}
