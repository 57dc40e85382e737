package dynamo_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/dynamotest"
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

// shop is a model with one of everything.
func shop(t *testing.T) *dynamo.Model {
	t.Helper()
	m := schema(t)
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
	golden(t, "doc.md", m.Doc())
	golden(t, "table.yaml", m.CloudFormation())
	policy, err := json.MarshalIndent(m.Statement("${Table.Arn}", dynamo.ReadAccess, dynamo.WriteAccess, dynamo.StreamAccess), "", "  ")
	require.NoError(t, err)
	golden(t, "statement.json", string(policy)+"\n")
	require.Empty(t, m.Statement("arn"))
	require.Equal(t, []string{"Order", "Line", "User", "Session"}, m.Entities())
	require.Equal(t, "EntityType", m.Schema().Discriminator)
	odd := dynamo.MustModel(dynamo.Schema{PartitionKey: "1e5", SortKey: "it's"})
	require.Contains(t, odd.CloudFormation(), "AttributeName: '1e5'")
	require.Contains(t, odd.CloudFormation(), "AttributeName: 'it''s'")
}

func TestVerifyNamesEveryDifference(t *testing.T) {
	ctx := t.Context()
	m := shop(t)
	db := dynamotest.New(t)
	table := dynamo.New(db.Client(), "shop", m)
	require.NoError(t, table.Create(ctx, db.Client()))
	require.NoError(t, table.Verify(ctx, db.Client()))
	require.Equal(t, "shop", table.Name())
	require.Equal(t, m, table.Model())

	in := m.CreateTableInput("drift")
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
	err = drift.Verify(ctx, db.Client())
	for _, want := range []string{
		"dynamo: verify table drift: ", "the key of the table is (PK / Sort), the schema says (PK / SK)",
		"index GSI1 projects KEYS_ONLY", "the table has no index GSI2", "the table has no index LSI1",
		"the key attribute GSI1PK is of type N", "view type is KEYS_ONLY", "time to live is not on the attribute ExpiresAt",
	} {
		require.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, dynamo.New(db.Client(), "nope", m).Verify(ctx, db.Client()), "verify table nope")
	require.ErrorContains(t, table.Create(ctx, db.Client()), "create table shop")
}

func TestCreateWaitsUntilTheTableIsActive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := dynamotest.New(t, func(o *dynamotest.Options) { o.CreateDelay = 5 * time.Second })
		start := time.Now()
		require.NoError(t, dynamo.New(db.Client(), "slow", store).Create(t.Context(), db.Client()))
		require.Equal(t, 5*time.Second, time.Since(start))
		_, err := db.Client().DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("slow")})
		require.NoError(t, err)
	})
}

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
