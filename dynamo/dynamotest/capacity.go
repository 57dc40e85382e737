package dynamotest

// units is consumed capacity of a table or an index.
type units struct {
	CapacityUnits      float64
	ReadCapacityUnits  *float64 `json:",omitempty"`
	WriteCapacityUnits *float64 `json:",omitempty"`
}

type consumedCapacity struct {
	TableName              string
	CapacityUnits          float64
	ReadCapacityUnits      *float64         `json:",omitempty"`
	WriteCapacityUnits     *float64         `json:",omitempty"`
	Table                  *units           `json:",omitempty"`
	LocalSecondaryIndexes  map[string]units `json:",omitempty"`
	GlobalSecondaryIndexes map[string]units `json:",omitempty"`
}

// The factors of a read: eventually consistent, consistent, transactional.
const (
	eventual      = 0.5
	consistent    = 1
	transactional = 2
)

func consistency(consistentRead *bool) float64 {
	if consistentRead != nil && *consistentRead {
		return consistent
	}
	return eventual
}

type itemCollectionMetrics struct {
	ItemCollectionKey   item      `json:",omitempty"`
	SizeEstimateRangeGB []float64 `json:",omitempty"`
}

// collectionMetrics answers ReturnItemCollectionMetrics for a table that has
// local secondary indexes.
func (a *action) collectionMetrics(which *string) *itemCollectionMetrics {
	if !is(which, "SIZE") {
		return nil
	}
	local := false
	for _, x := range a.table.indexes {
		local = local || !x.global
	}
	if !local {
		return nil
	}
	of := a.key
	if a.item != nil {
		of = a.item
	}
	return &itemCollectionMetrics{ItemCollectionKey: pick(of, a.table.key.partition), SizeEstimateRangeGB: []float64{0, 1}}
}
