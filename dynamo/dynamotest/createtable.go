package dynamotest

import (
	"context"
	"time"

	"github.com/patternkit/serverless/dynamo/internal/expr"
	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

type attributeDefinition struct {
	AttributeName string
	AttributeType string
}

type keyElement struct {
	AttributeName string
	KeyType       string
}

type indexInput struct {
	IndexName             string
	KeySchema             []keyElement
	Projection            *projection
	ProvisionedThroughput *throughput
	OnDemandThroughput    wire.Ignored // a cap that the fake never reaches
	WarmThroughput        wire.Ignored // the fake is always warm
}

type localIndexInput struct {
	IndexName  string
	KeySchema  []keyElement
	Projection *projection
}

type streamSpecification struct {
	StreamEnabled  bool
	StreamViewType string `json:",omitempty"`
}

type createTableInput struct {
	TableName                 *string
	AttributeDefinitions      []attributeDefinition
	KeySchema                 []keyElement
	BillingMode               *string
	ProvisionedThroughput     *throughput
	GlobalSecondaryIndexes    []indexInput
	LocalSecondaryIndexes     []localIndexInput
	StreamSpecification       *streamSpecification
	DeletionProtectionEnabled *bool
	TableClass                *string
	OnDemandThroughput        wire.Ignored // a cap that the fake never reaches
	WarmThroughput            wire.Ignored // the fake is always warm
	SSESpecification          wire.Ignored // nothing is stored outside this process
	Tags                      []tag
}

type tableOutput struct {
	TableDescription *tableDescription
}

func (db *DynamoDB) createTable(ctx context.Context, in *createTableInput) (*tableOutput, error) {
	if err := checkNamedTable(in.TableName); err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	c := wire.CallOf(ctx)
	arn := c.ARN("dynamodb", "table/"+*in.TableName)
	c.Touch(arn)
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.tables[arn] != nil {
		return nil, inUse("Table already exists: %s", *in.TableName)
	}
	t := db.newTable(in, arn)
	db.tables[arn] = t
	return &tableOutput{db.describe(t)}, nil
}

// readyAt is when what is created now becomes ACTIVE. Without a delay that is
// always, so that a table made outside a synctest bubble is there inside, where
// the clock shows an earlier time.
func (db *DynamoDB) readyAt() time.Time {
	if db.options.CreateDelay <= 0 {
		return time.Time{}
	}
	return db.now().Add(db.options.CreateDelay)
}

func (db *DynamoDB) newTable(in *createTableInput, arn string) *table {
	now := db.now()
	t := &table{
		name: *in.TableName, arn: arn, id: awsid.UUID(), created: now, readyAt: db.readyAt(),
		definitions: in.AttributeDefinitions, types: map[string]expr.Type{},
		key: schemaOf(in.KeySchema), rows: newTree(),
		protected: in.DeletionProtectionEnabled != nil && *in.DeletionProtectionEnabled,
		billing:   billing{onDemand: is(in.BillingMode, "PAY_PER_REQUEST"), changed: now},
	}
	if in.TableClass != nil {
		t.class = *in.TableClass
	}
	if in.ProvisionedThroughput != nil {
		t.billing.throughput = *in.ProvisionedThroughput
	}
	t.lag = db.options.IndexLag
	t.tags = t.withTags(in.Tags)
	for _, d := range in.AttributeDefinitions {
		t.types[d.AttributeName] = expr.ParseType(d.AttributeType)
	}
	for _, x := range in.LocalSecondaryIndexes {
		t.indexes = append(t.indexes, &index{name: x.IndexName, key: schemaOf(x.KeySchema), projection: *x.Projection, rows: newTree()})
	}
	for _, x := range in.GlobalSecondaryIndexes {
		t.indexes = append(t.indexes, newGlobalIndex(x))
	}
	if in.StreamSpecification != nil && in.StreamSpecification.StreamEnabled {
		db.enableStream(t, in.StreamSpecification.StreamViewType)
	}
	return t
}

func newGlobalIndex(in indexInput) *index {
	x := &index{name: in.IndexName, global: true, key: schemaOf(in.KeySchema), projection: *in.Projection, rows: newTree()}
	if in.ProvisionedThroughput != nil {
		x.throughput = *in.ProvisionedThroughput
	}
	return x
}

func schemaOf(elements []keyElement) keySchema {
	var k keySchema
	for _, e := range elements {
		if e.KeyType == "HASH" {
			k.partition = append(k.partition, e.AttributeName)
		} else {
			k.sort = append(k.sort, e.AttributeName)
		}
	}
	return k
}
