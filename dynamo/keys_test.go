package dynamo_test

import (
	"cmp"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/patternkit/serverless/dynamo"
)

type pairKey struct{ A, B string }

type pair struct {
	A, B string
	No   int
	U    uint64
	At   time.Time
	Flag bool
	ID   textID
	Ptr  *string
}

// textID has a textual form and no other.
type textID [2]byte

func (i textID) MarshalText() ([]byte, error) { return []byte{'a' + i[0]%26, 'a' + i[1]%26}, nil }

func pairs(tb testing.TB) (*dynamo.Table, *dynamo.Entity[pair, pairKey]) {
	tb.Helper()
	m := schema(tb)
	e := dynamo.MustEntity[pair, pairKey](m, "Pair", dynamo.Key("A#{A}#{B}", "X"),
		dynamo.InIndex("GSI1", "N#{No:06}", "{U:020}#{At}#{ID}"),
		dynamo.InIndex("GSI2", "P#{Ptr}"), dynamo.InIndex("LSI1", "{At:ms}#{Flag}"))
	return dynamo.New(noClient{}, "t", m), e
}

func put(table *dynamo.Table, w dynamo.Write) (map[string]types.AttributeValue, error) {
	items, err := table.Items(w)
	if err != nil {
		return nil, err
	}
	return items[0].Put.Item, nil
}

func text(v types.AttributeValue) string {
	if s, ok := v.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

func TestKeysOfAnItem(t *testing.T) {
	table, e := pairs(t)
	name := "n"
	it, err := put(table, e.Put(pair{
		A: "a", B: "ü", No: 7, U: 9, At: time.Date(2026, 1, 2, 3, 4, 5, 6789012, time.FixedZone("", 3600)),
		ID: textID{0, 1}, Ptr: &name,
	}))
	require.NoError(t, err)
	for attribute, want := range map[string]string{
		"PK": "A#a#ü", "SK": "X", "EntityType": "Pair",
		"GSI1PK": "N#000007", "GSI1SK": "00000000000000000009#2026-01-02T02:04:05.006789012Z#ab",
		"GSI2PK": "P#n", "LSI1SK": "2026-01-02T02:04:05.006Z#false",
	} {
		require.Equal(t, want, text(it[attribute]), attribute)
	}
	it, err = put(table, e.Put(pair{A: "a", B: "b"}))
	require.NoError(t, err)
	require.Contains(t, it, "GSI1PK", "a number is never empty")
	for _, absent := range []string{"GSI1SK", "GSI2PK", "LSI1SK"} {
		require.NotContains(t, it, absent, "an empty field leaves the item out of the index")
	}
}

func TestValuesThatCannotBeKeys(t *testing.T) {
	table, e := pairs(t)
	long := strings.Repeat("x", 2100)
	for name, tc := range map[string]struct {
		value pair
		want  string
	}{
		"empty":     {pair{A: "", B: "b"}, "dynamo: put Pair: A is empty, and part of the key A#{A}#{B}"},
		"separator": {pair{A: "a#x", B: "b"}, `A is "a#x", which contains the separator "#"`},
		"utf8":      {pair{A: "\xff", B: "b"}, "A is not valid UTF-8"},
		"highest":   {pair{A: "\U0010FFFF", B: "b"}, "contains U+10FFFF"},
		"negative":  {pair{A: "a", B: "b", No: -1}, "No is -1: a negative number has no place in a sortable key"},
		"width":     {pair{A: "a", B: "b", No: 1234567}, "No is 1234567, the key has room for 6 digits"},
		"year":      {pair{A: "a", B: "b", At: time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)}, "At cannot be stored: the time is in the year 12000"},
		"long":      {pair{A: long, B: "b"}, "PK is 2104 bytes, the limit of a key is 2048 bytes"},
		"all":       {pair{A: "#", B: "#", No: -1}, `A is "#", which contains the separator "#"; B is "#"`},
	} {
		_, err := put(table, e.Put(tc.value))
		require.ErrorContains(t, err, tc.want, name)
		require.ErrorIs(t, err, dynamo.ErrInvalid, name)
	}
	_, err := put(table, e.Put(pair{A: "a", B: "b", ID: textID{1}, At: noon, U: math.MaxUint64}))
	require.NoError(t, err)
}

func TestDistinctKeysStayDistinct(t *testing.T) {
	table, e := pairs(t)
	rapid.Check(t, func(t *rapid.T) {
		alphabet := rapid.StringMatching(`[ab#A!~\x{10FFFE}]{0,4}`)
		x := pair{A: alphabet.Draw(t, "A1"), B: alphabet.Draw(t, "B1")}
		y := pair{A: alphabet.Draw(t, "A2"), B: alphabet.Draw(t, "B2")}
		a, errA := put(table, e.Put(x))
		b, errB := put(table, e.Put(y))
		if errA == nil && errB == nil {
			require.Equal(t, x == y, text(a["PK"]) == text(b["PK"]))
		}
	})
}

func TestKeysSortAsTheirValues(t *testing.T) {
	table, e := pairs(t)
	rapid.Check(t, func(t *rapid.T) {
		draw := func(n string) pair {
			return pair{
				A: "a", B: "b", ID: textID{1}, No: rapid.IntRange(0, 999999).Draw(t, n+"No"),
				U:  rapid.Uint64().Draw(t, n+"U"),
				At: time.Unix(rapid.Int64Range(-6e10, 2.5e11).Draw(t, n+"s"), rapid.Int64Range(0, 1e9-1).Draw(t, n+"ns")),
			}
		}
		x, y := draw("x"), draw("y")
		a, err := put(table, e.Put(x))
		require.NoError(t, err)
		b, err := put(table, e.Put(y))
		require.NoError(t, err)
		require.Equal(t, cmp.Compare(x.No, y.No), strings.Compare(text(a["GSI1PK"]), text(b["GSI1PK"])))
		if want := cmp.Compare(x.U, y.U); want != 0 {
			require.Equal(t, want, strings.Compare(text(a["GSI1SK"]), text(b["GSI1SK"])))
		}
		if want := x.At.Truncate(time.Millisecond).Compare(y.At.Truncate(time.Millisecond)); want != 0 && !x.At.IsZero() && !y.At.IsZero() {
			require.Equal(t, want, strings.Compare(text(a["LSI1SK"]), text(b["LSI1SK"])))
		}
	})
}
