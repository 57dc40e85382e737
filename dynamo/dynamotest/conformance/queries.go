package conformance

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/internal/suite"
)

// sortKeys lists the SK of items.
func sortKeys(items []attrs) string {
	var out []string
	for _, item := range items {
		out = append(out, item["SK"].(*types.AttributeValueMemberS).Value)
	}
	return strings.Join(out, " ")
}

// queries checks what queries and scans find, in which order and pages.
func (c *checks) queries() {
	ten := func(t *testing.T) string {
		t.Helper()
		pk := c.partition()
		for i := range 10 {
			c.put(t, with(key(pk, fmt.Sprintf("s%d", i)), attrs{"Rank": num(fmt.Sprint(10 - i)), "n": num(fmt.Sprint(i)), "GSI1PK": str(pk), "GSI1SK": str("same")}))
		}
		return pk
	}
	for _, row := range []struct {
		name, condition string
		values          attrs
		change          func(*dynamodb.QueryInput)
		want            string
		scanned         int32
	}{
		{"a query goes upward", "PK = :p", nil, nil, "s0 s1 s2 s3 s4 s5 s6 s7 s8 s9", 10},
		{"a query goes downward when asked", "PK = :p", nil, func(in *dynamodb.QueryInput) { in.ScanIndexForward, in.Limit = aws.Bool(false), aws.Int32(3) }, "s9 s8 s7", 3},
		{"a bound is not in the range", "PK = :p AND SK < :a", attrs{":a": str("s3")}, nil, "s0 s1 s2", 3},
		{"a bound of >= is in the range", "PK = :p AND SK >= :a", attrs{":a": str("s8")}, nil, "s8 s9", 2},
		{"BETWEEN has both bounds in it", "PK = :p AND SK BETWEEN :a AND :b", attrs{":a": str("s3"), ":b": str("s5")}, nil, "s3 s4 s5", 3},
		{"begins_with compares the beginning", "PK = :p AND begins_with(SK, :a)", attrs{":a": str("s")}, nil, "s0 s1 s2 s3 s4 s5 s6 s7 s8 s9", 10},
		{"a filter leaves out what was read", "PK = :p", attrs{":a": num("7")}, func(in *dynamodb.QueryInput) { in.FilterExpression = aws.String("n > :a") }, "s8 s9", 10},
		{"a limit counts what was read, not what is returned", "PK = :p", attrs{":a": num("4")}, func(in *dynamodb.QueryInput) {
			in.FilterExpression, in.Limit = aws.String("n > :a"), aws.Int32(6)
		}, "s5", 6},
		{"a local index orders numbers by value", "PK = :p", nil, func(in *dynamodb.QueryInput) { in.IndexName = aws.String("LSI1") }, "s9 s8 s7 s6 s5 s4 s3 s2 s1 s0", 10},
		{"a count returns no items", "PK = :p", nil, func(in *dynamodb.QueryInput) { in.Select = types.SelectCount }, "", 10},
	} {
		c.Check(row.name, func(t *testing.T) {
			pk := ten(t)
			in := &dynamodb.QueryInput{
				TableName: &c.table, KeyConditionExpression: &row.condition, ExpressionAttributeValues: with(attrs{":p": str(pk)}, row.values), ConsistentRead: aws.Bool(true),
			}
			if row.change != nil {
				row.change(in)
			}
			out, err := c.client.Query(t.Context(), in)
			suite.NoError(t, err)
			suite.Equal(t, row.want, sortKeys(out.Items))
			suite.Equal(t, row.scanned, out.ScannedCount)
			if in.Select == types.SelectCount {
				suite.Equal(t, row.scanned, out.Count)
			}
		})
	}
	c.Check("pages hold every item once, in order", func(t *testing.T) {
		pk := ten(t)
		for index, want := range map[string]string{"": "s0 s1 s2 s3 s4 s5 s6 s7 s8 s9", "LSI1": "s9 s8 s7 s6 s5 s4 s3 s2 s1 s0"} {
			in := &dynamodb.QueryInput{
				TableName: &c.table, KeyConditionExpression: aws.String("PK = :p"), ExpressionAttributeValues: attrs{":p": str(pk)}, Limit: aws.Int32(3), ConsistentRead: aws.Bool(true),
			}
			if index != "" {
				in.IndexName = &index
			}
			var items []attrs
			for pages := dynamodb.NewQueryPaginator(c.client, in); pages.HasMorePages(); {
				page, err := pages.NextPage(t.Context())
				suite.NoError(t, err)
				items = append(items, page.Items...)
			}
			suite.Equal(t, want, sortKeys(items), index)
		}
	})
	c.Check("a page that a limit ends has a last key though nothing follows", func(t *testing.T) {
		pk := c.partition()
		c.put(t, key(pk, "s"))
		out, err := c.client.Query(t.Context(), &dynamodb.QueryInput{
			TableName: &c.table, KeyConditionExpression: aws.String("PK = :p"), ExpressionAttributeValues: attrs{":p": str(pk)}, Limit: aws.Int32(1), ConsistentRead: aws.Bool(true),
		})
		suite.NoError(t, err)
		suite.Equal(t, key(pk, "s"), out.LastEvaluatedKey)
	})
	c.Check("a page ends after a megabyte that was read, filtered or not", func(t *testing.T) {
		pk := c.partition()
		for i := range 12 {
			c.put(t, with(key(pk, fmt.Sprintf("s%02d", i)), attrs{"v": str(strings.Repeat("x", 100_000))}))
		}
		out, err := c.client.Query(t.Context(), &dynamodb.QueryInput{
			TableName: &c.table, KeyConditionExpression: aws.String("PK = :p"), FilterExpression: aws.String("v = :n"), ConsistentRead: aws.Bool(true),
			ExpressionAttributeValues: attrs{":p": str(pk), ":n": str("none")},
		})
		suite.NoError(t, err)
		suite.Equal(t, 0, len(out.Items))
		suite.Equal(t, int32(11), out.ScannedCount)
		suite.Equal(t, key(pk, "s10"), out.LastEvaluatedKey)
	})
	c.indexes(ten)
}

func (c *checks) indexes(ten func(*testing.T) string) {
	global := func(t *testing.T, pk string, change func(*dynamodb.QueryInput)) []attrs {
		t.Helper()
		in := &dynamodb.QueryInput{TableName: &c.table, IndexName: aws.String("GSI1"), KeyConditionExpression: aws.String("GSI1PK = :p"), ExpressionAttributeValues: attrs{":p": str(pk)}}
		if change != nil {
			change(in)
		}
		out, err := c.client.Query(t.Context(), in)
		suite.NoError(t, err)
		return out.Items
	}
	c.Check("a global index holds what has its key, and only that", func(t *testing.T) {
		pk := c.partition()
		c.put(t, with(key(pk, "whole"), attrs{"GSI1PK": str(pk), "GSI1SK": str("1")}))
		c.put(t, with(key(pk, "half"), attrs{"GSI1PK": str(pk)}))
		c.put(t, key(pk, "none"))
		suite.Soon(t, func() string {
			if got := sortKeys(global(t, pk, nil)); got != "whole" {
				return "the index holds " + got
			}
			return ""
		})
	})
	c.Check("a global index follows an item that moves", func(t *testing.T) {
		pk := c.partition()
		for _, place := range []string{"-a", "-b"} {
			c.put(t, with(key(pk, "s"), attrs{"GSI1PK": str(pk + place), "GSI1SK": str("1")}))
			suite.Soon(t, func() string {
				if got := sortKeys(global(t, pk+place, nil)); got != "s" {
					return place + " has " + got
				}
				return ""
			})
		}
		suite.Equal(t, "", sortKeys(global(t, pk+"-a", nil)))
	})
	c.Check("the last key of a global index has the keys of index and table", func(t *testing.T) {
		pk := ten(t)
		suite.Soon(t, func() string {
			if n := len(global(t, pk, nil)); n != 10 {
				return fmt.Sprint("the index holds ", n)
			}
			return ""
		})
		out, err := c.client.Query(t.Context(), &dynamodb.QueryInput{
			TableName: &c.table, IndexName: aws.String("GSI1"), KeyConditionExpression: aws.String("GSI1PK = :p"), ExpressionAttributeValues: attrs{":p": str(pk)}, Limit: aws.Int32(1),
		})
		suite.NoError(t, err)
		var names []string
		for name := range out.LastEvaluatedKey {
			names = append(names, name)
		}
		slices.Sort(names)
		suite.Equal(t, []string{"GSI1PK", "GSI1SK", "PK", "SK"}, names)
	})
	c.Check("a local index of keys fetches the rest when asked", func(t *testing.T) {
		pk := c.partition()
		item := with(key(pk, "s"), attrs{"Rank": num("1"), "rest": str("x")})
		c.put(t, item)
		for _, which := range []types.Select{"", types.SelectAllAttributes} {
			out, err := c.client.Query(t.Context(), &dynamodb.QueryInput{
				TableName: &c.table, IndexName: aws.String("LSI1"), KeyConditionExpression: aws.String("PK = :p"), ExpressionAttributeValues: attrs{":p": str(pk)},
				Select: which, ConsistentRead: aws.Bool(true),
			})
			suite.NoError(t, err)
			want := item
			if which == "" {
				want = with(key(pk, "s"), attrs{"Rank": num("1")})
			}
			suite.Equal(t, []attrs{want}, out.Items)
		}
	})
	c.Check("the segments of a scan hold every item once", func(t *testing.T) {
		pk := ten(t)
		found := map[string]int{}
		for segment := range int32(3) {
			pages := dynamodb.NewScanPaginator(c.client, &dynamodb.ScanInput{
				TableName: &c.table, Segment: &segment, TotalSegments: aws.Int32(3), ConsistentRead: aws.Bool(true), FilterExpression: aws.String("GSI1PK = :p"),
				ExpressionAttributeValues: attrs{":p": str(pk)},
			})
			for pages.HasMorePages() {
				page, err := pages.NextPage(t.Context())
				suite.NoError(t, err)
				for _, item := range page.Items {
					found[item["SK"].(*types.AttributeValueMemberS).Value]++
				}
			}
		}
		suite.Equal(t, map[string]int{"s0": 1, "s1": 1, "s2": 1, "s3": 1, "s4": 1, "s5": 1, "s6": 1, "s7": 1, "s8": 1, "s9": 1}, found)
	})
}
