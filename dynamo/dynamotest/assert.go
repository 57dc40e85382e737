package dynamotest

import "strings"

// AssertNoScan reports an error on tb for every Scan so far: a scan reads the
// whole table, which a request should not.
func (db *DynamoDB) AssertNoScan(tb TB) {
	tb.Helper()
	for _, c := range db.Calls("Scan") {
		tb.Errorf("dynamotest: Scan of %s", strings.Join(c.Resources, ", "))
	}
}

// Capacity is consumed capacity in units.
type Capacity struct {
	// Read are read units: one reads 4 KB consistently.
	Read float64
	// Write are write units: one writes 1 KB.
	Write float64
}

// Consumed is the capacity that the calls on a table have consumed so far, its
// indexes included, whether they asked for ReturnConsumedCapacity or not.
func (db *DynamoDB) Consumed(tableName string) Capacity {
	db.mu.Lock()
	defer db.mu.Unlock()
	var total Capacity
	for _, t := range db.tables {
		if t.name == tableName {
			total.Read += t.consumed.read
			total.Write += t.consumed.write
		}
	}
	return total
}
