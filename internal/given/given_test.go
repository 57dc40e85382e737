package given_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/given"
)

func TestNil(t *testing.T) {
	var (
		reader  io.Reader
		pointer *strings.Reader
		boxed   io.Reader = pointer
		handler func()
		table   map[string]int
		list    []int
		queue   chan int
	)
	for name, value := range map[string]any{
		"nil": nil, "interface": reader, "pointer": pointer, "pointer in an interface": boxed,
		"function": handler, "map": table, "slice": list, "channel": queue,
	} {
		require.True(t, given.Nil(value), name)
	}
	for name, value := range map[string]any{
		"pointer": strings.NewReader(""), "function": func() {}, "empty map": map[string]int{}, "empty slice": []int{},
		"struct": struct{}{}, "zero": 0, "empty string": "", "array": [1]*int{},
	} {
		require.False(t, given.Nil(value), name)
	}
}

func TestOptionsAppliesInOrderAndSkipsNil(t *testing.T) {
	got := "default"
	given.Options(&got, []func(*string){nil, func(s *string) { *s += " one" }, nil, func(s *string) { *s += " two" }})
	require.Equal(t, "default one two", got)
	given.Options(&got, nil)
	require.Equal(t, "default one two", got)
}

func TestMust(t *testing.T) {
	require.Equal(t, 1, given.Must(1, nil))
	require.PanicsWithValue(t, "EOF", func() { given.Must(1, io.EOF) })
}

func TestMistakes(t *testing.T) {
	require.NoError(t, given.Mistakes("x: mapping", nil))
	one := given.Mistakes("x: mapping", []error{io.EOF})
	require.EqualError(t, one, "x: mapping: EOF")
	require.ErrorIs(t, one, io.EOF)
	two := given.Mistakes("x: mapping", []error{errors.New("a\nb"), io.EOF})
	require.EqualError(t, two, "x: mapping:\n  a\n  b\n  EOF")
	require.ErrorIs(t, two, io.EOF)
}
