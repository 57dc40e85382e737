package jsonpath_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn/internal/jsonpath"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

const store = `{"store":{"book":[
	{"category":"reference","author":"Nigel","title":"Sayings","price":8.95},
	{"category":"fiction","author":"Evelyn","title":"Sword","price":12.99},
	{"category":"fiction","author":"Herman","title":"Moby","isbn":"0-553","price":8.99},
	{"category":"fiction","author":"J","title":"Lord","isbn":"0-395","price":22.99}],
	"bicycle":{"color":"red","price":19.95}},"expensive":10,"detail-type":"x","null":null,"a b":1,"list":[[1,2],[3]],"Name":"Receipt"}`

// The results are those of Jayway's library.
func TestEval(t *testing.T) {
	tests := []struct{ path, want string }{
		{`$.store.bicycle.color`, `"red"`},
		{`$['store']["bicycle"].color`, `"red"`},
		{`$.store.book[0].title`, `"Sayings"`},
		{`$.store.book[-1].title`, `"Lord"`},
		{`$.[ "detail-type" ]`, `"x"`},
		{`$.detail-type`, `"x"`},
		{`$['a b']`, `1`},
		{`$.null`, `null`},
		{`$.list.[0]`, `[1,2]`},
		{`$.store.book[*].author`, `["Nigel","Evelyn","Herman","J"]`},
		{`$..author`, `["Nigel","Evelyn","Herman","J"]`},
		{`$.store.*.price`, `[19.95]`},
		{`$..book[2].title`, `["Moby"]`},
		{`$.store.book[0,1].title`, `["Sayings","Sword"]`},
		{`$.store.book[:2].title`, `["Sayings","Sword"]`},
		{`$.store.book[-2:].title`, `["Moby","Lord"]`},
		{`$.store.book[0:4:2].title`, `["Sayings","Moby"]`},
		{`$.store.book[9:].title`, `[]`},
		{`$.store.book[?(@.isbn)].title`, `["Moby","Lord"]`},
		{`$.store.book[?(!@.isbn)].title`, `["Sayings","Sword"]`},
		{`$.store.book[?(@.price < 10)].title`, `["Sayings","Moby"]`},
		{`$.store.book[?(@.price <= $.expensive)].title`, `["Sayings","Moby"]`},
		{`$.store.book[?(@.author =~ /h.*/i)].title`, `["Moby"]`},
		{`$.store.book[?(@.category == 'fiction' && @.price < 10 || @.price > 20)].title`, `["Moby","Lord"]`},
		{`$.store.book[?(@.category=="reference")].title`, `["Sayings"]`},
		{`$.store.book[?(@.category==reference)].title`, `["Sayings"]`},
		{`$.store.book[?((@.price > 20))].title`, `["Lord"]`},
		{`$.store.book[?(@.author in ['J', 'Nigel'])].title`, `["Sayings","Lord"]`},
		{`$.store.book[?(@.author nin ['J', 'Nigel'])].title`, `["Sword","Moby"]`},
		{`$.list[?(@ size 2)]`, `[[1,2]]`},
		{`$.list[*][*]`, `[1,2,3]`},
		{`$..[?(@.price > 20)].title`, `["Lord"]`},
		{`$.store..[?(@.color)].price`, `[19.95]`},
		{`$..book[?(@.price > 20)].title`, `["Lord"]`},
		{`$..[?(@ > 2)]`, `[]`},
		{`$.store.book[*].nothing`, `[]`},
		{`$['expensive','Name']`, `[10,"Receipt"]`},
		{`$.store.bicycle[?(@.color == 'red')].price`, `[19.95]`},
	}
	root, err := value.ParseString(store)
	require.NoError(t, err)
	for _, tt := range tests {
		p, err := jsonpath.Parse(tt.path)
		require.NoError(t, err, tt.path)
		got, err := p.Eval(root)
		require.NoError(t, err, tt.path)
		require.Equal(t, tt.want, value.String(got), tt.path)
		require.Equal(t, tt.path, p.String())
	}
}

func TestMissing(t *testing.T) {
	tests := []struct{ path, want string }{
		{`$.x`, `No results for path: $['x']`},
		{`$.x.y`, `Missing property in path $['x']`},
		{`$.list[5]`, `No results for path: $['list'][5]`},
		{`$.list.length()`, `No results for path: $['list']['length()']`},
		{`$.expensive.x`, `No results for path: $['expensive']['x']`},
		{`$.null.x`, `No results for path: $['null']['x']`},
	}
	root, err := value.ParseString(store)
	require.NoError(t, err)
	for _, tt := range tests {
		p, err := jsonpath.Parse(tt.path)
		require.NoError(t, err)
		require.True(t, p.Definite())
		_, err = p.Eval(root)
		require.EqualError(t, err, tt.want, tt.path)
	}
}

func TestKinds(t *testing.T) {
	tests := []struct {
		path                string
		root                jsonpath.Root
		definite, reference bool
	}{
		{`$`, jsonpath.Input, true, true},
		{`$.a[0].b`, jsonpath.Input, true, true},
		{`$.a[-1]`, jsonpath.Input, true, false},
		{`$.a[*]`, jsonpath.Input, false, false},
		{`$..a`, jsonpath.Input, false, false},
		{`$$.Execution.Id`, jsonpath.Context, true, false},
		{`$order_1.id`, jsonpath.Variable, true, false},
	}
	for _, tt := range tests {
		p, err := jsonpath.Parse(tt.path)
		require.NoError(t, err, tt.path)
		require.Equal(t, tt.root, p.Root, tt.path)
		require.Equal(t, tt.definite, p.Definite(), tt.path)
		require.Equal(t, tt.reference, p.Reference(), tt.path)
	}
}

func TestRefused(t *testing.T) {
	for _, path := range []string{
		``, `a`, `$.`, `$a b`, `$[`, `$[]`, `$['a`, `$[1`, `$[1:2:0]`, `$[?(@.a]`, `$[?(@.a == )]`, `$[?(@.a =~ /x)]`, `$[?('a')]`,
		`$.a[?(@.b == [1,[2]])]`, `$..`, `$[99999999999]`, `$[-]`, `$ `,
	} {
		_, err := jsonpath.Parse(path)
		require.Error(t, err, path)
	}
}

func TestSet(t *testing.T) {
	tests := []struct{ root, path, want string }{
		{`{"b":1,"a":2}`, `$.c`, `{"b":1,"a":2,"c":"V"}`},
		{`{"b":1,"a":2}`, `$.b`, `{"b":"V","a":2}`},
		{`{}`, `$.a.b.c`, `{"a":{"b":{"c":"V"}}}`},
		{`{"a":[1,2]}`, `$.a[1]`, `{"a":[1,"V"]}`},
		{`[1]`, `$`, `"V"`},
		{`{"a":null}`, `$.a.b`, `{"a":{"b":"V"}}`},
	}
	for _, tt := range tests {
		root, err := value.ParseString(tt.root)
		require.NoError(t, err)
		p, err := jsonpath.Parse(tt.path)
		require.NoError(t, err)
		got, err := p.Set(root, "V")
		require.NoError(t, err)
		require.Equal(t, tt.want, value.String(got))
		require.JSONEq(t, tt.root, value.String(root), "the value set in is not changed")
	}
	root, err := value.ParseString(`{"a":[1],"s":"x"}`)
	require.NoError(t, err)
	for _, path := range []string{`$.a[3]`, `$.s.x`, `$.a.x`} {
		p, err := jsonpath.Parse(path)
		require.NoError(t, err)
		_, err = p.Set(root, 1)
		require.Error(t, err, path)
	}
}

func FuzzPath(f *testing.F) {
	for _, s := range []string{`$.a[?(@.b == 'c' && !(@.d in [1,2]))]..x[1:2:3]`, `$$.Map.Item.Value['a b']`, `$v[0,-1]`, `$.[*].a-b`} {
		f.Add(s, store)
	}
	f.Fuzz(func(t *testing.T, path, doc string) {
		p, err := jsonpath.Parse(path)
		if err != nil {
			return
		}
		root, err := value.ParseString(doc)
		if err != nil || len(path) > 60 || len(doc) > 2000 {
			return
		}
		v, err := p.Eval(root)
		if err == nil && p.Definite() && p.Reference() {
			again, err := p.Set(root, v)
			require.NoError(t, err)
			require.True(t, value.Equal(root, again), "what is there, set again, changes nothing")
		}
	})
}
