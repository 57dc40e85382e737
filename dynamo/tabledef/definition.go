package tabledef

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/internal/given"
)

// CreateTableInput returns the call that creates the model's table: on demand, with
// its indexes and a stream of old and new images. It panics without a model or a name.
func CreateTableInput(m *dynamo.Model, name string) *dynamodb.CreateTableInput {
	checkModel("CreateTableInput", m)
	faults := given.To("tabledef: CreateTableInput")
	faults.Empty("the table name", name)
	faults.Panic()
	s := m.Schema()
	in := &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		KeySchema: keySchema(s.PartitionKey, s.SortKey),
		StreamSpecification: &types.StreamSpecification{
			StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages,
		},
	}
	for _, a := range slices.Sorted(slices.Values(keyAttributes(s))) {
		in.AttributeDefinitions = append(in.AttributeDefinitions,
			types.AttributeDefinition{AttributeName: aws.String(a), AttributeType: types.ScalarAttributeTypeS})
	}
	all := &types.Projection{ProjectionType: types.ProjectionTypeAll}
	for _, x := range s.Indexes {
		if x.Local {
			in.LocalSecondaryIndexes = append(in.LocalSecondaryIndexes, types.LocalSecondaryIndex{
				IndexName: aws.String(x.Name), KeySchema: keySchema(s.PartitionKey, x.SortKey), Projection: all,
			})
			continue
		}
		in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
			IndexName: aws.String(x.Name), KeySchema: keySchema(x.PartitionKey, x.SortKey), Projection: all,
		})
	}
	return in
}

// keyAttributes are the key attributes in the order of the schema, each once.
func keyAttributes(s dynamo.Schema) []string {
	names := []string{s.PartitionKey, s.SortKey}
	for _, x := range s.Indexes {
		names = append(names, x.PartitionKey, x.SortKey)
	}
	var out []string
	for _, name := range names {
		if name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

func keySchema(partition, sort string) []types.KeySchemaElement {
	out := []types.KeySchemaElement{{AttributeName: aws.String(partition), KeyType: types.KeyTypeHash}}
	if sort != "" {
		out = append(out, types.KeySchemaElement{AttributeName: aws.String(sort), KeyType: types.KeyTypeRange})
	}
	return out
}

// checkModel panics for a caller without a model.
func checkModel(caller string, m *dynamo.Model) {
	if m.Schema().PartitionKey == "" {
		panic("tabledef: " + caller + ": the model is nil or its zero value")
	}
}
