package journey

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/authorizer/authorizertest"
	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/events"
	"github.com/patternkit/serverless/events/eventstest"
	"github.com/patternkit/serverless/examples/orders/shop"
	"github.com/patternkit/serverless/messaging/idempotency"
	"github.com/patternkit/serverless/messaging/messagingtest"
	"github.com/patternkit/serverless/observe"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// Names of what the template creates.
const (
	tableName   = "orders"
	busName     = "orders"
	region      = "us-east-1"
	account     = "123456789012"
	machineName = "fulfillment"

	// announcerFailures is the queue of the changes that the announcer failed to handle.
	announcerFailures = "announcer-failures"
)

// The bus delivers at least once: the saga of one order is started twice side
// by side, and the sagas of others again at the end.
var (
	twin = "1001"
	late = []string{"1002", "1006"}
)

// world is the shop deployed on the fakes: what the template does on AWS.
type world struct {
	settings    shop.Settings
	record      *record
	invocations invocations
	start       time.Time

	db       *dynamotest.DynamoDB
	queues   *messagingtest.SQS
	topics   *messagingtest.SNS
	bus      *eventstest.EventBridge
	machines *stepfntest.StepFunctions
	issuer   *authorizertest.Issuer
	gateway  *authorizertest.RESTAPI

	cfg        aws.Config
	table      *dynamo.Table
	machineARN string

	// twice is the order whose message to the invoicing is delivered twice, as
	// a standard queue may do at any time; "" once it has been.
	twice string
	// placed are the inputs with which the bus started sagas, by order.
	placed map[string][]byte

	stream   *dynamotest.Mapping
	invoices *messagingtest.Mapping
	dispatch *messagingtest.Mapping
}

// deploy makes the fakes, and creates the resources in them with the real clients.
func deploy(ctx context.Context, settings shop.Settings) (*world, error) {
	w := &world{settings: settings, record: newRecord(), placed: map[string][]byte{}, start: time.Now()}
	w.db = dynamotest.New(nil)
	w.queues = messagingtest.NewSQS(nil)
	w.topics = messagingtest.NewSNS(nil, w.queues)
	w.bus = eventstest.New(nil)
	w.machines = stepfntest.New(nil)
	w.cfg = w.machines.Join(w.bus.Join(w.topics.Join(w.queues.Join(w.db.Join(aws.Config{Region: region})))))
	w.table = dynamo.New(dynamodb.NewFromConfig(w.cfg), tableName, shop.Store)
	for _, step := range []func(context.Context) error{w.createTable, w.createQueues, w.createMachine, w.createBus, w.createAPI} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("deploy: %w", err)
		}
	}
	return w, nil
}

func (w *world) functionARN(name string) string {
	return fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s", region, account, name)
}

// stock is what the warehouse has before the first order.
var stock = map[string]int64{"mug": 100, "poster": 50}

func (w *world) createTable(ctx context.Context) error {
	text := func(names ...string) (out []types.AttributeDefinition) {
		for _, name := range names {
			out = append(out, types.AttributeDefinition{AttributeName: aws.String(name), AttributeType: types.ScalarAttributeTypeS})
		}
		return out
	}
	keys := func(hash, sort string) []types.KeySchemaElement {
		return []types.KeySchemaElement{
			{AttributeName: aws.String(hash), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String(sort), KeyType: types.KeyTypeRange},
		}
	}
	_, err := dynamodb.NewFromConfig(w.cfg).CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: aws.String(tableName), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: text("PK", "SK", "GSI1PK", "GSI1SK"), KeySchema: keys("PK", "SK"),
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName: aws.String("GSI1"), KeySchema: keys("GSI1PK", "GSI1SK"),
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
		}},
		StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages},
	})
	if err != nil {
		return err
	}
	_, err = dynamodb.NewFromConfig(w.cfg).UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName:               aws.String(tableName),
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String(shop.Store.Schema().TTL), Enabled: aws.Bool(true)},
	})
	if err != nil {
		return err
	}
	for sku, available := range stock {
		if err := shop.Stocks.Create(shop.Stock{StockKey: shop.StockKey{SKU: sku}, Available: available}).Run(ctx, w.table); err != nil {
			return err
		}
	}
	_, err = createQueue(ctx, sqs.NewFromConfig(w.cfg), announcerFailures, map[string]string{"MessageRetentionPeriod": seconds(w.settings.DeadLetterRetention)})
	if err != nil {
		return err
	}
	announcer := shop.Announcer{Table: w.table, Publisher: events.NewPublisher(eventbridge.NewFromConfig(w.cfg), busName)}
	handler := observe.Handler("announcer", announcer.Stream().Handle, w.record.observed)
	w.stream = w.db.NewMapping(tableName, watched(w.record.streamed, host(w, "announcer", handler)), func(o *dynamotest.MappingOptions) {
		o.StartingPosition, o.BatchSize = shop.StreamStart, w.settings.StreamBatchSize
		o.ReportBatchItemFailures, o.BisectBatchOnFunctionError = true, shop.StreamBisect
		o.MaximumRetryAttempts = w.settings.StreamRetries
		o.Timeout, o.FunctionARN = w.settings.FunctionTimeout, w.functionARN("announcer")
		o.OnFailure = w.queues.Queue(announcerFailures).Deliver
	})
	return nil
}

func (w *world) createQueues(ctx context.Context) error {
	markers := idempotency.NewStore(dynamodb.NewFromConfig(w.cfg), tableName)
	topic, err := sns.NewFromConfig(w.cfg).CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("orders")})
	if err != nil {
		return err
	}
	w.bus.Target(*topic.TopicArn, w.topics.Publisher(*topic.TopicArn))
	invoicing := shop.Invoicing{Table: w.table, Markers: markers}.Consumer(w.record.consumed)
	w.invoices, err = w.consume(ctx, *topic.TopicArn, "invoices", shop.InvoicesPolicy,
		host(w, "invoicing", observe.Handler("invoicing", invoicing.HandleSQS, w.record.observed)))
	if err != nil {
		return err
	}
	dispatch := shop.Dispatch{Table: w.table, Markers: markers}.Consumer(w.record.consumed)
	w.dispatch, err = w.consume(ctx, *topic.TopicArn, "dispatches", shop.DispatchesPolicy,
		host(w, "dispatch", observe.Handler("dispatch", dispatch.HandleSQS, w.record.observed)))
	return err
}

// consume creates a queue with its dead-letter queue, subscribes it to the
// topic by a filter policy on the body, and maps it to a function.
func (w *world) consume(ctx context.Context, topicARN, name, policy string, f function) (*messagingtest.Mapping, error) {
	client := sqs.NewFromConfig(w.cfg)
	deadARN, err := createQueue(ctx, client, name+"-dlq", map[string]string{"MessageRetentionPeriod": seconds(w.settings.DeadLetterRetention)})
	if err != nil {
		return nil, err
	}
	redrive, err := json.Marshal(map[string]any{"deadLetterTargetArn": deadARN, "maxReceiveCount": w.settings.MaxReceiveCount})
	if err != nil {
		return nil, err
	}
	arn, err := createQueue(ctx, client, name, map[string]string{
		"MessageRetentionPeriod": seconds(w.settings.Retention),
		"VisibilityTimeout":      seconds(w.settings.VisibilityTimeout),
		"RedrivePolicy":          string(redrive),
	})
	if err != nil {
		return nil, err
	}
	_, err = sns.NewFromConfig(w.cfg).Subscribe(ctx, &sns.SubscribeInput{
		TopicArn: &topicARN, Protocol: aws.String("sqs"), Endpoint: &arn,
		Attributes: map[string]string{"RawMessageDelivery": "true", "FilterPolicyScope": "MessageBody", "FilterPolicy": policy},
	})
	look := func(payload []byte) { w.record.received(name, payload) }
	return w.queues.NewMapping(arn, watched(look, f), func(o *messagingtest.MappingOptions) {
		o.FunctionName, o.FunctionTimeout = name, w.settings.FunctionTimeout
		o.BatchSize, o.ReportBatchItemFailures = w.settings.BatchSize, true
	}), err
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }

func createQueue(ctx context.Context, client *sqs.Client, name string, attributes map[string]string) (arn string, err error) {
	created, err := client.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		return "", err
	}
	got, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: created.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameQueueArn},
	})
	if err != nil {
		return "", err
	}
	return got.Attributes["QueueArn"], nil
}

func (w *world) createMachine(ctx context.Context) error {
	saga := shop.Fulfillment{Table: w.table}.Saga()
	function := w.functionARN("saga")
	w.machines.Function(function, host(w, "saga", observe.Handler("saga", saga.Handle, w.record.observed)))
	definition, err := shop.Definition(function)
	if err != nil {
		return err
	}
	created, err := sfn.NewFromConfig(w.cfg).CreateStateMachine(ctx, &sfn.CreateStateMachineInput{
		Name: aws.String(machineName), Definition: aws.String(string(definition)),
		RoleArn: aws.String("arn:aws:iam::" + account + ":role/" + machineName),
	})
	if err != nil {
		return err
	}
	w.machineARN = *created.StateMachineArn
	w.bus.Target(w.machineARN, w.startSaga)
	return nil
}

// startSaga is the machine as a target of the bus.
func (w *world) startSaga(ctx context.Context, input []byte) error {
	var placed struct{ OrderID string }
	if err := json.Unmarshal(input, &placed); err != nil {
		return err
	}
	start := w.machines.Starter(w.machineARN)
	w.placed[placed.OrderID] = input
	if placed.OrderID == twin {
		if err := start(ctx, input); err != nil {
			return err
		}
	}
	return start(ctx, input)
}

// repeat delivers the events that started the sagas of orders once more.
func (w *world) repeat(ctx context.Context, orderIDs []string) error {
	for _, id := range orderIDs {
		if input, ok := w.placed[id]; ok {
			if err := w.machines.Starter(w.machineARN)(ctx, input); err != nil {
				return err
			}
		}
	}
	return w.settle(ctx)
}

func (w *world) createBus(ctx context.Context) error {
	client := eventbridge.NewFromConfig(w.cfg)
	if _, err := client.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: aws.String(busName)}); err != nil {
		return err
	}
	for _, rule := range []struct {
		name, pattern, target string
		input                 *string
	}{
		{shop.FulfillRule, shop.FulfillPattern, w.machineARN, aws.String(shop.FulfillInput)},
		{shop.AnnounceRule, shop.AnnouncePattern, "arn:aws:sns:" + region + ":" + account + ":orders", nil},
	} {
		_, err := client.PutRule(ctx, &eventbridge.PutRuleInput{Name: &rule.name, EventBusName: aws.String(busName), EventPattern: &rule.pattern})
		if err != nil {
			return err
		}
		put, err := client.PutTargets(ctx, &eventbridge.PutTargetsInput{
			Rule: &rule.name, EventBusName: aws.String(busName), Targets: []ebtypes.Target{{Id: &rule.name, Arn: &rule.target, InputPath: rule.input}},
		})
		if err != nil {
			return err
		}
		if put.FailedEntryCount > 0 {
			return errors.New(*put.FailedEntries[0].ErrorMessage)
		}
	}
	return nil
}

func (w *world) createAPI(context.Context) error {
	w.issuer = authorizertest.NewIssuer(nil, func(o *authorizertest.IssuerOptions) { o.Audience = []string{shop.Audience} })
	verifier, err := authorizer.NewVerifier(w.issuer.URL(), []string{shop.Audience}, authorizer.MustRemoteKeys(w.issuer.JWKSURL(),
		func(o *authorizer.RemoteKeysOptions) { o.HTTPClient = w.issuer.Client() }))
	if err != nil {
		return err
	}
	authorize := observe.Handler("authorizer", shop.Authorize(verifier), w.record.observed)
	door := observe.Handler("frontdoor", shop.FrontDoor{Table: w.table}.Handle, w.record.observed)
	w.gateway = authorizertest.NewRESTAPI(nil,
		authorizertest.NewTokenAuthorizer(host(w, "authorizer", authorize)),
		[]authorizertest.Route{authorizertest.At("POST /orders", host(w, "frontdoor", door))})
	return nil
}

// post sends one request to the API.
func (w *world) post(ctx context.Context, request awsevents.APIGatewayProxyRequest) awsevents.APIGatewayProxyResponse {
	return w.gateway.Invoke(ctx, request)
}

// settle lets every service do its work until no function is invoked any more.
func (w *world) settle(ctx context.Context) error {
	for before := -1; before != w.invocations.total(); {
		before = w.invocations.total()
		for _, drain := range []func(context.Context) error{
			w.stream.Drain, w.bus.Drain, w.machines.Drain, w.stream.Drain, w.bus.Drain, w.drainQueues,
		} {
			if err := drain(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// drainQueues lets both consumers work side by side.
func (w *world) drainQueues(ctx context.Context) error {
	w.duplicate()
	var wg sync.WaitGroup
	var failed [2]error
	for i, mapping := range []*messagingtest.Mapping{w.invoices, w.dispatch} {
		wg.Go(func() { failed[i] = mapping.Drain(ctx) })
	}
	wg.Wait()
	return errors.Join(failed[:]...)
}

// duplicate arranges the second delivery once the message is in the queue.
func (w *world) duplicate() {
	queue := w.queues.Queue("invoices")
	for _, m := range queue.Messages() {
		if w.twice != "" && strings.Contains(m.Body, `"orderId":"`+w.twice+`"`) {
			queue.Duplicate(m.ID, time.Second)
			w.twice = ""
		}
	}
}
