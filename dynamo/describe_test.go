package dynamo_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo"
)

func TestAModelDescribesItself(t *testing.T) {
	m := schema(t)
	orders := dynamo.MustEntity[Order, OrderKey](m, "Order", dynamo.Key("ORDER#{OrderID}", "METADATA"),
		dynamo.InIndex("GSI1", "STATUS#{Status}", "ORDER#{PlacedAt}#{OrderID}"), dynamo.Correlated())
	lines := dynamo.MustEntity[Line, LineKey](m, "Line", dynamo.Key("ORDER#{OrderID}", "LINE#{No:04}"))
	dynamo.MustEntity[User, UserKey](m, "User", dynamo.Key("USER#{UserID}", "PROFILE"), dynamo.Unique("{Email:lower}"), dynamo.ExpireAfter(time.Hour))
	dynamo.MustEntity[Session, SessionKey](m, "Session", dynamo.Key("SESSION#{Token}", "SESSION"))
	dynamo.MustCollection[OrderKey, OrderView](orders, lines)
	dynamo.MustAccessPattern[ByStatus](orders, "GSI1")

	d := m.Describe()
	require.Equal(t, m.Schema(), d.Schema)
	require.Equal(t, "EntityType", d.Schema.Discriminator)
	require.Equal(t, []dynamo.EntityDescription{
		{
			Name: "Order", Version: "Version", Correlated: true,
			Keys: map[string]string{"PK": "ORDER#{OrderID}", "SK": "METADATA", "GSI1PK": "STATUS#{Status}", "GSI1SK": "ORDER#{PlacedAt}#{OrderID}"},
		},
		{Name: "Line", Keys: map[string]string{"PK": "ORDER#{OrderID}", "SK": "LINE#{No:04}"}},
		{
			Name: "User", Unique: []string{"{Email:lower}"}, ExpireAfter: time.Hour,
			Keys: map[string]string{"PK": "USER#{UserID}", "SK": "PROFILE"},
		},
		{Name: "Session", Expiry: "Expires", Keys: map[string]string{"PK": "SESSION#{Token}", "SK": "SESSION"}},
	}, d.Entities)
	require.Equal(t, []dynamo.PatternDescription{
		{Name: "ByStatus", Entities: []string{"Order"}, Index: "GSI1", Condition: "GSI1PK = STATUS#{Status}, GSI1SK in the range of ORDER#{PlacedAt}"},
		{Name: "OrderView", Entities: []string{"Order", "Line"}, Condition: "PK = ORDER#{OrderID}"},
	}, d.Patterns)

	d.Patterns[0].Entities[0] = "changed"
	d.Entities[0].Keys["PK"] = "changed"
	require.Equal(t, "Order", m.Describe().Patterns[0].Entities[0], "a description is the caller's own")
	require.Equal(t, "ORDER#{OrderID}", m.Describe().Entities[0].Keys["PK"])
}
