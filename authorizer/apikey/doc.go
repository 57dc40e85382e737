// Package apikey authorizes requests by API keys. A DynamoDB table keeps their digests, never the keys.
//
// # Smallest program
//
//	keys := apikey.New(dynamodb.NewFromConfig(cfg), "api-keys")
//	handler := authorizer.NewREST(keys, routes, func(o *authorizer.HandlerOptions) { o.Token = authorizer.Header("X-Api-Key") })
//	lambda.Start(handler.HandleRequest)
//
// Store.Create makes a key and shows it once:
//
//	key, err := keys.Create(ctx, apikey.Record{Principal: "acme", Scopes: []string{"orders:read"}, AnyAddress: true})
//
// # Semantics
//
// A key reads "pk_id_secret". The id finds the record. The secret, 256 random bits, is compared as a digest in constant
// time. Shown by TestCreateAndVerify.
//
// A record has the scopes that routes ask for, the networks the key may be used from, an expiry, and the API key of a
// usage plan to count the request against. Shown by TestBehindGateway.
//
// Records are remembered for a minute. Revoking a key takes that long, and then as long as API Gateway caches its policy.
// Shown by TestRevocation.
//
// A key bound to networks needs the caller's address, which a TOKEN event does not have: use a REQUEST authorizer. API
// Gateway caches the policy under the identity sources alone. So the address must be one of them
// (context.identity.sourceIp) or the TTL 0; otherwise a cached answer ignores the address. Shown by TestNetworks.
//
// # Limits
//
//	bytes of an id           32
//	records remembered       10,000 in one process
//	unknown ids remembered   1,000 in one process
//
// A record costs one GetItem, eventually consistent, per minute.
//
// # Errors
//
// A refused key is an *authorizer.TokenError (401) that wraps authorizer.ErrMalformed, authorizer.ErrUnknownKey,
// authorizer.ErrExpired, ErrDisabled or ErrAddress. When the table cannot be read, or an item is not as Create writes it,
// the error wraps authorizer.ErrKeysUnavailable (500). No error holds a key; a key's id may be logged. Shown by TestBadItems.
//
// # Testing
//
// dynamotest is DynamoDB in process, authorizertest.RESTAPI is API Gateway.
package apikey
