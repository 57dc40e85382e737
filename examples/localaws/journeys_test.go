package main

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer/apikey"
	"github.com/patternkit/serverless/examples/localaws/internal/gobuild"
)

// journey is what is done with an example, with the settings of its README.
type journey struct {
	args  []string
	visit func(r *running)
}

const (
	web  = "/_api/Api/$default"
	rest = "/_api/Api/prod"
)

var journeys = map[string]journey{
	"apikey-authorizer": {[]string{"-param", "OrdersFunctionArn={echo}"}, func(r *running) {
		keys := apikey.New(dynamodb.NewFromConfig(r.cfg), "apikey-authorizer-Keys")
		key, err := keys.Create(context.Background(), apikey.Record{
			Principal: "acme", Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Scopes: []string{"orders:read"},
			UsagePlanKey: "apikey-authorizer-PlanKey-00000000000000000000",
		})
		require.NoError(r.t, err)
		r.expect(200, `"principalId":"acme"`, "GET", rest+"/orders/1", "", "X-Api-Key: "+key)
		r.expect(403, "", "POST", rest+"/orders", "{}", "X-Api-Key: "+key)
		r.expect(401, "Unauthorized", "GET", rest+"/orders/1", "")
		r.curls("apikey-authorizer", "KEY="+key)
	}},
	"callback": {nil, func(r *running) {
		status, output := r.execute("callback-Machine", `{"orderId":"7","amount":20000}`)
		require.Equal(r.t, "SUCCEEDED", status, output)
		require.JSONEq(r.t, `{"orderId":"7","paid":20000}`, output)
		r.printed(`callback-Function \(1 of queue callback-Approvals\) .* ok`)
	}},
	"dlq-consumer": {[]string{"-param", "ProviderURL={url}/_local/echo", "-param", "AlarmTopic=none"}, func(r *running) {
		r.send("dlq-consumer-Payments", `{"id":"p-1","card":"4242","cents":1250}`)
		r.stored("dlq-consumer-Table", "p-1")
		r.send("dlq-consumer-Payments", `{"id":"p-2"}`)
		letter := r.receive("dlq-consumer-Dead")
		require.Contains(r.t, *letter.MessageAttributes["deadLetterReason"].StringValue, "positive number of cents")
		answer, failure := r.invoke("dlq-consumer-RedriveFunction", `{}`)
		require.Empty(r.t, failure, answer)
	}},
	"event-publisher": {nil, func(r *running) {
		order := `{"orderId":"7","customerId":"ada","amount":25,"lines":[{"sku":"mug","quantity":2}]}`
		r.expect(202, `"orderId":"7","events":["`, "POST", "/_api/ServerlessHttpApi/$default/orders", order)
		r.expect(400, "not an order", "POST", "/_api/ServerlessHttpApi/$default/orders", "no")
		r.curls("event-publisher")
	}},
	"event-router": {nil, func(r *running) {
		_, err := eventbridge.NewFromConfig(r.cfg).PutEvents(context.Background(), &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{{
			Source: aws.String("myapp.users"), DetailType: aws.String("UserRegistered"), Detail: aws.String(`{"userId":"bob","userType":"free"}`),
		}, {
			Source: aws.String("myapp.users"), DetailType: aws.String("UserRegistered"), Detail: aws.String(`{"userId":"ada","userType":"premium","verified":true}`),
		}}})
		require.NoError(r.t, err)
		r.printed(`welcome ada`)
		r.printed(`event-router-RouterFunction \(event myapp.users UserRegistered\) .* ok`)
		require.NotContains(r.t, r.out.String(), "welcome bob")
	}},
	"fan-out": {nil, func(r *running) {
		answer, failure := r.invoke("fan-out-PublisherFunction", `[{"id":"e-1","type":"order_placed","order":{"id":"7","sku":"mug","count":2,"total":120,"email":"ada@example.com"}}]`)
		require.Empty(r.t, failure, answer)
		r.stored("fan-out-Table", `"PK":"SKU#mug"`, `"Reserved":"2"`)
		r.stored("fan-out-Table", `"PK":"EVENTS#order_placed"`, `"Total":"1"`)
		r.printed(`fan-out-NotificationFunction .* ok`)
	}},
	"fifo-queue": {nil, func(r *running) {
		for _, step := range []string{
			`{"eventId":"e-1","orderId":"7","status":"PLACED","priority":1}`, `{"eventId":"e-2","orderId":"7","status":"PAID","priority":1}`,
			`{"eventId":"e-1","orderId":"7","status":"PLACED","priority":1}`,
		} {
			r.expect(202, "queued", "POST", web+"/steps", step)
		}
		r.stored("fifo-queue-Table", `"PK":"ORDER#7"`, `"Status":"PAID"`)
		r.curls("fifo-queue")
	}},
	"idempotent-api": {[]string{"-param", "Issuer={issuer}", "-param", "Audience=orders-api"}, func(r *running) {
		r.put("idempotent-api-Table", `{"PK":"SKU#mug","SK":"STOCK","Available":10}`)
		token := "Authorization: Bearer " + r.token("sub=ada")
		first := r.expect(201, `"sku":"mug"`, "POST", web+"/orders", `{"sku":"mug","count":2}`, token, "Idempotency-Key: k-1")
		again := r.expect(200, `"sku":"mug"`, "POST", web+"/orders", `{"sku":"mug","count":2}`, token, "Idempotency-Key: k-1")
		require.Equal(r.t, first, again)
		r.expect(422, "another request", "POST", web+"/orders", `{"sku":"mug","count":3}`, token, "Idempotency-Key: k-1")
		r.expect(401, "Unauthorized", "POST", web+"/orders", `{"sku":"mug","count":2}`)
		r.curls("idempotent-api")
	}},
	"jwt-authorizer": {[]string{"-param", "Issuer={issuer}", "-param", "JWKSURL={jwks}", "-param", "OrdersFunctionArn={echo}"}, func(r *running) {
		token := "Authorization: Bearer " + r.token("sub=ada&scope=orders:read&tenant=t-1&trial=true")
		r.expect(200, `"tenant":"t-1"`, "GET", rest+"/orders/1", "", token)
		r.expect(403, "", "POST", rest+"/orders", "{}", token)
		r.expect(401, "Unauthorized", "GET", rest+"/orders/1", "", token+".")
		r.curls("jwt-authorizer")
	}},
	"observed-api": {[]string{"-param", "PaymentsURL={url}/_local/echo", "-param", "AlarmTopic=none"}, func(r *running) {
		r.expect(201, "charged", "POST", web+"/payments", `{"orderId":"7","brand":"visa","card":"4242","cents":1250}`)
		r.expect(400, "positive number of cents", "POST", web+"/payments", `{}`)
		r.printed(`PaymentsFunction \|.*"_aws"`)
		require.NotContains(r.t, r.out.String(), "4242")
		r.curls("observed-api")
	}},
	"orders": {[]string{"-param", "Issuer={issuer}", "-param", "JWKSURL={jwks}"}, func(r *running) {
		r.put("orders-Table", `{"PK":"STOCK#mug","SK":"METADATA","EntityType":"Stock","SKU":"mug","Available":10}`)
		token := "Authorization: Bearer " + r.token("sub=ada&scope=orders:write")
		order := `{"orderId":"1001","customer":{"id":"ada","vatId":"DE811234567"},"card":"tok_visa","lines":[{"sku":"mug","quantity":2,"unitPrice":1250}]}`
		r.expect(201, `"orderId":"1001"`, "POST", rest+"/orders", order, token)
		r.expect(401, "Unauthorized", "POST", rest+"/orders", order)
		r.stored("orders-Table", "1001", "CONFIRMED")
		r.printed(`orders-InvoicingFunction \(1 of queue orders-Invoices\) .* ok`)
		r.printed(`orders-DispatchFunction \(1 of queue orders-Dispatches\) .* ok`)
		r.curls("orders")
	}},
	"saga": {nil, func(r *running) {
		status, output := r.execute("saga-Machine", `{"tripId":"7","flight":"LH1","hotel":"Ritz"}`)
		require.Equal(r.t, "SUCCEEDED", status, output)
		status, output = r.execute("saga-Machine", `{"tripId":"8","flight":"LH1","hotel":"full"}`)
		require.Equal(r.t, "FAILED", status, output)
		r.stored("saga-Table", `"State":"CANCELED"`)
	}},
	"single-table": {[]string{"-param", "CursorKey=any text of 16 or more"}, func(r *running) {
		r.expect(200, `"userId":"ada"`, "POST", web+"/users", `{"userId":"ada","email":"Ada@example.com","name":"Ada"}`)
		r.expect(200, `"name":"Ada"`, "GET", web+"/users?email=ada@example.com", "")
		r.expect(409, "", "POST", web+"/users", `{"userId":"bob","email":"ada@example.com","name":"Bob"}`)
		r.curls("single-table")
	}},
	"state-machines": {nil, func(r *running) {
		status, output := r.execute("state-machines-OrderProcessing", `{"orderId":"7","amount":1250}`)
		require.Equal(r.t, "SUCCEEDED", status, output)
		require.Contains(r.t, output, "PLACED")
		status, output = r.execute("state-machines-BatchProcessing", `{"items":["a","","c"]}`)
		require.Equal(r.t, "SUCCEEDED", status, output)
		require.Contains(r.t, output, `"total":3`)
	}},
	"stream-processor": {nil, func(r *running) {
		r.expect(200, "done", "POST", web+"/orders", `{"orderId":"7","customerId":"ada","total":1250}`)
		r.stored("stream-processor-Table", "ada", `"Orders":"1"`)
		r.curls("stream-processor")
	}},
	"transfer": {nil, func(r *running) {
		r.put("transfer-Table", `{"PK":"USER#ada","SK":"BALANCE","EntityType":"Account","UserID":"ada","Balance":1000}`)
		r.put("transfer-Table", `{"PK":"USER#bob","SK":"BALANCE","EntityType":"Account","UserID":"bob","Balance":0}`)
		r.expect(200, `"amount":400`, "POST", web+"/transfers", `{"transferId":"t-1","from":"ada","to":"bob","amount":400}`)
		r.expect(409, "", "POST", web+"/transfers", `{"transferId":"t-2","from":"ada","to":"bob","amount":700}`)
		r.stored("transfer-Table", `"PK":"USER#bob"`, `"Balance":"400"`)
		r.curls("transfer")
	}},
	"workflow-start": {nil, func(r *running) {
		r.expect(202, `"id":"k-1"`, "POST", web+"/reports", `{"month":"2026-11"}`, "Idempotency-Key: k-1")
		r.expect(202, `"id":"k-1"`, "POST", web+"/reports", `{"month":"2026-11"}`, "Idempotency-Key: k-1")
		r.expect(409, "another report", "POST", web+"/reports", `{"month":"2026-12"}`, "Idempotency-Key: k-1")
		r.curls("workflow-start")
	}},
}

// TestEveryExampleRunsHere runs the template of each example with its functions as
// processes, and does what its README says.
func TestEveryExampleRunsHere(t *testing.T) {
	if os.Getenv("LINK") == "" {
		t.Skip("LINK=1, which make examples sets, links every example")
	}
	templates, err := filepath.Glob(example("*"))
	require.NoError(t, err)
	require.NotEmpty(t, templates)
	build(t)
	for _, template := range templates {
		name := filepath.Base(filepath.Dir(template))
		t.Run(name, func(t *testing.T) {
			j, ok := journeys[name]
			require.True(t, ok, "the example has no entry in the table of this test")
			require.Equal(t, command(name, j.args), commands(t, name)[0], "the README has the command of this test")
			r := launch(t, append([]string{"-app", template}, j.args...)...)
			require.NotContains(t, r.out.String(), "template.yaml:", "nothing is wrong with the template")
			r.t = t
			j.visit(r)
		})
	}
}

// build compiles the functions of all examples at once, so that each run finds them
// in the cache.
func build(t *testing.T) {
	t.Helper()
	var folders []string
	for _, pattern := range []string{"../*/main.go", "../*/lambda/*/main.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, f := range files {
			folder, err := filepath.Abs(filepath.Dir(f))
			require.NoError(t, err)
			if source, err := os.ReadFile(f); err == nil && strings.Contains(string(source), "lambda.Start") {
				folders = append(folders, folder)
			}
		}
	}
	builder, err := gobuild.New(false)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, builder.Close()) })
	for folder, r := range builder.Build(t.Context(), folders) {
		require.NoError(t, r.Err, folder)
	}
}

// command is how an example's README starts it.
func command(name string, args []string) string {
	text := "go run ./examples/localaws -app examples/" + name + "/template.yaml"
	for i := 0; i+1 < len(args); i += 2 {
		value := args[i+1]
		if strings.ContainsAny(value, " ") {
			param, text, _ := strings.Cut(value, "=")
			value = param + "='" + text + "'"
		}
		text += " " + args[i] + " " + value
	}
	return text
}

// commands are the lines of the code blocks in the section "Run it here" of an
// example's README; a line that ends with a backslash goes on in the next.
func commands(tb testing.TB, name string) []string {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("..", name, "README.md"))
	require.NoError(tb, err)
	_, section, ok := strings.Cut(string(text), "\n## Run it here\n")
	require.True(tb, ok, "the README of %s has no section Run it here", name)
	section, _, _ = strings.Cut(section, "\n## ")
	var lines []string
	for i, block := range strings.Split(section, "\n```") {
		if i%2 == 1 {
			lines = append(lines, strings.Split(strings.ReplaceAll(strings.TrimSpace(block), "\\\n", ""), "\n")...)
		}
	}
	return lines
}
