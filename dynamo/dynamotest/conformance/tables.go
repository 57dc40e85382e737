package conformance

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/internal/suite"
)

// tables checks the operations on tables.
func (c *checks) tables() {
	c.Check("a table is described as it was made", func(t *testing.T) {
		out, err := c.client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &c.table})
		suite.NoError(t, err)
		table := out.Table
		suite.Equal(t, types.TableStatusActive, table.TableStatus)
		suite.Equal(t, schema("PK", "SK"), table.KeySchema)
		suite.Equal(t, types.BillingModePayPerRequest, table.BillingModeSummary.BillingMode)
		suite.Equal(t, "GSI1", *table.GlobalSecondaryIndexes[0].IndexName)
		suite.Equal(t, types.IndexStatusActive, table.GlobalSecondaryIndexes[0].IndexStatus)
		suite.Equal(t, "LSI1", *table.LocalSecondaryIndexes[0].IndexName)
		suite.Equal(t, 5, len(table.AttributeDefinitions))
		suite.Equal(t, types.StreamViewTypeNewAndOldImages, table.StreamSpecification.StreamViewType)
		suite.True(t, table.LatestStreamArn != nil && table.WarmThroughput != nil, "the stream or the warm throughput is missing")
		suite.True(t, suite.Matches("arn:…:table/"+c.table, *table.TableArn), "the ARN is %s", *table.TableArn)
	})
	c.Check("an ARN serves as the name of a table", func(t *testing.T) {
		out, err := c.client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &c.table})
		suite.NoError(t, err)
		_, err = c.client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: out.Table.TableArn, Key: key("p", "s")})
		suite.NoError(t, err)
	})
	c.Check("a table has the tags that it was given", func(t *testing.T) {
		out, err := c.client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &c.table})
		suite.NoError(t, err)
		_, err = c.client.TagResource(t.Context(), &dynamodb.TagResourceInput{ResourceArn: out.Table.TableArn, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("b"), Value: aws.String("2")}}})
		suite.NoError(t, err)
		_, err = c.client.UntagResource(t.Context(), &dynamodb.UntagResourceInput{ResourceArn: out.Table.TableArn, TagKeys: []string{"a"}})
		suite.NoError(t, err)
		suite.Soon(t, func() string {
			tags, err := c.client.ListTagsOfResource(t.Context(), &dynamodb.ListTagsOfResourceInput{ResourceArn: out.Table.TableArn})
			suite.NoError(t, err)
			if len(tags.Tags) != 1 || *tags.Tags[0].Key != "b" {
				return "the tags are others"
			}
			return ""
		})
	})
	c.Check("the time to live is described once it is switched on", func(t *testing.T) {
		described := func() *types.TimeToLiveDescription {
			out, err := c.client.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: &c.table})
			suite.NoError(t, err)
			return out.TimeToLiveDescription
		}
		update := func(enabled bool) error {
			_, err := c.client.UpdateTimeToLive(t.Context(), &dynamodb.UpdateTimeToLiveInput{
				TableName: &c.table, TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("expires"), Enabled: &enabled},
			})
			return err
		}
		suite.Equal(t, types.TimeToLiveStatusDisabled, described().TimeToLiveStatus)
		suite.Refused(t, update(false), 400, "ValidationException", "TimeToLive is already disabled")
		suite.NoError(t, update(true))
		suite.Soon(t, func() string {
			d := described()
			if d.TimeToLiveStatus != types.TimeToLiveStatusEnabling && d.TimeToLiveStatus != types.TimeToLiveStatusEnabled || aws.ToString(d.AttributeName) != "expires" {
				return "the status is " + string(d.TimeToLiveStatus)
			}
			return ""
		})
	})
	c.Check("a table that is protected is not deleted", func(t *testing.T) {
		protect := func(on bool) {
			t.Helper()
			_, err := c.client.UpdateTable(t.Context(), &dynamodb.UpdateTableInput{TableName: &c.table, DeletionProtectionEnabled: &on})
			suite.NoError(t, err)
			suite.NoError(t, dynamodb.NewTableExistsWaiter(c.client).Wait(t.Context(), &dynamodb.DescribeTableInput{TableName: &c.table}, 5*time.Minute))
		}
		protect(true)
		_, err := c.client.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: &c.table})
		protect(false)
		suite.Refused(t, err, 400, "ValidationException", "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
	})
	c.refusedTables()
}

func (c *checks) refusedTables() {
	create := func(change func(*dynamodb.CreateTableInput)) func(context.Context) error {
		return func(ctx context.Context) error {
			in := &dynamodb.CreateTableInput{
				TableName: aws.String(c.Name("refused")), BillingMode: types.BillingModePayPerRequest,
				AttributeDefinitions: []types.AttributeDefinition{definition("a", "S")}, KeySchema: schema("a", "")[:1],
			}
			change(in)
			_, err := c.client.CreateTable(ctx, in)
			if err == nil { // it should not be there
				_, _ = c.client.DeleteTable(context.WithoutCancel(ctx), &dynamodb.DeleteTableInput{TableName: in.TableName})
			}
			return err
		}
	}
	none := aws.String(c.table + "-none")
	c.refused([]refusal{
		{name: "a name is taken once", code: "ResourceInUseException", text: "Table already exists: " + c.table, call: func(ctx context.Context) error {
			_, err := c.client.CreateTable(ctx, &dynamodb.CreateTableInput{
				TableName: &c.table, BillingMode: types.BillingModePayPerRequest, AttributeDefinitions: []types.AttributeDefinition{definition("a", "S")}, KeySchema: schema("a", "")[:1],
			})
			return err
		}},
		{name: "a table that is not there is not described", code: "ResourceNotFoundException", text: "Requested resource not found: Table: " + *none + " not found", call: func(ctx context.Context) error {
			_, err := c.client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: none})
			return err
		}},
		{name: "a table that is not there is not deleted", code: "ResourceNotFoundException", text: "Requested resource not found: Table: " + *none + " not found", call: func(ctx context.Context) error {
			_, err := c.client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: none})
			return err
		}},
		{name: "a name has at least 3 characters", call: create(func(in *dynamodb.CreateTableInput) { in.TableName = aws.String("ab") }), text: "TableName must be at least 3 characters long and at most 255 characters long"},
		{
			name: "provisioned throughput is given", call: create(func(in *dynamodb.CreateTableInput) { in.BillingMode = "" }),
			text: invalid + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
		},
		{
			name: "a key attribute is defined", call: create(func(in *dynamodb.CreateTableInput) { in.KeySchema = schema("b", "")[:1] }),
			text: invalid + "Some index key attributes are not defined in AttributeDefinitions. Keys: [b], AttributeDefinitions: [a]",
		},
		{
			name: "a defined attribute is in a key", call: create(func(in *dynamodb.CreateTableInput) {
				in.AttributeDefinitions = append(in.AttributeDefinitions, definition("b", "S"))
			}),
			text: invalid + "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions",
		},
		{
			name: "a key begins with its partition key", call: create(func(in *dynamodb.CreateTableInput) {
				in.KeySchema = []types.KeySchemaElement{{AttributeName: aws.String("a"), KeyType: types.KeyTypeRange}}
			}),
			text: "Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
		},
		{
			name: "a key attribute is a string, a number or binary", call: create(func(in *dynamodb.CreateTableInput) { in.AttributeDefinitions[0].AttributeType = "M" }),
			text: "1 validation error detected: Value 'M' at 'attributeDefinitions.1.member.attributeType' failed to satisfy constraint: Member must satisfy enum value set: [B, N, S]",
		},
		{name: "an update of a table changes something", text: "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required", call: func(ctx context.Context) error {
			_, err := c.client.UpdateTable(ctx, &dynamodb.UpdateTableInput{TableName: &c.table})
			return err
		}},
		{name: "a page of tables has at most 100", text: "1 validation error detected: Value '101' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100", call: func(ctx context.Context) error {
			_, err := c.client.ListTables(ctx, &dynamodb.ListTablesInput{Limit: aws.Int32(101)})
			return err
		}},
	})
}
