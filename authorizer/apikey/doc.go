// Package apikey authorizes requests by API keys that are kept, as digests, in a DynamoDB table.
//
//	keys := apikey.New(dynamodb.NewFromConfig(cfg), "api-keys")
//	handler := authorizer.NewREST(keys, routes, func(o *authorizer.HandlerOptions) { o.Token = authorizer.Header("X-Api-Key") })
//	lambda.Start(handler.HandleRequest)
//
// A key is made with Store.Create and shown once:
//
//	key, err := keys.Create(ctx, apikey.Record{Principal: "acme", Scopes: []string{"orders:read"}, AnyAddress: true})
//
// # Semantics
//
// A key reads "pk_id_secret". The id finds the record; the secret, 256 random bits, is compared as a digest in constant
// time and stored nowhere. A record has the scopes that routes ask for, the networks the key may be used from, an expiry,
// and the API key of a usage plan to count the request against. Records are remembered for a minute, so revoking a key
// takes that long, and as long as API Gateway caches its policy on top.
//
// A key bound to networks needs the caller's address, which a TOKEN event does not have: use a REQUEST authorizer. And
// since API Gateway caches the policy under the identity sources alone, the address must be one of them
// (context.identity.sourceIp) or the TTL 0; otherwise a cached answer ignores the address.
//
// # Limits
//
// An id has at most 32 bytes. 10,000 records and 1,000 unknown ids are remembered in one process. One GetItem, eventually
// consistent, per record and minute.
//
// # Errors
//
// A refused key is an *authorizer.TokenError (401) that wraps authorizer.ErrMalformed, authorizer.ErrUnknownKey,
// authorizer.ErrExpired, ErrDisabled or ErrAddress. When the table cannot be read, or an item is not as Create writes it,
// the error wraps authorizer.ErrKeysUnavailable (500). No error holds a key; a key's id may be logged.
//
// # Testing
//
// dynamotest is DynamoDB in process, authorizertest.RESTAPI is API Gateway.
package apikey
