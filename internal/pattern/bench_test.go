package pattern_test

import (
	"testing"

	"github.com/patternkit/serverless/internal/pattern"
)

// order is an event of about 1 KB.
const order = `{"version":"0","id":"6a7e8feb-b491-4cf7-a9f1-bf3703467718","detail-type":"OrderPlaced","source":"shop.orders","account":"123456789012","time":"2025-11-23T10:29:17Z","region":"eu-central-1","resources":["arn:aws:dynamodb:eu-central-1:123456789012:table/orders","arn:aws:dynamodb:eu-central-1:123456789012:table/orders/stream/2025"],"detail":{"orderId":"ord-000042","customer":{"id":"cust-77","name":"Ada Lovelace","email":"ada@example.com","country":"DE","ip":"10.1.2.3","tags":["vip","newsletter"]},"total":149.95,"currency":"EUR","status":"placed","lines":[{"sku":"A-1001","quantity":2,"price":24.99,"name":"Tea, black, 250 g"},{"sku":"B-2002","quantity":1,"price":79.99,"name":"Kettle, steel, 1.7 l"},{"sku":"C-3003","quantity":4,"price":4.99,"name":"Cup, white"}],"shipping":{"method":"express","address":{"street":"Hauptstrasse 1","city":"Berlin","zip":"10115"}},"note":"Please leave the parcel with the neighbors.","metadata":{"id":"0b0a3b0e-8d3e-4c3a-9a43-0a3e1a0f6f5d","correlationId":"c-20251123-0001","version":3}}}`

// sets are five rules each, of one operator.
func sets() map[string][]string {
	return map[string][]string{
		"exact": {
			`{"source":["shop.orders"],"detail-type":["OrderPlaced"]}`, `{"source":["shop.stock"]}`, `{"detail":{"status":["shipped","returned"]}}`,
			`{"detail":{"currency":["EUR"],"customer":{"country":["DE","AT"]}}}`, `{"region":["us-east-1"]}`,
		},
		"prefix": {
			`{"source":[{"prefix":"shop."}]}`, `{"detail":{"orderId":[{"prefix":"ord-"}]}}`, `{"region":[{"prefix":"us-"}]}`,
			`{"detail":{"customer":{"id":[{"prefix":"cust-"}]}}}`, `{"resources":[{"prefix":"arn:aws:s3"}]}`,
		},
		"numeric": {
			`{"detail":{"total":[{"numeric":[">",100]}]}}`, `{"detail":{"total":[{"numeric":["<",10]}]}}`, `{"detail":{"lines":{"quantity":[{"numeric":[">=",4]}]}}}`,
			`{"detail":{"lines":{"price":[{"numeric":[">",50,"<",100]}]}}}`, `{"detail":{"metadata":{"version":[{"numeric":["=",3]}]}}}`,
		},
		"wildcard": {
			`{"source":[{"wildcard":"shop.*"}]}`, `{"resources":[{"wildcard":"arn:aws:*:*:*:table/orders"}]}`, `{"detail":{"customer":{"email":[{"wildcard":"*@example.*"}]}}}`,
			`{"detail":{"note":[{"wildcard":"*neighbor*"}]}}`, `{"detail":{"lines":{"sku":[{"wildcard":"*-3*"}]}}}`,
		},
		"mixed": {
			`{"source":["shop.orders"],"detail-type":["OrderPlaced"],"detail":{"total":[{"numeric":[">",100]}]}}`,
			`{"source":[{"prefix":"shop."}],"detail":{"customer":{"ip":[{"cidr":"10.0.0.0/8"}],"tags":["vip"]}}}`,
			`{"detail":{"status":[{"anything-but":["canceled","returned"]}],"currency":[{"equals-ignore-case":"eur"}]}}`,
			`{"$or":[{"detail":{"lines":{"sku":[{"wildcard":"B-*"}],"quantity":[{"numeric":[">",2]}]}}},{"region":["us-east-1"]}]}`,
			`{"detail":{"coupon":[{"exists":false}],"shipping":{"method":["express"]}}}`,
		},
		"arrays": {
			`{"detail":{"lines":{"sku":["A-1001"],"quantity":[2]}}}`, `{"detail":{"lines":{"sku":["A-1001"],"quantity":[1]}}}`, `{"detail":{"lines":{"sku":[{"prefix":"C-"}],"price":[{"numeric":["<",5]}],"name":[{"suffix":"white"}]}}}`,
			`{"detail":{"lines":{"sku":["B-2002"],"gift":[{"exists":false}]}}}`, `{"detail":{"customer":{"tags":["vip"]},"lines":{"quantity":[{"numeric":[">",3]}]}}}`,
		},
	}
}

// BenchmarkSet matches an event of 1 KB against five rules in one pass.
func BenchmarkSet(b *testing.B) {
	for name, texts := range sets() {
		var patterns []*pattern.Pattern
		for _, text := range texts {
			patterns = append(patterns, parse(b, pattern.EventBridge, text))
		}
		set := pattern.NewSet(patterns...)
		event, buffer := []byte(order), make([]int, 0, 5)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(event)))
			for b.Loop() {
				if _, err := set.Match(event, buffer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPattern matches an event of 1 KB against one rule.
func BenchmarkPattern(b *testing.B) {
	p := parse(b, pattern.EventBridge, sets()["mixed"][0])
	event := []byte(order)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Match(event); err != nil {
			b.Fatal(err)
		}
	}
}
