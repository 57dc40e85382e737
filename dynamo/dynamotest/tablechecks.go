package dynamotest

import (
	"fmt"
	"slices"
	"strings"
)

// Limits of a table.
const (
	maxLocalIndexes  = 5
	maxGlobalIndexes = 20
	maxProjected     = 100
	maxKeyAttributes = 4
)

func (in *createTableInput) check() error {
	err := firstError(
		enum(in.BillingMode, "billingMode", "PROVISIONED", "PAY_PER_REQUEST"),
		enum(in.TableClass, "tableClass", "STANDARD", "STANDARD_INFREQUENT_ACCESS"),
		checkShape(in.AttributeDefinitions, in.KeySchema))
	// Each of these relies on those before it.
	for _, check := range []func() error{
		func() error { return checkUnits(in.ProvisionedThroughput, "provisionedThroughput", "") },
		in.checkIndexUnits,
		func() error { return checkBilling(in.BillingMode, in.ProvisionedThroughput) },
		func() error { return checkTableKey(in.KeySchema, in.AttributeDefinitions) },
		in.checkLocalIndexes, in.checkGlobalIndexes, in.checkIndexNames, in.checkDefinitions, in.checkProjected,
		func() error { return checkStream(in.StreamSpecification) },
	} {
		if err == nil {
			err = check()
		}
	}
	return err
}

func (in *createTableInput) checkIndexUnits() error {
	for i, x := range in.GlobalSecondaryIndexes {
		if err := checkUnits(x.ProvisionedThroughput, fmt.Sprintf("globalSecondaryIndexes.%d.member.provisionedThroughput", i+1), x.IndexName); err != nil {
			return err
		}
	}
	return nil
}

func checkShape(definitions []attributeDefinition, key []keyElement) error {
	switch {
	case definitions == nil:
		return validation("1 validation error detected: Value null at 'attributeDefinitions' failed to satisfy constraint: Member must not be null")
	case key == nil:
		return validation("1 validation error detected: Value null at 'keySchema' failed to satisfy constraint: Member must not be null")
	case len(key) == 0:
		return validation("1 validation error detected: Value '[]' at 'keySchema' failed to satisfy constraint: Member must have length greater than or equal to 1")
	}
	for i, d := range definitions {
		if !slices.Contains([]string{"B", "N", "S"}, d.AttributeType) {
			return validation("1 validation error detected: Value '%s' at 'attributeDefinitions.%d.member.attributeType' failed to satisfy constraint: Member must satisfy enum value set: [B, N, S]", d.AttributeType, i+1)
		}
	}
	for i, e := range key {
		if e.KeyType != "HASH" && e.KeyType != "RANGE" {
			return validation("1 validation error detected: Value '%s' at 'keySchema.%d.member.keyType' failed to satisfy constraint: Member must satisfy enum value set: [HASH, RANGE]", e.KeyType, i+1)
		}
	}
	return nil
}

// maxUnits is the most capacity that DynamoDB takes for a number at all; the quotas of an
// account are lower.
const maxUnits = 1_000_000_000_000

// checkUnits refuses capacity that no table and no index can have. The member is that of
// the throughput in the request, index the name of its index or "".
func checkUnits(t *throughput, member, index string) error {
	if t == nil {
		return nil
	}
	suffix := ""
	if index != "" {
		suffix = " for index " + index
	}
	var low []string
	for _, u := range []struct {
		name, member string
		units        int64
	}{{"WriteCapacityUnits", "writeCapacityUnits", t.WriteCapacityUnits}, {"ReadCapacityUnits", "readCapacityUnits", t.ReadCapacityUnits}} {
		switch {
		case u.units < 1:
			low = append(low, fmt.Sprintf("Value '%d' at '%s.%s' failed to satisfy constraint: Member must have value greater than or equal to 1", u.units, member, u.member))
		case u.units > maxUnits:
			return validation("Given value %d for %s is out of bounds%s", u.units, u.name, suffix)
		}
	}
	switch len(low) {
	case 0:
		return nil
	case 1:
		return validation("1 validation error detected: %s", low[0])
	}
	return validation("%d validation errors detected: %s", len(low), strings.Join(low, "; "))
}

func checkBilling(mode *string, t *throughput) error {
	switch {
	case is(mode, "PAY_PER_REQUEST") && t != nil:
		return validation(invalidValue + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
	case !is(mode, "PAY_PER_REQUEST") && (t == nil):
		return validation(invalidValue + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
	}
	return nil
}

// checkElements refuses key attributes in a wrong order or without definition.
func checkElements(key []keyElement, definitions []attributeDefinition) error {
	var names, defined []string
	for _, d := range definitions {
		defined = append(defined, d.AttributeName)
	}
	for _, e := range key {
		names = append(names, e.AttributeName)
	}
	for _, name := range names {
		if !slices.Contains(defined, name) {
			return validation(invalidValue+"Some index key attributes are not defined in AttributeDefinitions. Keys: [%s], AttributeDefinitions: [%s]", strings.Join(names, ", "), strings.Join(defined, ", "))
		}
	}
	return nil
}

// checkTableKey refuses a key schema of more than a partition and a sort key.
func checkTableKey(key []keyElement, definitions []attributeDefinition) error {
	switch {
	case len(key) == 0:
		return validation("1 validation error detected: Value '[]' at 'keySchema' failed to satisfy constraint: Member must have length greater than or equal to 1")
	case len(key) > 2:
		return validation("1 validation error detected: Value '%v' at 'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2", key)
	case len(key) > len(definitions):
		return validation("Invalid KeySchema: Some index key attribute have no definition")
	}
	if err := checkElements(key, definitions); err != nil {
		return err
	}
	switch {
	case len(key) == 2 && key[0].AttributeName == key[1].AttributeName:
		return validation("Both the Hash Key and the Range Key element in the KeySchema have the same name")
	case key[0].KeyType != "HASH":
		return validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
	case len(key) == 2 && key[1].KeyType != "RANGE":
		return validation("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
	}
	return nil
}

// checkGlobalKey refuses the key schema of a global index, which may have
// several attributes of each kind.
func checkGlobalKey(key []keyElement, definitions []attributeDefinition) error {
	if len(key) <= 2 && (len(key) < 2 || key[0].KeyType != key[1].KeyType) {
		return checkTableKey(key, definitions)
	}
	counts := map[string]int{}
	seen := map[string]bool{}
	for i, e := range key {
		switch {
		case i == 0 && e.KeyType != "HASH":
			return validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
		case seen[e.AttributeName]:
			return validation("The KeySchema contains multiple key attributes with the same name")
		case e.KeyType == "HASH" && counts["RANGE"] > 0:
			return validation(invalidValue + "All HASH key attributes must precede RANGE key attributes in the KeySchema")
		}
		seen[e.AttributeName] = true
		if counts[e.KeyType]++; counts[e.KeyType] > maxKeyAttributes {
			return validation(invalidValue+"The KeySchema exceeds the maximum allowed number of %s key attributes", e.KeyType)
		}
	}
	return checkElements(key, definitions)
}

func checkProjection(p *projection) error {
	switch {
	case p == nil:
		return validation(invalidValue + "Unknown ProjectionType: null")
	case p.ProjectionType == "":
		return validation(invalidValue + "Unknown ProjectionType: null")
	case !slices.Contains([]string{"ALL", "INCLUDE", "KEYS_ONLY"}, p.ProjectionType):
		return validation("1 validation error detected: Value '%s' at 'projection.projectionType' failed to satisfy constraint: Member must satisfy enum value set: [ALL, INCLUDE, KEYS_ONLY]", p.ProjectionType)
	case p.NonKeyAttributes != nil && p.ProjectionType != "INCLUDE":
		return validation(invalidValue+"ProjectionType is %s, but NonKeyAttributes is specified", p.ProjectionType)
	case p.ProjectionType == "INCLUDE" && len(p.NonKeyAttributes) == 0:
		return validation(invalidValue + "ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
	}
	return nil
}

func checkIndexName(name string) error {
	switch {
	case strings.ContainsFunc(name, func(r rune) bool { return !strings.ContainsRune(nameRunes, r) }):
		return validation("1 validation error detected: Value '%s' at 'indexName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+", name)
	case len(name) < 3:
		return validation("1 validation error detected: Value '%s' at 'indexName' failed to satisfy constraint: Member must have length greater than or equal to 3", name)
	case len(name) > 255:
		return validation("1 validation error detected: Value '%s' at 'indexName' failed to satisfy constraint: Member must have length less than or equal to 255", name)
	}
	return nil
}

func (in *createTableInput) checkLocalIndexes() error {
	if in.LocalSecondaryIndexes == nil {
		return nil
	}
	switch {
	case len(in.LocalSecondaryIndexes) == 0:
		return validation(invalidValue + "List of LocalSecondaryIndexes is empty")
	case len(in.KeySchema) != 2:
		return validation(invalidValue + "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex")
	}
	hash := in.KeySchema[0].AttributeName
	for _, x := range in.LocalSecondaryIndexes {
		if err := firstError(checkIndexName(x.IndexName), checkTableKey(x.KeySchema, in.AttributeDefinitions)); err != nil {
			return err
		}
		switch {
		case len(x.KeySchema) != 2:
			return validation(invalidValue+"Index KeySchema does not have a range key for index: %s", x.IndexName)
		case x.KeySchema[0].AttributeName != hash:
			return validation(invalidValue+"Index KeySchema does not have the same leading hash key as table KeySchema for index: %s. index hash key: %s, table hash key: %s", x.IndexName, x.KeySchema[0].AttributeName, hash)
		}
		if err := checkProjection(x.Projection); err != nil {
			return err
		}
	}
	if len(in.LocalSecondaryIndexes) > maxLocalIndexes {
		return validation(invalidValue + "Number of LocalSecondaryIndexes exceeds per-table limit of 5")
	}
	return nil
}

func (in *createTableInput) checkGlobalIndexes() error {
	if in.GlobalSecondaryIndexes == nil {
		return nil
	}
	if len(in.GlobalSecondaryIndexes) == 0 {
		return validation(invalidValue + "List of GlobalSecondaryIndexes is empty")
	}
	for _, x := range in.GlobalSecondaryIndexes {
		if err := checkGlobalIndex(x, in.AttributeDefinitions, is(in.BillingMode, "PAY_PER_REQUEST")); err != nil {
			return err
		}
	}
	if len(in.GlobalSecondaryIndexes) > maxGlobalIndexes {
		return validation(invalidValue + "GlobalSecondaryIndex count exceeds the per-table limit of 20")
	}
	return nil
}

func checkGlobalIndex(x indexInput, definitions []attributeDefinition, onDemand bool) error {
	err := firstError(checkIndexName(x.IndexName), checkGlobalKey(x.KeySchema, definitions), checkProjection(x.Projection))
	switch {
	case err != nil:
		return err
	case onDemand && x.ProvisionedThroughput != nil:
		return validation(invalidValue+"ProvisionedThroughput should not be specified for index: %s when BillingMode is PAY_PER_REQUEST", x.IndexName)
	case !onDemand && x.ProvisionedThroughput == nil:
		return validation(invalidValue+"ProvisionedThroughput is not specified for index: %s", x.IndexName)
	}
	return nil
}

func (in *createTableInput) checkIndexNames() error {
	seen := map[string]bool{}
	for _, name := range in.indexNames() {
		if seen[name] {
			return validation(invalidValue+"Duplicate index name: %s", name)
		}
		seen[name] = true
	}
	return nil
}

func (in *createTableInput) indexNames() []string {
	var names []string
	for _, x := range in.LocalSecondaryIndexes {
		names = append(names, x.IndexName)
	}
	for _, x := range in.GlobalSecondaryIndexes {
		names = append(names, x.IndexName)
	}
	return names
}

// checkDefinitions refuses attributes that are defined and in no key.
func (in *createTableInput) checkDefinitions() error {
	used := map[string]bool{}
	for _, key := range in.keys() {
		for _, e := range key {
			used[e.AttributeName] = true
		}
	}
	if len(used) == len(in.AttributeDefinitions) {
		return nil
	}
	if in.LocalSecondaryIndexes == nil && in.GlobalSecondaryIndexes == nil {
		return validation(invalidValue + "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions")
	}
	var names, defined []string
	for _, d := range in.AttributeDefinitions {
		defined = append(defined, d.AttributeName)
		if used[d.AttributeName] {
			names = append(names, d.AttributeName)
		}
	}
	return validation(invalidValue+"Some AttributeDefinitions are not used. AttributeDefinitions: [%s], keys used: [%s]", strings.Join(defined, ", "), strings.Join(names, ", "))
}

func (in *createTableInput) keys() [][]keyElement {
	keys := [][]keyElement{in.KeySchema}
	for _, x := range in.LocalSecondaryIndexes {
		keys = append(keys, x.KeySchema)
	}
	for _, x := range in.GlobalSecondaryIndexes {
		keys = append(keys, x.KeySchema)
	}
	return keys
}

func (in *createTableInput) checkProjected() error {
	n := 0
	for _, x := range in.LocalSecondaryIndexes {
		n += len(x.Projection.NonKeyAttributes)
	}
	for _, x := range in.GlobalSecondaryIndexes {
		n += len(x.Projection.NonKeyAttributes)
	}
	if n > maxProjected {
		return validation(invalidValue+"Cannot project more than 100 attributes in a table's indexes: %d", n)
	}
	return nil
}

var viewTypes = []string{"NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"}

func checkStream(s *streamSpecification) error {
	switch {
	case s == nil:
		return nil
	case s.StreamEnabled && s.StreamViewType == "":
		return validation(invalidValue + "StreamViewType must be specified when StreamEnabled is true")
	case !s.StreamEnabled && s.StreamViewType != "":
		return validation(invalidValue + "Table is being created with a stream disabled, UpdateViewType should not be specified")
	case s.StreamEnabled && !slices.Contains(viewTypes, s.StreamViewType):
		return validation("1 validation error detected: Value '%s' at 'streamSpecification.streamViewType' failed to satisfy constraint: Member must satisfy enum value set: [NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES, KEYS_ONLY]", s.StreamViewType)
	}
	return nil
}
