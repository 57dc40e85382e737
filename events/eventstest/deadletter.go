package eventstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/patternkit/serverless/internal/handover"
	"github.com/patternkit/serverless/internal/wire"
)

// giveUp sends the event to the target's dead-letter queue, if it has one.
func (b *EventBridge) giveUp(ctx context.Context, d *delivery, condition string) {
	arn := ""
	if d.target.DeadLetterConfig != nil {
		arn = text(d.target.DeadLetterConfig.Arn)
	}
	if arn == "" {
		b.finish(d, fmt.Errorf("%w after %s, and the target has no dead-letter queue: %w", ErrUndeliverable, wire.Plural(d.Attempts, "attempt", "attempts"), d.Err))
		return
	}
	if err := b.bury(ctx, d, arn, d.deadLetterAttributes(condition)); err != nil {
		b.finish(d, fmt.Errorf("%w after %s (%w), nor to the dead-letter queue %s: %w", ErrUndeliverable, wire.Plural(d.Attempts, "attempt", "attempts"), d.Err, arn, err))
		return
	}
	d.DeadLettered = true
	b.server.TB().Logf("eventstest: event %s, rule %s, target %s goes to the dead-letter queue after %s: %v", d.EventID, d.Rule, d.TargetID, wire.Plural(d.Attempts, "attempt", "attempts"), d.Err)
	b.finish(d, nil)
}

// bury puts the event into the dead-letter queue.
func (b *EventBridge) bury(ctx context.Context, d *delivery, arn string, attributes map[string]string) error {
	b.mu.Lock()
	receive := b.dead[arn]
	b.mu.Unlock()
	if receive != nil {
		return receive(ctx, slices.Clone(d.event.JSON), attributes)
	}
	if plain := b.function(arn); plain != nil {
		return plain(handover.With(ctx, handover.Message{Attributes: attributes}), slices.Clone(d.event.JSON))
	}
	return errors.New("no function is bound to it, see EventBridge.DeadLetters")
}

// deadLetterAttributes are the message attributes of a dead letter.
func (d *delivery) deadLetterAttributes(condition string) map[string]string {
	attributes := map[string]string{
		"ERROR_CODE":                errorCode(d.Err),
		"ERROR_MESSAGE":             printable(d.Err.Error()),
		"EXHAUSTED_RETRY_CONDITION": condition,
		"RETRY_ATTEMPTS":            strconv.Itoa(max(d.Attempts-1, 0)),
		"RULE_ARN":                  d.rule.arn,
		"TARGET_ARN":                d.TargetARN,
	}
	if condition == nonRetryable { // AWS names no condition where it makes no retries
		delete(attributes, "EXHAUSTED_RETRY_CONDITION")
	}
	if attributes["ERROR_MESSAGE"] == "" { // SQS takes no empty value
		delete(attributes, "ERROR_MESSAGE")
	}
	return attributes
}

// errorCode is what AWS calls a failure.
func errorCode(err error) string {
	var hop hopError
	switch {
	case errors.As(err, &hop):
		return "THIRD_ACCOUNT_HOP_DETECTED"
	case errors.Is(err, errTemplate):
		return "INVALID_JSON"
	case errors.Is(err, errNoEvent):
		return "INVALID_PARAMETER"
	case errors.Is(err, handover.ErrNoTarget):
		return "NO_RESOURCE"
	}
	return "SDK_CLIENT_ERROR"
}

// printable leaves of a text what a message attribute may hold.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, s)
}
