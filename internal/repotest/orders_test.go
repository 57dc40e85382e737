package repotest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/events"
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

// seconds is a number of the template: itself, or the default of the parameter that
// it refers to.
func seconds(t *testing.T, template *cfn.Template, value any) int {
	t.Helper()
	if reference, ok := value.(map[string]any); ok {
		for _, p := range template.Parameters {
			if p.Name == reference["Ref"] {
				n, err := strconv.Atoi(p.Default.Text())
				require.NoError(t, err)
				return n
			}
		}
	}
	require.IsType(t, 0, value)
	return value.(int)
}

// TestOrdersQueuesFitTheirFunctions checks what the numbers have to do with each other.
func TestOrdersQueuesFitTheirFunctions(t *testing.T) {
	template := ordersTemplate(t)
	globals, _ := template.Globals["Function"].(map[string]any)
	timeout := seconds(t, template, globals["Timeout"])
	for queue, consumer := range map[string]string{"Invoices": "InvoicingFunction", "Dispatches": "DispatchFunction"} {
		require.GreaterOrEqual(t, seconds(t, template, property(t, template, queue, "VisibilityTimeout")), 6*timeout, queue)
		require.Greater(t, property(t, template, queue+"DLQ", "MessageRetentionPeriod"), property(t, template, queue, "MessageRetentionPeriod"),
			"%s: a message keeps its age when it moves", queue)
		require.Equal(t, []any{"ReportBatchItemFailures"}, property(t, template, consumer, "Events.Queue.Properties.FunctionResponseTypes"), consumer)
	}
}

// TestOrdersPatternsTellEventsApart has for each clause of a pattern an event
// that only this clause keeps out.
func TestOrdersPatternsTellEventsApart(t *testing.T) {
	event := func(source, detailType, detail string) string {
		return `{"source":"` + source + `","detail-type":"` + detailType + `","detail":` + detail + `}`
	}
	const (
		placed    = `{"orderId":"1","total":100}`
		confirmed = `{"orderId":"1","outcome":"CONFIRMED","total":100}`
		canceled  = `{"orderId":"1","outcome":"CANCELED","total":100}`
	)
	template := ordersTemplate(t)
	for at, cases := range map[[2]string]struct{ matches, others []string }{
		{"FulfillRule", "EventPattern"}: {
			[]string{event(shop.Source, "OrderPlaced", placed)},
			[]string{
				event("shop.returns", "OrderPlaced", placed), event(shop.Source, "OrderClosed", confirmed),
				event(shop.Source, "OrderPlacedTwice", placed), event(shop.Source, "orderPlaced", placed),
			},
		},
		{"AnnounceRule", "EventPattern"}: {
			[]string{
				event(shop.Source, "OrderPlaced", placed), event(shop.Source, "OrderClosed", confirmed),
				event(shop.Source, "OrderClosed", canceled), event(shop.Source, "OrderPlaced", `{"total":0.01}`),
			},
			[]string{
				event("shop.returns", "OrderPlaced", placed), event("shop.orders.audit", "OrderPlaced", placed),
				event(shop.Source, "AuditOrder", placed), event(shop.Source, "order", placed),
				event(shop.Source, "OrderPlaced", `{"total":0}`), event(shop.Source, "OrderPlaced", `{"total":-1}`),
				event(shop.Source, "OrderPlaced", `{"total":"100"}`), event(shop.Source, "OrderPlaced", `{}`),
			},
		},
		{"InvoicesSubscription", "FilterPolicy"}: {
			[]string{event(shop.Source, "OrderClosed", confirmed)},
			[]string{
				event(shop.Source, "OrderClosed", canceled), event(shop.Source, "OrderPlaced", confirmed),
				event(shop.Source, "OrderClosed", `{"outcome":"CONFIRMED","total":0}`),
				event(shop.Source, "OrderClosed", `{"outcome":"CONFIRMED"}`), event(shop.Source, "OrderClosed", placed),
			},
		},
		{"DispatchesSubscription", "FilterPolicy"}: {
			[]string{
				event(shop.Source, "OrderClosed", confirmed), event(shop.Source, "OrderClosed", canceled),
				event(shop.Source, "OrderClosedLate", canceled), event(shop.Source, "OrderClosed", `{"outcome":"CANCELED","total":0}`),
			},
			[]string{
				event(shop.Source, "OrderPlaced", confirmed), event(shop.Source, "OrderC", confirmed),
				event(shop.Source, "AuditOrderClosed", confirmed), event(shop.Source, "OrderClosed", placed),
				event(shop.Source, "OrderClosed", `{"outcome":"PROCESSING","total":100}`),
			},
		},
	} {
		pattern, err := json.Marshal(property(t, template, at[0], at[1]))
		require.NoError(t, err)
		parsed, err := events.NewPattern(string(pattern))
		require.NoError(t, err)
		for want, inputs := range map[bool][]string{true: cases.matches, false: cases.others} {
			for _, input := range inputs {
				got, err := parsed.Match([]byte(input))
				require.NoError(t, err)
				require.Equal(t, want, got, "%s and %s", pattern, input)
			}
		}
	}
}

// TestOrdersFunctionsMayDoWhatTheyDo compares the rights of the functions with
// what their code calls. Invoking, logging, tracing and reading from stream
// and queues are SAM's to permit; so is sending to a failure destination that
// says its type.
func TestOrdersFunctionsMayDoWhatTheyDo(t *testing.T) {
	template := ordersTemplate(t)
	table := map[string]any{"TableName": map[string]any{"Ref": "Table"}}
	crud := []any{map[string]any{"DynamoDBCrudPolicy": table}}
	for function, want := range map[string]any{
		"AuthorizerFunction": nil, "FrontDoorFunction": crud, "SagaFunction": crud, "InvoicingFunction": crud, "DispatchFunction": crud,
		"AnnouncerFunction": []any{
			map[string]any{"DynamoDBReadPolicy": table},
			map[string]any{"EventBridgePutEventsPolicy": map[string]any{"EventBusName": map[string]any{"Ref": "Bus"}}},
		},
	} {
		require.NotNil(t, template.Resource(function), function)
		require.Equal(t, want, template.Resource(function).At("Policies"), function)
	}
	require.Len(t, template.OfType("AWS::Serverless::Function"), 6)
	failure := property(t, template, "AnnouncerFunction", "Events.Changes.Properties.DestinationConfig.OnFailure")
	require.Equal(t, map[string]any{"Type": "SQS", "Destination": map[string]any{"Fn::GetAtt": []any{"AnnouncerFailures", "Arn"}}}, failure)
}

// TestOrdersTableIsTheModels compares the table of the template with the
// schema that the code is typed by.
func TestOrdersTableIsTheModels(t *testing.T) {
	template, schema := ordersTemplate(t), shop.Store.Schema()
	require.Equal(t, schema.PartitionKey, property(t, template, "Table", "KeySchema.0.AttributeName"))
	require.Equal(t, schema.SortKey, property(t, template, "Table", "KeySchema.1.AttributeName"))
	require.Equal(t, true, property(t, template, "Table", "TimeToLiveSpecification.Enabled"))
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
