package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/messaging/messagingtest"
	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// run runs a machine with the functions of main.go and a topic.
func run(t *testing.T, m *asl.Machine, input string) (x stepfntest.Execution, published int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		topics := messagingtest.NewSNS(t, messagingtest.NewSQS(t))
		cfg := topics.Join(aws.Config{})
		topic, err := sns.NewFromConfig(cfg).CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("failures")})
		require.NoError(t, err)
		machines := stepfntest.New(t, func(o *stepfntest.Options) { o.Services = cfg.HTTPClient })
		machines.Function("${ValidateFunctionArn}", stepfntest.Func(stepfn.ReportErrors(validate)))
		machines.Function("${PaymentFunctionArn}", stepfntest.Func(stepfn.ReportErrors(charge)))
		machines.Function("${InventoryFunctionArn}", stepfntest.Func(stepfn.ReportErrors(updateInventory)))
		machines.Function("${ResizeFunctionArn}", stepfntest.Func(stepfn.ReportErrors(resize)))
		machines.Function("${MetadataFunctionArn}", stepfntest.Func(stepfn.ReportErrors(metadata)))
		machines.Function("${ScanFunctionArn}", stepfntest.Func(stepfn.ReportErrors(scan)))
		machines.Function("${ItemFunctionArn}", stepfntest.Func(stepfn.ReportErrors(processItem)))
		machines.Function("${CheckoutFunctionArn}", stepfntest.Func(Checkout.Handle))
		filled, err := asl.Parse([]byte(strings.ReplaceAll(m.String(), "${FailuresTopicArn}", *topic.TopicArn)))
		require.NoError(t, err)
		x, err = machines.Execute(t.Context(), machines.Create("M", filled), []byte(input))
		require.NoError(t, err)
		published = len(topics.Calls("Publish"))
	})
	return x, published
}

func TestOrderProcessing(t *testing.T) {
	x, _ := run(t, OrderProcessing, `{"orderId":"42","amount":100}`)
	require.NoError(t, x.Err())
	require.Equal(t, []string{"ValidateOrder", "ProcessPayment", "UpdateInventory"}, x.Path)
	require.Contains(t, x.Output, `"status":"PLACED"`)
	require.Contains(t, x.Output, `"paymentId":"pay-`+x.Name)

	x, published := run(t, OrderProcessing, `{"orderId":"42","amount":0}`)
	require.Equal(t, "OrderRefused", x.Error)
	require.Equal(t, []string{"ValidateOrder", "NotifyValidationFailure", "OrderRefused"}, x.Path)
	require.Equal(t, 1, published)
}

func TestImageProcessing(t *testing.T) {
	x, _ := run(t, ImageProcessing, `{"key":"cat.png"}`)
	require.NoError(t, x.Err())
	require.JSONEq(t, `{"thumbnail":"cat.png-thumbnail","metadata":{"length":7},"scan":"clean"}`, x.Output)
	x, _ = run(t, ImageProcessing, `{"key":"virus.png"}`)
	require.Equal(t, "ProcessingFailed", x.Error)
	require.Contains(t, x.Cause, "virus.png is infected")
}

func TestBatchProcessing(t *testing.T) {
	x, _ := run(t, BatchProcessing, `{"items":["a","","c"]}`)
	require.NoError(t, x.Err())
	require.JSONEq(t, `{"total":3,"failed":1}`, x.Output)
}

func TestCheckout(t *testing.T) {
	x, _ := run(t, Checkout.Machine(), `{"orderId":"42","amount":100}`)
	require.NoError(t, x.Err())
	x, _ = run(t, Checkout.Machine(), `{"orderId":"42","amount":200000}`)
	require.Equal(t, stepfn.SagaCompensated, x.Error)
	require.Contains(t, x.Path, "ReleaseInventory")
}

// The template deploys the machines that are tested here.
func TestTheTemplateHasTheseMachines(t *testing.T) {
	template, err := os.ReadFile("template.yaml")
	require.NoError(t, err)
	for name, m := range map[string]*asl.Machine{
		"OrderProcessing": OrderProcessing, "ImageProcessing": ImageProcessing, "BatchProcessing": BatchProcessing, "Checkout": Checkout.Machine(),
	} {
		found := regexp.MustCompile(`(?s)\n  ` + name + `:\n.*?Definition: (\{.*?)\n      \w`).FindSubmatch(template)
		require.NotNil(t, found, name)
		want, err := json.Marshal(m)
		require.NoError(t, err)
		require.JSONEq(t, string(want), string(found[1]), name)
	}
}
