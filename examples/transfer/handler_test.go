package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/dynamo/tabledef"
)

// newAPI returns the API with accounts of 100 each.
func newAPI(t *testing.T, users ...string) (API, *dynamotest.DynamoDB) {
	t.Helper()
	db := dynamotest.New(t)
	a := API{Table: dynamo.New(db.Client(), "bank", Store)}
	require.NoError(t, tabledef.Create(t.Context(), db.Client(), a.Table))
	for _, u := range users {
		require.NoError(t, Accounts.Create(Account{AccountKey{u}, 100}).Run(t.Context(), a.Table))
	}
	return a, db
}

func (a API) balance(t *testing.T, user string) int64 {
	t.Helper()
	account, err := Accounts.Get(t.Context(), a.Table, AccountKey{user}, dynamo.Consistent())
	require.NoError(t, err)
	return account.Balance
}

func (a API) post(t *testing.T, body string) (int, string) {
	t.Helper()
	out, err := a.Handle(t.Context(), awsevents.APIGatewayV2HTTPRequest{Body: body})
	require.NoError(t, err)
	return out.StatusCode, out.Body
}

func TestATransferIsDoneOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := newAPI(t, "ann", "bob")
		body := `{"transferId":"1","from":"ann","to":"bob","amount":70}`
		code, first := a.post(t, body)
		require.Equal(t, 200, code, first)
		code, second := a.post(t, body)
		require.Equal(t, 200, code)
		require.Equal(t, first, second, "answered as it was then, though the balance is too low now")
		require.Equal(t, int64(30), a.balance(t, "ann"))
		require.Equal(t, int64(170), a.balance(t, "bob"))
	})
}

func TestWhatIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := newAPI(t, "ann", "bob")
		for body, want := range map[string]int{
			`{`: 400,
			`{"transferId":"1","from":"ann","to":"ann","amount":1}`:   400,
			`{"transferId":"1","from":"ann","to":"bob","amount":-1}`:  400,
			`{"transferId":"1","from":"a#n","to":"bob","amount":1}`:   400,
			`{"transferId":"1","from":"eve","to":"bob","amount":1}`:   404,
			`{"transferId":"1","from":"ann","to":"eve","amount":1}`:   404,
			`{"transferId":"1","from":"ann","to":"bob","amount":101}`: 409,
		} {
			code, answer := a.post(t, body)
			require.Equal(t, want, code, "%s: %s", body, answer)
		}
		_, answer := a.post(t, `{"transferId":"1","from":"ann","to":"bob","amount":101}`)
		require.JSONEq(t, `{"message":"the balance is too low: 100 of 101"}`, answer)
		code, _ := a.post(t, `{"transferId":"1","from":"ann","to":"bob","amount":1}`)
		require.Equal(t, 200, code, "what was refused left no trace")
		code, _ = a.post(t, `{"transferId":"1","from":"ann","to":"bob","amount":2}`)
		require.Equal(t, 409, code, "another transfer under the id")
		require.Equal(t, int64(99), a.balance(t, "ann"))
	})
}

func TestNothingIsLostOrMadeUnderLoadAndFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		users := []string{"a", "b", "c", "d"}
		a, db := newAPI(t, users...)
		db.Throttle("TransactWriteItems").Times(5)
		db.DropReply("TransactWriteItems").Times(5) // done, but nobody hears of it
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				tr := Transfer{TransferKey: TransferKey{fmt.Sprint(i)}, From: users[i%4], To: users[(i+1+i/4%3)%4], Amount: int64(10 + i)}
				for {
					_, err := a.Transfer(t.Context(), tr)
					if err == nil || errors.Is(err, ErrFunds) {
						return
					}
					t.Log("again:", err)
				}
			})
		}
		wg.Wait()
		var sum int64
		for _, u := range users {
			left := a.balance(t, u)
			require.GreaterOrEqual(t, left, int64(0))
			sum += left
		}
		require.Equal(t, int64(400), sum)
	})
}

func TestTheTemplateHasTheModelsTable(t *testing.T) {
	template, err := os.ReadFile("template.yaml")
	require.NoError(t, err)
	var table strings.Builder
	for line := range strings.Lines(tabledef.CloudFormation(Store)) {
		table.WriteString("  " + line)
	}
	require.Contains(t, string(template), table.String(), "paste the output of tabledef.CloudFormation(Store)")
}
