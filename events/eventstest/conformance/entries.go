package conformance

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/patternkit/serverless/internal/suite"
)

// entries checks what PutEvents takes, entry by entry.
func (c *checks) entries() {
	entry := func(source, detailType, detail *string) types.PutEventsRequestEntry {
		return types.PutEventsRequestEntry{Source: source, DetailType: detailType, Detail: detail, EventBusName: &c.bus}
	}
	s, d, ok := aws.String("conformance"), aws.String("d"), aws.String("{}")
	for _, row := range []struct {
		name       string
		entry      types.PutEventsRequestEntry
		code, text string
	}{
		{"an entry has a source", entry(nil, d, ok), "InvalidArgument", "Parameter Source is not valid. Reason: Source is a required argument."},
		{"an entry has a detail type", entry(s, nil, ok), "InvalidArgument", "Parameter DetailType is not valid. Reason: DetailType is a required argument."},
		{"an entry has a detail", entry(s, d, nil), "InvalidArgument", "Parameter Detail is not valid. Reason: Detail is a required argument."},
		{"a detail is no list", entry(s, d, aws.String("[]")), "MalformedDetail", "Detail is malformed."},
		{"a detail is no text", entry(s, d, aws.String(`"x"`)), "MalformedDetail", "Detail is malformed."},
		{"a detail is JSON", entry(s, d, aws.String("{")), "MalformedDetail", "Detail is malformed."},
		{"a source is not AWS's", entry(aws.String("aws.conformance"), d, ok), "NotAuthorizedForSourceException", "Not authorized for the source."},
	} {
		c.Check(row.name, func(t *testing.T) {
			out, err := c.client.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{c.entry("conformance", "{}"), row.entry, c.entry("conformance", "{}")}})
			suite.NoError(t, err)
			suite.Equal(t, int32(1), out.FailedEntryCount)
			suite.Equal(t, 3, len(out.Entries))
			for _, i := range []int{0, 2} {
				suite.True(t, out.Entries[i].EventId != nil && out.Entries[i].ErrorCode == nil, "entry %d is %v", i, out.Entries[i])
			}
			suite.Equal(t, row.code, aws.ToString(out.Entries[1].ErrorCode))
			suite.Equal(t, row.text, aws.ToString(out.Entries[1].ErrorMessage))
			suite.True(t, out.Entries[1].EventId == nil, "the failed entry has an id")
		})
	}
	c.Check("an event to a bus that there is not is taken and lost", func(t *testing.T) {
		lost := c.entry("conformance", "{}")
		lost.EventBusName = aws.String(c.bus + "-none")
		out, err := c.client.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{lost}})
		suite.NoError(t, err)
		suite.Equal(t, int32(0), out.FailedEntryCount)
		suite.True(t, out.Entries[0].EventId != nil, "it has no id")
	})
	put := func(entries ...types.PutEventsRequestEntry) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := c.client.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: entries})
			return err
		}
	}
	eleven := make([]types.PutEventsRequestEntry, 11)
	for i := range eleven {
		eleven[i] = c.entry("shop", "{}")
	}
	shown := "PutEventsRequestEntry(time=null, source=shop, resources=null, detailType=Placed, detail={}, eventBusName=" + c.bus + ", traceHeader=null, kmsKeyIdentifier=null, internalMetadata=null)"
	big := c.entry("shop", `{"a":"`+strings.Repeat("x", 600_000)+`"}`)
	c.refused([]refusal{
		{name: "a request has at most ten entries", call: put(eleven...), code: "ValidationException", text: "1 validation error detected: Value '[" + strings.Repeat(shown+", ", 10) + shown +
			"]' at 'entries' failed to satisfy constraint: Member must have length less than or equal to 10"},
		{
			name: "a request has an entry", call: put([]types.PutEventsRequestEntry{}...), code: "ValidationException",
			text: "1 validation error detected: Value '[]' at 'entries' failed to satisfy constraint: Member must have length greater than or equal to 1",
		},
		{name: "a request has less than a megabyte", call: put(big, big), code: "ValidationException", text: "Total size of the entries in the request is over the limit."},
	})
}
