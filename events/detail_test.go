package events_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/events"
	"github.com/patternkit/serverless/events/eventstest"
	"github.com/patternkit/serverless/internal/correlation"
)

// invalidDetails are no JSON objects, or none that EventBridge takes.
var invalidDetails = map[string]string{
	"nothing":                  ``,
	"white space":              " \n",
	"a string":                 `"text"`,
	"a number":                 `7`,
	"null":                     `null`,
	"a list":                   `[{"a":1}]`,
	"cut in a number":          `{"amount":12`,
	"cut in a string":          `{"text":"say`,
	"cut after a name":         `{"amount"`,
	"cut after a colon":        `{"amount":`,
	"cut after a comma":        `{"amount":1,`,
	"cut inside":               `{"order":{"id":"42"}`,
	"a brace alone":            `{`,
	"a comma too many":         `{"amount":1,}`,
	"text after the end":       `{"amount":1} and more`,
	"a second object":          `{"amount":1}{"amount":2}`,
	"a brace too many":         `{"amount":1}}`,
	"single quotes":            `{'amount':1}`,
	"a comment":                `{"amount":1 /* cents */}`,
	"not a number":             `{"amount":NaN}`,
	"a control character":      "{\"text\":\"a\x01b\"}",
	"invalid UTF-8":            "{\"text\":\"a\xffb\"}",
	"a cut UTF-8 character":    "{\"text\":\"\xe2\x82\"}",
	"invalid UTF-8 in a name":  "{\"\xc3\":1}",
	"a byte order mark":        "\ufeff{}",
	"too deep":                 strings.Repeat(`{"a":`, 1000) + `1` + strings.Repeat(`}`, 1000),
	"cut metadata":             `{"metadata":{"id":"1"`,
	"metadata that is a list":  `{"metadata":[]}`,
	"metadata that is text":    `{"metadata":"x"}`,
	"metadata twice":           `{"metadata":{"id":"1"},"metadata":{"id":"2"}}`,
	"metadata twice, escaped":  `{"metadata":{"id":"1"},"meta\u0064ata":{"id":"2"}}`,
	"cut, with metadata in it": `{"metadata":{"id":"1"},"amount":1`,
}

// published is what arrives of a detail: the detail that the target got, or "".
func published(t *testing.T, ctx context.Context, details ...string) ([]string, []error) {
	t.Helper()
	bus := eventstest.New(t)
	entries := make([]types.PutEventsRequestEntry, len(details))
	for i, d := range details {
		entries[i] = types.PutEventsRequestEntry{Source: aws.String("shop"), DetailType: aws.String("Placed"), Detail: aws.String(d)}
	}
	errs := events.NewPublisher(bus.Client(), "default").PublishEntries(ctx, entries)
	require.Len(t, errs, len(details))
	var got []string
	for _, e := range bus.Events() {
		var in struct{ Detail json.RawMessage }
		require.NoError(t, json.Unmarshal(e.JSON, &in))
		got = append(got, string(in.Detail))
	}
	return got, errs
}

func TestInvalidDetailsAreRefusedEntryByEntry(t *testing.T) {
	for name, detail := range invalidDetails {
		for _, id := range []string{"", "c-1"} {
			t.Run(fmt.Sprintf("%s, correlation %q", name, id), func(t *testing.T) {
				ctx := correlation.With(t.Context(), id)
				if strings.HasPrefix(name, "metadata ") && id == "" {
					t.Skip("nothing has to be written there")
				}
				got, errs := published(t, ctx, `{"n":1}`, detail, `{"n":3}`)
				require.NoError(t, errs[0])
				require.NoError(t, errs[2])
				require.ErrorIs(t, errs[1], events.ErrInvalidEntry)
				e, ok := errors.AsType[*events.EntryError](errs[1])
				require.True(t, ok)
				require.Equal(t, 1, e.Index)
				require.Zero(t, e.Attempts, "it is refused before it is sent")
				require.False(t, e.Retryable())
				require.Len(t, got, 2)
			})
		}
	}
}

// What the library refuses as a detail, the service refuses too, except for what
// concerns the metadata and text that cannot be sent.
func TestTheServiceRefusesTheSameDetails(t *testing.T) {
	for name, detail := range invalidDetails {
		if strings.Contains(name, "metadata") && json.Valid([]byte(detail)) || strings.Contains(name, "UTF-8") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			out, err := eventstest.New(t).Client().PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{
				Source: aws.String("shop"), DetailType: aws.String("Placed"), Detail: aws.String(detail),
			}}})
			require.NoError(t, err)
			require.EqualValues(t, 1, out.FailedEntryCount)
		})
	}
}

func TestValidDetailsArriveAsTheyAre(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 999) + `1` + strings.Repeat(`}`, 999)
	for _, c := range []struct{ detail, want, correlated string }{
		{`{}`, `{}`, `{"metadata":{"correlationId":"c-1"}}`},
		{" {\"a\" : 1 } \n", `{"a":1}`, `{"a":1,"metadata":{"correlationId":"c-1"}}`},
		{`{"a":1,"a":2}`, `{"a":1,"a":2}`, `{"a":1,"a":2,"metadata":{"correlationId":"c-1"}}`},
		{`{"z":1.0,"a":1e2,"z":12345678901234567890}`, `{"z":1.0,"a":1e2,"z":12345678901234567890}`, `{"z":1.0,"a":1e2,"z":12345678901234567890,"metadata":{"correlationId":"c-1"}}`},
		{`{"a":"<&>\u00e9"}`, `{"a":"<&>\u00e9"}`, `{"a":"<&>\u00e9","metadata":{"correlationId":"c-1"}}`},
		{`{"a":{"metadata":7}}`, `{"a":{"metadata":7}}`, `{"a":{"metadata":7},"metadata":{"correlationId":"c-1"}}`},
		{`{"b":1,"metadata":{"x":[1, 2],"id":"9"},"a":1,"a":2}`, `{"b":1,"metadata":{"x":[1,2],"id":"9"},"a":1,"a":2}`, `{"b":1,"metadata":{"x":[1,2],"id":"9","correlationId":"c-1"},"a":1,"a":2}`},
		{`{"metadata":{"correlationId":"theirs"}}`, `{"metadata":{"correlationId":"theirs"}}`, `{"metadata":{"correlationId":"theirs"}}`},
		{`{"metadata":{"correlationId":"","id":"9"}}`, `{"metadata":{"correlationId":"","id":"9"}}`, `{"metadata":{"correlationId":"c-1","id":"9"}}`},
		{`{"metadata":{}}`, `{"metadata":{}}`, `{"metadata":{"correlationId":"c-1"}}`},
		{`{"metadata":null,"a":1}`, `{"metadata":null,"a":1}`, `{"metadata":{"correlationId":"c-1"},"a":1}`},
		{`{"meta\u0064ata":{"id":"9"}}`, `{"meta\u0064ata":{"id":"9"}}`, `{"meta\u0064ata":{"id":"9","correlationId":"c-1"}}`},
		{deep, deep, deep[:len(deep)-1] + `,"metadata":{"correlationId":"c-1"}}`},
	} {
		got, errs := published(t, t.Context(), c.detail)
		require.NoError(t, errs[0], c.detail)
		require.Equal(t, []string{c.want}, got)
		got, errs = published(t, correlation.With(t.Context(), "c-1"), c.detail)
		require.NoError(t, errs[0], c.detail)
		require.Equal(t, []string{c.correlated}, got)
	}
}

func TestTypedDetailThatIsNoObject(t *testing.T) {
	bus := eventstest.New(t)
	publisher := events.NewPublisher(bus.Client(), "default")
	raw := events.MustDefinition[json.RawMessage]("shop", "Raw")
	loose := events.MustDefinition[any]("shop", "Loose")
	pointer := events.MustDefinition[*struct{ A json.RawMessage }]("shop", "Pointer")
	results, err := publisher.Publish(t.Context(),
		raw.New(json.RawMessage(`{"a":1}`)),
		raw.New(json.RawMessage(`{"a":1`)),
		raw.New(nil),
		raw.New(json.RawMessage(`{"a":1} more`)),
		raw.New(json.RawMessage("{\"a\":\"\xff\"}")),
		loose.New([]int{1}),
		loose.New(make(chan int)),
		pointer.New(nil),
		pointer.New(&struct{ A json.RawMessage }{json.RawMessage(`{`)}),
		loose.New(map[string]int{"b": 2}),
	)
	failed, ok := errors.AsType[*events.PublishError](err)
	require.True(t, ok)
	require.Len(t, failed.Failed, 8)
	for i, r := range results {
		if i == 0 || i == 9 {
			require.NoError(t, r.Err)
			continue
		}
		require.ErrorIs(t, r.Err, events.ErrInvalidEntry, i)
	}
	require.Len(t, bus.Events(), 2)
}

func TestTypedDetailWithBrokenText(t *testing.T) {
	type inner struct{ Text string }
	type detail struct {
		Text  string          `json:",omitempty"`
		List  []any           `json:",omitempty"`
		Map   map[string]int  `json:",omitempty"`
		Inner *inner          `json:",omitempty"`
		Raw   json.RawMessage `json:",omitempty"`
	}
	d := events.MustDefinition[detail]("shop", "Text")
	for name, c := range map[string]struct {
		detail detail
		valid  bool
	}{
		"a string":             {detail{Text: "a\xffb"}, false},
		"in a list":            {detail{List: []any{1, "\xc3"}}, false},
		"a key":                {detail{Map: map[string]int{"\xff": 1}}, false},
		"behind a pointer":     {detail{Inner: &inner{"\xff"}}, false},
		"a replacement":        {detail{Text: "\ufffd"}, true},
		"an escape of it":      {detail{Raw: json.RawMessage(`{"a":"\ufffd"}`)}, true},
		"text about an escape": {detail{Text: `\ufffd`}, true},
	} {
		t.Run(name, func(t *testing.T) {
			bus := eventstest.New(t)
			_, err := events.NewPublisher(bus.Client(), "default").Publish(t.Context(), d.New(c.detail))
			if c.valid {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, events.ErrInvalidEntry)
			require.Empty(t, bus.Events())
		})
	}
}
