package tabledef_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/dynamo/tabledef"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

type (
	OrderKey struct{ OrderID string }
	Order    struct {
		OrderKey
		Status   string
		PlacedAt time.Time
		Version  int64 `dynamo:"version"`
	}
	LineKey struct {
		OrderID string
		No      int
	}
	Line struct {
		LineKey
		SKU string
	}
	OrderView struct {
		Order Order
		Lines []Line
	}
	ByStatus struct {
		Status   string
		PlacedAt dynamo.Range[time.Time]
	}
	UserKey    struct{ UserID string }
	User       struct{ UserID, Email string }
	SessionKey struct{ Token string }
	Session    struct {
		Token   string
		Expires time.Time `dynamodbav:"ExpiresAt,unixtime"`
	}
)

// shop is a model with one of everything.
func shop(t *testing.T) *dynamo.Model {
	t.Helper()
	m := dynamo.MustModel(dynamo.Schema{
		PartitionKey: "PK", SortKey: "SK", TTL: "ExpiresAt",
		Indexes: []dynamo.Index{
			{Name: "GSI1", PartitionKey: "GSI1PK", SortKey: "GSI1SK"},
			{Name: "GSI2", PartitionKey: "GSI2PK"},
			{Name: "LSI1", SortKey: "LSI1SK", Local: true},
		},
	})
	o := dynamo.MustEntity[Order, OrderKey](m, "Order", dynamo.Key("ORDER#{OrderID}", "METADATA"),
		dynamo.InIndex("GSI1", "STATUS#{Status}", "ORDER#{PlacedAt}#{OrderID}"), dynamo.Correlated())
	l := dynamo.MustEntity[Line, LineKey](m, "Line", dynamo.Key("ORDER#{OrderID}", "LINE#{No:04}"), dynamo.InIndex("LSI1", "SKU#{SKU}"))
	dynamo.MustEntity[User, UserKey](m, "User", dynamo.Key("USER#{UserID}", "PROFILE"), dynamo.Unique("{Email:lower}"), dynamo.ExpireAfter(time.Hour))
	dynamo.MustEntity[Session, SessionKey](m, "Session", dynamo.Key("SESSION#{Token}", "SESSION"))
	dynamo.MustAccessPattern[ByStatus](o, "GSI1")
	dynamo.MustAccessPattern[OrderKey](l, "")
	dynamo.MustAccessPattern[LineKey](l, "")
	dynamo.MustCollection[OrderKey, OrderView](o, l)
	return m
}

func TestModelPrintsItself(t *testing.T) {
	m := shop(t)
	golden(t, "markdown.md", tabledef.Markdown(m))
	golden(t, "table.yaml", tabledef.CloudFormation(m))
	policy, err := json.MarshalIndent(tabledef.Statements(m, "${Table.Arn}", tabledef.ReadAccess, tabledef.WriteAccess, tabledef.StreamAccess), "", "  ")
	require.NoError(t, err)
	golden(t, "statement.json", string(policy)+"\n")
	require.Empty(t, tabledef.Statements(m, "arn"))
	odd := dynamo.MustModel(dynamo.Schema{PartitionKey: "1e5", SortKey: "it's"})
	require.Contains(t, tabledef.CloudFormation(odd), "AttributeName: '1e5'")
	require.Contains(t, tabledef.CloudFormation(odd), "AttributeName: 'it''s'")
}

func TestVerifyNamesEveryDifference(t *testing.T) {
	ctx := t.Context()
	m := shop(t)
	db := dynamotest.New(t)
	table := dynamo.New(db.Client(), "shop", m)
	require.NoError(t, tabledef.Create(ctx, db.Client(), table))
	require.NoError(t, tabledef.Verify(ctx, db.Client(), table))
	require.Equal(t, "shop", table.Name())
	require.Equal(t, m, table.Model())

	in := tabledef.CreateTableInput(m, "drift")
	in.KeySchema[1].AttributeName = aws.String("Sort")
	in.LocalSecondaryIndexes = nil
	in.GlobalSecondaryIndexes = in.GlobalSecondaryIndexes[:1]
	in.GlobalSecondaryIndexes[0].Projection = &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly}
	in.StreamSpecification.StreamViewType = types.StreamViewTypeKeysOnly
	in.AttributeDefinitions = []types.AttributeDefinition{
		{AttributeName: aws.String("PK"), AttributeType: "S"},
		{AttributeName: aws.String("Sort"), AttributeType: "S"},
		{AttributeName: aws.String("GSI1PK"), AttributeType: "N"},
		{AttributeName: aws.String("GSI1SK"), AttributeType: "S"},
	}
	_, err := db.Client().CreateTable(ctx, in)
	require.NoError(t, err)
	drift := dynamo.New(db.Client(), "drift", m)
	err = tabledef.Verify(ctx, db.Client(), drift)
	for _, want := range []string{
		"tabledef: verify table drift: ", "the key of the table is (PK / Sort), the schema says (PK / SK)",
		"index GSI1 projects KEYS_ONLY", "the table has no index GSI2", "the table has no index LSI1",
		"the key attribute GSI1PK is of type N", "view type is KEYS_ONLY", "time to live is not on the attribute ExpiresAt",
	} {
		require.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, tabledef.Verify(ctx, db.Client(), dynamo.New(db.Client(), "nope", m)), "verify table nope")
	require.ErrorContains(t, tabledef.Create(ctx, db.Client(), table), "create table shop")
}

func TestCreateWaitsUntilTheTableIsActive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := dynamotest.New(t, func(o *dynamotest.Options) { o.CreateDelay = 5 * time.Second })
		start := time.Now()
		require.NoError(t, tabledef.Create(t.Context(), db.Client(), dynamo.New(db.Client(), "slow", shop(t))))
		require.Equal(t, 5*time.Second, time.Since(start))
		_, err := db.Client().DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("slow")})
		require.NoError(t, err)
	})
}
