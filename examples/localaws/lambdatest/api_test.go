package lambdatest_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/examples/localaws/lambdatest"
)

func once(o *lambda.Options) { o.RetryMaxAttempts = 1 }

// requireCode demands an API error with a code and a part of its text.
func requireCode(t *testing.T, err error, code, text string) {
	t.Helper()
	var e smithy.APIError
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.ErrorCode(), "%v", err)
	require.Contains(t, e.ErrorMessage(), text)
}

func TestInvoke(t *testing.T) {
	functions := lambdatest.New(t)
	functions.Create("ship", echo, func(o *lambdatest.FunctionOptions) { o.Aliases = []string{"live"} })
	functions.Create("fails", func(context.Context, []byte) ([]byte, error) { return nil, &StockError{"tea"} })
	client := functions.Client()
	ctx := t.Context()

	out, err := client.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String(shipARN), Qualifier: aws.String("live"), Payload: []byte(`{"a":1}`), LogType: types.LogTypeTail})
	require.NoError(t, err)
	require.EqualValues(t, 200, out.StatusCode)
	require.JSONEq(t, `{"a":1}`, string(out.Payload))
	require.Equal(t, "1", *out.ExecutedVersion)
	require.Nil(t, out.FunctionError)
	log, err := base64.StdEncoding.DecodeString(*out.LogResult)
	require.NoError(t, err)
	require.Contains(t, string(log), "START RequestId: "+functions.Journal()[0].RequestID+" Version: 1\n")

	out, err = client.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("fails")})
	require.NoError(t, err, "an error of the function is part of the answer")
	require.EqualValues(t, 200, out.StatusCode)
	require.Equal(t, "Unhandled", *out.FunctionError)
	require.Equal(t, "$LATEST", *out.ExecutedVersion)
	require.Nil(t, out.LogResult)
	require.JSONEq(t, `{"errorMessage":"out of stock: tea","errorType":"StockError"}`, string(out.Payload))

	out, err = client.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("ship"), InvocationType: types.InvocationTypeDryRun})
	require.NoError(t, err)
	require.EqualValues(t, 204, out.StatusCode)

	require.Equal(t, 2, functions.Invocations())
	out, err = client.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("ship"), InvocationType: types.InvocationTypeEvent, Payload: []byte(`1`)})
	require.NoError(t, err)
	require.EqualValues(t, 202, out.StatusCode)
	require.Empty(t, out.Payload)
	require.Equal(t, 2, functions.Invocations())
	require.NoError(t, functions.Drain(ctx))
	require.Equal(t, 3, functions.Invocations())
	require.Equal(t, "lambda:Invoke", functions.Journal()[0].Action())
	require.Equal(t, []string{shipARN + ":live"}, functions.Journal()[0].Resources)
}

func TestInvokeIsRefused(t *testing.T) {
	functions := lambdatest.New(t)
	functions.Create("ship", echo, func(o *lambdatest.FunctionOptions) { o.ReservedConcurrency = aws.Int(0) })
	functions.Create("tenants", echo, func(o *lambdatest.FunctionOptions) { o.TenantIsolation = true })
	client := functions.Client(once)
	invoke := func(in lambda.InvokeInput) error {
		_, err := client.Invoke(t.Context(), &in)
		return err
	}
	var missing *types.ResourceNotFoundException
	require.ErrorAs(t, invoke(lambda.InvokeInput{FunctionName: aws.String("tea")}), &missing)
	require.Equal(t, "Function not found: arn:aws:lambda:us-east-1:123456789012:function:tea", missing.ErrorMessage())
	require.Equal(t, "User", *missing.Type)
	require.ErrorAs(t, invoke(lambda.InvokeInput{FunctionName: aws.String("ship"), Qualifier: aws.String("live")}), &missing)
	require.Equal(t, "Function not found: "+shipARN+":live", missing.ErrorMessage())

	var throttled *types.TooManyRequestsException
	require.ErrorAs(t, invoke(lambda.InvokeInput{FunctionName: aws.String("ship")}), &throttled)
	require.Equal(t, types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded, throttled.Reason)
	require.Equal(t, "Rate Exceeded.", throttled.ErrorMessage())
	require.Equal(t, "User", *throttled.Type)

	var large *types.RequestTooLargeException
	require.ErrorAs(t, invoke(lambda.InvokeInput{FunctionName: aws.String("ship"), Payload: bytes.Repeat([]byte(" "), 6<<20+1)}), &large)
	require.Equal(t, "Request must be smaller than 6291456 bytes for the InvokeFunction operation", large.ErrorMessage())
	require.ErrorAs(t, invoke(lambda.InvokeInput{FunctionName: aws.String("ship"), InvocationType: types.InvocationTypeEvent, Payload: bytes.Repeat([]byte(" "), 1<<20+1)}), &large)

	var content *types.InvalidRequestContentException
	require.ErrorAs(t, invoke(lambda.InvokeInput{FunctionName: aws.String("ship"), Payload: []byte("{")}), &content)
	require.Contains(t, content.ErrorMessage(), "Could not parse request body into json")
	require.ErrorAs(t, invoke(lambda.InvokeInput{FunctionName: aws.String("tenants"), TenantId: aws.String("acme"), ClientContext: aws.String("e30=x")}), &content)

	requireCode(t, invoke(lambda.InvokeInput{FunctionName: aws.String("ship"), InvocationType: "Later"}), "ValidationException", "Value 'Later' at 'invocationType'")
	requireCode(t, invoke(lambda.InvokeInput{FunctionName: aws.String("ship"), LogType: "Head"}), "ValidationException", "Value 'Head' at 'logType'")
	requireCode(t, invoke(lambda.InvokeInput{FunctionName: aws.String("a b")}), "ValidationException", "Value 'a b' at 'functionName'")
	requireCode(t, invoke(lambda.InvokeInput{FunctionName: aws.String("ship:1"), Qualifier: aws.String("2")}), "InvalidParameterValueException", "derived qualifier")
	requireCode(t, invoke(lambda.InvokeInput{FunctionName: aws.String("tenants")}), "InvalidParameterValueException", "Add a valid tenant ID")
	requireCode(t, invoke(lambda.InvokeInput{FunctionName: aws.String("ship"), TenantId: aws.String("acme")}), "InvalidParameterValueException", "Remove the tenant ID")
	requireCode(t, invoke(lambda.InvokeInput{FunctionName: aws.String("ship"), DurableExecutionName: aws.String("d")}), "NotSimulated", "X-Amz-Durable-Execution-Name")
	_, err := client.InvokeWithResponseStream(t.Context(), &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("tea")})
	requireCode(t, err, "ResourceNotFoundException", "Function not found")
	_, err = client.InvokeWithResponseStream(t.Context(), &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("ship"), InvocationType: "Event"})
	requireCode(t, err, "ValidationException", "Value 'Event' at 'invocationType'")
}

func TestInvokeWithResponseStream(t *testing.T) {
	functions := lambdatest.New(t)
	functions.Create("ship", echo)
	functions.Create("fails", func(context.Context, []byte) ([]byte, error) { return nil, &StockError{"tea"} })
	client := functions.Client(once)
	invoke := func(name, payload string) (chunks []string, end types.InvokeWithResponseStreamCompleteEvent) {
		out, err := client.InvokeWithResponseStream(t.Context(), &lambda.InvokeWithResponseStreamInput{FunctionName: &name, Payload: []byte(payload), LogType: types.LogTypeTail})
		require.NoError(t, err)
		require.EqualValues(t, 200, out.StatusCode)
		require.Equal(t, "$LATEST", *out.ExecutedVersion)
		stream := out.GetStream()
		for event := range stream.Events() {
			switch event := event.(type) {
			case *types.InvokeWithResponseStreamResponseEventMemberPayloadChunk:
				chunks = append(chunks, string(event.Value.Payload))
			case *types.InvokeWithResponseStreamResponseEventMemberInvokeComplete:
				end = event.Value
			}
		}
		require.NoError(t, stream.Err())
		require.NoError(t, stream.Close())
		return chunks, end
	}
	chunks, end := invoke("ship", `{"a":1}`)
	require.Equal(t, []string{`{"a":1}`}, chunks)
	require.Nil(t, end.ErrorCode)
	require.NotEmpty(t, *end.LogResult)
	chunks, end = invoke("fails", "")
	require.Empty(t, chunks)
	require.Equal(t, "Unhandled", *end.ErrorCode)
	require.JSONEq(t, `{"errorMessage":"out of stock: tea","errorType":"StockError"}`, *end.ErrorDetails)
}

func TestInvokePassesContextOn(t *testing.T) {
	functions := lambdatest.New(t)
	var got *lambdacontext.LambdaContext
	functions.Create("ship", func(ctx context.Context, _ []byte) ([]byte, error) {
		got, _ = lambdacontext.FromContext(ctx)
		return nil, nil
	}, func(o *lambdatest.FunctionOptions) { o.TenantIsolation = true })
	_, err := functions.Client().Invoke(t.Context(), &lambda.InvokeInput{
		FunctionName: aws.String("ship:$LATEST"), TenantId: aws.String("acme"),
		ClientContext: aws.String(base64.StdEncoding.EncodeToString([]byte(`{"custom":{"k":"v"}}`))),
	})
	require.NoError(t, err)
	require.Equal(t, shipARN+":$LATEST", got.InvokedFunctionArn)
	require.Equal(t, "acme", got.TenantID)
	require.Equal(t, "v", got.ClientContext.Custom["k"])
	require.Equal(t, functions.Journal()[0].RequestID, got.AwsRequestID)
}

// A caller who goes away is not waited for, and its function goes on.
func TestACallerMayGoAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		functions := lambdatest.New(t)
		ended := false
		functions.Create("ship", func(context.Context, []byte) ([]byte, error) {
			time.Sleep(2 * time.Second)
			ended = true
			return nil, nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := functions.Client(once).Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("ship")})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(start))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.True(t, ended)
	})
}

func TestFaults(t *testing.T) {
	functions := lambdatest.New(t)
	functions.Create("ship", echo)
	client := functions.Client(once)
	invoke := func() error {
		_, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("ship")})
		return err
	}
	functions.Throttle("Invoke")
	var throttled *types.TooManyRequestsException
	require.ErrorAs(t, invoke(), &throttled)
	require.Equal(t, types.ThrottleReasonCallerRateLimitExceeded, throttled.Reason)
	functions.Fail("Invoke", &types.ServiceException{Message: aws.String("down")})
	var down *types.ServiceException
	require.ErrorAs(t, invoke(), &down)
	functions.Fail("", errors.New("broken"))
	require.ErrorContains(t, invoke(), "broken")
	functions.DropReply("Invoke")
	require.Error(t, invoke())
	require.Equal(t, 1, functions.Invocations())
	require.NoError(t, invoke())
}

func TestConfigurationsOverTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		functions := lambdatest.New(t)
		var seen lambdatest.Invocation
		functions.Create("ship", func(ctx context.Context, _ []byte) ([]byte, error) {
			seen, _ = lambdatest.InvocationOf(ctx)
			return nil, nil
		}, func(o *lambdatest.FunctionOptions) {
			o.Environment, o.Tags, o.ReservedConcurrency = map[string]string{"TABLE": "orders"}, map[string]string{"team": "a"}, aws.Int(5)
			o.DeadLetterTarget, o.Layers = deadLetters, []string{"arn:aws:lambda:us-east-1:123456789012:layer:l:1"}
		})
		client := functions.Client(once)
		ctx := t.Context()
		got, err := client.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String("ship")})
		require.NoError(t, err)
		c := got.Configuration
		require.Equal(t, shipARN, *c.FunctionArn)
		require.EqualValues(t, 3, *c.Timeout)
		require.EqualValues(t, 128, *c.MemorySize)
		require.EqualValues(t, 512, *c.EphemeralStorage.Size)
		require.Equal(t, map[string]string{"TABLE": "orders"}, c.Environment.Variables)
		require.Equal(t, types.RuntimeProvidedal2023, c.Runtime)
		require.Equal(t, "bootstrap", *c.Handler)
		require.Equal(t, "arn:aws:iam::123456789012:role/ship", *c.Role)
		require.Equal(t, deadLetters, *c.DeadLetterConfig.TargetArn)
		require.Equal(t, types.StateActive, c.State)
		require.Equal(t, types.LastUpdateStatusSuccessful, c.LastUpdateStatus)
		require.Equal(t, "2000-01-01T00:00:00.000+0000", *c.LastModified)
		require.Equal(t, map[string]string{"team": "a"}, got.Tags)
		require.EqualValues(t, 5, *got.Concurrency.ReservedConcurrentExecutions)

		update := func(in lambda.UpdateFunctionConfigurationInput) (*lambda.UpdateFunctionConfigurationOutput, error) {
			in.FunctionName = aws.String("ship")
			return client.UpdateFunctionConfiguration(ctx, &in)
		}
		changed, err := update(lambda.UpdateFunctionConfigurationInput{
			Timeout: aws.Int32(9), MemorySize: aws.Int32(256), Environment: &types.Environment{Variables: map[string]string{"TABLE": "new"}},
			DeadLetterConfig: &types.DeadLetterConfig{TargetArn: aws.String("")}, RevisionId: c.RevisionId, Description: aws.String("ships"),
		})
		require.NoError(t, err)
		require.Equal(t, types.LastUpdateStatusInProgress, changed.LastUpdateStatus)
		require.NotEqual(t, c.RevisionId, changed.RevisionId)
		require.Nil(t, changed.DeadLetterConfig)
		_, err = update(lambda.UpdateFunctionConfigurationInput{Timeout: aws.Int32(8)})
		requireCode(t, err, "ResourceConflictException", "An update is in progress for resource: "+shipARN)
		require.NoError(t, lambda.NewFunctionUpdatedV2Waiter(client).Wait(ctx, &lambda.GetFunctionInput{FunctionName: aws.String("ship")}, time.Minute))
		_, err = functions.Function("ship")(ctx, nil)
		require.NoError(t, err)
		require.Equal(t, 9*time.Second, seen.Configuration.Timeout)
		require.Equal(t, map[string]string{"TABLE": "new"}, seen.Configuration.Environment)
		_, err = update(lambda.UpdateFunctionConfigurationInput{Timeout: aws.Int32(901)})
		requireCode(t, err, "ValidationException", "Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900")
		_, err = update(lambda.UpdateFunctionConfigurationInput{RevisionId: c.RevisionId})
		requireCode(t, err, "PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id.")
		_, err = update(lambda.UpdateFunctionConfigurationInput{DeadLetterConfig: &types.DeadLetterConfig{TargetArn: aws.String("arn:aws:s3:::b")}})
		requireCode(t, err, "InvalidParameterValueException", "The provided dead letter target ARN is invalid")
		_, err = update(lambda.UpdateFunctionConfigurationInput{VpcConfig: &types.VpcConfig{SubnetIds: []string{"s"}}})
		requireCode(t, err, "NotSimulated", "VpcConfig")
		config, err := client.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("ship"), Qualifier: aws.String("$LATEST")})
		require.NoError(t, err)
		require.EqualValues(t, 9, *config.Timeout, "what was refused has changed nothing")
		require.Equal(t, shipARN+":$LATEST", *config.FunctionArn)

		_, err = client.CreateFunction(ctx, &lambda.CreateFunctionInput{FunctionName: aws.String("tea"), Role: aws.String("arn:aws:iam::123456789012:role/r"), Code: &types.FunctionCode{ZipFile: []byte("x")}})
		requireCode(t, err, "NotSimulated", "CreateFunction without Options.Code")
		_, err = client.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("ship"), ZipFile: []byte("x")})
		requireCode(t, err, "UnknownOperationException", "is not simulated")

		_, err = client.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: aws.String("ship")})
		require.NoError(t, err)
		_, err = client.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String("ship")})
		requireCode(t, err, "ResourceNotFoundException", "Function not found: "+shipARN)
	})
}

func TestCreateFunctionWithCode(t *testing.T) {
	functions := lambdatest.New(t, func(o *lambdatest.Options) {
		o.Code = func(name string) lambdatest.Function {
			if name == "ship" {
				return echo
			}
			return nil
		}
	})
	client := functions.Client(once)
	create := func(in lambda.CreateFunctionInput) (*lambda.CreateFunctionOutput, error) {
		in.Role, in.Code = aws.String("arn:aws:iam::123456789012:role/r"), &types.FunctionCode{ZipFile: []byte("x")}
		return client.CreateFunction(t.Context(), &in)
	}
	out, err := create(lambda.CreateFunctionInput{
		FunctionName: aws.String("ship"), Runtime: types.RuntimeProvidedal2023, Handler: aws.String("h"), Timeout: aws.Int32(7), Publish: true,
		Architectures: []types.Architecture{types.ArchitectureArm64}, Tags: map[string]string{"a": "b"},
	})
	require.NoError(t, err)
	require.Equal(t, "1", *out.Version)
	require.EqualValues(t, 7, *out.Timeout)
	require.Equal(t, []types.Architecture{types.ArchitectureArm64}, out.Architectures)
	invoked, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("ship"), Payload: []byte(`1`)})
	require.NoError(t, err)
	require.Equal(t, "1", string(invoked.Payload))
	_, err = create(lambda.CreateFunctionInput{FunctionName: aws.String("ship")})
	requireCode(t, err, "ResourceConflictException", "Function already exist: ship")
	_, err = create(lambda.CreateFunctionInput{FunctionName: aws.String("tea")})
	requireCode(t, err, "NotSimulated", `the code of function "tea"`)
	_, err = create(lambda.CreateFunctionInput{FunctionName: aws.String("ship"), Timeout: aws.Int32(0)})
	requireCode(t, err, "ValidationException", "Value '0' at 'timeout'")
	_, err = create(lambda.CreateFunctionInput{FunctionName: aws.String("ship"), MemorySize: aws.Int32(0)})
	requireCode(t, err, "InvalidParameterValueException", "'MemorySize' value failed to satisfy constraint")
	_, err = create(lambda.CreateFunctionInput{FunctionName: aws.String("ship"), PackageType: types.PackageTypeImage})
	requireCode(t, err, "NotSimulated", `the PackageType "Image"`)
}

func TestFunctionsAreListedInPages(t *testing.T) {
	functions := lambdatest.New(t)
	for _, name := range []string{"c", "a", "b"} {
		functions.Create(name, echo)
	}
	functions.Create("arn:aws:lambda:eu-west-1:123456789012:function:d", echo)
	client := functions.Client(once)
	_, err := client.PublishVersion(t.Context(), &lambda.PublishVersionInput{FunctionName: aws.String("b")})
	require.NoError(t, err)
	names := func(version types.FunctionVersion) []string {
		var out []string
		pages := lambda.NewListFunctionsPaginator(client, &lambda.ListFunctionsInput{MaxItems: aws.Int32(1), FunctionVersion: version})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			require.NoError(t, err)
			require.LessOrEqual(t, len(page.Functions), 1)
			for _, f := range page.Functions {
				out = append(out, (*f.FunctionArn)[len("arn:aws:lambda:us-east-1:123456789012:function:"):])
			}
		}
		return out
	}
	require.Equal(t, []string{"a", "b", "c"}, names(""))
	require.Equal(t, []string{"a:$LATEST", "b:$LATEST", "b:1", "c:$LATEST"}, names(types.FunctionVersionAll))
	elsewhere, err := functions.Client(once, func(o *lambda.Options) { o.Region = "eu-west-1" }).ListFunctions(t.Context(), &lambda.ListFunctionsInput{})
	require.NoError(t, err)
	require.Len(t, elsewhere.Functions, 1)
	_, err = client.ListFunctions(t.Context(), &lambda.ListFunctionsInput{MaxItems: aws.Int32(0)})
	requireCode(t, err, "ValidationException", "maxItems")
	_, err = client.ListFunctions(t.Context(), &lambda.ListFunctionsInput{Marker: aws.String("x")})
	requireCode(t, err, "InvalidParameterValueException", "Invalid pagination token")
	settings, err := client.GetAccountSettings(t.Context(), &lambda.GetAccountSettingsInput{})
	require.NoError(t, err)
	require.EqualValues(t, 3, settings.AccountUsage.FunctionCount)
}

func TestVersionsAndAliases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		functions := lambdatest.New(t)
		var ran []string
		functions.Create("ship", func(ctx context.Context, _ []byte) ([]byte, error) {
			in, _ := lambdatest.InvocationOf(ctx)
			ran = append(ran, in.Configuration.Version)
			return nil, nil
		})
		client := functions.Client(once)
		ctx, name := t.Context(), aws.String("ship")
		publish := func(change string) string {
			if change != "" {
				_, err := client.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: name, Description: &change})
				require.NoError(t, err)
				time.Sleep(time.Second)
			}
			out, err := client.PublishVersion(ctx, &lambda.PublishVersionInput{FunctionName: name})
			require.NoError(t, err)
			require.Equal(t, shipARN+":"+*out.Version, *out.FunctionArn)
			return *out.Version
		}
		require.Equal(t, "1", publish(""))
		require.Equal(t, "1", publish(""), "nothing has changed")
		require.Equal(t, "2", publish("second"))
		versions, err := client.ListVersionsByFunction(ctx, &lambda.ListVersionsByFunctionInput{FunctionName: name})
		require.NoError(t, err)
		require.Len(t, versions.Versions, 3)
		require.Equal(t, "$LATEST", *versions.Versions[0].Version)

		created, err := client.CreateAlias(ctx, &lambda.CreateAliasInput{
			FunctionName: name, Name: aws.String("live"), FunctionVersion: aws.String("1"),
			RoutingConfig: &types.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{"2": 0.1}},
		})
		require.NoError(t, err)
		require.Equal(t, shipARN+":live", *created.AliasArn)
		for range 20 {
			_, err := client.Invoke(ctx, &lambda.InvokeInput{FunctionName: name, Qualifier: aws.String("live")})
			require.NoError(t, err)
		}
		require.Equal(t, 18, strings.Count(strings.Join(ran, ""), "1"))
		require.Equal(t, 2, strings.Count(strings.Join(ran, ""), "2"))
		require.Equal(t, "2", ran[9])

		route := func(weights map[string]float64) error {
			_, err := client.UpdateAlias(ctx, &lambda.UpdateAliasInput{FunctionName: name, Name: aws.String("live"), RoutingConfig: &types.AliasRoutingConfiguration{AdditionalVersionWeights: weights}})
			return err
		}
		requireCode(t, route(map[string]float64{"1": 0.5}), "InvalidParameterValueException", "Function version 1 is already included in routing configuration.")
		requireCode(t, route(map[string]float64{"2": 1.5}), "ValidationException", "routingConfig.additionalVersionWeights")
		requireCode(t, route(map[string]float64{"2": 0.1, "3": 0.1}), "InvalidParameterValueException", "cannot be greater than 1")
		requireCode(t, route(map[string]float64{"7": 0.1}), "ResourceNotFoundException", "Function not found: "+shipARN+":7")
		requireCode(t, route(map[string]float64{"$LATEST": 0.1}), "InvalidParameterValueException", "$LATEST is not supported for an alias pointing to more than 1 version")
		_, err = client.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: name, Qualifier: aws.String("2")})
		requireCode(t, err, "ResourceConflictException", "Unable to delete version because the following aliases reference it: [live]")
		require.NoError(t, route(nil))
		_, err = client.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: name, Qualifier: aws.String("2")})
		require.NoError(t, err)
		require.Equal(t, "3", publish(""), "a number is not given twice")

		moved, err := client.UpdateAlias(ctx, &lambda.UpdateAliasInput{FunctionName: name, Name: aws.String("live"), FunctionVersion: aws.String("3"), Description: aws.String("d")})
		require.NoError(t, err)
		require.Nil(t, moved.RoutingConfig)
		_, err = client.UpdateAlias(ctx, &lambda.UpdateAliasInput{FunctionName: name, Name: aws.String("live"), RevisionId: created.RevisionId})
		requireCode(t, err, "PreconditionFailedException", "GetAlias")
		_, err = client.CreateAlias(ctx, &lambda.CreateAliasInput{FunctionName: name, Name: aws.String("live"), FunctionVersion: aws.String("1")})
		requireCode(t, err, "ResourceConflictException", "Alias already exists: "+shipARN+":live")
		_, err = client.CreateAlias(ctx, &lambda.CreateAliasInput{FunctionName: name, Name: aws.String("12"), FunctionVersion: aws.String("1")})
		requireCode(t, err, "ValidationException", "Value '12' at 'name'")
		_, err = client.CreateAlias(ctx, &lambda.CreateAliasInput{FunctionName: name, Name: aws.String("x"), FunctionVersion: aws.String("9")})
		requireCode(t, err, "ResourceNotFoundException", "Function not found: "+shipARN+":9")
		aliases, err := client.ListAliases(ctx, &lambda.ListAliasesInput{FunctionName: name, FunctionVersion: aws.String("3")})
		require.NoError(t, err)
		require.Len(t, aliases.Aliases, 1)
		_, err = client.DeleteAlias(ctx, &lambda.DeleteAliasInput{FunctionName: name, Name: aws.String("live")})
		require.NoError(t, err)
		_, err = client.GetAlias(ctx, &lambda.GetAliasInput{FunctionName: name, Name: aws.String("live")})
		requireCode(t, err, "ResourceNotFoundException", "Cannot find alias arn: "+shipARN+":live")
		_, err = client.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: name, Qualifier: aws.String("$LATEST")})
		requireCode(t, err, "InvalidParameterValueException", "$LATEST version cannot be deleted without deleting the function.")
	})
}

func TestConcurrencyOverTheWire(t *testing.T) {
	functions := lambdatest.New(t)
	functions.Create("ship", echo)
	client, ctx, name := functions.Client(once), t.Context(), aws.String("ship")
	put := func(n int32) error {
		_, err := client.PutFunctionConcurrency(ctx, &lambda.PutFunctionConcurrencyInput{FunctionName: name, ReservedConcurrentExecutions: &n})
		return err
	}
	require.NoError(t, put(0))
	_, err := client.Invoke(ctx, &lambda.InvokeInput{FunctionName: name})
	requireCode(t, err, "TooManyRequestsException", "Rate Exceeded.")
	got, err := client.GetFunctionConcurrency(ctx, &lambda.GetFunctionConcurrencyInput{FunctionName: name})
	require.NoError(t, err)
	require.EqualValues(t, 0, *got.ReservedConcurrentExecutions)
	require.NoError(t, put(900))
	requireCode(t, put(901), "InvalidParameterValueException", "below its minimum value of [100]")
	requireCode(t, put(-1), "ValidationException", "reservedConcurrentExecutions")
	settings, err := client.GetAccountSettings(ctx, &lambda.GetAccountSettingsInput{})
	require.NoError(t, err)
	require.EqualValues(t, 100, *settings.AccountLimit.UnreservedConcurrentExecutions)
	_, err = client.DeleteFunctionConcurrency(ctx, &lambda.DeleteFunctionConcurrencyInput{FunctionName: name})
	require.NoError(t, err)
	got, err = client.GetFunctionConcurrency(ctx, &lambda.GetFunctionConcurrencyInput{FunctionName: name})
	require.NoError(t, err)
	require.Nil(t, got.ReservedConcurrentExecutions)
}

func TestEventInvokeConfigsTakeEffect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var to box
		functions := lambdatest.New(t, func(o *lambdatest.Options) { o.Targets = to.targets })
		functions.Create("ship", func(context.Context, []byte) ([]byte, error) { return nil, errors.New("no") }, func(o *lambdatest.FunctionOptions) { o.Aliases = []string{"live"} })
		client, ctx, name := functions.Client(once), t.Context(), aws.String("ship")
		_, err := client.GetFunctionEventInvokeConfig(ctx, &lambda.GetFunctionEventInvokeConfigInput{FunctionName: name})
		requireCode(t, err, "ResourceNotFoundException", "The function "+shipARN+":$LATEST doesn't have an EventInvokeConfig")
		put := func(in lambda.PutFunctionEventInvokeConfigInput) error {
			in.FunctionName = name
			_, err := client.PutFunctionEventInvokeConfig(ctx, &in)
			return err
		}
		requireCode(t, put(lambda.PutFunctionEventInvokeConfigInput{}), "InvalidParameterValueException", "You must specify at least one of error handling or destination setting.")
		requireCode(t, put(lambda.PutFunctionEventInvokeConfigInput{MaximumRetryAttempts: aws.Int32(3)}), "ValidationException", "Value '3' at 'maximumRetryAttempts'")
		requireCode(t, put(lambda.PutFunctionEventInvokeConfigInput{MaximumEventAgeInSeconds: aws.Int32(59)}), "ValidationException", "Value '59' at 'maximumEventAgeInSeconds'")
		requireCode(t, put(lambda.PutFunctionEventInvokeConfigInput{MaximumEventAgeInSeconds: aws.Int32(0)}), "ValidationException", "Value '0' at 'maximumEventAgeInSeconds'")
		self := &types.DestinationConfig{OnFailure: &types.OnFailure{Destination: aws.String(shipARN)}}
		requireCode(t, put(lambda.PutFunctionEventInvokeConfigInput{DestinationConfig: self}), "InvalidParameterValueException", "You can't specify the function as a destination for itself.")
		requireCode(t, put(lambda.PutFunctionEventInvokeConfigInput{MaximumRetryAttempts: aws.Int32(0), Qualifier: aws.String("old")}), "ResourceNotFoundException", "The function doesn't exist.")
		require.NoError(t, put(lambda.PutFunctionEventInvokeConfigInput{MaximumRetryAttempts: aws.Int32(0), Qualifier: aws.String("live")}))
		updated, err := client.UpdateFunctionEventInvokeConfig(ctx, &lambda.UpdateFunctionEventInvokeConfigInput{
			FunctionName: name, Qualifier: aws.String("live"), DestinationConfig: &types.DestinationConfig{OnFailure: &types.OnFailure{Destination: aws.String(failures)}},
		})
		require.NoError(t, err)
		require.EqualValues(t, 0, *updated.MaximumRetryAttempts, "what an update does not name stays")
		require.Equal(t, shipARN+":live", *updated.FunctionArn)
		_, err = client.Invoke(ctx, &lambda.InvokeInput{FunctionName: name, Qualifier: aws.String("live"), InvocationType: types.InvocationTypeEvent})
		require.NoError(t, err)
		require.NoError(t, functions.Drain(ctx))
		require.Equal(t, 1, functions.Invocations())
		require.Len(t, to.got, 1)
		listed, err := client.ListFunctionEventInvokeConfigs(ctx, &lambda.ListFunctionEventInvokeConfigsInput{FunctionName: name})
		require.NoError(t, err)
		require.Len(t, listed.FunctionEventInvokeConfigs, 1)
		_, err = client.DeleteFunctionEventInvokeConfig(ctx, &lambda.DeleteFunctionEventInvokeConfigInput{FunctionName: name, Qualifier: aws.String("live")})
		require.NoError(t, err)
		require.NoError(t, functions.Async("ship:live")(ctx, nil))
		require.ErrorIs(t, functions.Drain(ctx), lambdatest.ErrLost)
		require.Equal(t, 4, functions.Invocations())
	})
}

func TestMappingsOverTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		client, ctx := w.functions.Client(once), t.Context()
		created, err := client.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{
			FunctionName: aws.String("ship"), EventSourceArn: aws.String(w.orders.ARN()), BatchSize: aws.Int32(5),
			FilterCriteria: &types.FilterCriteria{Filters: []types.Filter{{Pattern: aws.String(`{"body":["a"]}`)}}}, Tags: map[string]string{"k": "v"},
		})
		require.NoError(t, err)
		require.Equal(t, "Creating", *created.State)
		require.Equal(t, shipARN, *created.FunctionArn)
		require.EqualValues(t, 5, *created.BatchSize)
		update := func(in lambda.UpdateEventSourceMappingInput) (*lambda.UpdateEventSourceMappingOutput, error) {
			in.UUID = created.UUID
			return client.UpdateEventSourceMapping(ctx, &in)
		}
		_, err = update(lambda.UpdateEventSourceMappingInput{BatchSize: aws.Int32(6)})
		requireCode(t, err, "ResourceInUseException", "Cannot update the event source mapping because it is in use.")
		w.send(t, "a")
		w.send(t, "b")
		require.NoError(t, w.functions.Drain(ctx), "Drain waits until the mapping is there")
		require.Equal(t, []string{"a"}, w.bodies, "the filter lets only one through")
		state := func() string {
			got, err := client.GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: created.UUID})
			require.NoError(t, err)
			return *got.State
		}
		require.Equal(t, "Enabled", state())

		running, stop := context.WithCancel(ctx)
		ended := make(chan error)
		go func() { ended <- w.functions.Run(running) }()
		out, err := update(lambda.UpdateEventSourceMappingInput{Enabled: aws.Bool(false), FilterCriteria: &types.FilterCriteria{}})
		require.NoError(t, err)
		require.Equal(t, "Disabling", *out.State)
		time.Sleep(2 * time.Second)
		require.Equal(t, "Disabled", state())
		w.send(t, "c")
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, []string{"a"}, w.bodies, "a disabled mapping does not poll")
		out, err = update(lambda.UpdateEventSourceMappingInput{Enabled: aws.Bool(true), BatchSize: aws.Int32(1)})
		require.NoError(t, err)
		require.Equal(t, "Enabling", *out.State)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, []string{"a", "c"}, w.bodies)

		tags, err := client.ListTags(ctx, &lambda.ListTagsInput{Resource: created.EventSourceMappingArn})
		require.NoError(t, err)
		require.Equal(t, map[string]string{"k": "v"}, tags.Tags)
		list := func(in lambda.ListEventSourceMappingsInput) int {
			out, err := client.ListEventSourceMappings(ctx, &in)
			require.NoError(t, err)
			return len(out.EventSourceMappings)
		}
		require.Equal(t, 1, list(lambda.ListEventSourceMappingsInput{FunctionName: aws.String(shipARN)}))
		require.Equal(t, 0, list(lambda.ListEventSourceMappingsInput{EventSourceArn: aws.String("arn:aws:sqs:us-east-1:123456789012:other")}))
		_, err = update(lambda.UpdateEventSourceMappingInput{BatchSize: aws.Int32(11)})
		requireCode(t, err, "InvalidParameterValueException", "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10")
		_, err = update(lambda.UpdateEventSourceMappingInput{FunctionName: aws.String("tea")})
		requireCode(t, err, "InvalidParameterValueException", "Function does not exist")
		w.functions.Create("other", echo)
		second := w.functions.Map(lambdatest.EventSourceMapping{EventSourceARN: w.orders.ARN(), FunctionARN: "other", Disabled: true})
		_, err = update(lambda.UpdateEventSourceMappingInput{FunctionName: aws.String("other")})
		requireCode(t, err, "ResourceConflictException", "Please update or delete the existing mapping with UUID "+second)
		require.Equal(t, "Enabled", state(), "what was refused has changed nothing")

		deleted, err := client.DeleteEventSourceMapping(ctx, &lambda.DeleteEventSourceMappingInput{UUID: created.UUID})
		require.NoError(t, err)
		require.Equal(t, "Deleting", *deleted.State)
		require.Equal(t, "Deleting", state())
		time.Sleep(2 * time.Second)
		_, err = client.GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: created.UUID})
		requireCode(t, err, "ResourceNotFoundException", "The resource you requested does not exist.")
		w.send(t, "d")
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, []string{"a", "c"}, w.bodies)
		stop()
		require.NoError(t, <-ended)

		_, err = client.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("ship"), EventSourceArn: aws.String("arn:aws:sqs:us-east-1:123456789012:none")})
		requireCode(t, err, "InvalidParameterValueException", "The specified queue does not exist.")
		_, err = client.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("ship")})
		requireCode(t, err, "InvalidParameterValueException", "Unrecognized event source.")
		_, err = client.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("ship"), EventSourceArn: aws.String(w.orders.ARN()), Topics: []string{"t"}})
		requireCode(t, err, "NotSimulated", "Topics")
	})
}

func TestTagsPoliciesAndURLs(t *testing.T) {
	functions := lambdatest.New(t)
	functions.Create("ship", echo, func(o *lambdatest.FunctionOptions) { o.Aliases = []string{"live"} })
	client, ctx, name := functions.Client(once), t.Context(), aws.String("ship")
	_, err := client.TagResource(ctx, &lambda.TagResourceInput{Resource: aws.String(shipARN), Tags: map[string]string{"a": "1", "b": "2"}})
	require.NoError(t, err)
	_, err = client.UntagResource(ctx, &lambda.UntagResourceInput{Resource: aws.String(shipARN), TagKeys: []string{"a"}})
	require.NoError(t, err)
	tags, err := client.ListTags(ctx, &lambda.ListTagsInput{Resource: aws.String(shipARN)})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"b": "2"}, tags.Tags)
	_, err = client.TagResource(ctx, &lambda.TagResourceInput{Resource: aws.String(shipARN + ":live"), Tags: map[string]string{"a": "1"}})
	requireCode(t, err, "InvalidParameterValueException", "Tags on function aliases and versions are not supported.")
	_, err = client.TagResource(ctx, &lambda.TagResourceInput{Resource: aws.String(shipARN), Tags: map[string]string{"aws:x": "1"}})
	requireCode(t, err, "InvalidParameterValueException", "aws:x")
	_, err = client.ListTags(ctx, &lambda.ListTagsInput{Resource: aws.String("ship")})
	requireCode(t, err, "ValidationException", "'resource'")

	permit := lambda.AddPermissionInput{FunctionName: name, StatementId: aws.String("s1"), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("events.amazonaws.com"), SourceArn: aws.String(bus)}
	added, err := client.AddPermission(ctx, &permit)
	require.NoError(t, err)
	require.JSONEq(t, `{"Sid":"s1","Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"`+shipARN+`","Condition":{"ArnLike":{"AWS:SourceArn":"`+bus+`"}}}`, *added.Statement)
	_, err = client.AddPermission(ctx, &permit)
	requireCode(t, err, "ResourceConflictException", "The statement id (s1) provided already exists.")
	permit.StatementId, permit.Principal = aws.String("s2"), aws.String("nobody")
	_, err = client.AddPermission(ctx, &permit)
	requireCode(t, err, "InvalidParameterValueException", "The provided principal was invalid.")
	got, err := client.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: name})
	require.NoError(t, err)
	require.Contains(t, *got.Policy, `{"Version":"2012-10-17","Id":"default","Statement":[{"Sid":"s1",`)
	_, err = client.RemovePermission(ctx, &lambda.RemovePermissionInput{FunctionName: name, StatementId: aws.String("s9")})
	requireCode(t, err, "ResourceNotFoundException", "Statement s9 is not found in resource policy.")
	_, err = client.RemovePermission(ctx, &lambda.RemovePermissionInput{FunctionName: name, StatementId: aws.String("s1"), RevisionId: got.RevisionId})
	require.NoError(t, err)
	_, err = client.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: name})
	requireCode(t, err, "ResourceNotFoundException", "The resource you requested does not exist.")

	url, err := client.CreateFunctionUrlConfig(ctx, &lambda.CreateFunctionUrlConfigInput{FunctionName: name, Qualifier: aws.String("live"), AuthType: types.FunctionUrlAuthTypeNone, Cors: &types.Cors{AllowOrigins: []string{"*"}}})
	require.NoError(t, err)
	require.Regexp(t, `^https://[a-z0-9]{32}\.lambda-url\.us-east-1\.on\.aws/$`, *url.FunctionUrl)
	require.Equal(t, types.InvokeModeBuffered, url.InvokeMode)
	_, err = client.CreateFunctionUrlConfig(ctx, &lambda.CreateFunctionUrlConfigInput{FunctionName: name, Qualifier: aws.String("live"), AuthType: types.FunctionUrlAuthTypeNone})
	requireCode(t, err, "ResourceConflictException", "FunctionUrlConfig exists for this Lambda function")
	_, err = client.CreateFunctionUrlConfig(ctx, &lambda.CreateFunctionUrlConfigInput{FunctionName: name, Qualifier: aws.String("1"), AuthType: types.FunctionUrlAuthTypeNone})
	requireCode(t, err, "ValidationException", "Value '1' at 'qualifier'")
	changed, err := client.UpdateFunctionUrlConfig(ctx, &lambda.UpdateFunctionUrlConfigInput{FunctionName: name, Qualifier: aws.String("live"), AuthType: types.FunctionUrlAuthTypeAwsIam})
	require.NoError(t, err)
	require.Equal(t, []string{"*"}, changed.Cors.AllowOrigins)
	read, err := client.GetFunctionUrlConfig(ctx, &lambda.GetFunctionUrlConfigInput{FunctionName: name, Qualifier: aws.String("live")})
	require.NoError(t, err)
	require.Equal(t, types.FunctionUrlAuthTypeAwsIam, read.AuthType)
	urls, err := client.ListFunctionUrlConfigs(ctx, &lambda.ListFunctionUrlConfigsInput{FunctionName: name})
	require.NoError(t, err)
	require.Len(t, urls.FunctionUrlConfigs, 1)
	_, err = client.DeleteFunctionUrlConfig(ctx, &lambda.DeleteFunctionUrlConfigInput{FunctionName: name, Qualifier: aws.String("live")})
	require.NoError(t, err)
	_, err = client.GetFunctionUrlConfig(ctx, &lambda.GetFunctionUrlConfigInput{FunctionName: name, Qualifier: aws.String("live")})
	requireCode(t, err, "ResourceNotFoundException", "The resource you requested does not exist.")
}

func TestOverAPort(t *testing.T) {
	functions := lambdatest.New(t)
	functions.Create("ship", echo)
	server := httptest.NewServer(functions.Handler())
	defer server.Close()
	client := lambda.NewFromConfig(functions.Join(aws.Config{}), func(o *lambda.Options) {
		o.HTTPClient, o.BaseEndpoint = server.Client(), aws.String(server.URL)
	})
	out, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String(shipARN), Payload: []byte(`"tea"`)})
	require.NoError(t, err)
	require.Equal(t, `"tea"`, string(out.Payload))
}
