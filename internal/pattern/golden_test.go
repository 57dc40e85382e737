package pattern_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/pattern"
)

// TestGolden answers the 5,000 recorded cases of the engine that AWS runs.
func TestGolden(t *testing.T) {
	f, err := os.Open("testdata/golden.jsonl.gz")
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	count := 0
	for lines.Scan() {
		var c struct {
			Pattern, Event, Want, Error string
			Complexity                  int
		}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &c))
		count++
		p, err := pattern.Parse(pattern.EventBridge, []byte(c.Pattern), func(o *pattern.Options) { o.MaxComplexity = 0 })
		if c.Want == "EXC" {
			var refused *pattern.Error
			if !errors.As(err, &refused) || refused.Reason() != c.Error {
				t.Errorf("pattern %s\n got %v\nwant %s", c.Pattern, err, c.Error)
			}
			continue
		}
		if err != nil {
			t.Errorf("pattern %s\n got %v", c.Pattern, err)
			continue
		}
		got, err := p.Match([]byte(c.Event))
		if err != nil || got != (c.Want == "YES") {
			t.Errorf("pattern %s\nevent %s\n got %v %v, want %s", c.Pattern, c.Event, got, err, c.Want)
		}
		if p.Complexity() != c.Complexity {
			t.Errorf("pattern %s\ncomplexity %d, want %d", c.Pattern, p.Complexity(), c.Complexity)
		}
	}
	require.NoError(t, lines.Err())
	require.Equal(t, 5000, count)
}
