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
	var queues []string
	for i := range 12 {
		queues = append(queues, "arn:aws:sqs:us-east-1:123456789012:q"+string(rune('a'+i)))
	}
	for count, want := range map[int]string{1: "qa", 10: "qa, qb, qc, qd, qe, qf, qg, qh, qi, qj", 12: "qa, qb, qc, qd, qe, qf, qg, qh, qi, qj and 2 more"} {
		require.Equal(t, `there is no queue "orders" in region us-east-1 of account 123456789012; what exists: `+want,
			wire.WhatExists("queue", "arn:aws:sqs:us-east-1:123456789012:orders", slices.Values(queues[:count])))
	}
}

// The log of a test says it when a call fails for that reason.
func TestTheLogSaysWhatExists(t *testing.T) {
	log := &logTB{TB: t}
	s := batchServer(log)
	s.Fail("Other", (&wire.Error{Code: "Gone"}).Missing("order", "arn:aws:a:us-east-1:123456789012:order/1", slices.Values([]string(nil)))).Times(2)
	for range 2 {
		status, err := call(s, "Other", "{}")
		require.NoError(t, err)
		require.Equal(t, 400, status)
	}
	require.Len(t, log.lines, 1)
	require.Contains(t, log.lines[0], `Other: there is no order "1" in region us-east-1 of account 123456789012; none exists`)
}
