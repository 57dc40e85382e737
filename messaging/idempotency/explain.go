package idempotency

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// explain lets whoever made the writes say why their transaction was canceled.
// Package dynamo puts something with a method Explain behind the items that it
// returns, in the capacity of the slice: what ExactlyOnce, Transact and Commit
// return then has dynamo's reasons besides the SDK's error. Items of other origin
// have nothing there.
func explain(items []types.TransactWriteItem, err error) error {
	var canceled *types.TransactionCanceledException
	if len(items) == cap(items) || !errors.As(err, &canceled) {
		return err
	}
	behind := items[:len(items)+1][len(items)].ConditionCheck
	if behind == nil {
		return err
	}
	if e, ok := behind.Key[""].(interface{ Explain(err error) error }); ok {
		return e.Explain(err)
	}
	return err
}
