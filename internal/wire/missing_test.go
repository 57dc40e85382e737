package wire_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/wire"
)

// What has the name elsewhere comes first, then what is in the same place, then
// the rest with its place.
func TestWhatExists(t *testing.T) {
	exist := slices.Values([]string{
		"arn:aws:dynamodb:eu-west-1:123456789012:table/mail", "arn:aws:dynamodb:eu-west-1:123456789012:table/orders", "arn:aws:dynamodb:us-east-1:123456789012:table/users",
	})
	require.Equal(t, `there is no table "orders" in region us-east-1 of account 123456789012; what exists: `+
		"orders in region eu-west-1 of account 123456789012, users, mail in region eu-west-1 of account 123456789012",
		wire.WhatExists("table", "arn:aws:dynamodb:us-east-1:123456789012:table/orders", exist))
	require.Equal(t, `there is no queue "orders" in region us-east-1 of account 123456789012; none exists`,
		wire.WhatExists("queue", "arn:aws:sqs:us-east-1:123456789012:orders", slices.Values([]string(nil))))
}
