package messagingtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/pattern"
)

// endpointAttempts is how often a bound function is tried at once.
const endpointAttempts = 3

// Errors of deliveries.
var (
	// ErrNoEndpoint says that nothing is bound to the endpoint of a
	// subscription; see [SNS.Endpoint].
	ErrNoEndpoint = errors.New("messagingtest: no endpoint is bound")
	// ErrTooManyAttributes says that a message has more than 10 attributes,
	// with which SNS does not deliver it raw to a queue.
	ErrTooManyAttributes = errors.New("messagingtest: more than 10 message attributes with raw delivery")
)

// fanOut delivers p to each subscription whose filter lets it through.
func (s *SNS) fanOut(ctx context.Context, p published) {
	for _, sub := range p.to {
		if !p.passes(sub) {
			continue
		}
		if err := s.deliverTo(ctx, p, sub); err != nil {
			s.giveUp(p, sub, err)
		}
	}
}

// text is the message for a protocol.
func (p published) text(protocol string) string {
	if p.messages == nil {
		return p.Message
	}
	if text, ok := p.messages[protocol]; ok {
		return text
	}
	return p.messages["default"]
}

// passes says whether the subscription's filter policy matches. A body that is
// no JSON object matches no policy.
func (p published) passes(sub *subscription) bool {
	if sub.filter == nil {
		return true
	}
	if sub.values[scopeAttribute] == "MessageBody" {
		ok, err := sub.filter.Match([]byte(p.text(sub.protocol)))
		return err == nil && ok
	}
	attributes := map[string]pattern.Attribute{}
	for name, v := range p.Attributes {
		attributes[name] = pattern.Attribute{Type: v.DataType, Value: v.text()}
	}
	ok, err := sub.filter.MatchAttributes(attributes)
	return err == nil && ok
}

func (s *SNS) deliverTo(ctx context.Context, p published, sub *subscription) error {
	switch sub.protocol {
	case "sqs":
		return s.deliverToQueue(p, sub)
	case "lambda", "http", "https":
		receive := p.endpoints[sub.endpoint]
		if receive == nil {
			return fmt.Errorf("%w to %s", ErrNoEndpoint, sub.endpoint)
		}
		payload := p.payload(sub)
		var err error
		for range endpointAttempts {
			if err = receive(ctx, bytes.Clone(payload)); err == nil {
				return nil
			}
		}
		return err
	}
	return nil // e-mail is not delivered
}

func (p published) payload(sub *subscription) []byte {
	switch {
	case sub.protocol == "lambda":
		return p.lambdaEvent(sub)
	case sub.raw():
		return []byte(p.text(sub.protocol))
	}
	return p.envelope(sub)
}

func (s *SNS) deliverToQueue(p published, sub *subscription) error {
	if sub.raw() && len(p.Attributes) > maxAttributes {
		return ErrTooManyAttributes
	}
	return s.sqs.enqueue(sub.endpoint, p.outgoing(sub))
}

// outgoing is p as a message to a queue.
func (p published) outgoing(sub *subscription) outgoing {
	o := outgoing{Body: p.text(sub.protocol)}
	if sub.raw() {
		o.Attributes = p.Attributes
	} else {
		o.Body = string(p.envelope(sub))
	}
	switch fifoQueue := strings.HasSuffix(sub.endpoint, ".fifo"); {
	case p.fifo && fifoQueue:
		o.GroupID, o.DeduplicationID = p.GroupID, &p.dedup
	case !p.fifo:
		o.GroupID = p.GroupID // the tenant of a fair queue
	}
	return o
}

// giveUp moves a message that could not be delivered to the subscription's
// dead-letter queue, if it has one, and keeps account of it.
func (s *SNS) giveUp(p published, sub *subscription, cause error) {
	u := Undelivered{TopicARN: p.topic, SubscriptionARN: sub.arn, Endpoint: sub.endpoint, MessageID: p.id, Err: cause}
	if target := sub.deadLetters(); target != "" {
		o := p.outgoing(sub)
		if len(o.Attributes)+3 <= maxAttributes {
			attributes := map[string]attributeValue{
				"RequestID":    stringAttribute(awsid.UUID()),
				"ErrorCode":    stringAttribute("400"),
				"ErrorMessage": stringAttribute(cause.Error()),
			}
			for name, v := range o.Attributes {
				attributes[name] = v
			}
			o.Attributes = attributes
		} else if len(o.Attributes) > maxAttributes {
			o.Attributes = nil
		}
		if !strings.HasSuffix(target, ".fifo") {
			o.DeduplicationID = nil
			if p.fifo {
				o.GroupID = nil
			}
		} else {
			o.GroupID, o.DeduplicationID = p.GroupID, &p.dedup
		}
		if err := s.sqs.enqueue(target, o); err != nil {
			u.Err = errors.Join(cause, err)
		} else {
			u.DeadLettered = true
		}
	}
	s.server.TB().Logf("messagingtest: SNS message %s to %s: %v (dead-lettered: %t)", p.id, sub.endpoint, u.Err, u.DeadLettered)
	if !p.fifo { // a FIFO topic delivers under the lock
		s.mu.Lock()
		defer s.mu.Unlock()
	}
	s.undelivered = append(s.undelivered, u)
}

// askToConfirm sends the request for confirmation to an HTTP endpoint.
func (s *SNS) askToConfirm(ctx context.Context, sub *subscription) {
	s.mu.Lock()
	receive := s.endpoints[sub.endpoint]
	s.mu.Unlock()
	if receive == nil {
		return // it stays pending
	}
	if err := receive(ctx, confirmationRequest(sub, time.Now())); err != nil {
		s.server.TB().Logf("messagingtest: SNS confirmation request to %s: %v", sub.endpoint, err)
	}
}
