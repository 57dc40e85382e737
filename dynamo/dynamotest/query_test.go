package dynamotest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
)

// sortKeys lists the SK of items.
func sortKeys(items []attrs) string {
	var out []string
	for _, i := range items {
		out = append(out, i["SK"].(*types.AttributeValueMemberS).Value)
	}
	return strings.Join(out, " ")
}

func TestQuery(t *testing.T) {
	_, client := newTable(t)
	for i := range 10 {
		put(t, client, attrs{
			"PK": str("p"), "SK": str(fmt.Sprintf("s%d", i)), "Rank": num(fmt.Sprint(10 - i)), "n": num(fmt.Sprint(i)),
			"GSI1PK": str("g"), "GSI1SK": str(fmt.Sprint(i % 3)), "rest": str("x"),
		})
	}
	put(t, client, attrs{"PK": str("p2"), "SK": str("a\x00b")})
	put(t, client, attrs{"PK": str("p2"), "SK": str("a")})
	put(t, client, attrs{"PK": str("p2"), "SK": str("a\x00")})
	for _, c := range []struct {
		name, condition, filter string
		change                  func(*dynamodb.QueryInput)
		want                    string
		scanned                 int
	}{
		{"partition", "PK = :p", "", nil, "s0 s1 s2 s3 s4 s5 s6 s7 s8 s9", 10},
		{"backward", "PK = :p", "", func(in *dynamodb.QueryInput) { in.ScanIndexForward = aws.Bool(false); in.Limit = aws.Int32(3) }, "s9 s8 s7", 3},
		{"equal", "PK = :p AND SK = :s3", "", nil, "s3", 1},
		{"less", "PK = :p AND SK < :s3", "", nil, "s0 s1 s2", 3},
		{"at most", "PK = :p AND SK <= :s3", "", nil, "s0 s1 s2 s3", 4},
		{"more", "PK = :p AND SK > :s3", "", nil, "s4 s5 s6 s7 s8 s9", 6},
		{"at least, mirrored", "PK = :p AND :s3 <= SK", "", nil, "s3 s4 s5 s6 s7 s8 s9", 7},
		{"between", "PK = :p AND SK BETWEEN :s3 AND :s5", "", nil, "s3 s4 s5", 3},
		{"prefix", "PK = :p AND begins_with(SK, :s)", "", nil, "s0 s1 s2 s3 s4 s5 s6 s7 s8 s9", 10},
		{"filter", "PK = :p", "n > :four", nil, "s5 s6 s7 s8 s9", 10},
		{"filter and limit", "PK = :p", "n > :four", func(in *dynamodb.QueryInput) { in.Limit = aws.Int32(6) }, "s5", 6},
		{"global index", "GSI1PK = :g AND GSI1SK >= :one", "", func(in *dynamodb.QueryInput) { in.IndexName = aws.String("GSI1") }, "", 6},
		{"local index", "PK = :p AND #r < :four", "", func(in *dynamodb.QueryInput) {
			in.IndexName = aws.String("LSI1")
			in.ExpressionAttributeNames = map[string]string{"#r": "Rank"}
		}, "s9 s8 s7", 3},
		{"zero bytes", "PK = :p2", "", nil, "a a\x00 a\x00b", 3},
		{"zero bytes, prefix", "PK = :p2 AND begins_with(SK, :az)", "", nil, "a\x00 a\x00b", 2},
		{"nobody", "PK = :g", "", nil, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := attrs{
				":p": str("p"), ":p2": str("p2"), ":g": str("g"), ":s": str("s"), ":s3": str("s3"), ":s5": str("s5"), ":four": num("4"),
				":one": str("1"), ":az": str("a\x00"),
			}
			in := &dynamodb.QueryInput{TableName: aws.String("orders"), KeyConditionExpression: aws.String(c.condition), ExpressionAttributeValues: attrs{}}
			for name, v := range all {
				for _, word := range strings.FieldsFunc(c.condition+" "+c.filter, func(r rune) bool { return strings.ContainsRune(" ,()", r) }) {
					if word == name {
						in.ExpressionAttributeValues[name] = v
					}
				}
			}
			if c.filter != "" {
				in.FilterExpression = aws.String(c.filter)
			}
			if c.change != nil {
				c.change(in)
			}
			out, err := client.Query(t.Context(), in)
			require.NoError(t, err)
			if c.want != "" {
				require.Equal(t, c.want, sortKeys(out.Items))
			}
			require.EqualValues(t, c.scanned, out.ScannedCount)
			require.EqualValues(t, len(out.Items), out.Count)
		})
	}
}

// TestPages goes through pages of every kind of read and wants each item once.
func TestPages(t *testing.T) {
	_, client := newTable(t)
	const n = 25
	for i := range n {
		put(t, client, attrs{
			"PK": str("p"), "SK": str(fmt.Sprintf("s%02d", i)), "Rank": num("1"), // all at one place of the local index
			"GSI1PK": str("g"), "GSI1SK": str("same"),
		})
		put(t, client, attrs{"PK": str(fmt.Sprintf("q%02d", i)), "SK": str("x"), "GSI1PK": str("g"), "GSI1SK": str("same")})
	}
	query := func(index, attribute, value string) func(start attrs, backward bool) (*dynamodb.QueryOutput, error) {
		return func(start attrs, backward bool) (*dynamodb.QueryOutput, error) {
			in := &dynamodb.QueryInput{
				TableName: aws.String("orders"), KeyConditionExpression: aws.String(attribute + " = :v"), ExpressionAttributeValues: attrs{":v": str(value)},
				Limit: aws.Int32(4), ExclusiveStartKey: start, ScanIndexForward: aws.Bool(!backward),
			}
			if index != "" {
				in.IndexName = aws.String(index)
			}
			return client.Query(t.Context(), in)
		}
	}
	for name, c := range map[string]struct {
		page func(attrs, bool) (*dynamodb.QueryOutput, error)
		want int
	}{
		"table": {query("", "PK", "p"), n}, "local index": {query("LSI1", "PK", "p"), n}, "global index": {query("GSI1", "GSI1PK", "g"), 2 * n},
	} {
		for _, backward := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " backward=", backward), func(t *testing.T) {
				seen := map[string]int{}
				var start attrs
				for {
					out, err := c.page(start, backward)
					require.NoError(t, err)
					for _, i := range out.Items {
						seen[sortKeys([]attrs{i})+i["PK"].(*types.AttributeValueMemberS).Value]++
					}
					if start = out.LastEvaluatedKey; start == nil {
						break
					}
				}
				require.Len(t, seen, c.want)
				require.NotContains(t, slices.Collect(maps.Values(seen)), 2)
			})
		}
	}
	t.Run("scan in segments", func(t *testing.T) {
		for _, index := range []*string{nil, aws.String("GSI1")} {
			seen := 0
			for segment := range int32(3) {
				pages := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{
					TableName: aws.String("orders"), IndexName: index, Segment: aws.Int32(segment), TotalSegments: aws.Int32(3), Limit: aws.Int32(7),
				})
				for pages.HasMorePages() {
					out, err := pages.NextPage(t.Context())
					require.NoError(t, err)
					seen += len(out.Items)
				}
			}
			require.Equal(t, 2*n, seen)
		}
	})
}

func TestPageOfOneMegabyte(t *testing.T) {
	_, client := newTable(t)
	for i := range 12 {
		put(t, client, attrs{"PK": str("p"), "SK": str(fmt.Sprintf("s%02d", i)), "v": str(strings.Repeat("x", 100_000))})
	}
	in := &dynamodb.QueryInput{
		TableName: aws.String("orders"), KeyConditionExpression: aws.String("PK = :p"), ExpressionAttributeValues: attrs{":p": str("p"), ":n": str("none")},
		FilterExpression: aws.String("v = :n"), ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	}
	out, err := client.Query(t.Context(), in)
	require.NoError(t, err)
	require.Empty(t, out.Items, "the page is empty, and still not the last")
	require.EqualValues(t, 11, out.ScannedCount)
	require.Equal(t, attrs{"PK": str("p"), "SK": str("s10")}, out.LastEvaluatedKey)
	require.InDelta(t, 134.5, *out.ConsumedCapacity.CapacityUnits, 0)
	in.ExclusiveStartKey = out.LastEvaluatedKey
	out, err = client.Query(t.Context(), in)
	require.NoError(t, err)
	require.EqualValues(t, 1, out.ScannedCount)
	require.Nil(t, out.LastEvaluatedKey)
}

func TestCursorAtTheEnd(t *testing.T) {
	_, client := newTable(t)
	put(t, client, attrs{"PK": str("p"), "SK": str("s")})
	out, err := client.Query(t.Context(), &dynamodb.QueryInput{
		TableName: aws.String("orders"), KeyConditionExpression: aws.String("PK = :p"), ExpressionAttributeValues: attrs{":p": str("p")}, Limit: aws.Int32(1),
	})
	require.NoError(t, err)
	require.NotNil(t, out.LastEvaluatedKey, "the limit stopped the page, so there is a cursor though nothing follows")
}

func TestProjections(t *testing.T) {
	_, client := newTable(t)
	put(t, client, attrs{"PK": str("p"), "SK": str("s"), "Rank": num("1"), "rest": str("x")})
	read := func(change func(*dynamodb.QueryInput)) attrs {
		in := &dynamodb.QueryInput{
			TableName: aws.String("orders"), IndexName: aws.String("LSI1"), KeyConditionExpression: aws.String("PK = :p"),
			ExpressionAttributeValues: attrs{":p": str("p")},
		}
		change(in)
		out, err := client.Query(t.Context(), in)
		require.NoError(t, err)
		require.EqualValues(t, 1, out.Count)
		if len(out.Items) == 0 {
			return nil
		}
		return out.Items[0]
	}
	require.Equal(t, attrs{"PK": str("p"), "SK": str("s"), "Rank": num("1")}, read(func(*dynamodb.QueryInput) {}))
	require.Equal(t, attrs{"PK": str("p"), "SK": str("s"), "Rank": num("1"), "rest": str("x")},
		read(func(in *dynamodb.QueryInput) { in.Select = types.SelectAllAttributes }), "a local index fetches from the table")
	require.Equal(t, attrs{"rest": str("x")}, read(func(in *dynamodb.QueryInput) { in.ProjectionExpression = aws.String("rest") }))
	require.Nil(t, read(func(in *dynamodb.QueryInput) { in.Select = types.SelectCount }))
}

func TestMultiAttributeKeys(t *testing.T) {
	_, client := newTable(t, func(in *dynamodb.CreateTableInput) {
		in.TableName = aws.String("games")
		in.LocalSecondaryIndexes = nil
		in.AttributeDefinitions = []types.AttributeDefinition{
			{AttributeName: aws.String("PK"), AttributeType: "S"},
			{AttributeName: aws.String("SK"), AttributeType: "S"},
			{AttributeName: aws.String("country"), AttributeType: "S"},
			{AttributeName: aws.String("league"), AttributeType: "S"},
			{AttributeName: aws.String("yearNo"), AttributeType: "N"},
			{AttributeName: aws.String("team"), AttributeType: "S"},
		}
		in.GlobalSecondaryIndexes[0].KeySchema = []types.KeySchemaElement{
			{AttributeName: aws.String("country"), KeyType: "HASH"},
			{AttributeName: aws.String("league"), KeyType: "HASH"},
			{AttributeName: aws.String("yearNo"), KeyType: "RANGE"},
			{AttributeName: aws.String("team"), KeyType: "RANGE"},
		}
	})
	for i, g := range []attrs{
		{"country": str("de"), "league": str("1"), "yearNo": num("2024"), "team": str("b")},
		{"country": str("de"), "league": str("1"), "yearNo": num("999"), "team": str("z")},
		{"country": str("de"), "league": str("1"), "yearNo": num("2024"), "team": str("a")},
		{"country": str("de"), "league": str("2"), "yearNo": num("2024"), "team": str("a")},
		{"country": str("de"), "league": str("1"), "yearNo": num("2024")}, // sparse
	} {
		g["PK"], g["SK"] = str("p"), str(fmt.Sprint(i))
		_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("games"), Item: g})
		require.NoError(t, err)
	}
	query := func(condition string, values attrs) (string, error) {
		out, err := client.Query(t.Context(), &dynamodb.QueryInput{
			TableName: aws.String("games"), IndexName: aws.String("GSI1"), KeyConditionExpression: aws.String(condition), ExpressionAttributeValues: values,
		})
		if err != nil {
			return "", err
		}
		return sortKeys(out.Items), nil
	}
	got, err := query("country = :c AND league = :l", attrs{":c": str("de"), ":l": str("1")})
	require.NoError(t, err)
	require.Equal(t, "1 2 0", got)
	got, err = query("country = :c AND league = :l AND yearNo = :y AND team > :t", attrs{":c": str("de"), ":l": str("1"), ":y": num("2024"), ":t": str("a")})
	require.NoError(t, err)
	require.Equal(t, "0", got)
	_, err = query("country = :c AND league = :l AND team = :t", attrs{":c": str("de"), ":l": str("1"), ":t": str("a")})
	require.ErrorContains(t, err, "RANGE key attributes yearNo must have equality conditions specified in the query because a condition is present on key attribute team")
}

// size() of a string counts UTF-16 code units, as conditions, filters and updates see it.
func TestSizeOfAStringIsInUTF16Units(t *testing.T) {
	db, _ := newTable(t)
	for text, units := range map[string]int{"": 0, "abc": 3, "é": 1, "e\u0301": 2, "日本": 2, "😀": 2, "a😀é": 4} {
		value, err := json.Marshal(map[string]string{"S": text})
		require.NoError(t, err)
		status, _ := call(t, db, "PutItem", fmt.Sprintf(`{"TableName":"orders","Item":{"PK":{"S":"p"},"SK":{"S":"s"},"v":%s,"b":{"B":"w6k="}}}`, value))
		require.Equal(t, 200, status)
		_, answer := call(t, db, "Scan", fmt.Sprintf(`{"TableName":"orders","FilterExpression":"size(v) = :n AND size(b) = :two","ExpressionAttributeValues":{":n":{"N":"%d"},":two":{"N":"2"}}}`, units))
		require.Equal(t, 1.0, answer["Count"], "%q has %d", text, units)
	}
}
