package tabledef

import (
	"fmt"
	"slices"
	"strings"

	"github.com/patternkit/serverless/dynamo"
)

// CloudFormation returns the table as a CloudFormation resource in YAML, to be
// put under Resources: on demand, with point-in-time recovery, the indexes, the stream of
// old and new images and the time to live. The logical id is Table.
func CloudFormation(m *dynamo.Model) string {
	checkModel("CloudFormation", m)
	s := m.Schema()
	var b strings.Builder
	line := func(depth int, format string, args ...any) {
		fmt.Fprintf(&b, strings.Repeat("  ", depth)+format+"\n", args...)
	}
	line(0, "Table:")
	line(1, "Type: AWS::DynamoDB::Table")
	line(1, "DeletionPolicy: Retain")
	line(1, "UpdateReplacePolicy: Retain")
	line(1, "Properties:")
	line(2, "BillingMode: PAY_PER_REQUEST")
	line(2, "PointInTimeRecoverySpecification:")
	line(3, "PointInTimeRecoveryEnabled: true")
	line(2, "AttributeDefinitions:")
	for _, a := range slices.Sorted(slices.Values(keyAttributes(s))) {
		line(3, "- AttributeName: %s", yamlText(a))
		line(4, "AttributeType: S")
	}
	schemaLines(line, 2, s.PartitionKey, s.SortKey)
	for _, local := range []bool{false, true} {
		indexLines(line, s, local)
	}
	line(2, "StreamSpecification:")
	line(3, "StreamViewType: NEW_AND_OLD_IMAGES")
	if s.TTL != "" {
		line(2, "TimeToLiveSpecification:")
		line(3, "AttributeName: %s", yamlText(s.TTL))
		line(3, "Enabled: true")
	}
	return b.String()
}

type lineFunc func(depth int, format string, args ...any)

func schemaLines(line lineFunc, depth int, partition, sort string) {
	line(depth, "KeySchema:")
	line(depth+1, "- AttributeName: %s", yamlText(partition))
	line(depth+2, "KeyType: HASH")
	if sort != "" {
		line(depth+1, "- AttributeName: %s", yamlText(sort))
		line(depth+2, "KeyType: RANGE")
	}
}

func indexLines(line lineFunc, s dynamo.Schema, local bool) {
	title := "GlobalSecondaryIndexes:"
	if local {
		title = "LocalSecondaryIndexes:"
	}
	for _, x := range s.Indexes {
		if x.Local != local {
			continue
		}
		if title != "" {
			line(2, "%s", title)
			title = ""
		}
		if local {
			x.PartitionKey = s.PartitionKey
		}
		line(3, "- IndexName: %s", yamlText(x.Name))
		schemaLines(line, 4, x.PartitionKey, x.SortKey)
		line(4, "Projection:")
		line(5, "ProjectionType: ALL")
	}
}

// yamlText quotes a name that YAML would read as something else.
func yamlText(s string) string {
	plain := s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == "" &&
		strings.Trim(s, "0123456789_eE") != "" &&
		!slices.Contains([]string{"true", "false", "yes", "no", "on", "off", "y", "n", "null"}, strings.ToLower(s))
	if plain {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}
