package repotest_test

import (
	"maps"
	"slices"
)

// because is modules and the reason for which a package may link each.
type because map[string]string

// Groups of modules that come together. A service client brings the SDK's core
// and internal modules along; what else it needs is named with it.
var (
	lambdaEvents = because{"github.com/aws/aws-lambda-go": "the shapes of Lambda events and the Lambda context"}
	jwt          = because{"github.com/golang-jwt/jwt/v5": "verifies and signs tokens: no cryptography of our own"}
	zap          = because{
		"go.uber.org/zap":      "writes the log lines",
		"go.uber.org/multierr": "zap's own dependency",
	}
	core = because{
		sdk:                        "the core of the SDK",
		"github.com/aws/smithy-go": "the SDK's runtime",
	}
	client = because{
		sdk:                             "the core of the SDK",
		"github.com/aws/smithy-go":      "the SDK's runtime",
		sdk + "/internal/configsources": "every client's own dependency",
		sdk + "/internal/endpoints/v2":  "every client's own dependency",
	}
	dynamoDB = because{
		sdk + "/service/dynamodb":                    "the service that the package wraps or simulates",
		sdk + "/service/internal/accept-encoding":    "the client's own dependency",
		sdk + "/service/internal/endpoint-discovery": "the client's own dependency",
	}
	streams   = because{sdk + "/service/dynamodbstreams": "the streams of the tables"}
	itemTypes = because{
		sdk + "/service/dynamodb":  "the types of attribute values",
		"github.com/aws/smithy-go": "the SDK's runtime",
	}
	attributeValues = because{sdk + "/feature/dynamodb/attributevalue": "maps Go values to attributes"}
	decimals        = because{"github.com/cockroachdb/apd/v3": "DynamoDB's numbers have 38 digits"}
	queuesAndTopics = because{
		sdk + "/service/sqs": "the service that the package wraps or simulates",
		sdk + "/service/sns": "the service that the package wraps or simulates",
	}
	eventBridge = because{
		sdk + "/service/eventbridge": "the service that the package wraps or simulates",
		sdk + "/internal/v4a":        "the client's own dependency: global endpoints",
	}
	objects = because{
		sdk + "/service/s3":                       "where the bodies of large messages go",
		sdk + "/aws/protocol/eventstream":         "the client's own dependency",
		sdk + "/internal/v4a":                     "the client's own dependency",
		sdk + "/service/internal/accept-encoding": "the client's own dependency",
		sdk + "/service/internal/checksum":        "the client's own dependency",
		sdk + "/service/internal/presigned-url":   "the client's own dependency",
		sdk + "/service/internal/s3shared":        "the client's own dependency",
	}
	xraySDK = because{
		"github.com/aws/aws-xray-sdk-go/v2":         "the one package that has it",
		"github.com/andybalholm/brotli":             "the X-Ray SDK's own dependency",
		"github.com/klauspost/compress":             "the X-Ray SDK's own dependency",
		"github.com/pkg/errors":                     "the X-Ray SDK's own dependency",
		"github.com/valyala/bytebufferpool":         "the X-Ray SDK's own dependency",
		"github.com/valyala/fasthttp":               "the X-Ray SDK's own dependency",
		"golang.org/x/net":                          "the X-Ray SDK's own dependency",
		"golang.org/x/sys":                          "the X-Ray SDK's own dependency",
		"golang.org/x/text":                         "the X-Ray SDK's own dependency",
		"google.golang.org/genproto/googleapis/rpc": "the X-Ray SDK's own dependency",
		"google.golang.org/grpc":                    "the X-Ray SDK's own dependency",
		"google.golang.org/protobuf":                "the X-Ray SDK's own dependency",
	}
	functions = because{
		sdk + "/service/lambda":           "reads the event source mappings",
		sdk + "/aws/protocol/eventstream": "the client's own dependency",
	}
	stepFunctions = because{sdk + "/service/sfn": "the service that the package wraps or simulates"}
)

// linked is the table: package → what it links and why. Packages that link
// nothing but the standard library stand in it with nothing.
var linked = map[string][]because{
	"internal/assertion":   {},
	"internal/awsid":       {},
	"internal/backoff":     {},
	"internal/brokentext":  {},
	"internal/cfn":         {{"go.yaml.in/yaml/v3": "templates are YAML"}},
	"internal/cfn/sam":     {{"go.yaml.in/yaml/v3": "templates are YAML"}},
	"internal/conformance": {},
	"internal/conformance/shop": {client, dynamoDB, {
		"github.com/aws/aws-lambda-go":          "it is a Lambda function",
		sdk + "/service/sqs":                    "it sends an order on",
		sdk + "/config":                         "loads its configuration",
		sdk + "/credentials":                    "the configuration's own dependency",
		sdk + "/feature/ec2/imds":               "the configuration's own dependency",
		sdk + "/internal/v4a":                   "the configuration's own dependency",
		sdk + "/service/internal/presigned-url": "the configuration's own dependency",
		sdk + "/service/signin":                 "the configuration's own dependency",
		sdk + "/service/sso":                    "the configuration's own dependency",
		sdk + "/service/ssooidc":                "the configuration's own dependency",
		sdk + "/service/sts":                    "the configuration's own dependency",
	}},
	"internal/correlation":     {},
	"internal/given":           {},
	"internal/handover":        {},
	"internal/jsontext":        {},
	"internal/lambdafn":        {},
	"internal/lambdahost":      {},
	"internal/marker":          {},
	"internal/pattern":         {},
	"internal/repotest/mutate": {},
	"internal/suite":           {},
	"internal/wire":            {},
	"internal/wire/fakegen":    {},
	"internal/wire/hostile":    {},
	"internal/wire/snapshot":   {},

	"authorizer":                     {lambdaEvents, jwt},
	"authorizer/jws":                 {jwt},
	"authorizer/internal/jsonobject": {},
	"authorizer/internal/refresh":    {},
	"authorizer/apikey":              {lambdaEvents, jwt, client, dynamoDB},
	"authorizer/authorizertest": {lambdaEvents, jwt, client, {
		sdk + "/service/secretsmanager": "the service that the package simulates",
	}},
	"authorizer/authorizertest/conformance": {client, {
		sdk + "/service/secretsmanager": "the service that the package checks",
	}},
	"authorizer/secret": {lambdaEvents, jwt, client, {
		sdk + "/service/secretsmanager": "where the secret is kept",
	}},

	"dynamo":                      {client, dynamoDB, streams, attributeValues},
	"dynamo/stream":               {lambdaEvents, client, dynamoDB, streams, attributeValues},
	"dynamo/tabledef":             {client, dynamoDB, streams, attributeValues},
	"dynamo/internal/attr":        {itemTypes, streams, attributeValues},
	"dynamo/internal/bridge":      {itemTypes, streams, attributeValues},
	"dynamo/internal/keytemplate": {},
	"dynamo/internal/expr":        {decimals},
	"dynamo/dynamotest": {client, dynamoDB, streams, decimals, {
		"github.com/tidwall/btree": "keeps the items in the order of their keys",
	}},
	"dynamo/dynamotest/conformance": {client, dynamoDB, streams},

	"examples/localaws/lambdatest": {lambdaEvents, client, {
		sdk + "/service/lambda":           "the service that the package simulates",
		sdk + "/aws/protocol/eventstream": "the client's own dependency",
	}},

	"examples/localaws/ststest": {client, {
		sdk + "/service/sts":                      "the service that the package simulates",
		sdk + "/internal/v4a":                     "the client's own dependency",
		sdk + "/service/internal/accept-encoding": "the client's own dependency",
		sdk + "/service/internal/presigned-url":   "the client's own dependency",
	}},
	"examples/localaws/s3test": {client, objects, {
		"github.com/johannesboyne/gofakes3": "is the fake of Amazon S3",
		"github.com/ryszard/goskiplist":     "gofakes3's own dependency",
	}},

	"events":                        {client, eventBridge},
	"events/eventstest":             {client, eventBridge},
	"events/eventstest/conformance": {client, eventBridge, {sdk + "/service/sqs": "queues are targets"}},

	"messaging":                            {lambdaEvents, client, queuesAndTopics},
	"messaging/claimcheck":                 {lambdaEvents, client, queuesAndTopics, objects},
	"messaging/claimcheck/internal/s3test": {},
	"messaging/filter":                     {lambdaEvents, client, queuesAndTopics},
	"messaging/idempotency":                {client, dynamoDB},
	"messaging/mappingcheck":               {client, {sdk + "/service/sqs": "reads the queue's settings"}, functions},
	"messaging/messagingtest":              {lambdaEvents, client, queuesAndTopics},
	"messaging/messagingtest/conformance":  {client, queuesAndTopics},
	"messaging/simulate":                   {lambdaEvents, core},

	"observe":             {lambdaEvents, zap},
	"observe/awscalls":    {lambdaEvents, zap, core},
	"observe/observetest": {lambdaEvents, zap},
	"observe/xray":        {lambdaEvents, zap, xraySDK},
	"observe/xraylite":    {lambdaEvents, zap},

	"observe/internal/subsegment": {},

	"stepfn":                        {lambdaEvents, client, stepFunctions},
	"stepfn/asl":                    {},
	"stepfn/internal/intrinsic":     {},
	"stepfn/internal/jsonpath":      {},
	"stepfn/internal/metadata":      {},
	"stepfn/internal/value":         {},
	"stepfn/prove":                  {lambdaEvents, client, stepFunctions},
	"stepfn/stepfntest":             {client, stepFunctions},
	"stepfn/stepfntest/conformance": {client, stepFunctions},
}

func expand(groups []because) []string {
	all := because{}
	for _, group := range groups {
		maps.Copy(all, group)
	}
	out := slices.Sorted(maps.Keys(all))
	if out == nil {
		return []string{}
	}
	return out
}

// onlyTests are the modules that tests and examples import and no package links. A
// module that imports one of our packages takes what the tests of this package
// import into its go.sum, and no more: so tests with a heavy module are in a folder
// that nobody imports.
var onlyTests = because{
	"github.com/stretchr/testify":              "assertions; it needs nothing but a YAML reader",
	"pgregory.net/rapid":                       "the models of queues, keys and routes draw their steps with it; it needs no module",
	"github.com/santhosh-tekuri/jsonschema/v6": "every metric document of the tests of observe is valid by AWS's schema; it needs golang.org/x/text alone",
	"github.com/johannesboyne/gofakes3":        "an S3 in process; messaging/claimcheck/internal/s3test alone imports it",
	sdk + "/credentials":                       "static credentials of a test's client",
	sdk + "/config":                            "the examples load their configuration with it",
}
