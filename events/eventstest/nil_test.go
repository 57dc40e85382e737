package eventstest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/events/eventstest"
)

func TestNilOptionsAndFunctions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := eventstest.New(nil, nil, func(o *eventstest.Options) { o.RetryDelay, o.MaxRequestBytes, o.Targets = nil, 0, nil })
		tg := target("1", fnARN)
		tg.RetryPolicy = &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(1)}
		tg.DeadLetterConfig = &types.DeadLetterConfig{Arn: aws.String(dlqARN)}
		putRule(t, bus.Client(nil), "r", `{"source":["shop"]}`, tg)
		bus.Target(fnARN, nil)
		bus.DeadLetters(dlqARN, nil)
		put(t, bus.Client(), entry(`{}`))
		start := time.Now()
		require.ErrorIs(t, bus.Drain(t.Context()), eventstest.ErrUndeliverable)
		require.Equal(t, time.Second, time.Since(start), "the default pause")
		require.Error(t, bus.Emit(t.Context(), "", nil))
	})
}

func TestMistakesHaveASentence(t *testing.T) {
	bus := eventstest.New(nil)
	for want, call := range map[string]func(){
		"eventstest: Target: the ARN is empty":      func() { bus.Target("", nil) },
		"eventstest: DeadLetters: the ARN is empty": func() { bus.DeadLetters("", nil) },
		"eventstest: Options.MaxRequestBytes is -1; it is not negative": func() {
			eventstest.New(t, func(o *eventstest.Options) { o.MaxRequestBytes = -1 })
		},
		"eventstest: the EventBridge is made by New; this one is nil or empty":                     func() { new(eventstest.EventBridge).Target("arn", nil) },
		"eventstest: a Fault is made by a method of a fake, such as Throttle; this one is empty":   func() { new(eventstest.Fault).Times(1) },
		`eventstest: Delay("PutEvents", -1s): a delay is not negative`:                             func() { bus.Delay("PutEvents", -time.Second) },
		`eventstest: PartialFailure("PutRule"): the operation has no entries that fail one by one`: func() { bus.PartialFailure("PutRule", 0) },
		`eventstest: Fail(""): the Error has no Code`:                                              func() { bus.Fail("", &eventstest.Error{}) },
	} {
		require.PanicsWithValue(t, want, call)
	}
	require.NotPanics(t, func() { eventstest.New((*testing.T)(nil)).Reset() }, "no test in an interface is no test")
}

// The SDK sends no null in a list; other clients do.
func TestNullMembers(t *testing.T) {
	for name, c := range map[string]struct{ operation, body, want string }{
		"a target":           {"PutTargets", `{"Rule":"r","Targets":[null]}`, "Value null at 'targets.1.member' failed to satisfy constraint: Member must not be null"},
		"the second target":  {"PutTargets", `{"Rule":"r","Targets":[{"Id":"1","Arn":"` + fnARN + `"},null]}`, "Value null at 'targets.2.member'"},
		"no targets":         {"PutTargets", `{"Rule":"r","Targets":null}`, "'targets' failed to satisfy constraint"},
		"what a target has":  {"PutTargets", `{"Rule":"r","Targets":[{"Id":null,"Arn":null,"RetryPolicy":null,"InputTransformer":null}]}`, "Value null at 'targets.1.member.id'"},
		"a template":         {"PutTargets", `{"Rule":"r","Targets":[{"Id":"1","Arn":"` + fnARN + `","InputTransformer":{"InputTemplate":null,"InputPathsMap":null}}]}`, "Value null at 'inputTemplate'"},
		"a path":             {"PutTargets", `{"Rule":"r","Targets":[{"Id":"1","Arn":"` + fnARN + `","InputTransformer":{"InputTemplate":"1","InputPathsMap":{"x":null}}}]}`, "Invalid InputPath"},
		"a group":            {"PutTargets", `{"Rule":"r","Targets":[{"Id":"1","Arn":"arn:aws:sqs:us-east-1:123456789012:q.fifo","SqsParameters":{"MessageGroupId":null}}]}`, "SqsParameters must be specified"},
		"an entry":           {"PutEvents", `{"Entries":[null]}`, "Value null at 'entries.1.member'"},
		"a tag":              {"PutRule", `{"Name":"x","EventPattern":"{\"source\":[\"a\"]}","Tags":[null]}`, "Value null at 'tags.1.member'"},
		"the whole document": {"PutTargets", `null`, "SerializationException"},
	} {
		t.Run(name, func(t *testing.T) {
			bus := eventstest.New(t)
			putRule(t, bus.Client(), "r", `{"source":["shop"]}`)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://events.us-east-1.amazonaws.com/", strings.NewReader(c.body))
			require.NoError(t, err)
			req.Header.Set("X-Amz-Target", "AWSEvents."+c.operation)
			req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20000101/us-east-1/events/aws4_request, SignedHeaders=host, Signature=0")
			res, err := bus.Join(aws.Config{}).HTTPClient.Do(req)
			require.NoError(t, err)
			answer, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.Equal(t, http.StatusBadRequest, res.StatusCode, string(answer))
			require.Contains(t, string(answer), c.want)
		})
	}
}
