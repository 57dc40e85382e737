package dynamo_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/dynamo/tabledef"
)

type BagKey struct{ ID string }

type Bag struct {
	BagKey
	List   []string
	Set    []string            `dynamodbav:",stringset"`
	Flags  map[string]struct{} `dynamodbav:",stringset"`
	Map    map[string]int
	Bytes  []byte
	Null   []string `dynamodbav:",nullempty"`
	Own    ownForm
	Ptr    *int
	Inner  Pocket
	Behind *Pocket
	Many   []Pocket
	Named  map[string][]string
	Tree   Tree
	On     bool
}

type Pocket struct {
	List []string
	Set  []int `dynamodbav:",numberset"`
	Text string
}

// Tree holds itself.
type Tree struct {
	Name     string
	Children []Tree
}

// ownForm is a slice that says itself how it is stored.
type ownForm []string

func (ownForm) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return &types.AttributeValueMemberL{Value: []types.AttributeValue{}}, nil
}

var (
	bagStore = dynamo.MustModel(dynamo.Schema{PartitionKey: "PK"})
	bags     = dynamo.MustEntity[Bag, BagKey](bagStore, "Bag", dynamo.Key("BAG#{ID}", ""))

	bagList   = dynamo.MustField[[]string](bags, "List")
	bagSet    = dynamo.MustField[[]string](bags, "Set")
	bagMap    = dynamo.MustField[map[string]int](bags, "Map")
	innerList = dynamo.MustField[[]string](bags, "Inner.List")
	bagOn     = dynamo.MustField[bool](bags, "On")
)

func newBags(t *testing.T) (*dynamo.Table, *dynamodb.Client) {
	t.Helper()
	client := dynamotest.New(t).Client()
	table := dynamo.New(client, "bags", bagStore)
	require.NoError(t, tabledef.Create(t.Context(), client, table))
	return table, client
}

func storedBag(t *testing.T, client *dynamodb.Client) map[string]types.AttributeValue {
	t.Helper()
	out, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: aws.String("bags"), Key: map[string]types.AttributeValue{"PK": &types.AttributeValueMemberS{Value: "BAG#1"}},
	})
	require.NoError(t, err)
	return out.Item
}

// Every operation on a collection works on an item that was created without one.
func TestCollectionsOfAnItemCreatedEmpty(t *testing.T) {
	key := BagKey{"1"}
	for name, empty := range map[string]Bag{
		"nil":   {BagKey: key},
		"empty": {BagKey: key, List: []string{}, Set: []string{}, Map: map[string]int{}, Inner: Pocket{List: []string{}}},
	} {
		for _, test := range []struct {
			name string
			op   dynamo.Write
			want Bag
		}{
			{"Append", bags.Update(key).Do(dynamo.Append(bagList, "a")), Bag{List: []string{"a"}}},
			{"Append to an inner list", bags.Update(key).Do(dynamo.Append(innerList, "a")), Bag{Inner: Pocket{List: []string{"a"}}}},
			{"Include", bags.Update(key).Do(dynamo.Include(bagSet, "a")), Bag{Set: []string{"a"}}},
			{"Exclude", bags.Update(key).Do(dynamo.Exclude(bagSet, "a")), Bag{}},
			{"SetIfAbsent list", bags.Update(key).Do(dynamo.SetIfAbsent(bagList, []string{"a"})), Bag{List: []string{"a"}}},
			{"SetIfAbsent set", bags.Update(key).Do(dynamo.SetIfAbsent(bagSet, []string{"a"})), Bag{Set: []string{"a"}}},
			{"SetIfAbsent map", bags.Update(key).Do(dynamo.SetIfAbsent(bagMap, map[string]int{"a": 1})), Bag{Map: map[string]int{"a": 1}}},
			{"Set to nothing", bags.Update(key).Do(dynamo.Set(bagList, nil), dynamo.Set(innerList, []string{})), Bag{}},
			{"Missing", bags.Update(key).Do(dynamo.Set(bagOn, true)).
				If(bagList.Missing(), bagSet.Missing(), bagMap.Missing(), innerList.Missing()), Bag{On: true}},
			{"Equal to nothing", bags.Update(key).Do(dynamo.Set(bagOn, true)).
				If(bagList.Equal(nil), bagSet.Equal([]string{}), innerList.Equal(nil)), Bag{On: true}},
		} {
			t.Run(name+"/"+test.name, func(t *testing.T) {
				table, _ := newBags(t)
				require.NoError(t, bags.Create(empty).Run(t.Context(), table))
				require.NoError(t, table.Transact(t.Context(), test.op))
				got, err := bags.Get(t.Context(), table, key)
				require.NoError(t, err)
				test.want.BagKey = key
				require.Equal(t, test.want, got)
			})
		}
		t.Run(name+"/Exists", func(t *testing.T) {
			table, _ := newBags(t)
			require.NoError(t, bags.Create(empty).Run(t.Context(), table))
			for _, c := range []dynamo.Condition[Bag]{bagList.Exists(), bagSet.Exists(), innerList.Exists(), bagList.NotEqual(nil)} {
				err := bags.Update(key).Do(dynamo.Set(bagOn, true)).If(c).Run(t.Context(), table)
				require.ErrorIs(t, err, dynamo.ErrConditionFailed)
			}
		})
	}
}

func TestWhatIsLeftOutOfAnItem(t *testing.T) {
	table, client := newBags(t)
	bag := Bag{
		BagKey: BagKey{"1"}, Map: map[string]int{}, Flags: map[string]struct{}{}, Bytes: []byte{}, Own: ownForm{},
		Behind: &Pocket{}, Many: []Pocket{{}, {List: []string{"a"}}}, Named: map[string][]string{"none": nil, "one": {"a"}},
		Tree: Tree{Name: "root", Children: []Tree{{Name: "leaf"}}},
	}
	require.NoError(t, bags.Create(bag).Run(t.Context(), table))
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	list := func(v ...types.AttributeValue) types.AttributeValue {
		return &types.AttributeValueMemberL{Value: append([]types.AttributeValue{}, v...)}
	}
	type fields = map[string]types.AttributeValue
	object := func(f fields) types.AttributeValue { return &types.AttributeValueMemberM{Value: f} }
	null := &types.AttributeValueMemberNULL{Value: true}
	require.Equal(t, fields{
		"PK": text("BAG#1"), "EntityType": text("Bag"), "ID": text("1"),
		"Null": null, "Own": list(), "Ptr": null,
		"Inner": object(fields{"Text": text("")}), "Behind": object(fields{"Text": text("")}),
		"Many":  list(object(fields{"Text": text("")}), object(fields{"Text": text(""), "List": list(text("a"))})),
		"Named": object(fields{"none": null, "one": list(text("a"))}),
		"Tree":  object(fields{"Name": text("root"), "Children": list(object(fields{"Name": text("leaf")}))}),
		"On":    &types.AttributeValueMemberBOOL{},
	}, storedBag(t, client))
}

func TestNothingCannotBeAdded(t *testing.T) {
	table, _ := newBags(t)
	for name, action := range map[string]dynamo.Action[Bag]{
		"SetIfAbsent": dynamo.SetIfAbsent(bagList, nil), "Append": dynamo.Append(bagList),
		"Include": dynamo.Include(bagSet), "Exclude": dynamo.Exclude(bagSet),
	} {
		err := bags.Update(BagKey{"1"}).Do(action).Run(t.Context(), table)
		require.ErrorIs(t, err, dynamo.ErrInvalid, name)
		require.ErrorContains(t, err, name, name)
	}
}
