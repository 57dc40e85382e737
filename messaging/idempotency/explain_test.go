package idempotency_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/idempotency"
	"github.com/patternkit/serverless/messaging/messagingtest"
)

type Member struct {
	MemberKey
	Email  string
	Points int64
}

type MemberKey struct{ MemberID string }

type Card struct {
	CardKey
	Version int64 `dynamo:"version"`
}

type CardKey struct{ CardID string }

var (
	club    = dynamo.MustModel(dynamo.Schema{PartitionKey: "PK", SortKey: "SK", TTL: "ExpiresAt"})
	members = dynamo.MustEntity[Member, MemberKey](club, "Member", dynamo.Key("MEMBER#{MemberID}", "PROFILE"), dynamo.Unique("{Email}"))
	cards   = dynamo.MustEntity[Card, CardKey](club, "Card", dynamo.Key("CARD#{CardID}", "CARD"))
	points  = dynamo.MustField[int64](members, "Points")
)

// What the writes of dynamo are refused for comes through with dynamo's reason,
// from every way to commit them.
func TestReasonsOfDynamoComeThrough(t *testing.T) {
	member := func(id, email string) Member { return Member{MemberKey: MemberKey{id}, Email: email} }
	add := func(id string) dynamo.Write { return members.Update(MemberKey{id}).Do(dynamo.Add(points, 5)) }
	tests := []struct {
		name string
		ops  []dynamo.Write
		want error
	}{
		{"not there", []dynamo.Write{add("9")}, dynamo.ErrNotFound},
		{"not there, the second", []dynamo.Write{add("1"), add("9")}, dynamo.ErrNotFound},
		{"there already", []dynamo.Write{members.Create(member("1", "b@x"))}, dynamo.ErrExists},
		{"value taken", []dynamo.Write{members.Create(member("2", "a@x"))}, dynamo.ErrNotUnique},
		{"stale", []dynamo.Write{cards.Put(Card{CardKey: CardKey{"1"}, Version: 7})}, dynamo.ErrStale},
		{"condition", []dynamo.Write{members.Update(MemberKey{"1"}).Do(dynamo.Add(points, -5)).If(points.AtLeast(5))}, dynamo.ErrConditionFailed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBank(t)
			table := dynamo.New(b.client, "bank", club)
			require.NoError(t, members.Create(member("1", "a@x")).Run(t.Context(), table))
			require.NoError(t, cards.Create(Card{CardKey: CardKey{"1"}}).Run(t.Context(), table))
			key := func(m messaging.Message[string]) string { return m.Body }
			var last error
			deliver := func(handler func(context.Context, messaging.Message[string]) error) {
				last = nil
				c := messaging.NewConsumer(handler, func(o *messaging.ConsumerOptions) {
					o.Classify = func(err error) error { last = err; return nil }
				})
				messagingtest.Deliver(t, c.HandleSQS, "k").RequireFailed()
			}
			ways := map[string]func() error{
				"ExactlyOnce": func() error {
					deliver(idempotency.ExactlyOnce(b.store, key, func(context.Context, messaging.Message[string]) ([]types.TransactWriteItem, error) {
						return table.Items(test.ops...)
					}))
					return last
				},
				"ExactlyOnce, with the context": func() error {
					deliver(idempotency.ExactlyOnce(b.store, key, func(ctx context.Context, _ messaging.Message[string]) ([]types.TransactWriteItem, error) {
						items, err := table.ItemsFor(ctx, test.ops...)
						if err != nil {
							return nil, err
						}
						return items, nil
					}))
					return last
				},
				"Transact": func() error {
					_, err := idempotency.Transact(t.Context(), b.store, "k", 1, func(context.Context) ([]types.TransactWriteItem, int, error) {
						items, err := table.Items(test.ops...)
						return items, 1, err
					})
					return err
				},
				"Commit": func() error {
					_, err := idempotency.Do(t.Context(), b.store, "k", 1, func(ctx context.Context, l *idempotency.Lease) (int, error) {
						items, err := table.Items(test.ops...)
						require.NoError(t, err)
						return 1, l.Commit(ctx, 1, items...)
					})
					return err
				},
			}
			for name, way := range ways {
				err := way()
				require.ErrorIs(t, err, test.want, name)
				require.ErrorAs(t, err, new(*types.TransactionCanceledException), name)
				te, ok := errors.AsType[*dynamo.TransactionError](err)
				require.True(t, ok, name)
				require.Len(t, te.Reasons, len(test.ops))
				require.True(t, te.Reasons[len(test.ops)-1].Failed())
			}
		})
	}
}

func TestTheEffectsOwnErrorOfDynamoComesThrough(t *testing.T) {
	b := newBank(t)
	table := dynamo.New(b.client, "bank", club)
	read := func(ctx context.Context, _ transfer) ([]types.TransactWriteItem, error) {
		_, err := members.Get(ctx, table, MemberKey{"9"})
		return nil, err
	}
	require.ErrorIs(t, idempotency.ExactlyOnce(b.store, transferID, read)(t.Context(), transfer{ID: "t-1"}), dynamo.ErrNotFound)
}

func TestItemsOfOtherOriginAreLeftAsTheyAre(t *testing.T) {
	b := newBank(t)
	table := dynamo.New(b.client, "bank", club)
	update := members.Update(MemberKey{"9"}).Do(dynamo.Add(points, 5))
	for name, items := range map[string]func() []types.TransactWriteItem{
		"appended to": func() []types.TransactWriteItem {
			items, err := table.Items(update)
			require.NoError(t, err)
			return append(items, add("b", 1))
		},
		"appended": func() []types.TransactWriteItem {
			items, err := table.Items(update)
			require.NoError(t, err)
			return append([]types.TransactWriteItem{add("b", 1)}, items...)
		},
		"with a check behind them": func() []types.TransactWriteItem {
			check := types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
				TableName: aws.String("bank"), Key: accountKey("none"), ConditionExpression: aws.String("attribute_exists(PK)"),
			}}
			return []types.TransactWriteItem{check, check}[:1]
		},
	} {
		err := idempotency.ExactlyOnce(b.store, transferID, func(context.Context, transfer) ([]types.TransactWriteItem, error) {
			return items(), nil
		})(t.Context(), transfer{ID: name})
		require.ErrorAs(t, err, new(*types.TransactionCanceledException), name)
		if name == "appended to" {
			require.ErrorIs(t, table.Explain(err, update), dynamo.ErrNotFound, name)
		}
	}
}
