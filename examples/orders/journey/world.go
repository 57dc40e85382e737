package journey

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/authorizer/authorizertest"
	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/events"
	"github.com/patternkit/serverless/examples/localaws/stack"
	"github.com/patternkit/serverless/examples/orders/shop"
	"github.com/patternkit/serverless/messaging/idempotency"
	"github.com/patternkit/serverless/observe"
)

// Services deliver at least once: the bus starts the saga of one order twice side
// by side, and the sagas of others again at the end. Lambda loses the answer of the
// invoicing to one message, so that the queue delivers it again.
var (
	twin = "1001"
	lost = "1002"
	late = []string{"1002", "1006"}
)

// RealTime are the template's parameters for a run in real time: a second instead
// of a minute.
func RealTime(o *stack.Options) {
	o.Parameters["FunctionTimeout"], o.Parameters["VisibilityTimeout"], o.Parameters["MaxReceiveCount"] = "1", "1", "2"
}

// world is the shop: the application of the template, on the fakes.
type world struct {
	*stack.App

	record      *record
	invocations invocations
	start       time.Time
	issuer      *authorizertest.Issuer
	table       *dynamo.Table

	mu sync.Mutex
	// lost is the order whose invoicing is answered in vain; "" once it was.
	lost string
	// placed are the inputs with which the bus started sagas, by order.
	placed map[string][]byte
}

// deploy creates what the template declares, with the handlers of the shop, and
// fills the warehouse.
func deploy(ctx context.Context, files fs.FS, optFns []func(*stack.Options)) (*world, error) {
	w := &world{record: newRecord(), start: time.Now(), lost: lost, placed: map[string][]byte{}}
	w.issuer = authorizertest.NewIssuer(nil, func(o *authorizertest.IssuerOptions) { o.Audience = []string{shop.Audience} })
	cloud := stack.NewCloud(nil, func(o *stack.CloudOptions) { o.OnInvoke = w.invocations.add })
	app, err := cloud.Deploy(ctx, "template.yaml", append([]func(*stack.Options){
		func(o *stack.Options) { o.Name, o.FS = "orders", files },
		stack.Parameter("Issuer", w.issuer.URL()), stack.Parameter("JWKSURL", w.issuer.JWKSURL()),
		stack.Init("AuthorizerFunction", w.authorizer),
		stack.Init("FrontDoorFunction", w.frontDoor),
		stack.Init("AnnouncerFunction", w.announcer),
		stack.Init("SagaFunction", w.saga),
		stack.Init("InvoicingFunction", w.invoicing),
		stack.Init("DispatchFunction", w.dispatch),
	}, optFns...)...)
	if err != nil {
		return nil, fmt.Errorf("deploy: %w", err)
	}
	w.App = app
	w.table = dynamo.New(dynamodb.NewFromConfig(app.Config()), app.Ref("Table"), shop.Store)
	app.EventBridge.Target(app.Ref("Fulfillment"), w.startSaga)
	for sku, available := range stock {
		if err := shop.Stocks.Create(shop.Stock{StockKey: shop.StockKey{SKU: sku}, Available: available}).Run(ctx, w.table); err != nil {
			return nil, fmt.Errorf("stock: %w", err)
		}
	}
	return w, nil
}

// stock is what the warehouse has before the first order.
var stock = map[string]int64{"mug": 100, "poster": 50}

// tableOf is the shop's table as a function finds it.
func tableOf(e stack.Environment) *dynamo.Table {
	return dynamo.New(dynamodb.NewFromConfig(e.Config), e.Getenv("TABLE"), shop.Store)
}

func markersOf(e stack.Environment) *idempotency.Store {
	return idempotency.NewStore(dynamodb.NewFromConfig(e.Config), e.Getenv("TABLE"))
}

func (w *world) authorizer(e stack.Environment) (any, error) {
	keys, err := authorizer.NewRemoteKeys(e.Getenv("JWKS_URL"), func(o *authorizer.RemoteKeysOptions) { o.HTTPClient = w.issuer.Client() })
	if err != nil {
		return nil, err
	}
	verifier, err := authorizer.NewVerifier(e.Getenv("ISSUER"), []string{shop.Audience}, keys)
	if err != nil {
		return nil, err
	}
	return observe.Handler("authorizer", shop.Authorize(verifier), w.record.observed), nil
}

func (w *world) frontDoor(e stack.Environment) (any, error) {
	return observe.Handler("frontdoor", shop.FrontDoor{Table: tableOf(e)}.Handle, w.record.observed), nil
}

func (w *world) announcer(e stack.Environment) (any, error) {
	publisher := events.NewPublisher(eventbridge.NewFromConfig(e.Config), e.Getenv("BUS"))
	announcer := shop.Announcer{Table: tableOf(e), Publisher: publisher}
	handler := observe.Handler("announcer", announcer.Stream().Handle, w.record.observed)
	return func(ctx context.Context, batch awsevents.DynamoDBEvent) (awsevents.DynamoDBEventResponse, error) {
		w.record.streamed(batch)
		return handler(ctx, batch)
	}, nil
}

func (w *world) saga(e stack.Environment) (any, error) {
	return observe.Handler("saga", shop.Fulfillment{Table: tableOf(e)}.Saga().Handle, w.record.observed), nil
}

func (w *world) invoicing(e stack.Environment) (any, error) {
	consumer := shop.Invoicing{Table: tableOf(e), Markers: markersOf(e)}.Consumer(w.record.consumed)
	handler := observe.Handler("invoicing", consumer.HandleSQS, w.record.observed)
	return func(ctx context.Context, batch awsevents.SQSEvent) (awsevents.SQSEventResponse, error) {
		w.record.received("invoices", batch)
		answer, err := handler(ctx, batch)
		return w.lose(batch, answer), err
	}, nil
}

func (w *world) dispatch(e stack.Environment) (any, error) {
	consumer := shop.Dispatch{Table: tableOf(e), Markers: markersOf(e)}.Consumer(w.record.consumed)
	handler := observe.Handler("dispatch", consumer.HandleSQS, w.record.observed)
	return func(ctx context.Context, batch awsevents.SQSEvent) (awsevents.SQSEventResponse, error) {
		w.record.received("dispatches", batch)
		return handler(ctx, batch)
	}, nil
}

// lose loses the answer to a message once: what the function did is done, and the
// queue does not know.
func (w *world) lose(batch awsevents.SQSEvent, answer awsevents.SQSEventResponse) awsevents.SQSEventResponse {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range batch.Records {
		if w.lost != "" && strings.Contains(m.Body, `"orderId":"`+w.lost+`"`) {
			answer.BatchItemFailures = append(answer.BatchItemFailures, awsevents.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
			w.lost = ""
		}
	}
	return answer
}

// startSaga is the machine as a target of the bus.
func (w *world) startSaga(ctx context.Context, input []byte) error {
	var placed struct{ OrderID string }
	if err := json.Unmarshal(input, &placed); err != nil {
		return err
	}
	w.placed[placed.OrderID] = input
	if placed.OrderID == twin {
		if err := w.fulfill(ctx, input); err != nil {
			return err
		}
	}
	return w.fulfill(ctx, input)
}

// fulfill starts an execution of the saga.
func (w *world) fulfill(ctx context.Context, input []byte) error {
	_, err := sfn.NewFromConfig(w.Config()).StartExecution(ctx, &sfn.StartExecutionInput{
		StateMachineArn: aws.String(w.Ref("Fulfillment")), Input: aws.String(string(input)),
	})
	return err
}

// repeat starts the sagas of orders once more.
func (w *world) repeat(ctx context.Context, orderIDs []string) error {
	for _, id := range orderIDs {
		if input, ok := w.placed[id]; ok {
			if err := w.fulfill(ctx, input); err != nil {
				return err
			}
		}
	}
	return w.Settle(ctx)
}

// post sends a request to the API as its client does: with the trace, if it has one.
func (w *world) post(ctx context.Context, request awsevents.APIGatewayProxyRequest, trace string) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	r, err := http.NewRequestWithContext(ctx, request.HTTPMethod, "https://"+request.Headers["Host"]+request.Path, bytes.NewReader([]byte(request.Body)))
	if err != nil {
		answer.WriteHeader(http.StatusBadRequest)
		return answer
	}
	for name, values := range request.MultiValueHeaders {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	r.Header.Set("X-Amzn-Trace-Id", trace)
	r.RemoteAddr = request.RequestContext.Identity.SourceIP + ":443"
	w.API("Api").ServeHTTP(answer, r)
	return answer
}
