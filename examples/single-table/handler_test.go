package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/dynamo/tabledef"
)

func newAPI(t *testing.T) API {
	t.Helper()
	db := dynamotest.New(t)
	table := dynamo.New(db.Client(), "shop", Store, func(o *dynamo.Options) { o.CursorKeys = [][]byte{[]byte("secret")} })
	require.NoError(t, tabledef.Create(t.Context(), db.Client(), table))
	return API{Table: table}
}

// call answers a request such as "GET /users/{id}" with its parameters; out may be nil.
func (a API) call(t *testing.T, route, id, body string, query map[string]string, out any) int {
	t.Helper()
	got, err := a.Handle(t.Context(), awsevents.APIGatewayV2HTTPRequest{
		RouteKey: route, PathParameters: map[string]string{"id": id}, QueryStringParameters: query, Body: body,
	})
	require.NoError(t, err)
	if out != nil {
		require.NoError(t, json.Unmarshal([]byte(got.Body), out), got.Body)
	}
	return got.StatusCode
}

func (a API) fill(t *testing.T) {
	t.Helper()
	require.Equal(t, 200, a.call(t, "POST /users", "", `{"userId":"123","email":"John@ex.com","name":"John"}`, nil, nil))
	for i := range 5 {
		body := fmt.Sprintf(`{"order":{"orderId":"%d","userId":"123","amount":100},"items":[{"no":1,"productId":"abc","quantity":2},{"no":2,"productId":"def","quantity":1}]}`, 455+i)
		require.Equal(t, 200, a.call(t, "POST /orders", "", body, nil, nil))
		time.Sleep(time.Hour)
	}
}

func TestFiveAccessPatterns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI(t)
		a.fill(t)

		var u User
		require.Equal(t, 200, a.call(t, "GET /users/{id}", "123", "", nil, &u))
		require.Equal(t, "John", u.Name)

		var bought List[Purchase]
		require.Equal(t, 200, a.call(t, "GET /users/{id}/orders", "123", "", map[string]string{"limit": "3"}, &bought))
		require.Len(t, bought.Items, 3)
		require.Equal(t, "459", bought.Items[0].OrderID, "newest first")
		next := map[string]string{"limit": "3", "cursor": bought.Cursor}
		require.Equal(t, 200, a.call(t, "GET /users/{id}/orders", "123", "", next, &bought))
		require.Len(t, bought.Items, 2)
		require.Equal(t, 400, a.call(t, "GET /users/{id}/orders", "124", "", next, nil), "the cursor is of another user")

		var pending List[Order]
		since := time.Now().Add(-150 * time.Minute).Format(time.RFC3339)
		require.Equal(t, 200, a.call(t, "GET /orders", "", "", map[string]string{"status": "pending", "since": since}, &pending))
		require.Len(t, pending.Items, 2)

		require.Equal(t, 200, a.call(t, "GET /users", "", "", map[string]string{"email": "john@EX.com"}, &u))
		require.Equal(t, "123", u.UserID)

		var view OrderView
		require.Equal(t, 200, a.call(t, "GET /orders/{id}", "456", "", nil, &view))
		require.Equal(t, int64(100), view.Order.Amount)
		require.Len(t, view.Items, 2)

		var sold List[Item]
		require.Equal(t, 200, a.call(t, "GET /products/{id}/orders", "abc", "", nil, &sold))
		require.Len(t, sold.Items, 5)
	})
}

func TestTheStatusMovesWithItsIndex(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI(t)
		a.fill(t)
		require.Equal(t, 200, a.call(t, "PUT /orders/{id}/status", "456", `{"from":"pending","to":"paid"}`, nil, nil))
		require.Equal(t, 409, a.call(t, "PUT /orders/{id}/status", "456", `{"from":"pending","to":"paid"}`, nil, nil))
		require.Equal(t, 404, a.call(t, "PUT /orders/{id}/status", "999", `{"from":"pending","to":"paid"}`, nil, nil))
		var paid, pending List[Order]
		require.Equal(t, 200, a.call(t, "GET /orders", "", "", map[string]string{"status": "paid"}, &paid))
		require.Equal(t, 200, a.call(t, "GET /orders", "", "", map[string]string{"status": "pending"}, &pending))
		require.Len(t, paid.Items, 1)
		require.Equal(t, int64(2), paid.Items[0].Version)
		require.Len(t, pending.Items, 4)
	})
}

func TestWhatIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI(t)
		a.fill(t)
		order := `{"order":{"orderId":"456","userId":"123"}}`
		require.Equal(t, 409, a.call(t, "POST /orders", "", order, nil, nil), "the order is there")
		require.Equal(t, 404, a.call(t, "POST /orders", "", `{"order":{"orderId":"9","userId":"nobody"}}`, nil, nil))
		require.Equal(t, 404, a.call(t, "GET /orders/{id}", "9", "", nil, nil), "nothing of it was stored")
		require.Equal(t, 409, a.call(t, "POST /users", "", `{"userId":"7","email":"john@ex.com"}`, nil, nil), "the address is taken")
		var p problem
		require.Equal(t, 400, a.call(t, "POST /users", "", `{"userId":"a#b","email":"x"}`, nil, &p))
		require.Contains(t, p.Message, `UserID is "a#b", which contains the separator "#"`)
		for _, query := range []map[string]string{{"status": "paid", "limit": "0"}, {"status": "paid", "since": "today"}, {"status": "paid", "cursor": "x"}, {}} {
			require.Equal(t, 400, a.call(t, "GET /orders", "", "", query, nil), "%v", query)
		}
		for _, route := range []string{"POST /users", "POST /orders", "PUT /orders/{id}/status", "DELETE /users"} {
			require.Equal(t, 400, a.call(t, route, "1", "{", nil, nil), route)
		}
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
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, patterns, _ := strings.Cut(tabledef.Markdown(Store), "## Entities")
	require.Contains(t, string(readme), strings.TrimSpace(patterns), "paste the output of tabledef.Markdown(Store)")
}
