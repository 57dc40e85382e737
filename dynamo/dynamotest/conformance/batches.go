package conformance

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/internal/suite"
)

// batches checks BatchWriteItem and BatchGetItem.
func (c *checks) batches() {
	write := func(ctx context.Context, requests ...types.WriteRequest) (*dynamodb.BatchWriteItemOutput, error) {
		return c.client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{c.table: requests}})
	}
	read := func(ctx context.Context, keys ...attrs) (*dynamodb.BatchGetItemOutput, error) {
		return c.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{c.table: {Keys: keys}}})
	}
	put := func(item attrs) types.WriteRequest {
		return types.WriteRequest{PutRequest: &types.PutRequest{Item: item}}
	}
	keys := func(n int) []attrs {
		pk := c.partition()
		var keys []attrs
		for i := range n {
			keys = append(keys, key(pk, fmt.Sprintf("s%03d", i)))
		}
		return keys
	}
	c.Check("25 items are written and read together", func(t *testing.T) {
		all := keys(25)
		var requests []types.WriteRequest
		for _, k := range all {
			requests = append(requests, put(k))
		}
		for len(requests) > 0 {
			out, err := write(t.Context(), requests...)
			suite.NoError(t, err)
			requests = out.UnprocessedItems[c.table]
		}
		got := 0
		suite.Soon(t, func() string {
			out, err := read(t.Context(), append(all, key("nobody", "s"))...)
			suite.NoError(t, err)
			if got = len(out.Responses[c.table]); got != 25 {
				return fmt.Sprint("read ", got)
			}
			return ""
		})
	})
	batch := func(requests ...types.WriteRequest) func(context.Context) error {
		return func(ctx context.Context) error { _, err := write(ctx, requests...); return err }
	}
	get := func(keys ...attrs) func(context.Context) error {
		return func(ctx context.Context) error { _, err := read(ctx, keys...); return err }
	}
	var many []types.WriteRequest
	for _, k := range keys(26) {
		many = append(many, put(k))
	}
	c.refused([]refusal{
		{
			name: "a batch has a key once, whatever is done with it", call: batch(put(key("p", "s")), types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: key("p", "s")}}),
			text: "Provided list of item keys contains duplicates",
		},
		{name: "a batch of reads has a key once", call: get(key("p", "s"), key("p", "s")), text: "Provided list of item keys contains duplicates"},
		{name: "a batch of reads has at most 100 keys", call: get(keys(101)...), text: "Too many items requested for the BatchGetItem call"},
		{name: "a batch of writes has at most 25 requests", call: batch(many...), text: "1 validation error detected: Value …at 'requestItems' failed to satisfy constraint: …"},
		{name: "a batch checks the keys of its items", call: batch(put(attrs{"PK": str("p")})), text: "The provided key element does not match the schema"},
		{name: "a batch has no item over 409,600 bytes", call: batch(put(with(key("p", "s"), attrs{"v": str(strings.Repeat("x", 409_600))}))), text: "Item size has exceeded the maximum allowed size"},
	})
}
