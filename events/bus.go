package events

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/patternkit/serverless/internal/given"
)

// BusClient is what [CheckBus] needs of the SDK's client.
type BusClient interface {
	DescribeEventBus(ctx context.Context, in *eventbridge.DescribeEventBusInput, optFns ...func(*eventbridge.Options)) (*eventbridge.DescribeEventBusOutput, error)
}

// CheckBus returns an error if the bus with this name or ARN does not exist. Call
// it when a program starts: PutEvents accepts events for a bus that does not
// exist, and drops them. The default bus of an account is called "default".
func CheckBus(ctx context.Context, client BusClient, busName string) error {
	if given.Nil(client) {
		return errors.New("events: check bus: the client is nil")
	}
	if busName == "" {
		return errors.New("events: check bus: the name of the bus is empty")
	}
	if _, err := client.DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{Name: &busName}); err != nil {
		return fmt.Errorf("events: check bus %q: %w", busName, err)
	}
	return nil
}
