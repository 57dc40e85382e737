package sam_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/cfn"
	"github.com/patternkit/serverless/internal/cfn/sam"
)

func parse(t *testing.T, text string) *cfn.Template {
	t.Helper()
	template, err := cfn.Parse([]byte("Transform: AWS::Serverless-2016-10-31\n" + text))
	require.NoError(t, err, text)
	return template
}

func transform(t *testing.T, text string) *cfn.Template {
	t.Helper()
	template := parse(t, text)
	require.NoError(t, sam.Transform(template), text)
	return template
}

func TestGeneratedResourcesKnowWhereTheyComeFrom(t *testing.T) {
	template := transform(t, `Resources:
  F:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: go1.x}
    DependsOn: Q
    Properties:
      CodeUri: ./src
      Events:
        Jobs:
          Type: SQS
          Properties: {Queue: !GetAtt Q.Arn}
        Get: {Type: Api, Properties: {Path: /a, Method: GET}}
  Q: {Type: AWS::SQS::Queue}
`)
	f := template.Resource("F")
	require.Equal(t, "AWS::Lambda::Function", f.Type)
	require.Equal(t, "./src", f.At("Code"))
	require.Equal(t, 3, f.At("Timeout"))
	require.Equal(t, 128, f.At("MemorySize"))
	require.Equal(t, []string{"Q"}, f.DependsOn)
	require.Equal(t, "go1.x", f.Metadata.At("BuildMethod").Text())
	require.Equal(t, 3, f.Line)
	require.Equal(t, "AWS::Serverless::Function", f.Source.Type)
	mapping := template.Resource("FJobs")
	require.Equal(t, 10, mapping.Line)
	require.Equal(t, "F", mapping.Source.ID)
	require.EqualError(t, mapping.Body.Fault("no"), "line 10: FJobs (AWS::Lambda::EventSourceMapping of F): no")
	method := template.Resource("ServerlessRestApiGetAMethod")
	require.Equal(t, "F", method.Source.ID)
	require.Equal(t, 13, method.Line)
	require.Equal(t, 13, template.Resource("ServerlessRestApi").Line)
	require.Equal(t, []string{"ServerlessRestApiGetAMethod"}, template.Resource("ServerlessRestApiDeployment").DependsOn)
	require.Nil(t, template.Resource("Q").Source)
}

func TestGlobals(t *testing.T) {
	const globals = `Globals:
  Function:
    Timeout: 9
    Handler: bootstrap
    Tags: {a: global, b: global}
    Layers: [one]
    Environment: {Variables: {A: global, B: {Ref: AWS::Region}}}
Resources:
  F:
    Type: AWS::Serverless::Function
`
	f := transform(t, globals+`    Properties: {Timeout: 5, Layers: [two], Environment: {Variables: {A: own, B: !Sub "x", C: own}}}`).Resource("F")
	require.Equal(t, 5, f.At("Timeout"))
	require.Equal(t, "bootstrap", f.At("Handler"))
	require.Equal(t, []any{"one", "two"}, f.At("Layers"))
	require.Equal(t, map[string]any{"A": "own", "B": map[string]any{"Fn::Sub": "x"}, "C": "own"}, f.At("Environment.Variables"))
	require.Equal(t, "a", f.At("Tags.1.Key"))
	f = transform(t, globals+"    IgnoreGlobals: [Timeout, Layers]").Resource("F")
	require.Equal(t, 3, f.At("Timeout"))
	require.Nil(t, f.At("Layers"))
	require.Equal(t, "bootstrap", f.At("Handler"))
	f = transform(t, globals+"    IgnoreGlobals: '*'").Resource("F")
	require.Nil(t, f.At("Handler"))
}

func TestCirclesThatAWSFinds(t *testing.T) {
	template := transform(t, `Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Environment: {Variables: {URL: !Sub "https://${ServerlessHttpApi}.example"}}
      Events: {Get: {Type: HttpApi, Properties: {Path: /a, Method: GET}}}
`)
	deployment, err := template.Deploy(cfn.Environment{})
	require.NoError(t, err)
	_, err = deployment.Order()
	require.EqualError(t, err, "line 3: Circular dependency between resources: [F, ServerlessHttpApi]")
}

func TestConditionsOfTheImplicitAPI(t *testing.T) {
	template := transform(t, `Conditions: {A: !Equals [a, b], B: !Equals [b, b]}
Resources:
  F: {Type: AWS::Serverless::Function, Condition: A, Properties: {Events: {Get: {Type: Api, Properties: {Path: /a, Method: GET}}}}}
  G: {Type: AWS::Serverless::Function, Condition: B, Properties: {Events: {Get: {Type: Api, Properties: {Path: /b, Method: GET}}}}}
`)
	require.Equal(t, "ServerlessRestApiCondition", template.Resource("ServerlessRestApi").Condition)
	_, made := create(t, template, cfn.Environment{})
	require.Contains(t, made, "ServerlessRestApiGetBMethod")
	require.NotContains(t, made, "ServerlessRestApiGetAMethod")
	require.NotContains(t, made, "F")
	template = transform(t, `Conditions: {A: !Equals [a, b]}
Resources:
  F: {Type: AWS::Serverless::Function, Condition: A, Properties: {Events: {Get: {Type: HttpApi}}}}
  Q: {Type: AWS::SQS::Queue}
`)
	require.Equal(t, "A", template.Resource("ServerlessHttpApi").Condition)
	_, made = create(t, template, cfn.Environment{})
	require.Len(t, made, 1)
}

func TestMachineKeepsItsDefinition(t *testing.T) {
	template := transform(t, `Resources:
  A: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: flow.asl.json, DefinitionSubstitutions: {F: !Ref Q}}}
  B: {Type: AWS::Serverless::StateMachine, Properties: {Definition: {StartAt: X, States: {X: {Type: Pass, End: true, ResultPath: null}}}, AutoPublishAlias: live, UseAliasAsEventTarget: true, Events: {E: {Type: Schedule, Properties: {Schedule: rate(1 day)}}}}}
  Q: {Type: AWS::SQS::Queue}
  Link: {Type: AWS::Serverless::Connector, Properties: {Source: {Id: A}, Destination: {Id: Q}, Permissions: [Write]}}
`)
	require.Equal(t, "flow.asl.json", template.Resource("A").At("DefinitionUri"))
	require.Equal(t, map[string]any{"Ref": "Q"}, template.Resource("A").At("DefinitionSubstitutions.F"))
	text, err := template.Resource("B").Body.At("Definition").JSON()
	require.NoError(t, err)
	require.Equal(t, `{"StartAt":"X","States":{"X":{"Type":"Pass","End":true,"ResultPath":null}}}`, string(text))
	require.Equal(t, "BAliaslive", template.Resource("BE").At("Targets.0.Arn.Ref"))
	require.Nil(t, template.Resource("Link"))
}

func TestTransformLeavesThePlainAlone(t *testing.T) {
	template, err := cfn.Parse([]byte("Resources: {Q: {Type: AWS::SQS::Queue}}"))
	require.NoError(t, err)
	q := template.Resource("Q")
	require.NoError(t, sam.Transform(template))
	require.Same(t, q, template.Resource("Q"))
}

func TestTransformRefuses(t *testing.T) {
	function := func(properties string) string {
		return "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      " + properties
	}
	event := func(text string) string { return function("Events: {E: {" + text + "}}") }
	api := func(properties string) string {
		return "Resources:\n  Api:\n    Type: AWS::Serverless::Api\n    Properties:\n      StageName: prod\n      " + properties
	}
	for text, want := range map[string]string{
		function("Timout: 5"):                                                  `line 6: F (AWS::Serverless::Function): unknown property "Timout", did you mean "Timeout"?`,
		function("Environment: {Varibles: {}}"):                                `unknown property "Varibles" in Environment, did you mean "Variables"?`,
		function("Environment: [a]"):                                           "Environment is a mapping, not a list",
		function("Events: !Ref X"):                                             "Events is a mapping here, and cannot be Ref",
		function("Events: {E: 5}"):                                             "Events.E is a mapping, not a number",
		function("Events: {E-1: {Type: SQS}}"):                                 "the name of the event E-1 is not alphanumeric",
		event("Type: SQSS"):                                                    `the event E has the type SQSS, which SAM does not have here, did you mean "SQS"?`,
		event("Type: Kafka, Properties: {}"):                                   "the event E has the type Kafka, which SAM does not have here",
		event("Type: MSK"):                                                     "the event E has the type MSK, which is not simulated",
		event("Propertis: {}"):                                                 `the property "Type" is missing in Events.E`,
		event("Type: SQS, Propertis: {}"):                                      `unknown property "Propertis" in Events.E, did you mean "Properties"?` + "\nline 6: F (AWS::Serverless::Function): the property \"Queue\" is missing in Events.E",
		event("Type: SQS, Properties: {Queue: a, BatchSzie: 5}"):               `unknown property "BatchSzie" in Events.E, did you mean "BatchSize"?`,
		event("Type: SQS, Properties: {Queue: a, KafkaBootstrapServers: [a]}"): "KafkaBootstrapServers is for events of Kafka and brokers, and Events.E is of SQS",
		event("Type: Kinesis, Properties: {Stream: a}"):                        `the property "StartingPosition" is missing in Events.E`,
		event("Type: SQS, Properties: {Queue: a, DestinationConfig: {OnFailure: {Type: X, Destination: a}}}"):                                  `the Type of Events.E.DestinationConfig.OnFailure is SQS, SNS or S3, not "X"`,
		event("Type: S3, Properties: {Bucket: name, Events: a}"):                                                                               "the event E is of a bucket of the same template: Bucket is a Ref to it",
		event("Type: Schedule, Properties: {Schedule: a, Enabled: true, State: ENABLED}"):                                                      "State and Enabled Properties cannot both be specified.",
		event("Type: Schedule, Properties: {Schedule: a, DeadLetterConfig: {}}"):                                                               "No 'Arn' or 'Type' property provided for DeadLetterConfig.",
		event("Type: Schedule, Properties: {Schedule: a, DeadLetterConfig: {Type: SNS}}"):                                                      "The only valid value for 'Type' property of DeadLetterConfig is 'SQS'.",
		event("Type: ScheduleV2, Properties: {ScheduleExpression: a, Name: b, OmitName: true}"):                                                "Name cannot be set when OmitName is True",
		event("Type: Api, Properties: {Path: a, Method: GET}"):                                                                                 `the Path of Events.E begins with a slash: "a"`,
		event("Type: Api, Properties: {Path: /a, Method: GTE}"):                                                                                `"GTE" of Events.E is no HTTP method`,
		event("Type: Api, Properties: {Path: /a, Method: GET, RestApiId: !Ref Other}"):                                                         "RestApiId must be a valid reference to an 'AWS::Serverless::Api' resource in same template.",
		event("Type: Api, Properties: {Path: /a, Method: GET, Auth: {Authorizer: NONE}}"):                                                      "Unable to set Authorizer on API method [get] for path [/a] because 'NONE' is only a valid value when a DefaultAuthorizer on the API is specified.",
		event("Type: Api, Properties: {Path: /a, Method: GET, Auth: {Authorizer: X}}"):                                                         "Unable to set Authorizer [X] on API method [get] for path [/a] because it wasn't defined in the API's Authorizers.",
		event("Type: Api, Properties: {Path: /a, Method: GET, Auth: {Authoriser: X}}"):                                                         `unknown property "Authoriser" in Events.E.Auth, did you mean "Authorizer"?`,
		event("Type: Api, Properties: {Path: /a, Method: GET, RequestModel: {Model: X}}"):                                                      "RequestModel of Events.E is not simulated",
		event("Type: Api, Properties: {Path: /a, Method: GET, RequestParameters: [a]}"):                                                        "Invalid value for 'RequestParameters' property.",
		event("Type: HttpApi, Properties: {Path: /a}"):                                                                                         `the property "Method" is missing in Events.E`,
		event("Type: HttpApi, Properties: {Path: /a, Method: GET, Auth: {Authorizer: AWS_IAM}}"):                                               "the authorizer AWS_IAM needs EnableIamAuthorizer of the API",
		function("Events: {A: {Type: Api, Properties: {Path: /a, Method: GET}}, B: {Type: Api, Properties: {Path: /a/, Method: get}}}"):        `API method "get" defined multiple times for path "/a".`,
		function("Events: {A: {Type: HttpApi, Properties: {Path: /a, Method: GET}}, B: {Type: HttpApi, Properties: {Path: /a, Method: get}}}"): `API method "get" defined multiple times for path "/a".`,
		function("Policies: [DynamoDBCrudPolcy: {TableName: a}]"):                                                                              `there is no policy template "DynamoDBCrudPolcy", did you mean "DynamoDBCrudPolicy"?`,
		function("Policies: [DynamoDBCrudPolicy: {Table: a}]"):                                                                                 `unknown property "Table" in DynamoDBCrudPolicy`,
		function("Policies: [{a: b, c: d}]"):                                                                                                   "a policy has a Statement, or is the name or ARN of a managed policy, or one policy template",
		function("DeadLetterQueue: {Type: X, TargetArn: a}"):                                                                                   `the Type of DeadLetterQueue is SQS or SNS, not "X"`,
		function("AutoPublishAlias: !Sub x"):                                                                                                   "AutoPublishAlias is a string or a Ref to a parameter that has a default",
		function("ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 1}"):                                                         "ProvisionedConcurrencyConfig needs AutoPublishAlias",
		function("FunctionUrlConfig: {}"):                                                                                                      `the property "AuthType" is missing in FunctionUrlConfig`,
		function("FunctionUrlConfig: {AuthType: PUBLIC}"):                                                                                      `the AuthType of FunctionUrlConfig is AWS_IAM or NONE, not "PUBLIC"`,
		function("FunctionUrlConfig: {AuthType: NONE, Cors: {AllowOrigin: a}}"):                                                                `unknown property "AllowOrigin" in FunctionUrlConfig.Cors, did you mean "AllowOrigins"?`,
		function("EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: X}}}"):                                                             `the Type of EventInvokeConfig.DestinationConfig.OnFailure is SQS, SNS, EventBridge, Lambda or S3Bucket, not "X"`,
		function("EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: Lambda}}}"):                                                        `the property "Destination" is missing in EventInvokeConfig.DestinationConfig.OnFailure`,
		function("Role: a\n  FRole: {Type: AWS::IAM::Role}\n  G: {Type: AWS::Serverless::Functoin}"):                                           `line 8: G (AWS::Serverless::Functoin): SAM has no such type, did you mean "AWS::Serverless::Function"?`,
		function("Timeout: 1\n  FRole: {Type: AWS::IAM::Role}"):                                                                                "the logical id FRole is taken by the resource of line 3",
		"Globals: {Function: {Timout: 5}}\n" + function("Timeout: 1"):                                                                          `line 2: Globals: unknown property "Timout" in Function, did you mean "Timeout"?`,
		"Globals: {Function: {Policies: []}}\n" + function("Timeout: 1"):                                                                       `line 2: Globals: "Policies" is a property of a Function that Globals cannot have`,
		"Globals: {Funktion: {}}\n" + function("Timeout: 1"):                                                                                   `line 2: Globals: Globals have no section "Funktion", did you mean "Function"?`,
		"Globals: {Function: []}\n" + function("Timeout: 1"):                                                                                   "line 2: Globals: the section Function is a mapping, not a list",
		api("DefinitionUri: a.yaml"):                                                                                                           "line 7: Api (AWS::Serverless::Api): DefinitionUri is not simulated",
		api("Auth: {DefaultAuthorizer: X}"):                                                                                                    "Unable to set DefaultAuthorizer because 'X' was not defined in 'Authorizers'.",
		api("Auth: {Authorizers: {A: {FunctionArn: a, FunctionPayloadType: REQUEST}}}"):                                                        "A Authorizer must specify Identity with at least one of Headers, QueryStrings, StageVariables, or Context.",
		api("Auth: {Authorizers: {A: {FunctionArn: a, FunctionPayloadType: X}}}"):                                                              "A Authorizer has invalid 'FunctionPayloadType': X.",
		api("Auth: {Authorizers: {A: {FunctionArn: a, Identity: {ReauthoriseEvery: 5}}}}"):                                                     `unknown property "ReauthoriseEvery" in Auth.Authorizers.A.Identity, did you mean "ReauthorizeEvery"?`,
		api("Cors: {AllowCredentials: true}"):                                                                                                  "'AllowCredentials' can not be true",
		api("DefinitionBody: {paths: {/a: {get: {}}}}"):                                                                                        `the property "x-amazon-apigateway-integration" is missing in DefinitionBody.paths./a.get`,
		api("DefinitionBody: {Fn::Transform: {Name: AWS::Include}}"):                                                                           "DefinitionBody is a mapping here, and cannot be Fn::Transform",
		"Resources: {A: {Type: AWS::Serverless::Api}}":                                                                                         `the property "StageName" is missing`,
		"Resources: {A: {Type: AWS::Serverless::Application, Properties: {Location: x}}}":                                                      "line 2: A (AWS::Serverless::Application): the type is not simulated",
		"Resources: {A: {Type: AWS::Serverless::StateMachine}}":                                                                                "Either 'Definition' or 'DefinitionUri' property must be specified.",
		"Resources: {A: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: a, Definition: {}}}}":                                "Specify either 'Definition' or 'DefinitionUri' property and not both.",
		"Resources: {A: {Type: AWS::Serverless::SimpleTable, Properties: {PrimaryKey: {Name: a, Type: S}}}}":                                   `the Type of PrimaryKey is String, Number or Binary, not "S"`,
		"Resources: {A: {Type: AWS::Serverless::HttpApi, Properties: {Auth: {Authorizers: {A: {FunctionArn: a}}}}}}":                           `the property "AuthorizerPayloadFormatVersion" is missing in Auth.Authorizers.A`,
	} {
		template := parse(t, text)
		before := template.Resources
		body := before[0].Body.Plain()
		err := sam.Transform(template)
		require.ErrorContains(t, err, want, text)
		var faults cfn.Errors
		require.ErrorAs(t, err, &faults, text)
		for _, fault := range faults {
			require.Positive(t, fault.Line, text)
		}
		require.Equal(t, before, template.Resources, "a template that is refused stays as it is")
		require.Equal(t, body, before[0].Body.Plain(), text)
	}
	template, err := cfn.Parse([]byte("Resources: {A: {Type: AWS::Serverless::Function}}"))
	require.NoError(t, err)
	require.EqualError(t, sam.Transform(template), "line 1: A (AWS::Serverless::Function): the template lacks Transform: AWS::Serverless-2016-10-31")
}

func TestTemplateThatIsRefusedStaysAsItIs(t *testing.T) {
	template := parse(t, `Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: b}}
  F:
    Type: AWS::Serverless::Function
    Properties:
      Timout: 5
      Events: {In: {Type: S3, Properties: {Bucket: !Ref Bucket, Events: "s3:ObjectCreated:*"}}}
`)
	require.EqualError(t, sam.Transform(template), `line 7: F (AWS::Serverless::Function): unknown property "Timout", did you mean "Timeout"?`)
	require.Len(t, template.Resources, 2)
	require.Equal(t, map[string]any{"BucketName": "b"}, template.Resource("Bucket").Body.Plain())
	require.Empty(t, template.Resource("Bucket").DependsOn)
}

func FuzzTransform(f *testing.F) {
	files, err := filepath.Glob("testdata/*.yaml")
	require.NoError(f, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(_ *testing.T, data []byte) {
		template, err := cfn.Parse(data)
		if err != nil || sam.Transform(template) != nil {
			return
		}
		if deployment, err := template.Deploy(cfn.Environment{}); err == nil {
			_, _ = deployment.Order()
		}
	})
}
