package given_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

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
	require.PanicsWithValue(t, "p: EOF; unexpected EOF", func() {
		given.Must(1, fmt.Errorf("p: %w", errors.Join(io.EOF, io.ErrUnexpectedEOF)))
	})
}

func TestMustPutsManyMistakesOnOneLine(t *testing.T) {
	require.PanicsWithValue(t, "x: mapping: a; b; EOF", func() {
		given.Must(1, given.Mistakes("x: mapping", []error{errors.New("a\nb"), io.EOF}))
	})
}

func TestFaultsAreOneSentence(t *testing.T) {
	var reader *strings.Reader
	f := given.To("p: New")
	require.NotPanics(t, f.Panic)
	f.Nil("the client", nil)
	f.Nil("the other client", reader)
	f.Nil("the handler", (func())(nil))
	f.Nil("the third client", strings.NewReader(""))
	f.NilInside("Store", nil)
	f.NilInside("Bodies", reader)
	f.Empty("the name", "")
	f.Empty("the other name", "x")
	given.Below(f, "MaxSize", -1, 0)
	given.Below(f, "Size", 0, 0)
	given.Below(f, "TTL", -time.Second, time.Second)
	given.Above(f, "MaxSize", int64(12), 11)
	given.Above(f, "Size", 11, 11)
	given.Disabled(f, "Reserve", -time.Second)
	given.Disabled(f, "Grace", time.Duration(-1))
	require.PanicsWithValue(t, "p: New: the client is nil; the other client is a nil *strings.Reader; the handler is nil; "+
		"Bodies is a nil *strings.Reader; the name is empty; MaxSize is -1 and must be 0 or more; TTL is -1s and must be 1s or more; "+
		"MaxSize is 12 and must be 11 or less; Reserve is -1s: only -1 disables it", f.Panic)
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
