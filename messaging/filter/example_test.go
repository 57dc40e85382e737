package filter_test

import (
	"fmt"

	"github.com/patternkit/serverless/messaging"
	"github.com/patternkit/serverless/messaging/filter"
)

// A filter policy is checked against SNS's limits and can be tried out.
func Example() {
	large := filter.MustPolicy(filter.ScopeBody,
		filter.Where("detail-type", filter.Equals("OrderPlaced")),
		filter.Where("detail.total", filter.AtLeast(100)))
	fmt.Println(large)
	fmt.Println(large.MatchBody([]byte(`{"detail-type":"OrderPlaced","detail":{"total":120}}`)))
	_, err := filter.NewPolicy(filter.ScopeAttributes, filter.Where("total", filter.Above(5e9)))
	fmt.Println(err)
	// Output:
	// {"detail":{"total":[{"numeric":[">=",100]}]},"detail-type":["OrderPlaced"]}
	// true
	// filter: total: the number 5e+09 is not within ±1e9
}

// A subscription that takes canceled orders of the web shop, and all orders of
// the back office.
func ExampleAnyOf() {
	policy := filter.MustPolicy(filter.ScopeAttributes, filter.AnyOf(
		filter.All(
			filter.Where("channel", filter.Equals("web")),
			filter.Where("eventType", filter.Prefix("order_canceled"))),
		filter.Where("channel", filter.Equals("office"))))
	fmt.Println(policy)
	fmt.Println(policy.MatchAttributes(messaging.Attributes{
		"channel": messaging.String("office"), "eventType": messaging.String("order_placed"),
	}))
	// Output:
	// {"$or":[{"channel":["web"],"eventType":[{"prefix":"order_canceled"}]},{"channel":["office"]}]}
	// true
}
