package eventstest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/events/eventstest"
	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/internal/wire/snapshot"
)

func TestSnapshots(t *testing.T) {
	snapshot.Check(t, snapshot.Fake{
		Server: wire.ServerOf(eventstest.New(t)), Module: "github.com/aws/aws-sdk-go-v2/service/eventbridge", Doc: "doc.go",
	})
}

const fnARN = "arn:aws:lambda:us-east-1:123456789012:function:fn"

func putRule(t *testing.T, client *eventbridge.Client, name, pattern string, targets ...types.Target) {
	t.Helper()
	_, err := client.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: &name, EventPattern: &pattern})
	require.NoError(t, err)
	if len(targets) == 0 {
		return
	}
	out, err := client.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: &name, Targets: targets})
	require.NoError(t, err)
	require.Zero(t, out.FailedEntryCount)
}

func target(id, arn string) types.Target { return types.Target{Id: &id, Arn: &arn} }

func entry(detail string) types.PutEventsRequestEntry {
	return types.PutEventsRequestEntry{Source: aws.String("shop"), DetailType: aws.String("Placed"), Detail: &detail}
}

func put(t *testing.T, client *eventbridge.Client, entries ...types.PutEventsRequestEntry) *eventbridge.PutEventsOutput {
	t.Helper()
	out, err := client.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: entries})
	require.NoError(t, err)
	return out
}

// requireAPIError checks code and text of an error of the service.
func requireAPIError(t *testing.T, err error, code, message string) {
	t.Helper()
	var api smithy.APIError
	require.ErrorAs(t, err, &api)
	require.Equal(t, code, api.ErrorCode())
	require.Equal(t, message, api.ErrorMessage())
}

func TestDeliveredEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := eventstest.New(t)
		client := bus.Client()
		putRule(t, client, "all", `{"source":["shop"]}`, target("1", fnARN))
		var got []string
		bus.Target(fnARN, func(_ context.Context, event []byte) error {
			got = append(got, string(event))
			return nil
		})
		e := entry(` { "a" : "<&>" , "b": 1.0 } `)
		e.Time = aws.Time(time.Date(2024, 2, 3, 4, 5, 6, 789e6, time.FixedZone("", 3600)))
		e.Resources = []string{"arn:1", "arn:2"}
		out := put(t, client, e, entry(`{}`))
		require.Empty(t, got, "nothing is delivered before Drain")
		require.Equal(t, 2, bus.Pending())
		require.NoError(t, bus.Drain(t.Context()))
		require.Zero(t, bus.Pending())
		require.Equal(t, []string{
			`{"version":"0","id":"` + *out.Entries[0].EventId + `","detail-type":"Placed","source":"shop","account":"123456789012","time":"2024-02-03T03:05:06Z","region":"us-east-1","resources":["arn:1","arn:2"],"detail":{"a":"<&>","b":1.0}}`,
			`{"version":"0","id":"` + *out.Entries[1].EventId + `","detail-type":"Placed","source":"shop","account":"123456789012","time":"2000-01-01T00:00:00Z","region":"us-east-1","resources":[],"detail":{}}`,
		}, got)
	})
}

func TestPutEventsEntryByEntry(t *testing.T) {
	bus := eventstest.New(t)
	client := bus.Client()
	long := strings.Repeat("x", 129)
	out := put(t, client,
		entry(`{}`),
		types.PutEventsRequestEntry{DetailType: aws.String("d"), Detail: aws.String(`{}`)},
		types.PutEventsRequestEntry{Source: aws.String("s"), Detail: aws.String(`{}`)},
		types.PutEventsRequestEntry{Source: aws.String("s"), DetailType: aws.String("d")},
		entry(`[]`), entry(`"x"`), entry(`{`), entry(strings.Repeat(`{"a":`, 1001)+"1"+strings.Repeat("}", 1001)),
		types.PutEventsRequestEntry{Source: aws.String("s"), DetailType: &long, Detail: aws.String(`{}`)},
		types.PutEventsRequestEntry{Source: aws.String("aws.s3"), DetailType: aws.String("d"), Detail: aws.String(`{}`)})
	require.EqualValues(t, 9, out.FailedEntryCount)
	var codes []string
	for _, e := range out.Entries {
		codes = append(codes, aws.ToString(e.ErrorCode))
	}
	require.Equal(t, []string{"", "InvalidArgument", "InvalidArgument", "InvalidArgument", "MalformedDetail", "MalformedDetail", "MalformedDetail", "MalformedDetail", "InvalidArgument", "NotAuthorizedForSourceException"}, codes)
	require.NotEmpty(t, *out.Entries[0].EventId)
	require.Equal(t, "Parameter Source is not valid. Reason: Source is a required argument.", *out.Entries[1].ErrorMessage)
	require.Equal(t, "Parameter DetailType is not valid. Reason: DetailType is a required argument.", *out.Entries[2].ErrorMessage)
	require.Equal(t, "Parameter Detail is not valid. Reason: Detail is a required argument.", *out.Entries[3].ErrorMessage)
	require.Equal(t, "Detail is malformed.", *out.Entries[4].ErrorMessage)
	require.Len(t, bus.Events(), 1)
}

func TestPutEventsRefusesRequests(t *testing.T) {
	bus := eventstest.New(t)
	client := bus.Client()
	eleven := make([]types.PutEventsRequestEntry, 11)
	for i := range eleven {
		eleven[i] = entry(`{}`)
	}
	_, err := client.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: eleven})
	one := "PutEventsRequestEntry(time=null, source=shop, resources=null, detailType=Placed, detail={}, eventBusName=null, traceHeader=null, kmsKeyIdentifier=null, internalMetadata=null)"
	requireAPIError(t, err, "ValidationException", "1 validation error detected: Value '["+strings.Repeat(one+", ", 10)+one+
		"]' at 'entries' failed to satisfy constraint: Member must have length less than or equal to 10")
	_, err = client.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		entry(`{"a":"` + strings.Repeat("x", 600_000) + `"}`), entry(`{"a":"` + strings.Repeat("x", 600_000) + `"}`),
	}})
	requireAPIError(t, err, "ValidationException", "Total size of the entries in the request is over the limit.")
	_, err = client.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{}})
	requireAPIError(t, err, "ValidationException", "1 validation error detected: Value '[]' at 'entries' failed to satisfy constraint: Member must have length greater than or equal to 1")
	require.Empty(t, bus.Events())
}

// recorder is a TB that keeps what is reported.
type recorder struct{ errors, logs []string }

func (r *recorder) Helper()        {}
func (r *recorder) Cleanup(func()) {}
func (r *recorder) Logf(f string, a ...any) {
	r.logs = append(r.logs, fmt.Sprintf(f, a...))
}

func (r *recorder) Errorf(f string, a ...any) {
	r.errors = append(r.errors, fmt.Sprintf(f, a...))
}

func TestUnknownBus(t *testing.T) {
	r := &recorder{}
	e := entry(`{}`)
	e.EventBusName = aws.String("nobody")
	out := put(t, eventstest.New(r).Client(), e)
	require.NotEmpty(t, *out.Entries[0].EventId)
	require.Len(t, r.errors, 1)
	require.Contains(t, r.errors[0], `"nobody"`)

	r = &recorder{}
	put(t, eventstest.New(r, func(o *eventstest.Options) { o.AllowUnknownBus = true }).Client(), e)
	require.Empty(t, r.errors)
	put(t, eventstest.New(nil).Client(), e)
}

func TestUnknownMembersAreNamed(t *testing.T) {
	r := &recorder{}
	client := eventstest.New(r).Client()
	_, err := client.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("r"), ScheduleExpression: aws.String("rate(1 minute)")})
	require.ErrorContains(t, err, "ScheduleExpression")
	_, err = client.CreateArchive(t.Context(), &eventbridge.CreateArchiveInput{ArchiveName: aws.String("a"), EventSourceArn: aws.String("arn")})
	require.ErrorContains(t, err, "CreateArchive")
	require.Len(t, r.logs, 2)
}

func TestRetriesAndDeadLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := eventstest.New(t)
		client := bus.Client()
		withDLQ := target("1", fnARN)
		withDLQ.DeadLetterConfig = &types.DeadLetterConfig{Arn: aws.String("arn:aws:sqs:us-east-1:123456789012:dlq")}
		withDLQ.RetryPolicy = &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(3), MaximumEventAgeInSeconds: aws.Int32(3600)}
		putRule(t, client, "r", `{"source":["shop"]}`, withDLQ)
		start := time.Now()
		var at []time.Duration
		bus.Target(fnARN, func(context.Context, []byte) error {
			at = append(at, time.Since(start))
			return errors.New("out of order")
		})
		var dead []byte
		var attributes map[string]string
		bus.DeadLetters("arn:aws:sqs:us-east-1:123456789012:dlq", func(_ context.Context, event []byte, a map[string]string) error {
			dead, attributes = event, a
			return nil
		})
		put(t, client, entry(`{"n":1}`))
		require.NoError(t, bus.Drain(t.Context()))
		require.Equal(t, []time.Duration{0, time.Second, 3 * time.Second, 7 * time.Second}, at)
		require.JSONEq(t, string(bus.Events()[0].JSON), string(dead))
		require.Equal(t, map[string]string{
			"ERROR_CODE": "SDK_CLIENT_ERROR", "ERROR_MESSAGE": "out of order", "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
			"RETRY_ATTEMPTS": "3", "RULE_ARN": "arn:aws:events:us-east-1:123456789012:rule/r", "TARGET_ARN": fnARN,
		}, attributes)
		d := bus.Deliveries()
		require.Len(t, d, 1)
		require.True(t, d[0].DeadLettered)
		require.Equal(t, 4, d[0].Attempts)
	})
}

func TestRetriesForADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := eventstest.New(t)
		client := bus.Client()
		putRule(t, client, "r", `{"source":["shop"]}`, target("1", fnARN))
		calls := 0
		bus.Target(fnARN, func(context.Context, []byte) error { calls++; return errors.New("down") })
		start := time.Now()
		put(t, client, entry(`{}`))
		err := bus.Drain(t.Context())
		require.ErrorIs(t, err, eventstest.ErrUndeliverable)
		require.ErrorContains(t, err, "after 186 attempts")
		require.Equal(t, 186, calls)
		require.Greater(t, time.Since(start), 20*time.Hour)
		require.NoError(t, bus.Drain(t.Context()), "a loss is reported once")
	})
}

func TestMaximumAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := eventstest.New(t, func(o *eventstest.Options) { o.RetryDelay = func(int) time.Duration { return 20 * time.Second } })
		client := bus.Client()
		old := target("1", fnARN)
		old.RetryPolicy = &types.RetryPolicy{MaximumEventAgeInSeconds: aws.Int32(60)}
		old.DeadLetterConfig = &types.DeadLetterConfig{Arn: aws.String("arn:aws:sqs:us-east-1:123456789012:dlq")}
		putRule(t, client, "r", `{"source":["shop"]}`, old)
		bus.Target(fnARN, func(context.Context, []byte) error { return errors.New("down") })
		var conditions []string
		bus.DeadLetters("arn:aws:sqs:us-east-1:123456789012:dlq", func(_ context.Context, _ []byte, a map[string]string) error {
			conditions = append(conditions, a["EXHAUSTED_RETRY_CONDITION"]+" after "+a["RETRY_ATTEMPTS"])
			return nil
		})
		start := time.Now()
		put(t, client, entry(`{}`))
		require.NoError(t, bus.Drain(t.Context()))
		require.Equal(t, []string{"MaximumEventAgeInSeconds after 3"}, conditions)
		require.Equal(t, time.Minute, time.Since(start))
	})
}

func TestDeadLettersThatAreAPlainTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := eventstest.New(t)
		client := bus.Client()
		once := target("1", fnARN)
		once.RetryPolicy = &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(0)}
		once.DeadLetterConfig = &types.DeadLetterConfig{Arn: aws.String("arn:aws:sqs:us-east-1:123456789012:dlq")}
		putRule(t, client, "r", `{"source":["shop"]}`, once)
		bus.Target(fnARN, func(context.Context, []byte) error { return errors.New("down") })
		received := 0
		bus.Target("arn:aws:sqs:us-east-1:123456789012:dlq", func(context.Context, []byte) error { received++; return nil })
		put(t, client, entry(`{}`))
		require.NoError(t, bus.Drain(t.Context()))
		require.Equal(t, 1, received)
	})
}

func TestPermanentFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := eventstest.New(&recorder{})
		client := bus.Client()
		putRule(t, client, "r", `{"source":["shop"]}`, target("1", fnARN), target("2", "arn:aws:lambda:us-east-1:123456789012:function:nobody"))
		calls := 0
		bus.Target(fnARN, func(context.Context, []byte) error {
			calls++
			return fmt.Errorf("access denied: %w", eventstest.ErrPermanent)
		})
		start := time.Now()
		put(t, client, entry(`{}`))
		err := bus.Drain(t.Context())
		require.ErrorContains(t, err, "access denied")
		require.ErrorContains(t, err, "no function is bound to the target arn:aws:lambda:us-east-1:123456789012:function:nobody")
		require.Equal(t, 1, calls, "it is not tried again")
		require.Zero(t, time.Since(start))
		for _, d := range bus.Deliveries() {
			require.LessOrEqual(t, d.Attempts, 1, d.TargetARN)
		}
	})
}

func TestDrainEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := eventstest.New(t)
		client := bus.Client()
		putRule(t, client, "r", `{"source":["shop"]}`, target("1", fnARN))
		bus.Target(fnARN, func(context.Context, []byte) error { return errors.New("down") })
		put(t, client, entry(`{}`))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := bus.Drain(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 1, bus.Pending())
	})
}

func TestRun(t *testing.T) {
	bus := eventstest.New(t) // made outside the bubble
	synctest.Test(t, func(t *testing.T) {
		client := bus.Client()
		putRule(t, client, "first", `{"source":["shop"]}`, target("1", "arn:aws:lambda:us-east-1:123456789012:function:first"))
		putRule(t, client, "second", `{"source":["next"]}`, target("1", "arn:aws:lambda:us-east-1:123456789012:function:second"))
		got := make(chan string, 1)
		bus.Target("arn:aws:lambda:us-east-1:123456789012:function:first", func(ctx context.Context, _ []byte) error {
			_, err := client.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
				{Source: aws.String("next"), DetailType: aws.String("d"), Detail: aws.String(`{}`)},
			}})
			return err
		})
		bus.Target("arn:aws:lambda:us-east-1:123456789012:function:second", func(_ context.Context, event []byte) error {
			got <- string(event)
			return nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- bus.Run(ctx) }()
		time.Sleep(time.Hour)
		put(t, client, entry(`{}`))
		require.Contains(t, <-got, `"source":"next"`)
		cancel()
		require.NoError(t, <-done)
	})
}

func TestDrainInsideATarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := eventstest.New(t)
		client := bus.Client()
		putRule(t, client, "r", `{"source":["shop"]}`, target("1", fnARN))
		depth := 0
		bus.Target(fnARN, func(ctx context.Context, _ []byte) error {
			if depth++; depth == 1 {
				put(t, client, entry(`{}`))
				return bus.Drain(ctx)
			}
			return nil
		})
		put(t, client, entry(`{}`))
		require.NoError(t, bus.Drain(t.Context()))
		require.Equal(t, 2, depth)
	})
}

func TestInputs(t *testing.T) {
	const detail = `{"id":"i-1","n":7,"on":true,"list":["A","B"],"obj":{"acc_id":"0a","sf_id":"baz"},"text":"say \"hi\"","items":[{"sku":"x"},{"sku":"y"}]}`
	transformer := func(template string, paths map[string]string) types.Target {
		tg := target("1", fnARN)
		tg.InputTransformer = &types.InputTransformer{InputTemplate: &template, InputPathsMap: paths}
		return tg
	}
	input, path := target("1", fnARN), target("1", fnARN)
	input.Input = aws.String(`{"fixed":true}`)
	path.InputPath = aws.String("$.detail.items[1].sku")
	none := target("1", fnARN)
	none.InputPath = aws.String("$.detail.nothing")
	for name, c := range map[string]struct {
		target types.Target
		want   string
	}{
		"input":       {input, `{"fixed":true}`},
		"path":        {path, `"y"`},
		"path absent": {none, `null`},
		"values": {
			transformer(`{"id":<id>,"n":<n>,"on":<on>,"obj":<obj>,"list":<list>,"text":<text>,"gone":<gone>}`, map[string]string{
				"id": "$.detail.id", "n": "$.detail.n", "on": "$.detail.on", "obj": "$.detail.obj", "list": "$.detail.list", "text": "$.detail.text", "gone": "$.detail.gone",
			}),
			`{"id":"i-1","n":7,"on":true,"obj":{"acc_id":"0a","sf_id":"baz"},"list":["A","B"],"text":"say \"hi\"","gone":""}`,
		},
		"in a string": {
			transformer(`"<id> has <n>, <list>, <obj>, <text>, <gone>."`, map[string]string{
				"id": "$.detail.id", "n": "$.detail.n", "obj": "$.detail.obj", "list": "$.detail.list", "text": "$.detail.text", "gone": "$.detail.gone",
			}),
			`"i-1 has 7, [A,B], {acc_id:0a,sf_id:baz}, say \"hi\", ."`,
		},
		"every item": {transformer(`{"skus":<s>}`, map[string]string{"s": "$.detail.items[*].sku"}), `{"skus":["x","y"]}`},
		"AWS's own": {
			transformer(`{"arn":<aws.events.rule-arn>,"name":"rule <aws.events.rule-name>","at":<aws.events.event.ingestion-time>,"d":<t>}`, map[string]string{"t": "$.detail-type"}),
			`{"arn":"arn:aws:events:us-east-1:123456789012:rule/r","name":"rule r","at":"2000-01-01T00:00:00.000Z","d":"Placed"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bus := eventstest.New(t)
				client := bus.Client()
				putRule(t, client, "r", `{"source":["shop"]}`, c.target)
				var got string
				bus.Target(fnARN, func(_ context.Context, event []byte) error { got = string(event); return nil })
				put(t, client, entry(detail))
				require.NoError(t, bus.Drain(t.Context()))
				require.Equal(t, c.want, got)
			})
		})
	}
}

func TestWholeEventInTemplate(t *testing.T) {
	bus := eventstest.New(t)
	client := bus.Client()
	tg := target("1", fnARN)
	tg.InputTransformer = &types.InputTransformer{InputTemplate: aws.String(`{"whole":<aws.events.event.json>,"envelope":<aws.events.event>}`)}
	putRule(t, client, "r", `{"source":["shop"]}`, tg)
	var got struct{ Whole, Envelope map[string]any }
	bus.Target(fnARN, func(_ context.Context, event []byte) error { return json.Unmarshal(event, &got) })
	put(t, client, entry(`{"a":1}`))
	require.NoError(t, bus.Drain(t.Context()))
	require.Equal(t, map[string]any{"a": 1.0}, got.Whole["detail"])
	require.Equal(t, "shop", got.Envelope["source"])
	require.Equal(t, map[string]any{
		"version": "0", "detailType": "Placed", "source": "shop", "account": "123456789012", "region": "us-east-1", "resources": []any{},
	}, got.Envelope, "AWS leaves out detail, id and time, and spells detailType so")
}

func TestTemplateThatMakesNoJSON(t *testing.T) {
	r := &recorder{}
	bus := eventstest.New(r)
	client := bus.Client()
	tg := target("1", fnARN)
	tg.InputTransformer = &types.InputTransformer{InputTemplate: aws.String(`id <id>`), InputPathsMap: map[string]string{"id": "$.id"}}
	putRule(t, client, "r", `{"source":["shop"]}`, tg)
	bus.Target(fnARN, func(context.Context, []byte) error { t.Error("it is delivered"); return nil })
	put(t, client, entry(`{}`))
	require.ErrorContains(t, bus.Drain(t.Context()), "the input template makes no valid JSON")
	require.Len(t, r.logs, 1)
}

func TestObjectInsideQuotesMakesNoJSON(t *testing.T) {
	for template, want := range map[string]string{
		`{"text":"it has <x>"}`: "", // {"k":"v"} ends the string
		`"it has <x>"`:          `"it has {k:v}"`,
		`{"value":<x>}`:         `{"value":{"k":"v"}}`,
	} {
		t.Run(template, func(t *testing.T) {
			bus := eventstest.New(t)
			tg := target("1", fnARN)
			tg.InputTransformer = &types.InputTransformer{InputTemplate: &template, InputPathsMap: map[string]string{"x": "$.detail.x"}}
			tg.DeadLetterConfig = &types.DeadLetterConfig{Arn: aws.String(dlqARN)}
			putRule(t, bus.Client(), "r", `{"source":["shop"]}`, tg)
			var got, dead string
			bus.Target(fnARN, func(_ context.Context, event []byte) error { got = string(event); return nil })
			bus.DeadLetters(dlqARN, func(_ context.Context, _ []byte, a map[string]string) error { dead = a["ERROR_CODE"]; return nil })
			put(t, bus.Client(), entry(`{"x":{"k":"v"}}`))
			require.NoError(t, bus.Drain(t.Context()))
			require.Equal(t, want, got)
			if want == "" {
				require.Equal(t, "INVALID_JSON", dead)
			}
		})
	}
}

func TestRules(t *testing.T) {
	bus := eventstest.New(t)
	client := bus.Client()
	ctx := t.Context()
	_, err := client.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"a":[]}`)})
	requireAPIError(t, err, "InvalidEventPatternException", "Event pattern is not valid. Reason: Empty arrays are not allowed\n at [Source: (String)\"{\"a\":[]}\"; line: 1, column: 8]")
	_, err = client.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("Invalid Name With Spaces!"), EventPattern: aws.String(`{"a":["x"]}`)})
	requireAPIError(t, err, "ValidationException", `1 validation error detected: Value 'Invalid Name With Spaces!' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+`)
	_, err = client.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"a":["x"]}`), EventBusName: aws.String("nobody")})
	requireAPIError(t, err, "ResourceNotFoundException", "Event bus nobody does not exist.")
	_, err = client.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: aws.String("r")})
	requireAPIError(t, err, "ResourceNotFoundException", "Rule r does not exist on EventBus default.")
	_, err = client.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("r")})
	require.ErrorContains(t, err, "Parameter(s) EventPattern or ScheduleExpression must be specified.")

	out, err := client.PutRule(ctx, &eventbridge.PutRuleInput{
		Name: aws.String("r"), EventPattern: aws.String(`{"source":["shop"]}`), Description: aws.String("d"),
		Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
	})
	require.NoError(t, err)
	require.Equal(t, "arn:aws:events:us-east-1:123456789012:rule/r", *out.RuleArn)
	described, err := client.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: aws.String("r")})
	require.NoError(t, err)
	require.Equal(t, types.RuleStateEnabled, described.State)
	require.Equal(t, "d", *described.Description)

	putRule(t, client, "r", `{"source":["shop"]}`, target("1", fnARN))
	_, err = client.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: aws.String("r")})
	requireAPIError(t, err, "ValidationException", "Rule can't be deleted since it has targets.")
	_, err = client.DisableRule(ctx, &eventbridge.DisableRuleInput{Name: aws.String("r")})
	require.NoError(t, err)
	put(t, client, entry(`{}`))
	_, err = client.EnableRule(ctx, &eventbridge.EnableRuleInput{Name: aws.String("r")})
	require.NoError(t, err)
	put(t, client, entry(`{}`))
	require.Empty(t, bus.Events()[0].Rules)
	require.Equal(t, []string{"r"}, bus.Events()[1].Rules)

	for _, name := range []string{"a", "b", "c"} {
		putRule(t, client, name, `{"source":["x"]}`)
	}
	page, err := client.ListRules(ctx, &eventbridge.ListRulesInput{Limit: aws.Int32(3)})
	require.NoError(t, err)
	require.Len(t, page.Rules, 3)
	require.NotContains(t, *page.NextToken, "r", "a token is no name")
	page, err = client.ListRules(ctx, &eventbridge.ListRulesInput{Limit: aws.Int32(3), NextToken: page.NextToken})
	require.NoError(t, err)
	require.Equal(t, "r", *page.Rules[0].Name)
	require.Nil(t, page.NextToken)

	removed, err := client.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: aws.String("r"), Ids: []string{"1", "2"}})
	require.NoError(t, err)
	require.EqualValues(t, 1, removed.FailedEntryCount)
	_, err = client.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: aws.String("r")})
	require.NoError(t, err)
}

func TestTargets(t *testing.T) {
	bus := eventstest.New(t)
	client := bus.Client(func(o *eventbridge.Options) { o.RetryMaxAttempts = 1 }) // the SDK retries LimitExceededException
	ctx := t.Context()
	putRule(t, client, "r", `{"source":["shop"]}`)
	bad := func(targets ...types.Target) error {
		_, err := client.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: targets})
		return err
	}
	requireAPIError(t, bad(target("!@#$@!#$", fnARN)), "ValidationException", `1 validation error detected: Value '!@#$@!#$' at 'targets.1.member.id' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+`)
	require.ErrorContains(t, bad(target("ok", fnARN), target("!"+strings.Repeat("x", 64), fnARN)), "2 validation errors detected: ")
	both := target("t", fnARN)
	both.Input, both.InputPath = aws.String("{}"), aws.String("$.detail")
	requireAPIError(t, bad(both), "ValidationException", "Only one of Input, InputPath, or InputTransformer must be provided for target t.")
	placeholder := target("t", fnARN)
	placeholder.InputTransformer = &types.InputTransformer{InputTemplate: aws.String(`{"a":<notdefinedkey>}`)}
	requireAPIError(t, bad(placeholder), "ValidationException", "InputTemplate for target t contains invalid placeholder notdefinedkey.")
	age := target("t", fnARN)
	age.RetryPolicy = &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(186)}
	require.ErrorContains(t, bad(age), "maximumRetryAttempts")
	var six []types.Target
	for i := range 6 {
		six = append(six, target(fmt.Sprint(i), fnARN))
	}
	requireAPIError(t, bad(six...), "LimitExceededException", "The requested resource exceeds the maximum number allowed.")
	require.NoError(t, bad(six[:5]...))
	require.NoError(t, bad(six[:5]...), "the same ids again")
	list, err := client.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: aws.String("r")})
	require.NoError(t, err)
	require.Len(t, list.Targets, 5)
	names, err := client.ListRuleNamesByTarget(ctx, &eventbridge.ListRuleNamesByTargetInput{TargetArn: aws.String(fnARN)})
	require.NoError(t, err)
	require.Equal(t, []string{"r"}, names.RuleNames)
}

func TestBuses(t *testing.T) {
	bus := eventstest.New(t)
	client := bus.Client()
	ctx := t.Context()
	created, err := client.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: aws.String("orders")})
	require.NoError(t, err)
	require.Equal(t, "arn:aws:events:us-east-1:123456789012:event-bus/orders", *created.EventBusArn)
	_, err = client.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: aws.String("orders")})
	requireAPIError(t, err, "ResourceAlreadyExistsException", "Event bus orders already exists.")
	_, err = client.DeleteEventBus(ctx, &eventbridge.DeleteEventBusInput{Name: aws.String("default")})
	requireAPIError(t, err, "ValidationException", "Cannot delete event bus default.")
	_, err = client.DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{Name: aws.String("x")})
	requireAPIError(t, err, "ResourceNotFoundException", "Event bus x does not exist.")
	_, err = client.UpdateEventBus(ctx, &eventbridge.UpdateEventBusInput{Name: aws.String("orders"), Description: aws.String("all orders")})
	require.NoError(t, err)
	list, err := client.ListEventBuses(ctx, &eventbridge.ListEventBusesInput{})
	require.NoError(t, err)
	require.Len(t, list.EventBuses, 2)
	require.Equal(t, "all orders", *list.EventBuses[1].Description)

	rule, err := client.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("r"), EventBusName: created.EventBusArn, EventPattern: aws.String(`{"source":["shop"]}`)})
	require.NoError(t, err)
	require.Equal(t, "arn:aws:events:us-east-1:123456789012:rule/orders/r", *rule.RuleArn)
	e := entry(`{}`)
	e.EventBusName = created.EventBusArn
	put(t, client, e, entry(`{}`))
	require.Equal(t, []string{"r"}, bus.Events()[0].Rules)
	require.Equal(t, "orders", bus.Events()[0].Bus)
	require.Empty(t, bus.Events()[1].Rules)

	_, err = client.TagResource(ctx, &eventbridge.TagResourceInput{ResourceARN: rule.RuleArn, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}}})
	require.NoError(t, err)
	tags, err := client.ListTagsForResource(ctx, &eventbridge.ListTagsForResourceInput{ResourceARN: rule.RuleArn})
	require.NoError(t, err)
	require.Len(t, tags.Tags, 1)
	_, err = client.UntagResource(ctx, &eventbridge.UntagResourceInput{ResourceARN: rule.RuleArn, TagKeys: []string{"a"}})
	require.NoError(t, err)
	_, err = client.ListTagsForResource(ctx, &eventbridge.ListTagsForResourceInput{ResourceARN: aws.String("arn:aws:events:us-east-1:123456789012:rule/x")})
	requireAPIError(t, err, "ResourceNotFoundException", "Rule x does not exist on EventBus default.")
}

func TestTestEventPattern(t *testing.T) {
	client := eventstest.New(t).Client()
	const event = `{"id":"1","account":"1","source":"shop","time":"2020-01-01T00:00:00Z","region":"r","detail-type":"d","detail":{"n":5}}`
	for pattern, want := range map[string]bool{`{"detail":{"n":[5.0]}}`: true, `{"detail":{"n":["5"]}}`: false} {
		out, err := client.TestEventPattern(t.Context(), &eventbridge.TestEventPatternInput{Event: aws.String(event), EventPattern: &pattern})
		require.NoError(t, err)
		require.Equal(t, want, out.Result)
	}
	_, err := client.TestEventPattern(t.Context(), &eventbridge.TestEventPatternInput{Event: aws.String(`{"id":"1"}`), EventPattern: aws.String(`{"a":["x"]}`)})
	requireAPIError(t, err, "ValidationException", "Parameter Event is not valid.")
}

// TestRegions keeps accounts and regions apart.
func TestRegions(t *testing.T) {
	bus := eventstest.New(t)
	here, there := bus.Client(), bus.Client(func(o *eventbridge.Options) { o.Region = "eu-west-1" })
	putRule(t, here, "r", `{"source":["shop"]}`)
	put(t, there, entry(`{}`))
	require.Equal(t, "eu-west-1", bus.Events()[0].Region)
	require.Empty(t, bus.Events()[0].Rules)
}

func TestEmit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := eventstest.New(t)
		putRule(t, bus.Client(), "r", `{"source":["aws.s3"],"detail":{"object":{"key":[{"suffix":".png"}]}}}`, target("1", fnARN))
		var got []string
		bus.Target(fnARN, func(_ context.Context, event []byte) error { got = append(got, string(event)); return nil })
		require.NoError(t, bus.Emit(t.Context(), "", []byte(`{"id":"1","source":"aws.s3","detail-type":"Object Created","resources":["arn:b"],"detail":{"object":{"key":"a.png"}}}`)))
		require.NoError(t, bus.Drain(t.Context()))
		require.Equal(t, []string{`{"version":"0","id":"1","detail-type":"Object Created","source":"aws.s3","account":"123456789012","time":"2000-01-01T00:00:00Z","region":"us-east-1","resources":["arn:b"],"detail":{"object":{"key":"a.png"}}}`}, got)
		require.ErrorContains(t, bus.Emit(t.Context(), "nobody", []byte(`{"source":"s","detail-type":"d","detail":{}}`)), "Event bus nobody does not exist.")
		require.Error(t, bus.Emit(t.Context(), "", []byte(`{"source":"s","detail-type":"d","detail":[]}`)))
		require.Error(t, bus.Emit(t.Context(), "", []byte(`[]`)))
	})
}

func TestMessageGroup(t *testing.T) {
	bus := eventstest.New(t)
	client := bus.Client()
	fifo := target("1", "arn:aws:sqs:us-east-1:123456789012:queue.fifo")
	fifo.SqsParameters = &types.SqsParameters{MessageGroupId: aws.String("orders")}
	putRule(t, client, "r", `{"source":["shop"]}`, fifo, target("2", fnARN))
	var groups []string
	receive := func(ctx context.Context, _ []byte) error {
		groups = append(groups, eventstest.MessageGroupID(ctx))
		return nil
	}
	bus.Target("arn:aws:sqs:us-east-1:123456789012:queue.fifo", receive)
	bus.Target(fnARN, receive)
	put(t, client, entry(`{}`))
	require.NoError(t, bus.Drain(t.Context()))
	require.Equal(t, []string{"orders", ""}, groups)
	list, err := client.ListTargetsByRule(t.Context(), &eventbridge.ListTargetsByRuleInput{Rule: aws.String("r")})
	require.NoError(t, err)
	require.Equal(t, "orders", *list.Targets[0].SqsParameters.MessageGroupId)
}

// TestConcurrency is for the race detector.
func TestConcurrency(t *testing.T) {
	bus := eventstest.New(t)
	client := bus.Client()
	putRule(t, client, "r", `{"source":["shop"]}`, target("1", fnARN))
	var delivered atomic.Int64
	bus.Target(fnARN, func(context.Context, []byte) error { delivered.Add(1); return nil })
	ctx, cancel := context.WithCancel(t.Context())
	var pumps, senders sync.WaitGroup
	for range 2 {
		pumps.Go(func() {
			if err := bus.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	for range 4 {
		senders.Go(func() {
			for range 25 {
				if _, err := client.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{entry(`{}`), entry(`{}`)}}); err != nil {
					t.Error(err)
				}
				bus.Events()
				bus.Pending()
			}
		})
	}
	senders.Wait()
	require.NoError(t, bus.Drain(ctx))
	require.EqualValues(t, 200, delivered.Load())
	require.Len(t, bus.Deliveries(), 200)
	cancel()
	pumps.Wait()
}
