package messagingtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/patternkit/serverless/internal/assertion"
	"github.com/patternkit/serverless/internal/given"
)

// RequireOptions say what a message must have for [RequireSent],
// [RequirePublished], [RequireManySent] and [RequireManyPublished]. Nothing is
// demanded of what is left zero.
type RequireOptions struct {
	// Attributes are message attributes that the message has, by name, with this
	// text. It may have others. Optional. Defaults to none.
	Attributes map[string]string
	// GroupID is the message group. Optional. Defaults to any.
	GroupID string
	// DeduplicationID is the deduplication id. Optional. Defaults to any.
	DeduplicationID string
	// Subject is the subject of a message that was published to a topic. Optional.
	// Defaults to any.
	Subject string
}

// Sent is a message that came into a queue, with its decoded body. The text of
// the body is Message.Body.
type Sent[T any] struct {
	Body T // decoded
	Message
}

// Published is a message that was published to a topic, with its decoded body.
// The text of the body is Notification.Body.
type Published[T any] struct {
	Body T // decoded
	Notification
}

// RequireSent demands that exactly one message with a body of type T came into
// the queue, and returns it. It does not matter whether the message is still
// there. Otherwise the test fails and ends; the failure lists what came, and says
// why each message is not the one.
//
// A string, a []byte and a json.RawMessage take any body. Any other type takes a
// body that is JSON and has no members that the type does not have. A body in an
// SNS envelope is taken out of it.
func RequireSent[T any](tb TB, queue *Queue, optFns ...func(*RequireOptions)) Sent[T] {
	assertion.Needs("messagingtest: RequireSent", tb, "queue", queue)
	tb.Helper()
	for _, m := range requireSent[T](tb, queue, 1, optFns) {
		return m
	}
	return Sent[T]{}
}

// RequireManySent is [RequireSent] for a number of messages, which it returns in
// the order in which they came. 0 demands that there is none.
func RequireManySent[T any](tb TB, queue *Queue, count int, optFns ...func(*RequireOptions)) []Sent[T] {
	assertion.Needs("messagingtest: RequireManySent", tb, "queue", queue)
	tb.Helper()
	if !assertion.Count("messagingtest: RequireManySent", tb, count) {
		return nil
	}
	return requireSent[T](tb, queue, count, optFns)
}

func requireSent[T any](tb TB, queue *Queue, count int, optFns []func(*RequireOptions)) []Sent[T] {
	tb.Helper()
	r := newRequirement[T](optFns)
	var found []Sent[T]
	for _, m := range queue.Sent() {
		if body, ok := r.take(m.Body, Notification{Attributes: m.Attributes, GroupID: m.GroupID, DeduplicationID: m.DeduplicationID}); ok {
			found = append(found, Sent[T]{body, m})
		}
	}
	return enough(tb, found, count, "queue "+queue.ref, "sent", r.these, r.others)
}

// RequirePublished demands that exactly one message with a body of type T was
// published to the topic, and returns it. It does not matter to whom it was
// delivered. Otherwise the test fails and ends. Bodies are decoded as by
// [RequireSent].
func RequirePublished[T any](tb TB, topics *SNS, topicARN string, optFns ...func(*RequireOptions)) Published[T] {
	assertion.Needs("messagingtest: RequirePublished", tb, "fake", topics)
	tb.Helper()
	for _, m := range requirePublished[T](tb, topics, topicARN, 1, optFns) {
		return m
	}
	return Published[T]{}
}

// RequireManyPublished is [RequirePublished] for a number of messages, which it
// returns in the order in which they were published. 0 demands that there is none.
func RequireManyPublished[T any](tb TB, topics *SNS, topicARN string, count int, optFns ...func(*RequireOptions)) []Published[T] {
	assertion.Needs("messagingtest: RequireManyPublished", tb, "fake", topics)
	tb.Helper()
	if !assertion.Count("messagingtest: RequireManyPublished", tb, count) {
		return nil
	}
	return requirePublished[T](tb, topics, topicARN, count, optFns)
}

func requirePublished[T any](tb TB, topics *SNS, topicARN string, count int, optFns []func(*RequireOptions)) []Published[T] {
	tb.Helper()
	r := newRequirement[T](optFns)
	var found []Published[T]
	for _, n := range topics.Published(topicARN) {
		if body, ok := r.take(n.Body, n); ok {
			found = append(found, Published[T]{body, n})
		}
	}
	return enough(tb, found, count, "topic "+topicARN, "published", r.these, r.others)
}

// requirement picks messages, and notes why it does not pick the others.
type requirement[T any] struct {
	options RequireOptions
	these   []string // the texts that it picked
	others  []string
}

func newRequirement[T any](optFns []func(*RequireOptions)) *requirement[T] {
	r := &requirement[T]{}
	given.Options(&r.options, optFns)
	return r
}

// take decodes the body of a message if the message is as required.
func (r *requirement[T]) take(text string, has Notification) (body T, ok bool) {
	why := r.options.unlike(has)
	if why == "" {
		err := decode(text, &body)
		if err == nil {
			r.these = append(r.these, text)
			return body, true
		}
		why = fmt.Sprintf("no %T: %v", body, err)
	}
	r.others = append(r.others, text+"\n     "+why)
	return body, false
}

// unlike says why a message is not what is required; "" if it is.
func (o *RequireOptions) unlike(m Notification) string {
	for _, name := range slices.Sorted(maps.Keys(o.Attributes)) {
		if got, ok := m.Attributes[name]; !ok || got != o.Attributes[name] {
			return fmt.Sprintf("attribute %s is %q, required is %q", name, got, o.Attributes[name])
		}
	}
	for _, c := range []struct{ what, got, want string }{
		{"group id", m.GroupID, o.GroupID}, {"deduplication id", m.DeduplicationID, o.DeduplicationID}, {"subject", m.Subject, o.Subject},
	} {
		if c.want != "" && c.got != c.want {
			return fmt.Sprintf("the %s is %q, required is %q", c.what, c.got, c.want)
		}
	}
	return ""
}

// decode reads a body, which may be in an SNS envelope.
func decode(text string, into any) error {
	var envelope struct{ Type, TopicArn, Message string }
	if json.Unmarshal([]byte(text), &envelope) == nil && envelope.Type == "Notification" && envelope.TopicArn != "" {
		text = envelope.Message
	}
	switch into := into.(type) {
	case *string:
		*into = text
		return nil
	case *[]byte:
		*into = []byte(text)
		return nil
	case *json.RawMessage:
		*into = json.RawMessage(text)
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more after the JSON value")
	}
	return nil
}

// enough returns what was found if its number is right, and ends the test if not.
func enough[M any](tb TB, found []M, count int, where, verb string, these, others []string) []M {
	tb.Helper()
	if len(found) == count {
		return found
	}
	var text strings.Builder
	fmt.Fprintf(&text, "messagingtest: %s: required messages: %d, found: %d", where, count, len(found))
	enumerate(&text, "; found were:", these)
	enumerate(&text, "; others that were "+verb+":", others)
	assertion.End(tb, "%s", text.String())
	return nil
}

// enumerate writes a list with numbers.
func enumerate(text *strings.Builder, head string, list []string) {
	if len(list) > 0 {
		text.WriteString(head)
	}
	for i, item := range list {
		fmt.Fprintf(text, "\n  %d. %s", i+1, item)
	}
}
