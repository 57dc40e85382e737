package dynamotest_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/dynamotest"
)

// recorder is a TB that keeps what it is told, as a test that has failed.
type recorder struct {
	errors, logs []string
	cleanups     []func()
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func (r *recorder) Logf(format string, args ...any) {
	r.logs = append(r.logs, fmt.Sprintf(format, args...))
}
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Failed() bool     { return len(r.errors) > 0 }

// newLines makes a database with a table that has the keys Order and Line.
func newLines(t *testing.T, tb dynamotest.TB) (*dynamotest.DynamoDB, *dynamodb.Client) {
	t.Helper()
	db := dynamotest.New(tb)
	client := db.Client()
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("lines"),
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("Order"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("Line"), AttributeType: types.ScalarAttributeTypeN},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("Order"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("Line"), KeyType: types.KeyTypeRange},
		},
		BillingMode: types.BillingModePayPerRequest,
	})
	require.NoError(t, err)
	for _, line := range []string{"10", "2", "-1"} {
		_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("lines"), Item: map[string]types.AttributeValue{
			"Order": &types.AttributeValueMemberS{Value: "42"},
			"Line":  &types.AttributeValueMemberN{Value: line},
			"Notes": &types.AttributeValueMemberL{Value: []types.AttributeValue{
				&types.AttributeValueMemberNULL{Value: true},
				&types.AttributeValueMemberBOOL{Value: true},
				&types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"x": &types.AttributeValueMemberB{Value: []byte("y")}}},
				&types.AttributeValueMemberSS{Value: []string{"a", "b"}},
				&types.AttributeValueMemberNS{Value: []string{"1"}},
				&types.AttributeValueMemberBS{Value: [][]byte{[]byte("z")}},
			}},
		}})
		require.NoError(t, err)
	}
	return db, client
}

func TestItemsAreWhatAClientReads(t *testing.T) {
	db, client := newLines(t, t)
	calls := len(db.Journal())
	items := db.Items("lines")
	require.Len(t, db.Journal(), calls)
	out, err := client.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String("lines")})
	require.NoError(t, err)
	require.Equal(t, out.Items, items)
	var lines []string
	for _, item := range items {
		lines = append(lines, item["Line"].(*types.AttributeValueMemberN).Value)
	}
	require.Equal(t, []string{"-1", "2", "10"}, lines)

	r := &recorder{}
	require.Empty(t, dynamotest.New(r).Items("lines"))
	require.Equal(t, []string{"dynamotest: Items: there is no table lines"}, r.errors)
}

func TestRequireItem(t *testing.T) {
	db, _ := newLines(t, t)
	item := db.RequireItem(t, "lines", "42", 10)
	require.Equal(t, &types.AttributeValueMemberN{Value: "10"}, item["Line"])
	item = db.RequireItem(t, "arn:aws:dynamodb:us-east-1:123456789012:table/lines", "42", -1.0)
	require.Equal(t, &types.AttributeValueMemberN{Value: "-1"}, item["Line"])

	for want, key := range map[string][]any{
		`table lines has no item with the key {"Line":{"N":"3"},"Order":{"S":"42"}}; it has {"Line":{"N":"-1"},"Order":{"S":"42"}}, {"Line":{"N":"2"},"Order":{"S":"42"}}, {"Line":{"N":"10"},"Order":{"S":"42"}}`: {"42", 3},
		"the key of table lines is Order and Line; the test gives 1 value":                                      {"42"},
		"3 is no value of Order, which is of type S: the attribute has another type":                            {3, 3},
		"true is no value of Line, which is of type N: a key is a string, a []byte or a number, and not a bool": {"42", true},
	} {
		r := &recorder{}
		require.Nil(t, db.RequireItem(r, "lines", key...))
		require.Equal(t, []string{"dynamotest: RequireItem: " + want}, r.errors)
	}
	r := &recorder{}
	db.RequireItem(r, "orders", "42")
	require.Equal(t, []string{"dynamotest: RequireItem: there is no table orders"}, r.errors)
}

func TestRequireNoScan(t *testing.T) {
	db, client := newLines(t, t)
	db.RequireNoScan(t)
	_, err := client.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String("lines")})
	require.NoError(t, err)
	r := &recorder{}
	db.RequireNoScan(r)
	require.Equal(t, []string{"dynamotest: Scan of arn:aws:dynamodb:us-east-1:123456789012:table/lines"}, r.errors)
}

const dumped = `table lines: 3 items
  {"Line":{"N":"-1"},"Notes":{"L":[{"NULL":true},{"BOOL":true},{"M":{"x":{"B":"eQ=="}}},{"SS":["a","b"]},{"NS":["1"]},{"BS":["eg=="]}]},"Order":{"S":"42"}}
  {"Line":{"N":"2"},"Notes":{"L":[{"NULL":true},{"BOOL":true},{"M":{"x":{"B":"eQ=="}}},{"SS":["a","b"]},{"NS":["1"]},{"BS":["eg=="]}]},"Order":{"S":"42"}}
  {"Line":{"N":"10"},"Notes":{"L":[{"NULL":true},{"BOOL":true},{"M":{"x":{"B":"eQ=="}}},{"SS":["a","b"]},{"NS":["1"]},{"BS":["eg=="]}]},"Order":{"S":"42"}}
`

func TestAFailedTestShowsTheDatabase(t *testing.T) {
	r := &recorder{}
	db, _ := newLines(t, r)
	require.Equal(t, dumped, db.Dump())
	for _, f := range r.cleanups {
		f()
	}
	require.Empty(t, r.logs, "the test has not failed")
	r.Errorf("failed")
	for _, f := range r.cleanups {
		f()
	}
	const table = "arn:aws:dynamodb:us-east-1:123456789012:table/lines"
	require.Equal(t, []string{"patternkit: the test has failed; DynamoDB is left with\n" + dumped + `last calls:
  CreateTable ` + table + `: ok
  PutItem ` + table + `: ok
  PutItem ` + table + `: ok
  PutItem ` + table + `: ok
`}, r.logs)
}

func TestReset(t *testing.T) {
	db, client := newLines(t, t)
	db.Throttle("").Times(-1)
	db.Reset()
	require.Empty(t, db.Dump())
	require.Empty(t, db.Journal())
	out, err := client.ListTables(t.Context(), &dynamodb.ListTablesInput{})
	require.NoError(t, err)
	require.Empty(t, out.TableNames)
}
