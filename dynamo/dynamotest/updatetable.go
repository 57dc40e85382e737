package dynamotest

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/patternkit/serverless/dynamo/internal/expr"
	"github.com/patternkit/serverless/internal/wire"
)

type indexName struct{ IndexName string }

type indexThroughput struct {
	IndexName             string
	ProvisionedThroughput *throughput
	OnDemandThroughput    wire.Ignored // a cap that the fake never reaches
	WarmThroughput        wire.Ignored // the fake is always warm
}

type globalIndexUpdate struct {
	Create *indexInput
	Update *indexThroughput
	Delete *indexName
}

type updateTableInput struct {
	TableName                   *string
	AttributeDefinitions        []attributeDefinition
	BillingMode                 *string
	ProvisionedThroughput       *throughput
	GlobalSecondaryIndexUpdates []globalIndexUpdate
	StreamSpecification         *streamSpecification
	DeletionProtectionEnabled   *bool
	TableClass                  *string
	OnDemandThroughput          wire.Ignored // a cap that the fake never reaches
	WarmThroughput              wire.Ignored // the fake is always warm
	SSESpecification            wire.Ignored // nothing is stored outside this process
}

func (db *DynamoDB) updateTable(ctx context.Context, in *updateTableInput) (*tableOutput, error) {
	err := firstError(checkNamedTable(in.TableName),
		enum(in.BillingMode, "billingMode", "PROVISIONED", "PAY_PER_REQUEST"),
		enum(in.TableClass, "tableClass", "STANDARD", "STANDARD_INFREQUENT_ACCESS"),
		in.checkUnits(), checkStream(in.StreamSpecification))
	switch {
	case err != nil:
		return nil, err
	case in.isEmpty():
		return nil, validation("At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required")
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	t, err := db.lookup(ctx, *in.TableName)
	if err != nil {
		return nil, err
	}
	if status := db.tableStatus(t); status != "ACTIVE" {
		return nil, inUse("Attempt to change a resource which is still in use: Table is being updated: %s", t.name)
	}
	if err := firstError(in.checkBilling(t), in.checkStream(t), in.checkIndexes(t)); err != nil {
		return nil, err
	}
	db.applyTable(t, in)
	d := db.describe(t)
	d.TableStatus = "UPDATING"
	return &tableOutput{d}, nil
}

func (in *updateTableInput) isEmpty() bool {
	return in.BillingMode == nil && in.ProvisionedThroughput == nil && in.GlobalSecondaryIndexUpdates == nil &&
		in.StreamSpecification == nil && in.DeletionProtectionEnabled == nil && in.TableClass == nil &&
		in.OnDemandThroughput.Raw == nil && in.WarmThroughput.Raw == nil && in.SSESpecification.Raw == nil
}

func (in *updateTableInput) checkUnits() error {
	err := checkUnits(in.ProvisionedThroughput, "provisionedThroughput", "")
	for i, u := range in.GlobalSecondaryIndexUpdates {
		member := fmt.Sprintf("globalSecondaryIndexUpdates.%d.member.", i+1)
		if u.Create != nil {
			err = firstError(err, checkUnits(u.Create.ProvisionedThroughput, member+"create.provisionedThroughput", u.Create.IndexName))
		}
		if u.Update != nil {
			err = firstError(err, checkUnits(u.Update.ProvisionedThroughput, member+"update.provisionedThroughput", u.Update.IndexName))
		}
	}
	return err
}

// checkIndexBilling refuses throughput that the index of the name cannot get.
func (in *updateTableInput) checkIndexBilling(t *table, x *index, want *throughput) error {
	onDemand := t.billing.onDemand
	if in.BillingMode != nil {
		onDemand = *in.BillingMode == "PAY_PER_REQUEST"
	}
	switch {
	case want == nil:
		return nil
	case onDemand:
		return validation(invalidValue+"ProvisionedThroughput should not be specified for index: %s when BillingMode is PAY_PER_REQUEST", x.name)
	case *want == x.throughput:
		return validation("The provisioned throughput for the index %s will not change. The requested value equals the current value. Current ReadCapacityUnits provisioned for the index: %d. Requested ReadCapacityUnits: %d. Current WriteCapacityUnits provisioned for the index: %d. Requested WriteCapacityUnits: %d. Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.",
			x.name, x.throughput.ReadCapacityUnits, want.ReadCapacityUnits, x.throughput.WriteCapacityUnits, want.WriteCapacityUnits)
	}
	return nil
}

func (in *updateTableInput) checkBilling(t *table) error {
	onDemand := t.billing.onDemand
	if in.BillingMode != nil {
		onDemand = *in.BillingMode == "PAY_PER_REQUEST"
	}
	switch {
	case onDemand && in.ProvisionedThroughput != nil:
		return validation(invalidValue + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
	case !onDemand && t.billing.onDemand && in.ProvisionedThroughput == nil:
		return validation(invalidValue + "ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
	case !onDemand && t.billing.onDemand && in.indexWithoutUnits(t) != "":
		return validation(invalidValue+"ProvisionedThroughput is not specified for index: %s", in.indexWithoutUnits(t))
	case in.ProvisionedThroughput != nil && in.BillingMode == nil && *in.ProvisionedThroughput == t.billing.throughput:
		return validation("The provisioned throughput for the table will not change. The requested value equals the current value. Current ReadCapacityUnits provisioned for the table: %d. Requested ReadCapacityUnits: %d. Current WriteCapacityUnits provisioned for the table: %d. Requested WriteCapacityUnits: %d. Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.",
			t.billing.throughput.ReadCapacityUnits, in.ProvisionedThroughput.ReadCapacityUnits, t.billing.throughput.WriteCapacityUnits, in.ProvisionedThroughput.WriteCapacityUnits)
	}
	return nil
}

// indexWithoutUnits is a global index that the request leaves without throughput, or "".
func (in *updateTableInput) indexWithoutUnits(t *table) string {
	for _, x := range t.indexes {
		if x.global && !slices.ContainsFunc(in.GlobalSecondaryIndexUpdates, func(u globalIndexUpdate) bool {
			return u.Delete != nil && u.Delete.IndexName == x.name ||
				u.Update != nil && u.Update.IndexName == x.name && u.Update.ProvisionedThroughput != nil
		}) {
			return x.name
		}
	}
	return ""
}

func (in *updateTableInput) checkStream(t *table) error {
	switch s := in.StreamSpecification; {
	case s == nil:
		return nil
	case s.StreamEnabled && t.stream.enabled():
		return validation("Table already has an enabled stream: TableName: %s", t.name)
	case !s.StreamEnabled && !t.stream.enabled():
		return validation("Table has no stream to disable: TableName: %s", t.name)
	}
	return nil
}

func (in *updateTableInput) checkIndexes(t *table) error {
	creates, deletes := 0, 0
	for _, u := range in.GlobalSecondaryIndexUpdates {
		switch {
		case u.Create == nil && u.Update == nil && u.Delete == nil:
			return validation(invalidValue + "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null")
		case u.Create != nil:
			creates++
			if t.index(u.Create.IndexName) != nil {
				return validation(invalidValue+"Index already exists: %s", u.Create.IndexName)
			}
			onDemand := t.billing.onDemand || is(in.BillingMode, "PAY_PER_REQUEST")
			if err := checkGlobalIndex(*u.Create, in.definitions(t), onDemand); err != nil {
				return err
			}
		case u.Delete != nil:
			deletes++
			if x := t.index(u.Delete.IndexName); x == nil || !x.global {
				return noIndex(t, u.Delete.IndexName)
			}
		case u.Update != nil:
			x := t.index(u.Update.IndexName)
			if x == nil || !x.global {
				return noIndex(t, u.Update.IndexName)
			}
			if err := in.checkIndexBilling(t, x, u.Update.ProvisionedThroughput); err != nil {
				return err
			}
		}
	}
	globals := 0
	for _, x := range t.indexes {
		if x.global {
			globals++
		}
	}
	switch {
	case creates+deletes > 1:
		return limitExceeded("Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table")
	case globals+creates > maxGlobalIndexes:
		return limitExceeded("GlobalSecondaryIndex count exceeds the per-table limit of 20")
	}
	return nil
}

func noIndex(t *table, name string) error {
	return wire.Errorf("ResourceNotFoundException", http.StatusBadRequest, "Requested resource not found: Index %s for table %s", name, t.name)
}

// definitions are the table's attribute definitions with those of the request.
func (in *updateTableInput) definitions(t *table) []attributeDefinition {
	out := slices.Clone(t.definitions)
	for _, d := range in.AttributeDefinitions {
		if !slices.ContainsFunc(out, func(o attributeDefinition) bool { return o.AttributeName == d.AttributeName }) {
			out = append(out, d)
		}
	}
	return out
}

// applyTable carries a checked UpdateTable out.
func (db *DynamoDB) applyTable(t *table, in *updateTableInput) {
	if in.BillingMode != nil {
		onDemand := *in.BillingMode == "PAY_PER_REQUEST"
		if onDemand != t.billing.onDemand {
			t.billing = billing{onDemand: onDemand, changed: db.now()}
		}
	}
	if in.ProvisionedThroughput != nil {
		t.billing.throughput = *in.ProvisionedThroughput
	}
	if in.DeletionProtectionEnabled != nil {
		t.protected = *in.DeletionProtectionEnabled
	}
	if in.TableClass != nil {
		t.class = *in.TableClass
	}
	if s := in.StreamSpecification; s != nil {
		if s.StreamEnabled {
			db.enableStream(t, s.StreamViewType)
		} else {
			t.stream.disable(db.now())
		}
	}
	for _, u := range in.GlobalSecondaryIndexUpdates {
		switch {
		case u.Create != nil:
			db.addIndex(t, *u.Create, in.definitions(t))
		case u.Delete != nil:
			t.indexes = slices.DeleteFunc(slices.Clone(t.indexes), func(x *index) bool { return x.name == u.Delete.IndexName })
			t.dropDefinitions()
		case u.Update != nil && u.Update.ProvisionedThroughput != nil:
			t.index(u.Update.IndexName).throughput = *u.Update.ProvisionedThroughput
		}
	}
}

// addIndex makes a global index and fills it. Items whose key attributes have
// another type stay out of it.
func (db *DynamoDB) addIndex(t *table, in indexInput, definitions []attributeDefinition) {
	x := newGlobalIndex(in)
	x.readyAt = db.readyAt()
	t.definitions = definitions
	t.types = map[string]expr.Type{}
	for _, d := range definitions {
		t.types[d.AttributeName] = expr.ParseType(d.AttributeType)
	}
	t.indexes = append(slices.Clone(t.indexes), x)
	t.dropDefinitions()
	t.rows.Scan(func(e entry) bool {
		if x.takes(t, e.row.item) {
			x.replace(t, nil, e.row)
		}
		return true
	})
}

// takes says whether the key attributes of an item are fit for the index.
func (x *index) takes(t *table, i expr.Item) bool {
	for _, name := range x.key.names() {
		if v, ok := i[name]; !ok || v.Type() != t.types[name] || isEmpty(v) {
			return false
		}
	}
	return true
}

// dropDefinitions forgets attributes that are in no key any more.
func (t *table) dropDefinitions() {
	used := t.key.names()
	for _, x := range t.indexes {
		used = append(used, x.key.names()...)
	}
	t.definitions = slices.DeleteFunc(slices.Clone(t.definitions), func(d attributeDefinition) bool {
		return !slices.Contains(used, d.AttributeName)
	})
}
