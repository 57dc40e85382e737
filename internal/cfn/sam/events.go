package sam

import (
	"slices"
	"strings"

	"github.com/patternkit/serverless/internal/cfn"
)

// target is what events invoke: a function, its alias, or a state machine.
type target struct {
	slot    *slot
	id      string // of the function or machine
	machine bool
	alias   *cfn.Value
	aliasID string
	role    *role
	// name and arn are the target as permissions and as targets name it.
	name, arn func(line int) *cfn.Value
}

// event is one entry of Events.
type event struct {
	r     *cfn.Resource
	to    *target
	id    string // of what is generated: the target's id and the event's
	name  string // of the event
	kind  string
	line  int
	where string
	p     *cfn.Value
}

// The properties of the events that are no event source mappings, those that
// must be there with a star.
var eventProperties = map[string][]string{
	"SNS":             strings.Fields(`Topic* Region FilterPolicy FilterPolicyScope SqsSubscription RedrivePolicy`),
	"S3":              strings.Fields(`Bucket* Events* Filter`),
	"Schedule":        strings.Fields(`Schedule* RuleName Input Enabled State Name Description DeadLetterConfig RetryPolicy`),
	"EventBridgeRule": strings.Fields(`EventBusName RuleName Pattern DeadLetterConfig RetryPolicy Input InputPath Target Enabled State InputTransformer`),
	"CloudWatchEvent": strings.Fields(`EventBusName RuleName Pattern DeadLetterConfig RetryPolicy Input InputPath Target Enabled State InputTransformer`),
	"ScheduleV2": strings.Fields(`PermissionsBoundary ScheduleExpression* FlexibleTimeWindow Name State Description StartDate EndDate
		ScheduleExpressionTimezone GroupName KmsKeyArn Input RoleArn DeadLetterConfig RetryPolicy OmitName`),
	"Api":     strings.Fields(`Path* Method* RestApiId Stage Auth RequestModel RequestParameters TimeoutInMillis ResponseTransferMode`),
	"HttpApi": strings.Fields(`Path Method ApiId Stage Auth TimeoutInMillis RouteSettings PayloadFormatVersion`),
	"SQS":     append([]string{"Queue*"}, mappingProperties...),
	"Kinesis": append([]string{"Stream*", "StartingPosition*"}, mappingProperties...),
	"DynamoDB": append([]string{"Stream*", "StartingPosition*"},
		mappingProperties...),
}

// What SAM has and is not transformed.
var eventsRefused = []string{"MSK", "MQ", "SelfManagedKafka", "DocumentDB", "IoTRule", "AlexaSkill", "CloudWatchLogs", "Cognito"}

// The events of a state machine and their properties.
var machineEvents = map[string][]string{
	"Schedule":        strings.Fields(`Schedule* Input Enabled State Name Description DeadLetterConfig RetryPolicy Target RoleArn`),
	"ScheduleV2":      eventProperties["ScheduleV2"],
	"EventBridgeRule": strings.Fields(`EventBusName RuleName Pattern Input InputPath DeadLetterConfig RetryPolicy State Target InputTransformer`),
	"CloudWatchEvent": strings.Fields(`EventBusName RuleName Pattern Input InputPath DeadLetterConfig RetryPolicy State Target InputTransformer`),
	"Api":             strings.Fields(`Path* Method* RestApiId Stage Auth UnescapeMappingTemplate`),
}

// each reads the Events of a resource.
func (x *transformer) each(s *slot, to *target, do func(e *event)) {
	r, events := s.source, s.source.Body.Get("Events")
	if !x.mapping(r, events, "Events") {
		return
	}
	table := eventProperties
	if to.machine {
		table = machineEvents
	}
	for _, m := range events.Members() {
		e := &event{r: r, to: to, name: m.Name, id: r.ID + m.Name, line: m.Line, where: "Events." + m.Name, kind: m.Value.Get("Type").Text(), p: m.Value.Get("Properties")}
		if !x.mapping(r, m.Value, e.where) || !x.need(r, m.Value, m.Line, e.where, "Type") {
			continue
		}
		x.known(r, m.Value, e.where, "Type", "Properties")
		if !alphanumeric.MatchString(m.Name) {
			x.fault(r, m.Line, "the name of the event %s is not alphanumeric", m.Name)
			continue
		}
		names, ok := table[e.kind]
		if !ok {
			x.noEvent(e, table)
			continue
		}
		if e.p == nil {
			e.p = cfn.NewMap(m.Line)
		}
		if !x.mapping(r, e.p, e.where+".Properties") {
			continue
		}
		var known, needed []string
		for _, name := range names {
			plain := strings.TrimSuffix(name, "*")
			known = append(known, plain)
			if plain != name {
				needed = append(needed, plain)
			}
		}
		x.known(r, e.p, e.where, known...)
		if x.need(r, e.p, m.Line, e.where, needed...) {
			do(e)
		}
	}
}

func (x *transformer) noEvent(e *event, table map[string][]string) {
	if slices.Contains(eventsRefused, e.kind) {
		x.fault(e.r, e.line, "the event %s has the type %s, which is not simulated", e.name, e.kind)
		return
	}
	var kinds []string
	for kind := range table {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	x.fault(e.r, e.line, "the event %s has the type %s, which SAM does not have here%s", e.name, e.kind, cfn.Suggest(e.kind, kinds))
}

// events turns the Events of a function or a machine into resources.
func (x *transformer) events(s *slot, to *target) {
	x.each(s, to, func(e *event) {
		switch e.kind {
		case "SQS", "DynamoDB", "Kinesis":
			x.eventSource(s, e)
		case "SNS":
			x.subscription(s, e)
		case "S3":
			x.notification(s, e)
		case "Schedule", "EventBridgeRule", "CloudWatchEvent":
			x.rule(s, e)
		case "ScheduleV2":
			x.schedule(s, e)
		case "Api":
			x.restRoute(s, e)
		case "HttpApi":
			x.httpRoute(s, e)
		}
	})
}

// permission lets a service invoke the function.
func (x *transformer) permission(s *slot, e *event, suffix, principal string, source *cfn.Value) *cfn.Value {
	body := cfn.NewMap(e.line).Set("Action", cfn.NewString(e.line, "lambda:InvokeFunction")).Set("FunctionName", e.to.name(e.line)).
		Set("Principal", cfn.NewString(e.line, principal)).Set("SourceArn", source.Clone())
	x.make(s, suffixed(e.id+"Permission", suffix), "AWS::Lambda::Permission", e.line, body)
	return body
}

// eventSource turns the events of queues and streams into event source
// mappings.
func (x *transformer) eventSource(s *slot, e *event) {
	source := e.p.Get("Stream")
	if e.kind == "SQS" {
		source = e.p.Get("Queue")
	}
	body := cfn.NewMap(e.line).Set("EventSourceArn", source.Clone()).Set("FunctionName", e.to.name(e.line))
	for _, name := range mappingProperties {
		switch name {
		case "SecretsManagerKmsKeyId", "KafkaBootstrapServers", "ConsumerGroupId", "SchemaRegistryConfig":
			if v := e.p.Get(name); v != nil {
				x.fault(e.r, v.Line, "%s is for events of Kafka and brokers, and %s is of %s", name, e.where, e.kind)
			}
		case "DestinationConfig":
			body.Set(name, x.failures(e))
		default:
			body.Set(name, e.p.Get(name).Clone())
		}
	}
	x.make(s, e.id, "AWS::Lambda::EventSourceMapping", e.line, body)
	e.to.role.manage(map[string]string{
		"SQS": "service-role/AWSLambdaSQSQueueExecutionRole", "DynamoDB": "service-role/AWSLambdaDynamoDBExecutionRole",
		"Kinesis": "service-role/AWSLambdaKinesisExecutionRole",
	}[e.kind])
}

// failures is the DestinationConfig of an event source mapping, without the
// Type that only tells SAM which policy to add.
func (x *transformer) failures(e *event) *cfn.Value {
	config := e.p.Get("DestinationConfig")
	if !x.mapping(e.r, config, e.where+".DestinationConfig") {
		return nil
	}
	x.known(e.r, config, e.where+".DestinationConfig", "OnFailure")
	failure := config.Get("OnFailure")
	if !x.mapping(e.r, failure, e.where+".DestinationConfig.OnFailure") || !x.need(e.r, failure, failure.Line, e.where+".DestinationConfig.OnFailure", "Destination") {
		return nil
	}
	x.known(e.r, failure, e.where+".DestinationConfig.OnFailure", "Type", "Destination")
	if kind := failure.Get("Type"); kind != nil {
		action := map[string]string{"SQS": "sqs:SendMessage", "SNS": "sns:publish", "S3": "s3:PutObject"}[kind.Text()]
		if action == "" {
			x.fault(e.r, kind.Line, "the Type of %s.DestinationConfig.OnFailure is SQS, SNS or S3, not %q", e.where, kind.Text())
			return nil
		}
		e.to.role.allow(e.id+kind.Text()+"Policy", action, failure.Get("Destination"))
	}
	return cfn.NewMap(config.Line).Set("OnFailure", cfn.NewMap(failure.Line).Set("Destination", failure.Get("Destination").Clone()))
}

// subscription turns the event of a topic into a subscription: of the function,
// or of a queue between the two.
func (x *transformer) subscription(s *slot, e *event) {
	body := cfn.NewMap(e.line).Set("TopicArn", e.p.Get("Topic").Clone())
	pass(body, e.p, "Region", "FilterPolicy", "FilterPolicyScope", "RedrivePolicy")
	queue := e.p.Get("SqsSubscription")
	if queue == nil || queue.Text() == "false" {
		body.Set("Protocol", cfn.NewString(e.line, "lambda")).Set("Endpoint", e.to.arn(e.line))
		x.make(s, e.id, "AWS::SNS::Subscription", e.line, body)
		x.permission(s, e, "", "sns.amazonaws.com", e.p.Get("Topic"))
		return
	}
	arn, address, policy := cfn.NewGetAtt(queue.Line, e.id+"Queue", "Arn"), cfn.NewRef(queue.Line, e.id+"Queue"), e.id+"QueuePolicy"
	mapping := cfn.NewMap(queue.Line).Set("BatchSize", cfn.NewInt(queue.Line, 10)).Set("Enabled", cfn.NewBool(queue.Line, true))
	switch {
	case queue.Kind() == cfn.Map:
		x.known(e.r, queue, e.where+".SqsSubscription", "QueueArn", "QueueUrl", "QueuePolicyLogicalId", "BatchSize", "Enabled")
		if !x.need(e.r, queue, queue.Line, e.where+".SqsSubscription", "QueueArn", "QueueUrl") {
			return
		}
		arn, address = queue.Get("QueueArn").Clone(), queue.Get("QueueUrl").Clone()
		if id := queue.Get("QueuePolicyLogicalId"); id != nil {
			policy = id.Text()
		}
		mapping.Set("BatchSize", queue.Get("BatchSize").Clone())
	case queue.Text() == "true":
		made := cfn.NewMap(queue.Line)
		if topic := x.slots[refersTo(e.p.Get("Topic"))]; topic != nil && topic.source.Body.Get("FifoTopic").Text() == "true" {
			made.Set("FifoQueue", cfn.NewBool(queue.Line, true))
		}
		x.make(s, e.id+"Queue", "AWS::SQS::Queue", queue.Line, made)
	default:
		x.fault(e.r, queue.Line, "SqsSubscription is a boolean or a mapping, not %s", queue.Kind())
		return
	}
	x.make(s, e.id, "AWS::SNS::Subscription", e.line, body.Set("Protocol", cfn.NewString(e.line, "sqs")).Set("Endpoint", arn))
	x.queuePolicy(s, policy, e.line, "sns.amazonaws.com", arn, address, e.p.Get("Topic"))
	x.make(s, e.id+"EventSourceMapping", "AWS::Lambda::EventSourceMapping", e.line,
		mapping.Set("EventSourceArn", arn.Clone()).Set("FunctionName", e.to.name(e.line)))
	e.to.role.manage("service-role/AWSLambdaSQSQueueExecutionRole")
}

// queuePolicy lets a service send to a queue.
func (x *transformer) queuePolicy(s *slot, id string, line int, service string, arn, address, source *cfn.Value) {
	statement := value(line, `{"Effect": "Allow", "Action": "sqs:SendMessage", "Principal": {"Service": "`+service+`"}}`)
	if service == "sns.amazonaws.com" {
		statement.Set("Principal", cfn.NewString(line, "*"))
	}
	statement.Set("Resource", arn.Clone()).Set("Condition", cfn.NewMap(line).Set("ArnEquals", cfn.NewMap(line).Set("aws:SourceArn", source.Clone())))
	document := cfn.NewMap(line).Set("Version", cfn.NewString(line, "2012-10-17")).Set("Statement", cfn.NewList(line, statement))
	x.make(s, id, "AWS::SQS::QueuePolicy", line, cfn.NewMap(line).Set("PolicyDocument", document).Set("Queues", cfn.NewList(line, address.Clone())))
}

// notification adds the function to the notifications of a bucket of the
// template.
func (x *transformer) notification(s *slot, e *event) {
	id := refersTo(e.p.Get("Bucket"))
	bucket := x.slots[id]
	if function, _ := e.p.Get("Bucket").Intrinsic(); function != "Ref" || bucket == nil || bucket.source.Type != "AWS::S3::Bucket" {
		x.fault(e.r, e.p.Get("Bucket").Line, "the event %s is of a bucket of the same template: Bucket is a Ref to it", e.name)
		return
	}
	permission := x.permission(s, e, "", "s3.amazonaws.com", nil)
	permission.Set("SourceAccount", cfn.NewRef(e.line, "AWS::AccountId"))
	list := e.p.Get("Events").Items()
	if e.p.Get("Events").Kind() != cfn.List {
		list = []*cfn.Value{e.p.Get("Events")}
	}
	config := bucket.source.Body.Get("NotificationConfiguration")
	if config == nil {
		config = cfn.NewMap(e.line)
		bucket.source.Body.Set("NotificationConfiguration", config)
	}
	if !x.mapping(bucket.source, config, "NotificationConfiguration") {
		return
	}
	if config.Get("LambdaConfigurations") == nil {
		config.Set("LambdaConfigurations", cfn.NewList(e.line))
	}
	for _, kind := range list {
		item := cfn.NewMap(kind.Line).Set("Event", kind.Clone()).Set("Function", e.to.arn(kind.Line)).Set("Filter", e.p.Get("Filter").Clone())
		if c := e.r.Condition; c != "" {
			item = cfn.NewMap(kind.Line).Set("Fn::If", cfn.NewList(kind.Line, cfn.NewString(kind.Line, c), item, cfn.NewRef(kind.Line, "AWS::NoValue")))
		}
		config.Get("LambdaConfigurations").Append(item)
	}
	bucket.source.DependsOn = append(bucket.source.DependsOn, e.id+"Permission")
}
