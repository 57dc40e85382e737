package main

// fakePackage is a package of fakes as the templates see it.
type fakePackage struct {
	Dir, Package string
	Fakes        []fake
	// Example is an operation of the first fake, Action its IAM action.
	Example, Action string
	// Resource is an ARN that a Call names.
	Resource string
	// ErrorCode is a code for an Error, Fields the doc of further members.
	ErrorCode, Fields string
}

// fake is one fake of a package.
type fake struct {
	// Type is the type of the fake, New its constructor, Receiver the receiver of
	// its methods.
	Type, New, Receiver string
	// Snapshot is the type of its snapshots.
	Snapshot string
	// Service is the service's name, SDK the SDK's package.
	Service, SDK string
	// SDKError is an error type of the SDK that Fail takes.
	SDKError string
	// Fail, Drop and Wait are operations that the docs name.
	Fail, Drop, Wait string
	// Throttled is the code that Throttle answers.
	Throttled string
	// Batches says how the batch operations answer for entries that failed.
	// Optional: without it there is no PartialFailure.
	Batches []string
}

var fakes = []fakePackage{{
	Dir: "dynamo/dynamotest", Package: "dynamotest",
	Example: "PutItem", Action: "dynamodb:PutItem",
	ErrorCode: "ConditionalCheckFailedException",
	Resource:  "a table or an index",
	Fields:    `such as "CancellationReasons"`,
	Fakes: []fake{{
		Type: "DynamoDB", New: "New", Receiver: "db", Snapshot: "Snapshot", Service: "DynamoDB", SDK: "dynamodb", SDKError: "*types.ConditionalCheckFailedException",
		Fail: "PutItem", Drop: "TransactWriteItems", Wait: "Query",
		Throttled: "ProvisionedThroughputExceededException",
		Batches: []string{
			"BatchWriteItem returns them as UnprocessedItems, BatchGetItem as",
			"UnprocessedKeys. Entries are counted over all tables, in the order of the",
			"tables' names.",
		},
	}},
}, {
	Dir: "messaging/messagingtest", Package: "messagingtest",
	Example: "SendMessage", Action: "sqs:SendMessage",
	ErrorCode: "InvalidParameterValue",
	Resource:  "a queue or a topic",
	Fields:    "which SQS has and SNS has not",
	Fakes: []fake{{
		Type: "SQS", New: "NewSQS", Receiver: "s", Snapshot: "SQSSnapshot", Service: "SQS", SDK: "sqs", SDKError: "*types.QueueDoesNotExist",
		Fail: "SendMessage", Drop: "SendMessage", Wait: "ReceiveMessage",
		Throttled: "RequestThrottled",
		Batches: []string{
			"SendMessageBatch, DeleteMessageBatch and ChangeMessageVisibilityBatch return",
			"them as Failed.",
		},
	}, {
		Type: "SNS", New: "NewSNS", Receiver: "s", Snapshot: "SNSSnapshot", Service: "SNS", SDK: "sns", SDKError: "*types.NotFoundException",
		Fail: "Publish", Drop: "Publish", Wait: "Publish",
		Throttled: "Throttled",
		Batches:   []string{"PublishBatch returns them as Failed."},
	}},
}, {
	Dir: "events/eventstest", Package: "eventstest",
	Example: "PutEvents", Action: "events:PutEvents",
	ErrorCode: "InternalException",
	Resource:  "an event bus or a rule",
	Fields:    "which hardly any error of EventBridge has",
	Fakes: []fake{{
		Type: "EventBridge", New: "New", Receiver: "b", Snapshot: "Snapshot", Service: "EventBridge", SDK: "eventbridge", SDKError: "*types.InternalException",
		Fail: "PutEvents", Drop: "PutEvents", Wait: "PutEvents",
		Throttled: "ThrottlingException",
		Batches:   []string{"PutEvents answers for them with an ErrorCode in place of an EventId."},
	}},
}, {
	Dir: "stepfn/stepfntest", Package: "stepfntest",
	Example: "StartExecution", Action: "states:StartExecution",
	ErrorCode: "ExecutionLimitExceeded",
	Resource:  "a state machine or an execution",
	Fields:    `such as "reason"`,
	Fakes: []fake{{
		Type: "StepFunctions", New: "New", Receiver: "m", Snapshot: "Snapshot", Service: "Step Functions", SDK: "sfn", SDKError: "*types.ExecutionLimitExceeded",
		Fail: "StartExecution", Drop: "SendTaskSuccess", Wait: "StartSyncExecution",
		Throttled: "ThrottlingException",
	}},
}, {
	Dir: "authorizer/authorizertest", Package: "authorizertest",
	Example: "GetSecretValue", Action: "secretsmanager:GetSecretValue",
	ErrorCode: "DecryptionFailure",
	Resource:  "a secret",
	Fields:    "which hardly any error of Secrets Manager has",
	Fakes: []fake{{
		Type: "SecretsManager", New: "NewSecretsManager", Receiver: "s", Snapshot: "SecretsSnapshot", Service: "Secrets Manager", SDK: "secretsmanager", SDKError: "*types.DecryptionFailure",
		Fail: "GetSecretValue", Drop: "GetSecretValue", Wait: "GetSecretValue",
		Throttled: "ThrottlingException",
	}},
}, {
	Dir: "examples/localaws/lambdatest", Package: "lambdatest",
	Example: "Invoke", Action: "lambda:Invoke",
	ErrorCode: "ServiceException",
	Resource:  "a function",
	Fields:    `such as "Reason"`,
	Fakes: []fake{{
		Type: "Lambda", New: "New", Receiver: "l", Snapshot: "Snapshot", Service: "Lambda", SDK: "lambda", SDKError: "*types.ServiceException",
		Fail: "Invoke", Drop: "Invoke", Wait: "Invoke",
		Throttled: "TooManyRequestsException",
	}},
}, {
	Dir: "examples/localaws/ststest", Package: "ststest",
	Example: "AssumeRole", Action: "sts:AssumeRole",
	ErrorCode: "RegionDisabledException",
	Resource:  "a role",
	Fields:    "which no error of STS has",
	Fakes: []fake{{
		Type: "STS", New: "New", Receiver: "s", Snapshot: "Snapshot", Service: "STS", SDK: "sts", SDKError: "*types.RegionDisabledException",
		Fail: "AssumeRole", Drop: "AssumeRole", Wait: "GetCallerIdentity",
		Throttled: "Throttling",
	}},
}, {
	Dir: "examples/localaws/s3test", Package: "s3test",
	Example: "PutObject", Action: "s3:PutObject",
	ErrorCode: "SlowDown",
	Resource:  "a bucket",
	Fields:    "which hardly any error of S3 has",
	Fakes: []fake{{
		Type: "S3", New: "New", Receiver: "s", Snapshot: "Snapshot", Service: "S3", SDK: "s3", SDKError: "*types.NoSuchKey",
		Fail: "PutObject", Drop: "PutObject", Wait: "GetObject",
		Throttled: "SlowDown",
	}},
}}
