package repotest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/examples/orders/shop"
	"github.com/patternkit/serverless/internal/cfn"
)

// ordersTemplate reads the template of the orders example.
func ordersTemplate(t *testing.T) *cfn.Template {
	t.Helper()
	template, err := cfn.Read(filepath.Join(root, "examples", "orders", "template.yaml"))
	require.NoError(t, err)
	return template
}

// property returns a property of a resource, which must be there.
func property(t *testing.T, template *cfn.Template, id, path string) any {
	t.Helper()
	r := template.Resource(id)
	require.NotNil(t, r, "the template has no resource %s", id)
	value := r.At(path)
	require.NotNil(t, value, "%s has no %s", id, path)
	return value
}

func TestOrdersSettingsAreTheTemplates(t *testing.T) {
	template, settings := ordersTemplate(t), shop.Production()
	function, _ := template.Globals["Function"].(map[string]any)
	require.Equal(t, int(settings.FunctionTimeout.Seconds()), function["Timeout"])
	for queue, consumer := range map[string]string{"Invoices": "InvoicingFunction", "Dispatches": "DispatchFunction"} {
		require.Equal(t, int(settings.VisibilityTimeout.Seconds()), property(t, template, queue, "VisibilityTimeout"), queue)
		require.Equal(t, int(settings.Retention.Seconds()), property(t, template, queue, "MessageRetentionPeriod"), queue)
		require.Equal(t, settings.MaxReceiveCount, property(t, template, queue, "RedrivePolicy.maxReceiveCount"), queue)
		require.Equal(t, int(settings.DeadLetterRetention.Seconds()), property(t, template, queue+"DLQ", "MessageRetentionPeriod"), queue)
		require.Equal(t, settings.BatchSize, property(t, template, consumer, "Events.Queue.Properties.BatchSize"), consumer)
		require.Equal(t, []any{"ReportBatchItemFailures"}, property(t, template, consumer, "Events.Queue.Properties.FunctionResponseTypes"), consumer)
	}
	require.GreaterOrEqual(t, settings.VisibilityTimeout, 6*settings.FunctionTimeout)
	require.Greater(t, settings.DeadLetterRetention, settings.Retention)
}

func TestOrdersPatternsAreTheTemplates(t *testing.T) {
	template := ordersTemplate(t)
	for text, at := range map[string][2]string{
		shop.FulfillPattern:   {"FulfillRule", "EventPattern"},
		shop.AnnouncePattern:  {"AnnounceRule", "EventPattern"},
		shop.InvoicesPolicy:   {"InvoicesSubscription", "FilterPolicy"},
		shop.DispatchesPolicy: {"DispatchesSubscription", "FilterPolicy"},
	} {
		deployed, err := json.Marshal(property(t, template, at[0], at[1]))
		require.NoError(t, err)
		require.JSONEq(t, text, string(deployed), "%s", at[0])
	}
	for _, subscription := range template.OfType("AWS::SNS::Subscription") {
		require.Equal(t, "MessageBody", subscription.At("FilterPolicyScope"))
		require.Equal(t, true, subscription.At("RawMessageDelivery"))
	}
}

// TestOrdersTableIsTheModels compares the table of the template with the
// schema that the code is typed by.
func TestOrdersTableIsTheModels(t *testing.T) {
	template, schema := ordersTemplate(t), shop.Store.Schema()
	require.Equal(t, schema.PartitionKey, property(t, template, "Table", "KeySchema.0.AttributeName"))
	require.Equal(t, schema.SortKey, property(t, template, "Table", "KeySchema.1.AttributeName"))
	require.Equal(t, schema.TTL, property(t, template, "Table", "TimeToLiveSpecification.AttributeName"))
	require.Len(t, schema.Indexes, 1)
	require.Equal(t, schema.Indexes[0].Name, property(t, template, "Table", "GlobalSecondaryIndexes.0.IndexName"))
	require.Equal(t, schema.Indexes[0].PartitionKey, property(t, template, "Table", "GlobalSecondaryIndexes.0.KeySchema.0.AttributeName"))
	require.Equal(t, schema.Indexes[0].SortKey, property(t, template, "Table", "GlobalSecondaryIndexes.0.KeySchema.1.AttributeName"))
}

func TestOrdersMachineIsTheSagas(t *testing.T) {
	definition, err := shop.Definition("${SagaFunctionArn}")
	require.NoError(t, err)
	committed, err := os.ReadFile(filepath.Join(root, "examples", "orders", "fulfillment.asl.json"))
	require.NoError(t, err)
	require.Equal(t, string(definition), strings.TrimSpace(string(committed)))
}

// TestEveryFunctionOfATemplateHasItsCode compares CodeUri with the folders.
func TestEveryFunctionOfATemplateHasItsCode(t *testing.T) {
	templates, err := filepath.Glob(filepath.Join(root, "examples", "*", "template.yaml"))
	require.NoError(t, err)
	for _, path := range templates {
		template, err := cfn.Read(path)
		require.NoError(t, err)
		for _, function := range template.OfType("AWS::Serverless::Function") {
			code, ok := function.At("CodeUri").(string)
			if !ok {
				globals, _ := template.Globals["Function"].(map[string]any)
				code, _ = globals["CodeUri"].(string)
			}
			require.FileExists(t, filepath.Join(filepath.Dir(path), code, "main.go"), "%s: %s", path, function.ID)
		}
	}
}
