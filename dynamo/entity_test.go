package dynamo_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/dynamo/tabledef"
)

func schema(tb testing.TB) *dynamo.Model {
	tb.Helper()
	m, err := dynamo.NewModel(dynamo.Schema{
		PartitionKey: "PK", SortKey: "SK", TTL: "ExpiresAt",
		Indexes: []dynamo.Index{
			{Name: "GSI1", PartitionKey: "GSI1PK", SortKey: "GSI1SK"},
			{Name: "GSI2", PartitionKey: "GSI2PK"},
			{Name: "LSI1", SortKey: "LSI1SK", Local: true},
		},
	})
	require.NoError(tb, err)
	return m
}

func TestSchemaNamesEveryFault(t *testing.T) {
	_, err := dynamo.NewModel(dynamo.Schema{
		Separator: "##", TTL: "X", Discriminator: "X",
		Indexes: []dynamo.Index{
			{Name: "G"},
			{Name: "LSI", Local: true, PartitionKey: "LPK"},
			{Name: "LSI", PartitionKey: "A", SortKey: "A"},
		},
	})
	for _, want := range []string{
		"PartitionKey is empty", `Separator "##"`, "attribute X is both TTL and Discriminator",
		`index name "G"`, "index G has no PartitionKey", "leave its PartitionKey empty",
		"index LSI is declared twice", "attribute A is both",
	} {
		require.ErrorContains(t, err, want)
	}
	require.PanicsWithValue(t, "dynamo: schema: PartitionKey is empty", func() { dynamo.MustModel(dynamo.Schema{}) })
}

func TestSchemaLimits(t *testing.T) {
	s := dynamo.Schema{PartitionKey: "PK", SortKey: "SK"}
	for i := range 21 {
		s.Indexes = append(s.Indexes, dynamo.Index{Name: fmt.Sprintf("GSI%d", i), PartitionKey: fmt.Sprintf("P%d", i)})
	}
	for i := range 6 {
		s.Indexes = append(s.Indexes, dynamo.Index{Name: fmt.Sprintf("LSI%d", i), SortKey: fmt.Sprintf("S%d", i), Local: true})
	}
	_, err := dynamo.NewModel(s)
	require.ErrorContains(t, err, "21 global indexes, the limit is 20")
	require.ErrorContains(t, err, "6 local indexes, the limit is 5")
}

type thingKey struct{ ID string }

type thing struct {
	ID      string
	No      int
	Small   uint16
	At      time.Time
	Price   float64
	Flag    bool
	Inner   Owner
	Maybe   *string
	Expires int64  `dynamodbav:"ExpiresAt"`
	Skipped string `dynamodbav:"-"`
	Version int32  `dynamo:"version"`
}

func TestTemplatesAreCheckedAtConstruction(t *testing.T) {
	for _, tc := range []struct {
		name      string
		partition string
		sort      string
		options   []func(*dynamo.EntityOptions)
		want      string
	}{
		{"good", "T#{ID}", "META", nil, ""},
		{"padded", "T#{ID}", "META", with(dynamo.InIndex("GSI1", "N#{No:04}", "{At}{No:04}#{Flag}")), ""},
		{"local index", "T#{ID}", "META", with(dynamo.InIndex("LSI1", "N#{No:04}")), ""},
		{"index without sort key", "T#{ID}", "META", with(dynamo.InIndex("GSI2", "N#{No}")), ""},
		{"unknown field", "T#{Id}", "META", nil, `has no stored field "Id" (it has ID, No, Small`},
		{"field that is not stored", "T#{ID}", "META", with(dynamo.InIndex("GSI2", "{Skipped}")), `no stored field "Skipped"`},
		{"not in the key type", "T#{ID}", "N#{No:04}", nil, "field No is not in the key type"},
		{"key field unused", "T", "META", nil, "field ID of the key type dynamo_test.thingKey is in no key template"},
		{"no sort template", "T#{ID}", "", nil, "no template for the sort key SK"},
		{"integer that does not sort", "T#{ID}", "META", with(dynamo.InIndex("GSI1", "X", "{No}")), "would not sort: write {No:010}"},
		{"float", "T#{ID}", "META", with(dynamo.InIndex("GSI2", "{Price}")), "float64 has no sortable form"},
		{"struct", "T#{ID}", "META", with(dynamo.InIndex("GSI2", "{Inner}")), "has no sortable form"},
		{"width without padding", "T#{ID}", "META", with(dynamo.InIndex("GSI2", "{No:4}")), `"4" is not a width`},
		{"width too large", "T#{ID}", "META", with(dynamo.InIndex("GSI2", "{No:021}")), "is not a width"},
		{"spec of a string", "T#{ID:04}", "META", nil, `string does not take "04"`},
		{"unit of a time", "T#{ID}", "META", with(dynamo.InIndex("GSI2", "{At:week}")), `unknown unit "week"`},
		{"brace left open", "T#{ID", "META", nil, "has a { without its }"},
		{"brace too many", "T#{ID}}", "META", nil, "has a } without its {"},
		{"nested braces", "T#{{ID}}", "META", nil, "has a { without its }"},
		{"field twice", "T#{ID}#{ID}", "META", nil, "field ID is in it twice"},
		{"no separator after a text", "T#{ID}-x", "META", nil, `field ID has no fixed width: "#" must follow it`},
		{"two texts together", "T#{ID}", "META", with(dynamo.InIndex("GSI2", "{ID}{Flag}")), `field ID has no fixed width`},
		{"unknown index", "T#{ID}", "META", with(dynamo.InIndex("GSI9", "{ID}")), "index GSI9: the schema does not have it"},
		{"index twice", "T#{ID}", "META", with(dynamo.InIndex("GSI2", "{ID}"), dynamo.InIndex("GSI2", "{No}")), "on it twice"},
		{"index without its sort key", "T#{ID}", "META", with(dynamo.InIndex("GSI1", "{ID}")), "give both or none"},
		{"expiry twice", "T#{ID}", "META", with(dynamo.ExpireAfter(time.Hour)), "keep one"},
		{"unique without field", "T#{ID}", "META", with(dynamo.Unique("X")), "has no field"},
		{"guards' keys", "UNIQUE#Thing.Unique.No#{ID}", "UNIQUE", with(dynamo.Unique("{No}")), "the guards of unique values"},
		{"one unique value twice", "T#{ID}", "META", with(dynamo.Unique("{No}"), dynamo.Unique("{No:04}")), "two templates have the fields"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			key := dynamo.Key(tc.partition, tc.sort)
			_, err := dynamo.NewEntity[thing, thingKey](schema(t), "Thing", key, tc.options...)
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tc.want)
			require.ErrorContains(t, err, "dynamo: entity Thing: ")
		})
	}
}

func with(options ...func(*dynamo.EntityOptions)) []func(*dynamo.EntityOptions) { return options }

// CodedKey has a codec that an entity would take over by embedding it.
type CodedKey struct{ ID string }

func (k CodedKey) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return &types.AttributeValueMemberS{Value: k.ID}, nil
}

type codedEntity struct {
	CodedKey
	Name string
}

type badDecoder struct{ ID string }

func (*badDecoder) UnmarshalDynamoDBAttributeValue(types.AttributeValue) error { return nil }

func TestStructsThatWouldLoseFieldsAreRefused(t *testing.T) {
	m := schema(t)
	_, err := dynamo.NewEntity[codedEntity, CodedKey](m, "A", dynamo.Key("A#{ID}", "A"))
	require.ErrorContains(t, err, "takes the method MarshalDynamoDBAttributeValue from the embedded dynamo_test.CodedKey, which would drop every other field")
	_, err = dynamo.NewEntity[badDecoder, thingKey](m, "B", dynamo.Key("B#{ID}", "B"))
	require.ErrorContains(t, err, "has a method UnmarshalDynamoDBAttributeValue")
	_, err = dynamo.NewEntity[struct {
		ID string
		F  func()
	}, thingKey](m, "C", dynamo.Key("C#{ID}", "C"))
	require.ErrorContains(t, err, "field F of struct")
	_, err = dynamo.NewEntity[struct {
		*thingKey
		Name string
	}, thingKey](m, "D", dynamo.Key("D#{ID}", "D"))
	require.ErrorContains(t, err, "embed the struct itself")
	_, err = dynamo.NewEntity[struct {
		ID string
		A  string `dynamodbav:"x"`
		B  string `dynamodbav:"X"`
	}, thingKey](m, "E", dynamo.Key("E#{ID}", "E"))
	require.ErrorContains(t, err, "fields A and B")
	_, err = dynamo.NewEntity[string, thingKey](m, "F", dynamo.Key("F#{ID}", "F"))
	require.ErrorContains(t, err, "string is not a struct")
	require.Empty(t, m.Describe().Entities)
}

func TestFieldsThatMeetTheSchemaAreRefused(t *testing.T) {
	m := schema(t)
	_, err := dynamo.NewEntity[struct{ ID, Pk string }, thingKey](m, "A", dynamo.Key("A#{ID}", "A"))
	require.ErrorContains(t, err, "field Pk is stored in the attribute Pk, which the schema uses for PK")
	_, err = dynamo.NewEntity[struct{ ID, EntityType string }, thingKey](m, "A", dynamo.Key("A#{ID}", "A"))
	require.ErrorContains(t, err, "EntityType")
	_, err = dynamo.NewEntity[struct {
		ID        string
		ExpiresAt time.Time
	}, thingKey](m, "A", dynamo.Key("A#{ID}", "A"))
	require.ErrorContains(t, err, `tagged dynamodbav:",unixtime"`)
	_, err = dynamo.NewEntity[struct {
		ID string
		V  string `dynamo:"version"`
		W  int    `dynamo:"revision"`
	}, thingKey](m, "A", dynamo.Key("A#{ID}", "A"))
	require.ErrorContains(t, err, "the version V is a string")
	require.ErrorContains(t, err, `unknown tag dynamo:"revision"`)
	_, err = dynamo.NewEntity[struct{ ID string }, struct{ ID int }](m, "A", dynamo.Key("A#{ID}", "A"))
	require.ErrorContains(t, err, "field ID is a string in struct { ID string } and a int in struct { ID int }")
}

func TestKeysThatCouldMeetAreRefused(t *testing.T) {
	type k struct{ ID string }
	type e struct {
		ID string
		No int
		At time.Time
	}
	type kNo struct {
		ID string
		No int
	}
	type kAt struct {
		ID string
		At time.Time
	}
	m := schema(t)
	dynamo.MustEntity[e, k](m, "Profile", dynamo.Key("USER#{ID}", "PROFILE"))
	dynamo.MustEntity[e, kNo](m, "Line", dynamo.Key("USER#{ID}", "LINE#{No:04}"))
	dynamo.MustEntity[e, kAt](m, "Log", dynamo.Key("USER#{ID}", "{At}"))

	_, err := dynamo.NewEntity[e, k](m, "Profile", dynamo.Key("OTHER#{ID}", "X"))
	require.ErrorContains(t, err, "has an entity Profile already")
	for name, key := range map[string]dynamo.KeyTemplates{
		"Same":  dynamo.Key("USER#{ID}", "PROFILE"),
		"Open":  dynamo.Key("USER#{ID}", "LINE#0001"),
		"Mixed": dynamo.Key("USER#7", "PRO{ID}"),
	} {
		_, err := dynamo.NewEntity[e, k](m, name, key)
		require.ErrorContains(t, err, "could equal those of", name)
	}
	for name, key := range map[string]dynamo.KeyTemplates{
		"Other":  dynamo.Key("USER#{ID}", "PROFILE#X"),
		"Longer": dynamo.Key("USER#{ID}", "LINE#00001"),
		"Prefix": dynamo.Key("USERS#{ID}", "PROFILE"),
		"Number": dynamo.Key("USER#{ID}", "LINE#x001"),
	} {
		_, err := dynamo.NewEntity[e, k](m, name, key)
		require.NoError(t, err, name)
	}
}

func TestAKeyAttributeMayBeAField(t *testing.T) {
	m := dynamo.MustModel(dynamo.Schema{PartitionKey: "ID", Indexes: []dynamo.Index{{Name: "ByName", PartitionKey: "Name"}}})
	e := dynamo.MustEntity[struct{ ID, Name string }, thingKey](m, "Thing", dynamo.Key("{ID}"), dynamo.InIndex("ByName", "{Name}"))
	require.Equal(t, "Thing", e.Name())
	_, err := dynamo.NewEntity[struct{ ID, Name string }, thingKey](m, "Other", dynamo.Key("X#{ID}"))
	require.ErrorContains(t, err, "the schema uses for ID")
}

func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"T#{ID}", "{ID}", "{No:04}#{ID}", "{At}{No:04}", "{At:day}#x", "{", "}", "a{ID:lower}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		type key struct{}
		type value struct {
			ID string
			No int
			At time.Time
		}
		m := schema(t)
		e, err := dynamo.NewEntity[value, key](m, "Thing", dynamo.Key("T", "S"), dynamo.InIndex("GSI2", source))
		if err != nil {
			require.True(t, strings.HasPrefix(err.Error(), "dynamo: entity Thing: "), "%v", err)
			return
		}
		table := dynamo.New(noClient{}, "t", m)
		a, errA := table.Items(e.Put(value{ID: "a", No: 1, At: noon}))
		b, errB := table.Items(e.Put(value{ID: "b", No: 2, At: noon.Add(time.Hour * 24 * 366)}))
		if errA != nil || errB != nil {
			return
		}
		if strings.Contains(source, "{") {
			require.NotEqual(t, a[0].Put.Item["GSI2PK"], b[0].Put.Item["GSI2PK"])
		}
	})
}

// noClient is for what sends nothing.
type noClient struct{ dynamo.TableClient }

func TestAnInvertedIndexSharesTheTablesKeys(t *testing.T) {
	ctx := t.Context()
	m := dynamo.MustModel(dynamo.Schema{PartitionKey: "PK", SortKey: "SK", Indexes: []dynamo.Index{{Name: "Inverted", PartitionKey: "SK", SortKey: "PK"}}})
	type memberKey struct{ Team, User string }
	type member struct {
		memberKey
		Role string
	}
	members := dynamo.MustEntity[member, memberKey](m, "Member", dynamo.Key("TEAM#{Team}", "USER#{User}"), dynamo.InIndex("Inverted"))
	_, err := dynamo.NewEntity[member, memberKey](m, "Other", dynamo.Key("T#{Team}", "U#{User}"), dynamo.InIndex("Inverted", "X#{User}"))
	require.ErrorContains(t, err, "the attribute SK is U#{User} already, it cannot also be X#{User}")
	teamsOf := dynamo.MustAccessPattern[struct{ User string }](members, "Inverted")
	role := dynamo.MustField[string](members, "Role")

	db := dynamotest.New(t)
	table := dynamo.New(db.Client(), "teams", m)
	require.NoError(t, tabledef.Create(ctx, db.Client(), table))
	for _, team := range []string{"a", "b"} {
		require.NoError(t, members.Create(member{memberKey{team, "ann"}, ""}).Run(ctx, table))
		require.NoError(t, members.Update(memberKey{team, "ann"}).Do(dynamo.Set(role, "lead")).Run(ctx, table))
	}
	page, err := teamsOf.Query(struct{ User string }{"ann"}).Limit(1).Page(ctx, table)
	require.NoError(t, err)
	require.Equal(t, "a", page.Items[0].Team)
	page, err = teamsOf.Query(struct{ User string }{"ann"}).After(page.Cursor).Page(ctx, table)
	require.NoError(t, err)
	require.Equal(t, "b", page.Items[0].Team)
	require.Equal(t, "lead", page.Items[0].Role)
}

// A declaration with many faults names every one of them at once.
func TestADeclarationNamesEveryFault(t *testing.T) {
	type faultyKey struct{ ID, Missing string }
	type faulty struct {
		ID   string
		No   int
		Odd  complex64
		Call func()
		Wait chan int
		One  string `dynamodbav:"x"`
		Two  string `dynamodbav:"X"`
		V1   string `dynamo:"version"`
		V2   int64  `dynamo:"version"`
		Role string `dynamo:"odd"`
	}
	_, err := dynamo.NewEntity[faulty, faultyKey](store, "A#B", dynamo.Key("A#{Nope}#{Nada}", "{Odd}"),
		dynamo.InIndex("GSI1", "G#{None}", "{No}"), dynamo.InIndex("GSI9", "x"), dynamo.Unique("{Null}"), dynamo.Unique("fixed"), dynamo.ExpireAfter(-1))
	for _, fault := range []string{
		`the name "A#B" contains the separator #`, "field Call of dynamo_test.faulty cannot be stored", "field Wait of dynamo_test.faulty cannot be stored",
		"fields One and Two", "no stored field Missing", `no stored field "Nope"`, `no stored field "Nada"`, "field Odd: complex64 has no sortable form",
		`no stored field "None"`, "field No is an integer of varying width", "index GSI9: the schema does not have it", `no stored field "Null"`,
		`template "fixed" has no field`, "the version V1 is a string", "fields V1 and V2 are both tagged as the version", `field Role has the unknown tag`, "ExpireAfter is negative",
	} {
		require.ErrorContains(t, err, fault)
	}
	type faultyPattern struct {
		Status   int
		OrderID  string
		Nonsense bool
		Another  bool
	}
	_, err = dynamo.NewAccessPattern[faultyPattern](orders, "GSI1")
	for _, fault := range []string{"its field Status is a int", "its field OrderID needs a field PlacedAt", "its field Another is used by no key", "its field Nonsense is used by no key"} {
		require.ErrorContains(t, err, fault)
	}
}
