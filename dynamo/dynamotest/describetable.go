package dynamotest

import (
	"context"
	"time"

	"github.com/patternkit/serverless/internal/wire"
)

type tableDescription struct {
	TableName                 string
	TableArn                  string
	TableId                   string
	TableStatus               string
	CreationDateTime          wire.Timestamp
	AttributeDefinitions      []attributeDefinition
	KeySchema                 []keyElement
	ItemCount                 int64
	TableSizeBytes            int64
	BillingModeSummary        *billingModeSummary        `json:",omitempty"`
	ProvisionedThroughput     *throughputDescription     `json:",omitempty"`
	GlobalSecondaryIndexes    []globalIndexDescription   `json:",omitempty"`
	LocalSecondaryIndexes     []localIndexDescription    `json:",omitempty"`
	StreamSpecification       *streamSpecification       `json:",omitempty"`
	LatestStreamArn           string                     `json:",omitempty"`
	LatestStreamLabel         string                     `json:",omitempty"`
	DeletionProtectionEnabled bool                       `json:"DeletionProtectionEnabled"`
	TableClassSummary         *tableClassSummary         `json:",omitempty"`
	WarmThroughput            *warmThroughputDescription `json:",omitempty"`
}

type billingModeSummary struct {
	BillingMode                       string
	LastUpdateToPayPerRequestDateTime wire.Timestamp
}

type throughputDescription struct {
	NumberOfDecreasesToday int64
	ReadCapacityUnits      int64
	WriteCapacityUnits     int64
}

type warmThroughputDescription struct {
	ReadUnitsPerSecond  int64
	WriteUnitsPerSecond int64
	Status              string
}

type tableClassSummary struct{ TableClass string }

type globalIndexDescription struct {
	IndexName             string
	IndexArn              string
	IndexStatus           string
	Backfilling           *bool `json:",omitempty"`
	KeySchema             []keyElement
	Projection            projection
	ItemCount             int64
	IndexSizeBytes        int64
	ProvisionedThroughput *throughputDescription
	WarmThroughput        *warmThroughputDescription `json:",omitempty"`
}

type localIndexDescription struct {
	IndexName      string
	IndexArn       string
	KeySchema      []keyElement
	Projection     projection
	ItemCount      int64
	IndexSizeBytes int64
}

type tableNameInput struct{ TableName *string }

type describeTableOutput struct{ Table *tableDescription }

func (db *DynamoDB) describeTable(ctx context.Context, in *tableNameInput) (*describeTableOutput, error) {
	if err := checkNamedTable(in.TableName); err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	t, err := db.lookup(ctx, *in.TableName)
	if err != nil {
		return nil, err
	}
	return &describeTableOutput{db.describe(t)}, nil
}

// status is CREATING until at, then ACTIVE.
func (db *DynamoDB) status(at time.Time) string {
	if db.now().Before(at) {
		return "CREATING"
	}
	return "ACTIVE"
}

func (k keySchema) elements() []keyElement {
	var out []keyElement
	for _, name := range k.partition {
		out = append(out, keyElement{name, "HASH"})
	}
	for _, name := range k.sort {
		out = append(out, keyElement{name, "RANGE"})
	}
	return out
}

func (t throughput) describe() *throughputDescription {
	return &throughputDescription{ReadCapacityUnits: t.ReadCapacityUnits, WriteCapacityUnits: t.WriteCapacityUnits}
}

// What a new on-demand table can take at once.
const (
	warmReads  = 12_000
	warmWrites = 4_000
)

func (t throughput) warm() *warmThroughputDescription {
	w := &warmThroughputDescription{ReadUnitsPerSecond: t.ReadCapacityUnits, WriteUnitsPerSecond: t.WriteCapacityUnits, Status: "ACTIVE"}
	if t.ReadCapacityUnits == 0 {
		w.ReadUnitsPerSecond, w.WriteUnitsPerSecond = warmReads, warmWrites
	}
	return w
}

// describe is what DescribeTable says of a table. Counts are up to date,
// though AWS refreshes them only every six hours.
func (db *DynamoDB) describe(t *table) *tableDescription {
	d := &tableDescription{
		TableName: t.name, TableArn: t.arn, TableId: t.id,
		TableStatus: db.tableStatus(t), CreationDateTime: wire.Timestamp{Time: t.created},
		AttributeDefinitions: t.definitions, KeySchema: t.key.elements(),
		ItemCount: int64(t.rows.Len()), TableSizeBytes: t.size,
		ProvisionedThroughput:     t.billing.throughput.describe(),
		DeletionProtectionEnabled: t.protected,
		WarmThroughput:            t.billing.throughput.warm(),
	}
	if t.billing.onDemand {
		d.BillingModeSummary = &billingModeSummary{"PAY_PER_REQUEST", wire.Timestamp{Time: t.billing.changed}}
	}
	if t.class != "" {
		d.TableClassSummary = &tableClassSummary{t.class}
	}
	for _, x := range t.indexes {
		if x.global {
			d.GlobalSecondaryIndexes = append(d.GlobalSecondaryIndexes, db.describeGlobal(t, x))
			continue
		}
		d.LocalSecondaryIndexes = append(d.LocalSecondaryIndexes, localIndexDescription{
			IndexName: x.name, IndexArn: t.indexARN(x.name), KeySchema: x.key.elements(),
			Projection: x.projection, ItemCount: int64(x.rows.Len()), IndexSizeBytes: x.size,
		})
	}
	if s := t.stream; s != nil {
		d.LatestStreamArn, d.LatestStreamLabel = s.arn, s.label
		if s.enabled() {
			d.StreamSpecification = &streamSpecification{true, s.view}
		}
	}
	return d
}

func (db *DynamoDB) describeGlobal(t *table, x *index) globalIndexDescription {
	d := globalIndexDescription{
		IndexName: x.name, IndexArn: t.indexARN(x.name), IndexStatus: db.status(x.readyAt),
		KeySchema: x.key.elements(), Projection: x.projection,
		ItemCount: int64(x.rows.Len()), IndexSizeBytes: x.size,
		ProvisionedThroughput: x.throughput.describe(), WarmThroughput: x.throughput.warm(),
	}
	if d.IndexStatus == "CREATING" {
		backfilling := true
		d.Backfilling = &backfilling
	}
	return d
}

// tableStatus is the status of a table: UPDATING while an index comes about.
func (db *DynamoDB) tableStatus(t *table) string {
	status := db.status(t.readyAt)
	for _, x := range t.indexes {
		if status == "ACTIVE" && db.status(x.readyAt) != "ACTIVE" {
			return "UPDATING"
		}
	}
	return status
}
