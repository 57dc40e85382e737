package dynamotest_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
)

// TestAgainstModel makes random writes and holds every index and every range
// against a plain map that is filtered and sorted.
func TestAgainstModel(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			_, client := newTable(t)
			model := map[string]attrs{}
			for range 150 {
				key := attrs{"PK": str(fmt.Sprint("p", random.IntN(3))), "SK": str(fmt.Sprint("s", random.IntN(12)))}
				id := text(key["PK"]) + text(key["SK"])
				switch random.IntN(5) {
				case 0:
					_, err := client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: aws.String("orders"), Key: key})
					require.NoError(t, err)
					delete(model, id)
				case 1:
					_, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
						TableName: aws.String("orders"), Key: key, UpdateExpression: aws.String("REMOVE GSI1PK SET #r = :r"),
						ExpressionAttributeNames: map[string]string{"#r": "Rank"}, ExpressionAttributeValues: attrs{":r": num("7.5")},
					})
					require.NoError(t, err)
					item := maps.Clone(model[id])
					if item == nil {
						item = key
					}
					delete(item, "GSI1PK")
					item["Rank"] = num("7.5")
					model[id] = item
				default:
					item := maps.Clone(key)
					if random.IntN(3) > 0 {
						item["GSI1PK"] = str(fmt.Sprint("g", random.IntN(2)))
						item["GSI1SK"] = str(fmt.Sprint(random.IntN(100)))
					}
					if random.IntN(3) > 0 {
						item["Rank"] = num(fmt.Sprint(random.IntN(300) - 150))
					}
					put(t, client, item)
					model[id] = item
				}
			}
			checkModel(t, client, model, random)
		})
	}
}

func text(v types.AttributeValue) string {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return v.Value
	}
	return ""
}

func checkModel(t *testing.T, client *dynamodb.Client, model map[string]attrs, random *rand.Rand) {
	t.Helper()
	scanned, err := client.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String("orders")})
	require.NoError(t, err)
	require.Len(t, scanned.Items, len(model))
	number := func(v types.AttributeValue) float64 { f, _ := strconv.ParseFloat(text(v), 64); return f }
	for _, c := range []struct {
		index, hash, sort string
		bound             types.AttributeValue
		compare           func(a, b types.AttributeValue) int
	}{
		{"", "PK", "SK", str(fmt.Sprint("s", random.IntN(12))), func(a, b types.AttributeValue) int { return cmp.Compare(text(a), text(b)) }},
		{"GSI1", "GSI1PK", "GSI1SK", str(fmt.Sprint(random.IntN(100))), func(a, b types.AttributeValue) int { return cmp.Compare(text(a), text(b)) }},
		{"LSI1", "PK", "Rank", num(fmt.Sprint(random.IntN(300) - 150)), func(a, b types.AttributeValue) int { return cmp.Compare(number(a), number(b)) }},
	} {
		for _, hash := range []string{"p0", "p1", "p2", "g0", "g1"} {
			var want []attrs
			for _, item := range model {
				if text(item[c.hash]) == hash && item[c.sort] != nil && c.compare(item[c.sort], c.bound) >= 0 {
					want = append(want, item)
				}
			}
			slices.SortFunc(want, func(a, b attrs) int { return c.compare(a[c.sort], b[c.sort]) })
			in := &dynamodb.QueryInput{
				TableName: aws.String("orders"), KeyConditionExpression: aws.String("#h = :h AND #s >= :s"),
				ExpressionAttributeNames: map[string]string{"#h": c.hash, "#s": c.sort}, ExpressionAttributeValues: attrs{":h": str(hash), ":s": c.bound},
			}
			if c.index != "" {
				in.IndexName = aws.String(c.index)
			}
			out, err := client.Query(t.Context(), in)
			require.NoError(t, err)
			require.Len(t, out.Items, len(want), "%s of %s", hash, c.index)
			for i := range want {
				require.Zero(t, c.compare(want[i][c.sort], out.Items[i][c.sort]), "order in %s", c.index)
			}
		}
	}
}

// TestConcurrentTransfers moves money in transactions from many goroutines:
// none may be lost or made.
func TestConcurrentTransfers(t *testing.T) {
	db, client := newTable(t)
	for i := range 4 {
		put(t, client, attrs{"PK": str("account"), "SK": str(fmt.Sprint(i)), "balance": num("100")})
	}
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 2))
			for range 25 {
				from, to := random.IntN(4), random.IntN(4)
				move := func(account, amount int, condition *string) types.TransactWriteItem {
					values := attrs{":n": num(fmt.Sprint(amount))}
					if condition != nil {
						values[":min"] = num(fmt.Sprint(-amount))
					}
					return types.TransactWriteItem{Update: &types.Update{
						TableName: aws.String("orders"), Key: attrs{"PK": str("account"), "SK": str(fmt.Sprint(account))},
						UpdateExpression: aws.String("ADD balance :n"), ConditionExpression: condition, ExpressionAttributeValues: values,
					}}
				}
				amount := 1 + random.IntN(60)
				_, err := client.TransactWriteItems(context.Background(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
					move(from, -amount, aws.String("balance >= :min")), move(to, amount, nil),
				}})
				if _, canceled := errors.AsType[*types.TransactionCanceledException](err); err != nil && !canceled && from != to {
					t.Errorf("transfer: %v", err)
				}
			}
		})
	}
	snapshots := db.Snapshot()
	wg.Wait()
	sum := func() int {
		out, err := client.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String("orders")})
		require.NoError(t, err)
		total := 0
		for _, i := range out.Items {
			n, err := strconv.Atoi(text(i["balance"]))
			require.NoError(t, err)
			require.GreaterOrEqual(t, n, 0)
			total += n
		}
		return total
	}
	require.Equal(t, 400, sum())
	db.Restore(snapshots)
	require.Equal(t, 400, sum(), "a snapshot falls between transactions, not into one")
}
