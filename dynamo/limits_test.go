package dynamo_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
)

func TestItemsOverTheLimits(t *testing.T) {
	type everything struct {
		ID     string
		Nested map[string]any
		Floats []float64
		Set    []string `dynamodbav:",stringset"`
		Number string
	}
	m := dynamo.MustModel(dynamo.Schema{PartitionKey: "PK"})
	e := dynamo.MustEntity[everything, thingKey](m, "Thing", dynamo.Key("T#{ID}"))
	table := dynamo.New(noClient{}, "t", m)
	deep := map[string]any{}
	inner := deep
	for range 40 {
		next := map[string]any{}
		inner["x"], inner = next, next
	}
	for want, v := range map[string]everything{
		"is nested deeper than 32 levels":                                                 {Nested: deep},
		"Floats[1] is a number of the magnitude 1E+200, the range is 1E-130 to 9.99E+125": {Floats: []float64{1, 1e200}},
		"Floats[0] is a number of the magnitude 1E-200":                                   {Floats: []float64{1e-200}},
		`Set is a set that holds "a" twice`:                                               {Set: []string{"a", "b", "a"}},
		"Number is not valid UTF-8":                                                       {Number: "\xff"},
		"the limit is 409600 bytes":                                                       {Number: strings.Repeat("x", 409_600)},
	} {
		v.ID = "1"
		_, err := table.Items(e.Put(v))
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "dynamo: put Thing T#1: ")
		require.ErrorIs(t, err, dynamo.ErrInvalid)
	}
	_, err := table.Items(e.Put(everything{ID: "1", Floats: []float64{0, 1e125, -1e-130, 0.1, 123456789.25}}))
	require.NoError(t, err)
}
